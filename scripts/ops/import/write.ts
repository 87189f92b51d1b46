import type { DocumentReference, Firestore, Timestamp } from '@google-cloud/firestore';
import { withDeadline } from '../../../functions/shared/concurrency.ts';
import { setAt } from '../../shared/objects.ts';
import { firstLine } from '../../words/terminal.ts';
import type { Change } from './rules/decide.ts';

/** Writes under way at once: 25 full batches, and all that is ever in memory. */
const MOST_IN_FLIGHT = 500;
/**
 * Firestore takes requests of 10 MiB, its emulator of 4, and the client fills its batches by count alone, also those that
 * it tries again. A bound on all that is under way bounds each batch, too.
 */
const MOST_BYTES_IN_FLIGHT = 4_000_000;
const INVALID_ARGUMENT = 3;
/** NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION: the record is not as it was read. */
const MOVED = [5, 6, 9];

/** What to write, and only while the record is as it was `seen`, or while there is none. No other field is touched. */
export interface Write {
  ref: DocumentReference;
  changes: readonly Change[];
  seen?: Timestamp;
}

/** What became of a write: `moved` where the record was not as it was seen any more. */
export type Written = { is: 'written' } | { is: 'moved' } | { is: 'refused'; reason: string };

/**
 * Writes through a BulkWriter, and waits where too much is under way. Each write stands for itself; a failure that is not
 * about one record stops the writing: every later call rejects with it.
 */
export interface RecordWriter {
  /** Sends a write and resolves as soon as there is room for the next; calls `done` with the result when it is there. */
  write(write: Write, done: (written: Written) => void): Promise<void>;

  /** Resolves when every write is done. Rejects with DeadlineExceeded when none is done for too long. */
  settle(): Promise<void>;

  /** Ends the writer once every write is done. */
  close(): Promise<void>;
}

export function recordWriter(
  db: Firestore,
  { throttling, silenceMs }: { throttling: boolean; silenceMs: number },
): RecordWriter {
  const bulk = db.bulkWriter({ throttling });
  let inFlight = 0;
  let bytesInFlight = 0;
  let failure: unknown;
  let settled = Promise.withResolvers<void>();

  async function send({ ref, changes, seen }: Write): Promise<Written> {
    try {
      if (seen === undefined) await bulk.create(ref, nested(changes));
      else await bulk.update(ref, flat(changes), { lastUpdateTime: seen });
      return { is: 'written' };
    } catch (error) {
      const { code, message } = error as { code?: number; message?: string };
      if (code !== undefined && MOVED.includes(code)) return { is: 'moved' };
      if (code === INVALID_ARGUMENT) return { is: 'refused', reason: firstLine(message ?? String(error)) };
      failure ??= error;
      throw error;
    }
  }

  async function waitWhile(isTooMuch: () => boolean): Promise<void> {
    // What does not fill a batch is sent only when asked for.
    if (isTooMuch()) void bulk.flush();
    while (failure === undefined && isTooMuch())
      await withDeadline(settled.promise, silenceMs, 'writing the records');
    if (failure !== undefined) throw failure;
  }

  /** Waits for room for so many bytes, and then for much of it: a batch of one takes as long as a full one. */
  async function waitForRoom(bytes: number): Promise<void> {
    const isFull = (share: number) =>
      inFlight > 0 &&
      (inFlight >= MOST_IN_FLIGHT * share || bytesInFlight + bytes > MOST_BYTES_IN_FLIGHT * share);
    if (isFull(1)) await waitWhile(() => isFull(1 / 2));
    else if (failure !== undefined) throw failure;
  }

  const settle = () => waitWhile(() => inFlight > 0);

  return {
    async write(write, done) {
      const bytes = sizeOf(write.changes);
      await waitForRoom(bytes);
      inFlight += 1;
      bytesInFlight += bytes;
      send(write)
        // The failure is kept, and thrown by the next call that waits.
        .then(done, () => undefined)
        .finally(() => {
          inFlight -= 1;
          bytesInFlight -= bytes;
          const before = settled;
          settled = Promise.withResolvers();
          before.resolve();
        });
    },

    settle,

    async close() {
      await settle();
      await bulk.close();
    },
  };
}

function nested(changes: readonly Change[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const { path, after } of changes) setAt(record, path, after);
  return record;
}

/** By field path: whatever else stands in the maps on the way stays. */
function flat(changes: readonly Change[]): Record<string, unknown> {
  return Object.fromEntries(changes.map(({ path, after }) => [path, after]));
}

/** About what a request holds of it; texts are all that can be large. */
function sizeOf(changes: readonly Change[]): number {
  const bytesOf = (value: unknown) => (typeof value === 'string' ? Buffer.byteLength(value) : 8);
  return changes.reduce((sum, { path, after }) => sum + path.length + bytesOf(after) + 16, 256);
}
