import assert from 'node:assert/strict';
import type { DocumentReference, Firestore, Query, Timestamp } from '@google-cloud/firestore';
import { pooledMap } from '../../functions/shared/concurrency.ts';

/** Other ways to end records, each as it was seen: they reject where one has moved. */

/** The fields that change. */
export type Ending = Record<string, unknown>;

/** What is written to a record, and the update time that the write demands. */
export interface RecordToEnd {
  ref: DocumentReference;
  updateTime: Timestamp;
  ending: Ending;
}

const TRANSACTIONS_AT_ONCE = 50;

/** Nothing but the writes, as fast as the client makes them: a BulkWriter without its ramp. */
export async function endInBulk(db: Firestore, records: readonly RecordToEnd[]): Promise<void> {
  const writer = db.bulkWriter({ throttling: false });
  const written = records.map(({ ref, updateTime, ending }) =>
    writer.update(ref, ending, { lastUpdateTime: updateTime }),
  );
  await Promise.all([...written, writer.close()]);
}

/** The same, but what is to be ended has to be found first: one query for it, and nothing else. */
export async function findAndEndInBulk(
  db: Firestore,
  query: Query,
  endings: ReadonlyMap<string, Ending>,
): Promise<void> {
  const { docs } = await query.get();
  const records = docs.flatMap(({ id, ref, updateTime }): RecordToEnd[] => {
    const ending = endings.get(id);
    return ending ? [{ ref, updateTime, ending }] : [];
  });
  assert.equal(records.length, endings.size, 'The query found others than the stale jobs');
  await endInBulk(db, records);
}

/** A transaction for each: it reads the record again, and writes where that is as it was. */
export async function endInTransactions(db: Firestore, records: readonly RecordToEnd[]): Promise<void> {
  await pooledMap(records, TRANSACTIONS_AT_ONCE, ({ ref, updateTime, ending }) =>
    db.runTransaction(async (transaction) => {
      const found = await transaction.get(ref);
      if (!found.updateTime?.isEqual(updateTime)) throw new Error(`${ref.path} changed meanwhile`);
      transaction.update(ref, ending);
    }),
  );
}
