import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';

/** What is kept, and how good it is. */
export interface Kept<T> {
  value: T;
  /** When the value was really read. */
  readAt: Date;
  /** Why it could not be read again since; `null` where it is as new as it should be. */
  error: string | null;
}

/** Nothing was ever read, and nothing can be. */
export class NothingKept extends Error {
  override readonly name = 'NothingKept';
}

/** How something is kept. */
export interface Keeping<T> {
  /** How long it counts as new; a value that cost much may be kept for longer. */
  lifeMs: (value: T, documents: number) => number;
  /** Counts up when something happens by which what was read before is old, whatever its life. */
  version?: () => number;
  /** Reads it, with what was read before. */
  read: (before: T | undefined, tally: Tally) => Promise<T>;
  clock: Clock;
  /** Counts every document that was read. */
  tally: Tally;
}

/** Returns what is kept, read again first where it is too old. */
export type Keeper<T> = () => Promise<Kept<T>>;

/** After a failure it is tried again so much later. */
const RETRY_MS = 4_000;

/**
 * Keeps what is read, for any number of viewers: one reading at a time, whoever asks. When reading fails, the last good
 * value stays, with its age and the error. Rejects with NothingKept while there is none.
 */
export function keep<T>({ lifeMs, read, version = () => 0, clock, tally }: Keeping<T>): Keeper<T> {
  let kept: Kept<T> | undefined;
  let freshUntil = Number.NEGATIVE_INFINITY;
  let readVersion = version();
  let pending: Promise<void> | undefined;

  async function refill(): Promise<void> {
    const cost: Tally = { documents: 0 };
    const readAt = clock.now();
    readVersion = version();
    try {
      const value = await read(kept?.value, cost);
      kept = { value, readAt, error: null };
      freshUntil = clock.monotonicMs() + lifeMs(value, cost.documents);
    } catch (error) {
      if (!kept) throw new NothingKept(messageOf(error), { cause: error });
      kept = { ...kept, error: messageOf(error) };
      freshUntil = clock.monotonicMs() + RETRY_MS;
    } finally {
      tally.documents += cost.documents;
    }
  }

  return async () => {
    if (clock.monotonicMs() >= freshUntil || version() !== readVersion) {
      pending ??= refill().finally(() => {
        pending = undefined;
      });
      await pending;
    }
    return kept as Kept<T>;
  };
}

/** Keepers by what they keep; of too many the one that was asked for longest ago is dropped. */
export function keepers<T>(most: number, open: (key: string) => Keeper<T>): (key: string) => Keeper<T> {
  const byKey = new Map<string, Keeper<T>>();
  return (key) => {
    const keeper = byKey.get(key) ?? open(key);
    byKey.delete(key);
    byKey.set(key, keeper);
    const [oldest] = byKey.keys();
    if (byKey.size > most && oldest !== undefined) byKey.delete(oldest);
    return keeper;
  };
}
