import type { Firestore } from '@google-cloud/firestore';
import { withDeadline } from '../../../functions/shared/concurrency.ts';
import { firstLine } from '../terminal.ts';
import type { ImportRecord } from './record.ts';

/** Writes under way at once: 25 full batches, and all that is ever in memory. */
const MOST_IN_FLIGHT = 500;
/** The client itself tries a write ten times over; silence for longer means that nobody is there. */
export const SILENCE_MS = 60_000;
const INVALID_ARGUMENT = 3;

/**
 * Writes documents through a BulkWriter, each under its own id, and waits where too many are under way. A document that
 * Firestore refuses for itself is handed to `onRefused`; any other failure stops the writing.
 */
export function documentWriter(
  db: Firestore,
  collection: string,
  options: { throttling: boolean; onWritten: () => void; onRefused: (line: number, reason: string) => void },
) {
  const bulk = db.bulkWriter({ throttling: options.throttling });
  const target = db.collection(collection);
  let inFlight = 0;
  let failure: unknown;
  let settled = Promise.withResolvers<void>();

  function settle(): void {
    inFlight -= 1;
    const before = settled;
    settled = Promise.withResolvers();
    before.resolve();
  }

  function fail(line: number, error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: string };
    if (code === INVALID_ARGUMENT) options.onRefused(line, firstLine(message ?? String(error)));
    else failure ??= error;
  }

  async function waitUntilBelow(limit: number): Promise<void> {
    while (failure === undefined && inFlight >= limit)
      await withDeadline(settled.promise, SILENCE_MS, 'writing the records');
    if (failure !== undefined) throw failure;
  }

  return {
    /** Hands a record over; resolves as soon as there is room for the next. */
    async write(line: number, { id, data }: ImportRecord): Promise<void> {
      await waitUntilBelow(MOST_IN_FLIGHT);
      inFlight += 1;
      bulk
        .set(target.doc(id), data)
        .then(options.onWritten, (error: unknown) => fail(line, error))
        .finally(settle);
    },
    /** Resolves when every record is written. */
    async close(): Promise<void> {
      // Flushing sends what does not fill a batch; it ends with the last of the writes, which are waited for here.
      void bulk.flush();
      await waitUntilBelow(1);
    },
  };
}
