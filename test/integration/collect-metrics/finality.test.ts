import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Collector, collector, daysUpTo } from '../../support/collector.ts';
import { copiesOf } from '../../support/firestore.ts';

describe('a collected day', { concurrency: 4 }, () => {
  test('is final after equal collections 20 hours apart, of which the first was made when it was over', async (t) => {
    const { write, deliver, day } = collector(t);
    await write({ one: {} });
    for (const [at, status] of [
      ['2026-03-09T23:59:59.999', 'provisional'],
      ['2026-03-10T00:00', 'provisional'],
      ['2026-03-10T19:59:59.999', 'provisional'],
      ['2026-03-10T20:00', 'final'],
    ] as const) {
      await deliver(at, { date: '2026-03-09' });
      const { status: now, revision, finalAt } = await day('2026-03-09');
      assert.deepEqual([at, now, revision, finalAt !== null], [at, status, 1, status === 'final']);
    }
  });

  test('starts anew on its way to final when its figures change', async (t) => {
    const { write, deliver, day } = collector(t);
    await write({ one: {} });
    await deliver('2026-03-10T02:00', { date: '2026-03-09' });
    await write({ two: {} });
    await deliver('2026-03-10T22:00', { date: '2026-03-09' });
    assert.equal((await day('2026-03-09')).status, 'provisional');
    await deliver('2026-03-11T17:59', { date: '2026-03-09' });
    assert.equal((await day('2026-03-09')).status, 'provisional');
    await deliver('2026-03-11T18:00', { date: '2026-03-09' });
    assert.equal((await day('2026-03-09')).status, 'final');
  });

  test('stays as it is once final, and is not asked for again', async (t) => {
    const { write, deliver, day, updateTimes } = collector(t, { settledBefore: '2026-03-08' });
    await write({ one: {} });
    for (const at of ['2026-03-10T02:00', '2026-03-11T02:00'])
      await deliver(at, { from: '2026-03-08', to: '2026-03-09' });
    const before = await updateTimes();
    const { summary } = await deliver('2026-03-16T12:00');
    // Monday: the gap of 10 to 15 March and nothing else.
    assert.deepEqual([summary.from, summary.daysCollected], ['2026-03-10', 6]);
    const { finalAt } = await day('2026-03-09');
    assert.equal(finalAt?.toISOString(), '2026-03-11T02:00:00.000Z');
    const kept = Object.keys(before).filter((date) => date !== '2026-03-09');
    const after = await updateTimes();
    for (const date of kept) assert.equal(after[date], before[date], date);
  });
});

describe('a final day', { concurrency: 4 }, () => {
  /** 1 February is final and the collector knows of all changes until 12 March, 02:00. */
  async function finalDay(t: TestContext): Promise<Collector> {
    const ours = collector(t);
    await collectedDays(t, ours.db);
    return ours;
  }
  const collectedDays = copiesOf(async (t) => {
    const ours = collector(t, {
      settledBefore: '2026-03-09',
      gaps: ['2026-01-31', '2026-02-01', '2026-02-02'],
    });
    await ours.write({ late: { started: '2026-02-01T10:00', ended: '2026-02-01T12:00' }, other: {} });
    for (const at of ['2026-02-02T02:00', '2026-02-03T02:00'])
      await ours.deliver(at, { from: '2026-01-31', to: '2026-02-02' });
    assert.equal((await ours.day('2026-02-01')).status, 'final');
    await ours.onSchedule('2026-03-12T02:00');
    return ours;
  });

  test('reopens as a new revision with the cause when a record of it changes 40 days late, and becomes final again', async (t) => {
    const { write, onSchedule, deliver, day, days, collections } = await finalDay(t);
    await write({
      late: { started: '2026-02-01T10:00', ended: '2026-02-01T13:00', updated: '2026-03-12T15:00' },
    });
    const { summary } = await onSchedule('2026-03-13T02:00');

    const { status, revision, gpu, finalAt } = await day('2026-02-01');
    assert.deepEqual([status, revision, gpu?.hoursUsed, finalAt], ['provisional', 2, 3, null]);
    const [replaced, ...more] = await days.revisions('2026-02-01');
    assert.deepEqual(
      [replaced?.revision, replaced?.cause, replaced?.gpu?.hoursUsed, more.length],
      [1, 'job late changed', 2, 0],
    );
    assert.deepEqual([summary.from, summary.brokenChecks], ['2026-02-01', []]);
    assert.ok((await collections.dirtyDays.get()).empty);

    await deliver('2026-03-13T22:00', { date: '2026-02-01' });
    const later = await day('2026-02-01');
    assert.deepEqual([later.status, later.revision], ['final', 2]);
  });

  test('stays final when a record of it was touched but its figures are the same', async (t) => {
    const { write, onSchedule, day, collections } = await finalDay(t);
    await write({
      late: { started: '2026-02-01T10:00', ended: '2026-02-01T12:00', updated: '2026-03-12T15:00' },
    });
    await onSchedule('2026-03-13T02:00');
    const { status, revision } = await day('2026-02-01');
    assert.deepEqual([status, revision], ['final', 1]);
    assert.ok((await collections.dirtyDays.get()).empty);
  });

  test('reopens when a short job has moved away to another day of long ago, and both become final again', async (t) => {
    const { write, onSchedule, deliver, day } = collector(t, {
      settledBefore: '2026-03-03',
      gaps: daysUpTo('2026-01-30', 9),
    });
    await write({ moved: { started: '2026-01-20T10:00', ended: '2026-01-20T12:00' } });
    for (const at of ['2026-03-02T02:00', '2026-03-03T02:00'])
      await deliver(at, { from: '2026-01-19', to: '2026-01-30' });
    await onSchedule('2026-03-04T02:00');
    await write({
      moved: { started: '2026-01-28T10:00', ended: '2026-01-28T12:00', updated: '2026-03-04T10:00' },
    });
    await onSchedule('2026-03-05T02:00');
    const left = await day('2026-01-20');
    assert.deepEqual([left.jobs?.completed, left.revision, left.status], [0, 2, 'provisional']);
    assert.equal((await day('2026-01-28')).jobs?.completed, 1);
    await onSchedule('2026-03-06T02:00');
    assert.deepEqual(
      [(await day('2026-01-20')).status, (await day('2026-01-28')).status],
      ['final', 'final'],
    );
  });

  test('reopens with every day that a job which moved had touched', async (t) => {
    const { write, onSchedule, day, days, checks } = await finalDay(t);
    // Known to have ended on 1 February; in truth it ran on until the 5th.
    await write({
      late: { started: '2026-02-01T10:00', ended: '2026-02-05T10:00', updated: '2026-03-12T15:00' },
    });
    await onSchedule('2026-03-13T02:00');
    assert.deepEqual((await day('2026-02-01')).jobs?.completed, 0);
    assert.deepEqual((await day('2026-02-05')).jobs?.completed, 1);
    assert.equal((await days.revisions('2026-02-01'))[0]?.cause, 'job late changed');
    for (const date of ['2026-02-02', '2026-02-03', '2026-02-04'])
      assert.equal((await day(date)).gpu?.hoursUsed, 24, date);
    const broken = Object.entries(await checks('2026-02-01', '2026-02-06')).filter(
      ([, both]) => both !== 'holds holds',
    );
    assert.deepEqual(broken, []);
  });
});
