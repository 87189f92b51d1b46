import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLog } from '../../../functions/shared/log.ts';
import { type AlarmChanges, alarmId, type Mute } from '../../../functions/shared/model/run/alarm.ts';
import { alarmStore } from '../../../functions/shared/store/own/alarms.ts';
import { collections as collectionsOf } from '../../../functions/shared/store/own/collections.ts';
import { putAlarms } from '../../../functions/shared/store/own/records.ts';
import { freshFirestore } from '../../support/firestore.ts';
import { utc } from '../../support/jobs.ts';

const at = utc('2026-03-10T10:00');
const INCIDENT = { subject: 'jobs', kind: 'overdue', brokenAt: utc('2026-03-10T09:00') } as const;
const ID = alarmId(INCIDENT);
const MUTE: Mute = { until: utc('2026-03-10T18:00'), by: 'ann', reason: 'the long training', at };
const options = { tally: { documents: 0 } };

describe('a muted alarm', () => {
  for (const [what, ...changes] of [
    ['is opened again', { open: [{ ...INCIDENT, message: 'two jobs' }] }],
    ['is reworded', { reword: [{ id: ID, message: 'two jobs' }] }],
    [
      'is closed, and opened again',
      { close: [{ id: ID, because: 'it ended' }] },
      { open: [{ ...INCIDENT, message: 'two jobs' }] },
    ],
  ] satisfies [string, ...AlarmChanges[]][])
    test(`stays muted when it ${what}`, async (t) => {
      const { db } = freshFirestore(t);
      const collections = collectionsOf(db, '');
      const store = alarmStore(
        collections,
        createLog({}, () => undefined),
      );
      const put = async (change: AlarmChanges) => {
        const batch = db.batch();
        putAlarms(batch, collections, change, null, at);
        await batch.commit();
      };
      await put({ open: [{ ...INCIDENT, message: 'one job' }] });
      assert.equal(await store.mute(ID, MUTE), 'written');
      for (const change of changes) await put(change);
      const [alarm, ...others] = await store.open(options);
      assert.deepEqual([alarm?.message, alarm?.closedAt, alarm?.mute], ['two jobs', null, MUTE]);
      assert.deepEqual(others, []);
      await store.mute(ID, null);
      assert.equal((await store.open(options))[0]?.mute, undefined);
    });

  test('is none where the alarm is closed or gone', async (t) => {
    const { db } = freshFirestore(t);
    const collections = collectionsOf(db, '');
    const store = alarmStore(
      collections,
      createLog({}, () => undefined),
    );
    assert.equal(await store.mute(ID, MUTE), 'missing');
    const batch = db.batch();
    putAlarms(batch, collections, { open: [{ ...INCIDENT, message: 'one job' }] }, null, at);
    putAlarms(batch, collections, { close: [{ id: ID, because: 'it ended' }] }, null, at);
    await batch.commit();
    assert.equal(await store.mute(ID, MUTE), 'closed-before');
  });
});
