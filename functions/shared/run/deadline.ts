import { SECOND_MS } from '../dates.ts';
import { DeadlineExceeded } from '../errors.ts';

/** How long a task may take to unwind once its signal was aborted, before it is given up on. */
const UNWIND_MS = SECOND_MS / 2;

/** How raced work came out. */
export type Raced<T> =
  | { kind: 'returned'; value: T }
  | { kind: 'threw'; error: unknown }
  | { kind: 'ignored' };

/**
 * Runs `work` with a stop of its own. `stop` is aborted after `limitMs` (or by the caller, for a lost lease); work
 * that has not settled UNWIND_MS later is `ignored`: it goes on, and only the end of its process can stop it.
 */
export async function raceDeadline<T>(
  work: () => Promise<T>,
  stop: AbortController,
  limitMs: number,
  operation: string,
): Promise<Raced<T>> {
  const { promise: ignored, resolve: giveUp } = Promise.withResolvers<Raced<T>>();
  let unwinding: NodeJS.Timeout | undefined;
  stop.signal.addEventListener('abort', () => {
    unwinding = setTimeout(() => giveUp({ kind: 'ignored' }), UNWIND_MS);
  });
  const timer = setTimeout(() => stop.abort(new DeadlineExceeded(operation, limitMs)), limitMs);
  // `async` turns a synchronous throw into a rejection; after a race lost, a late rejection is already handled.
  const done = (async () => work())().then(
    (value): Raced<T> => ({ kind: 'returned', value }),
    (error: unknown): Raced<T> => ({ kind: 'threw', error }),
  );
  try {
    return await Promise.race([done, ignored]);
  } finally {
    clearTimeout(timer);
    clearTimeout(unwinding);
  }
}
