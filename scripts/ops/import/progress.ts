import progress from 'cli-progress';
import { note } from '../terminal.ts';
import { figure } from '../words.ts';
import type { Rows } from './rows.ts';

const LINE_EVERY_MS = 5_000;

/** Shows on stderr how far an import is: a bar at a terminal, else a line now and then. `stop` ends it. */
export function showProgress(
  rows: Pick<Rows, 'totalBytes' | 'bytesRead'>,
  counts: { readonly imported: number; readonly rejected: number },
): { stop(): void } {
  const words = () => `${figure(counts.imported)} imported, ${figure(counts.rejected)} rejected`;
  const { totalBytes } = rows;
  if (!process.stderr.isTTY || totalBytes === undefined || totalBytes === 0) {
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
    stream: process.stderr,
  });
  bar.start(totalBytes, 0, { words: words() });
  // The file is read ahead of the writes, so it is done a little later than the bar says.
  const timer = setInterval(() => bar.update(rows.bytesRead(), { words: words() }), 100);
  return {
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}
