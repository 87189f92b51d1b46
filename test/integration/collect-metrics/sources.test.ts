import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collector } from '../../support/collector.ts';
import { sourceOf } from '../../support/jobs.ts';

const DATE = '2026-03-09';

describe('collect-metrics', { concurrency: 4 }, () => {
  test('counts records of the same id in two sources as two jobs', async (t) => {
    const sources = { training: sourceOf(), etl: sourceOf({ collection: 'pipelines' }) };
    const { write, deliver, day } = collector(t, { sources });
    await write({ same: {} });
    await write({ same: { status: 'failed' } }, 'pipelines');
    await deliver('2026-03-10T02:00', { date: DATE });
    const { jobs, members } = await day(DATE);
    assert.deepEqual([jobs?.completed, jobs?.failed, members], [1, 1, 2]);
  });

  test('counts records of the same id below two parents as two jobs, and misses each that vanishes', async (t) => {
    const sources = { jobs: sourceOf({ collection: 'jobs', group: true }) };
    const { db, write, deliver, day } = collector(t, { sources });
    await write({ same: {} }, 'teams/red/jobs');
    await write({ same: { gpus: 3 } }, 'teams/blue/jobs');
    await deliver('2026-03-10T02:00', { date: DATE });
    const { jobs, gpu } = await day(DATE);
    assert.deepEqual([jobs?.completed, gpu?.hoursUsed], [2, 8]);

    await db.doc('teams/blue/jobs/same').delete();
    await deliver('2026-03-10T03:00', { date: DATE });
    assert.deepEqual((await day(DATE)).conflict?.vanished, ['jobs:teams/blue/jobs/same']);
  });

  test('tells records by the id that is mapped, not by that of the document', async (t) => {
    const fields = { ...sourceOf().fields, id: 'runName' };
    const { db, deliver, day } = collector(t, { sources: { jobs: sourceOf({ fields }) } });
    await db
      .doc('jobs/x7')
      .set({ runName: 'resnet-42', status: 'failed', startedAt: new Date(`${DATE}T10:00Z`) });
    await deliver('2026-03-10T02:00', { date: DATE });
    assert.deepEqual((await day(DATE)).checks.malformed, ['resnet-42']);
  });

  test('remembers which jobs a day had, however long their ids are', async (t) => {
    const { db, write, remove, deliver, day } = collector(t);
    const ids = Array.from({ length: 501 }, (_, index) => `${'n'.repeat(1_490)}-${index}`);
    await write(Object.fromEntries(ids.map((id) => [id, {}])));
    const { outcome } = await deliver('2026-03-10T02:00', { date: DATE });
    assert.equal(outcome, 'succeeded');
    const members = db.collection(`dailyMetrics/${DATE}/dayMembers`);
    assert.equal((await members.count().get()).data().count, 2);

    await Promise.all(ids.slice(0, 2).map(remove));
    await deliver('2026-03-10T03:00', { date: DATE });
    const { conflict } = await day(DATE);
    assert.deepEqual(conflict?.vanished.length, 2);
    // 499 names need a document less.
    assert.equal((await members.count().get()).data().count, 1);
  });

  test('reads every word that means running', async (t) => {
    const words = Array.from({ length: 40 }, (_, index) => `RUNNING_${index}`);
    const statuses = {
      ...Object.fromEntries(words.map((word) => [word, 'running'])),
      completed: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
    };
    const { write, deliver, day } = collector(t, { sources: { jobs: sourceOf({ statuses }) } });
    // Started days ago, so that only their status finds them.
    const records = words.map((status) => [status, { status, started: '2026-03-01T00:00', ended: null }]);
    await write(Object.fromEntries(records));
    await deliver('2026-03-10T02:00', { date: DATE });
    assert.deepEqual((await day(DATE)).jobs?.inFlight, 40);
  });
});

describe('a change of a record', { concurrency: 4 }, () => {
  const late = { started: '2026-02-20T10:00', ended: '2026-02-20T12:00' };
  const LAGS = [
    { what: 'by a clock as far behind as any zone', updated: '2026-03-10T12:00', found: true },
    { what: 'by a clock that lags more', updated: '2026-03-10T11:59:59.999', found: false },
  ];
  for (const { what, updated, found } of LAGS)
    test(`made ${what} is ${found ? 'found' : 'left to the checks and to Sunday'}`, async (t) => {
      const { write, onSchedule, day } = collector(t, {
        settledBefore: DATE,
        gaps: ['2026-02-20'],
      });
      await write({ late });
      await onSchedule('2026-03-10T02:00');
      await onSchedule('2026-03-11T02:00');
      await write({ late: { ...late, ended: '2026-02-20T13:00', updated } });
      await onSchedule('2026-03-12T02:00');
      assert.equal((await day('2026-02-20')).gpu?.hoursUsed, found ? 3 : 2);
    });

  test('is no news when its source is seen for the first time', async (t) => {
    const { write, onSchedule, storedDates } = collector(t, { settledBefore: DATE });
    const old = { started: '2025-06-01T10:00', ended: '2025-06-01T12:00', updated: '2026-03-10T01:00' };
    await write({ old });
    await onSchedule('2026-03-10T02:00');
    assert.ok(!(await storedDates()).includes('2025-06-01'));
  });
});
