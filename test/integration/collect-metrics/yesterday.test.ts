import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InvalidRequest } from '../../../functions/shared/errors.ts';
import { runSchema } from '../../../functions/shared/model/run/run.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import { collector, daysUpTo, slotHeaders } from '../../support/collector.ts';

const SETTLED = { settledBefore: '2026-03-08' };

/** Jobs around yesterday, 9 March: two of it, and one each of the day before and of today. */
const AROUND_YESTERDAY = {
  'day-before': { started: '2026-03-08T10:00', ended: '2026-03-08T23:59:59.999' },
  early: { started: '2026-03-09T00:00', ended: '2026-03-09T01:00' },
  late: { started: '2026-03-09T22:00', ended: '2026-03-09T23:59:59.999' },
  today: { started: '2026-03-10T00:00', ended: '2026-03-10T01:30' },
};

describe('collect-metrics', { concurrency: 4 }, () => {
  test('counts the day before, whole, when it is called at 02:00 UTC', async (t) => {
    const { write, onSchedule, day, storedDates } = collector(t, SETTLED);
    await write(AROUND_YESTERDAY);
    const { outcome, trigger, summary } = await onSchedule('2026-03-10T02:00');
    assert.deepEqual([outcome, trigger, summary.to], ['succeeded', 'scheduled', '2026-03-09']);
    const { jobs, gpu } = await day('2026-03-09');
    assert.deepEqual([jobs?.started, jobs?.completed, gpu?.hoursUsed], [2, 2, 3]);
    assert.equal((await storedDates()).at(-1), '2026-03-09');
  });

  test('counts the day of its slot when a retry comes after midnight', async (t) => {
    const { write, deliver, storedDates } = collector(t, { ...SETTLED, entry: { schedule: '50 23 * * *' } });
    await write(AROUND_YESTERDAY);
    const answer = await deliver('2026-03-10T00:20', {}, slotHeaders('2026-03-09T23:50:00Z'));
    assert.deepEqual([answer.trigger, answer.summary.to], ['scheduled', '2026-03-08']);
    assert.equal((await storedDates()).at(-1), '2026-03-08');
  });

  test('knows a slot by its instant, whatever offset its text carries', async (t) => {
    const { deliver, collections } = collector(t, SETTLED);
    const first = await deliver('2026-03-10T02:00:05', {}, slotHeaders('2026-03-09T21:00:00-05:00'));
    assert.equal(first.runId, 'collect-metrics@2026-03-10T02:00:00.000Z');
    assert.equal(first.summary.to, '2026-03-09');
    const again = await deliver('2026-03-10T02:01', {}, slotHeaders('2026-03-10T02:00:00Z'));
    assert.deepEqual([again.runId, again.outcome], [first.runId, 'duplicate']);
    assert.equal((await collections.taskRuns.get()).size, 1);
  });

  test("leaves tomorrow's slot free when a forced run carries it", async (t) => {
    const { write, deliver, onSchedule, day, collections } = collector(t, SETTLED);
    await write(AROUND_YESTERDAY);
    const forced = await deliver('2026-03-10T12:00', {}, slotHeaders('2026-03-11T02:00:00Z'));
    assert.deepEqual([forced.trigger, forced.summary.to], ['manual', '2026-03-09']);

    const tomorrow = await onSchedule('2026-03-11T02:00');
    assert.deepEqual([tomorrow.outcome, tomorrow.summary.to], ['succeeded', '2026-03-10']);
    assert.equal((await day('2026-03-10')).jobs?.completed, 1);
    const run = decode(runSchema, await collections.taskRuns.doc(tomorrow.runId).get());
    assert.deepEqual([run.trigger, run.attempt, run.duplicates], ['scheduled', 1, 0]);
  });

  test('fills in the days of a collector that was down for five', async (t) => {
    const { write, onSchedule, day, storedDates } = collector(t, { settledBefore: '2026-03-02' });
    await write({ 'in-the-gap': { started: '2026-03-06T10:00', ended: '2026-03-07T12:00' } });
    for (const at of ['2026-03-03T02:00', '2026-03-04T02:00']) await onSchedule(at);
    const { summary } = await onSchedule('2026-03-10T02:00');
    // The gap is 4 to 9 March; 3 March was collected once and is not final. The rest is not asked for again.
    assert.deepEqual(
      [summary.from, summary.to, summary.daysCollected, summary.brokenChecks],
      ['2026-03-03', '2026-03-09', 7, []],
    );
    assert.deepEqual((await storedDates()).slice(-7), daysUpTo('2026-03-09', 7));
    assert.equal((await day('2026-03-06')).jobs?.started, 1);
    assert.equal((await day('2026-03-07')).jobs?.completed, 1);
  });

  test('collects what is not final and the trailing days, and on Sundays all 35', async (t) => {
    const { onSchedule } = collector(t, { settledBefore: '2026-03-05', gaps: ['2026-01-30'] });
    const nights = [
      ['Friday, a gap and three days', '2026-03-06T02:00', '2026-01-30', 4],
      ['Saturday, a day that is not final and has left the window', '2026-03-07T02:00', '2026-01-30', 4],
      ['Sunday', '2026-03-08T02:00', '2026-02-01', 35],
      ['Monday, three days', '2026-03-09T02:00', '2026-03-06', 3],
    ] as const;
    for (const [night, at, from, count] of nights) {
      const { summary } = await onSchedule(at);
      assert.deepEqual([summary.from, summary.daysCollected], [from, count], night);
    }
  });

  test('takes today as provisional and counts it whole once it is over', async (t) => {
    const { write, deliver, day, days } = collector(t);
    await write({ running: { status: 'running', started: '2026-03-10T06:00', ended: null, gpus: 2 } });
    await deliver('2026-03-10T12:00', { date: '2026-03-10' });
    const today = await day('2026-03-10');
    assert.deepEqual(
      [today.status, today.settledSince, today.jobs?.inFlight, today.gpu?.hoursUsed],
      ['provisional', null, 1, 12],
    );

    await deliver('2026-03-11T02:00', { date: '2026-03-10' });
    const over = await day('2026-03-10');
    assert.deepEqual([over.status, over.revision, over.gpu?.hoursUsed], ['provisional', 2, 36]);
    assert.equal((await days.revisions('2026-03-10'))[0]?.gpu?.hoursUsed, 12);
  });

  test('refuses tomorrow, and nothing is recorded', async (t) => {
    const { deliver, collections } = collector(t);
    await assert.rejects(deliver('2026-03-10T12:00', { date: '2026-03-11' }), InvalidRequest);
    assert.ok((await collections.taskRuns.get()).empty);
  });

  test('writes no day again when nothing has changed', async (t) => {
    const { write, onSchedule, deliver, updateTimes, collections } = collector(t, SETTLED);
    await write(AROUND_YESTERDAY);
    await onSchedule('2026-03-10T02:00');
    const before = await updateTimes();
    assert.ok(before['2026-03-09']);

    const again = await deliver('2026-03-10T03:00');
    assert.deepEqual(
      [again.outcome, again.summary.daysCollected, again.summary.daysChanged],
      ['succeeded', 3, 0],
    );
    await deliver('2026-03-10T03:10', { date: '2026-03-09' });
    await deliver('2026-03-10T03:20', { from: '2026-03-08' });

    assert.deepEqual(await updateTimes(), before);
    assert.ok((await collections.dailyMetrics.doc('2026-03-09').collection('revisions').get()).empty);
  });
});

describe('collect-metrics in a dry run', { concurrency: 4 }, () => {
  test('writes nothing about days and tells what is stored beside what it would store', async (t) => {
    const { write, onSchedule, deliver, updateTimes, collections } = collector(t, SETTLED);
    await write({ one: {} });
    await onSchedule('2026-03-10T02:00');
    await write({
      two: { started: '2026-03-09T20:00', ended: '2026-03-09T21:00', updated: '2026-03-10T05:00' },
    });
    const [before, watermark] = [
      await updateTimes(),
      (await collections.sourceWatermarks.doc('jobs').get()).data(),
    ];

    const answer = await deliver('2026-03-10T06:00', { date: '2026-03-09', dryRun: true });
    assert.deepEqual([answer.outcome, answer.dryRun], ['succeeded', true]);
    const [compared] = answer.summary.days as Record<string, { jobs: unknown; revision: number }>[];
    const figures = { started: 1, completed: 1, failed: 0, cancelled: 0, neverStarted: 0, inFlight: 0 };
    assert.equal(compared?.wouldChange, true);
    assert.deepEqual([compared?.stored?.revision, compared?.recomputed?.revision], [1, 2]);
    assert.deepEqual(compared?.stored?.jobs, figures);
    assert.deepEqual(compared?.recomputed?.jobs, { ...figures, started: 2, completed: 2 });

    await deliver('2026-03-11T06:00', { dryRun: true });
    assert.deepEqual(await updateTimes(), before);
    assert.deepEqual((await collections.sourceWatermarks.doc('jobs').get()).data(), watermark);
    assert.ok((await collections.dirtyDays.get()).empty);
  });

  test('tells of a day that is not stored yet', async (t) => {
    const { write, deliver, storedDates } = collector(t);
    await write({ one: {} });
    const { summary } = await deliver('2026-03-10T06:00', { date: '2026-03-09', dryRun: true });
    const [compared] = summary.days as { stored: unknown; wouldChange: boolean }[];
    assert.deepEqual([compared?.stored, compared?.wouldChange], [null, true]);
    assert.deepEqual(await storedDates(), []);
  });
});
