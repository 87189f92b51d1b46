import progress from 'cli-progress';
import { shell } from '../../shared/shell.ts';
import { note } from '../../words/terminal.ts';

const LINE_EVERY_MS = 5_000;

/** How far a long step is. */
export interface Progress {
  /** `undefined` where it is unknown how much there is. */
  total: number | undefined;
  done: () => number;
  words: () => string;
}

/** Shows on stderr how far a step is: a bar at a terminal, else a line now and then. `stop` ends it. */
export function showProgress({ total, done, words }: Progress): { stop(): void } {
  if (!shell().stderr.isTTY || total === undefined || total === 0) {
    const timer = setInterval(() => note(words()), LINE_EVERY_MS);
    return { stop: () => clearInterval(timer) };
  }
  const bar = new progress.SingleBar({
    format: '{bar} {percentage} %  {words}  {duration_formatted}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: shell().stderr,
  });
  bar.start(total, 0, { words: words() });
  const timer = setInterval(() => bar.update(Math.min(done(), total), { words: words() }), 100);
  return {
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}
