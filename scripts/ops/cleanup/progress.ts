import progress from 'cli-progress';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { shell } from '../../shared/shell.ts';
import { bytes, duration, figure } from '../../words/figures.ts';
import { note } from '../../words/terminal.ts';
import type { Done } from './watch.ts';

const POLL_EVERY_MS = SECOND_MS;
/** Without a terminal, one in so many polls prints a line. */
const POLLS_PER_LINE = 5;

/** What is waited for. */
export interface Watched {
  /** Such as `objects`. */
  unit: string;
  total: number;
  poll(): Promise<Done>;
}

/**
 * Resolves like `work`, and shows on stderr meanwhile how far it is: a bar at a terminal, else a line now and then. Where
 * that cannot be found out, a note says so once, and `work` goes on.
 */
export async function whileWatching<T>(watched: Watched, work: Promise<T>): Promise<T> {
  const shown = shell().stderr.isTTY ? bar(watched) : lines(watched);
  const stopping = Promise.withResolvers<'stopped'>();
  const watching = watch(watched, shown.show, stopping.promise);
  try {
    return await work;
  } finally {
    stopping.resolve('stopped');
    await watching;
    shown.stop();
  }
}

async function watch(
  { total, poll }: Watched,
  show: (done: Done, words: string) => void,
  stopped: Promise<'stopped'>,
): Promise<void> {
  let first: { at: number; count: number } | undefined;
  for (;;) {
    const waited = Promise.withResolvers<'waited'>();
    const timer = setTimeout(() => waited.resolve('waited'), POLL_EVERY_MS);
    const end = await Promise.race([stopped, waited.promise]);
    clearTimeout(timer);
    if (end === 'stopped') return;
    try {
      const done = await Promise.race([poll(), stopped]);
      if (done === 'stopped') return;
      const now = performance.now();
      first ??= { at: now, count: done.count };
      const perSecond = ((done.count - first.count) / Math.max(now - first.at, 1)) * SECOND_MS;
      show(done, paceInWords(done, total, perSecond));
    } catch (error) {
      return note(`Cannot tell how far it is: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** How much is done, how fast, and how long the rest takes at this pace: `1.2 GiB, 812/s, 3 min left`. */
export function paceInWords(done: Done, total: number, perSecond: number): string {
  const left = total - done.count;
  return [
    ...(done.bytes === null ? [] : [bytes(done.bytes)]),
    ...(perSecond > 0 ? [`${figure(perSecond, perSecond < 10 ? 1 : 0)}/s`] : []),
    ...(perSecond > 0 && left > 0 ? [`${duration((left / perSecond) * SECOND_MS)} left`] : []),
  ].join(', ');
}

function bar({ unit, total }: Watched) {
  const shown = new progress.SingleBar({
    format: `{bar} {value} of {total} ${unit}  {words}  {duration_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stream: shell().stderr,
    formatValue: (value, _, type) => (type === 'value' || type === 'total' ? figure(value) : String(value)),
  });
  shown.start(total, 0, { words: '' });
  return {
    // What came to the job after the plan is deleted, too.
    show: ({ count }: Done, words: string) => shown.update(Math.min(count, total), { words }),
    stop: () => shown.stop(),
  };
}

function lines({ unit, total }: Watched) {
  let polls = 0;
  return {
    show({ count }: Done, words: string) {
      polls += 1;
      if (polls % POLLS_PER_LINE === 0)
        note(`${figure(count)} of ${figure(total)} ${unit}${words ? `: ${words}` : ''}`);
    },
    stop() {},
  };
}
