import progress from 'cli-progress';
import type { Day } from '../../../functions/shared/dates.ts';
import { shell } from '../../shared/shell.ts';
import { duration } from '../../words/figures.ts';
import { note } from '../../words/terminal.ts';
import type { DayResult } from './record.ts';

/** Shows on stderr how far a backfill is: a bar at a terminal, else a line for each day and each wait. */
export interface Progress {
  begin(date: Day): void;
  /** Why the day that was begun last is not done yet. */
  say(why: string): void;
  done(result: DayResult): void;
  stop(): void;
}

/** Begins to show progress, `done` of `total` days being done. */
export function showProgress(total: number, done: number): Progress {
  return shell().stderr.isTTY ? bar(total, done) : lines(total, done);
}

function bar(total: number, before: number): Progress {
  const shown = new progress.SingleBar({
    format: '{bar} {value} of {total} days  {words}  {duration_formatted}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 12,
    hideCursor: true,
    clearOnComplete: true,
    stream: shell().stderr,
  });
  let current = '';
  shown.start(total, before, { words: '' });
  return {
    begin(date) {
      current = date;
      shown.update({ words: date });
    },
    say: (why) => shown.update({ words: `${current}: ${why}` }),
    done: () => shown.increment(),
    stop: () => shown.stop(),
  };
}

function lines(total: number, before: number): Progress {
  let done = before;
  let current = '';
  let begun = 0;
  return {
    begin(date) {
      current = date;
      begun = performance.now();
    },
    say: (why) => note(`${current}: ${why}`),
    done(result) {
      done += 1;
      const took = duration(performance.now() - begun);
      note(`${current}: ${resultInWords(result)} in ${took} (${done} of ${total})`);
    },
    stop() {},
  };
}

function resultInWords({ changed, final, conflict, problems }: DayResult): string {
  return [
    changed ? 'changed' : 'unchanged',
    ...(final ? ['final'] : []),
    ...(conflict ? ['conflict'] : []),
    ...(problems.length > 0 ? ['partial'] : []),
  ].join(', ');
}
