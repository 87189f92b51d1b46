import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endInBulk, endInTransactions, type RecordToEnd } from '../../scripts/bench/ending-writers.ts';
import { freshFirestore } from '../support/firestore.ts';

describe('what the bench of the sweep measures it against', () => {
  for (const end of [endInBulk, endInTransactions])
    test(`${end.name} ends records as they were seen, and rejects where one moved`, async (t) => {
      const { db } = freshFirestore(t);
      const seen = async (id: string): Promise<RecordToEnd> => {
        const ref = db.collection('jobs').doc(id);
        const { writeTime } = await ref.set({ status: 'running', gpus: 2 });
        return { ref, updateTime: writeTime, ending: { status: 'failed' } };
      };
      const stays = await seen('stays');
      const moves = await seen('moves');
      await moves.ref.update({ status: 'completed' });

      await end(db, [stays]);
      assert.deepEqual((await stays.ref.get()).data(), { status: 'failed', gpus: 2 });
      await assert.rejects(end(db, [moves]));
      assert.equal((await moves.ref.get()).get('status'), 'completed');
    });
});
