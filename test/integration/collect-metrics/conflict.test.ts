import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Alarm, alarmSchema } from '../../../functions/shared/model/run/alarm.ts';
import { healthSchema } from '../../../functions/shared/model/run/health.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import { type Collector, collector, daysUpTo } from '../../support/collector.ts';
import { copiesOf } from '../../support/firestore.ts';
import { utc } from '../../support/jobs.ts';

const DATE = '2026-03-09';
/** Named by the end of the day that lost records. */
const ALARM = 'collect-metrics:conflict:2026-03-10T00:00:00.000Z';
const ALSO = { started: '2026-03-09T13:00', ended: '2026-03-09T16:00' };

/** Yesterday as it was collected with three jobs, 2 + 3 + 1 hours. */
async function collectedDay(t: TestContext): Promise<Collector> {
  const ours = collector(t);
  await yesterday(t, ours.db);
  return ours;
}

const yesterday = copiesOf(async (t) => {
  const ours = collector(t);
  await ours.write({
    one: {},
    two: ALSO,
    failed: { status: 'failed', started: '2026-03-09T20:00', ended: '2026-03-09T21:00', project: 'beta' },
  });
  await ours.deliver('2026-03-10T02:00', { from: '2026-03-08', to: DATE });
  return ours;
});

async function alarms({ collections }: Collector): Promise<Alarm[]> {
  return (await collections.alarms.get()).docs.map((document) => decode(alarmSchema, document));
}

async function openAlarms({ collections }: Collector): Promise<string[]> {
  return decode(healthSchema, await collections.tasks.doc('collect-metrics').get()).openAlarms;
}

describe('a figure that sinks', { concurrency: 4 }, () => {
  test('because records vanished is a conflict, with an alarm', async (t) => {
    const ours = await collectedDay(t);
    await ours.remove('two');
    const { outcome, summary } = await ours.deliver('2026-03-10T05:00', { date: DATE });

    assert.deepEqual([outcome, summary.conflicts], ['succeeded', [DATE]]);
    const { status, revision, conflict, jobs } = await ours.day(DATE);
    assert.deepEqual([status, revision, jobs?.completed], ['conflict', 2, 1]);
    assert.deepEqual(conflict, {
      started: 3,
      ended: 3,
      hoursCompleted: 6,
      alarmId: ALARM,
      vanished: ['jobs:jobs/two'],
    });
    const [alarm, ...others] = await alarms(ours);
    assert.deepEqual([alarm?.id, alarm?.kind, alarm?.closedAt, others], [ALARM, 'conflict', null, []]);
    assert.match(
      alarm?.message ?? '',
      /1 job record of 2026-03-09 vanished: it counted 3 started, now 2; 3 ended, now 2\..*ops -- days accept 2026-03-09/,
    );
    assert.deepEqual(await openAlarms(ours), [ALARM]);
    const [replaced] = await ours.days.revisions(DATE);
    assert.deepEqual(
      [replaced?.revision, replaced?.cause, replaced?.jobs?.completed, replaced?.gpu?.hoursCompleted],
      [1, '1 records vanished, e.g. jobs:jobs/two', 2, 6],
    );
  });

  test('on both days of a job whose record vanished is a conflict on both', async (t) => {
    const ours = collector(t);
    await ours.write({ long: { started: '2026-03-06T12:00', ended: '2026-03-09T12:00' }, other: {} });
    await ours.deliver('2026-03-10T02:00', { from: '2026-03-05', to: DATE });
    await ours.remove('long');
    const { summary } = await ours.deliver('2026-03-10T05:00', { from: '2026-03-05', to: DATE });
    assert.deepEqual(summary.conflicts, ['2026-03-06', DATE]);
    assert.equal((await openAlarms(ours)).length, 2);
    assert.deepEqual(summary.brokenChecks, []);
  });

  test('because records changed is a revision and no conflict', async (t) => {
    const ours = await collectedDay(t);
    await ours.write({ two: { ...ALSO, ended: '2026-03-09T14:00' } });
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    const { status, conflict, gpu } = await ours.day(DATE);
    assert.deepEqual([status, conflict, gpu?.hoursCompleted], ['provisional', null, 4]);
    assert.equal(
      (await ours.days.revisions(DATE))[0]?.cause,
      'records changed after 2026-03-10T02:00:00.000Z',
    );
    assert.deepEqual([await alarms(ours), await openAlarms(ours)], [[], []]);
  });

  const CHANGES = [
    ['moved to another day entirely', { started: '2026-03-08T13:00', ended: '2026-03-08T16:00' }],
    ['was queued again', { status: 'queued', started: null, ended: null }],
    ['got a status nobody mapped', { ...ALSO, status: 'ARCHIVED' }],
    ['lost its end', { ...ALSO, ended: null }],
  ] as const;
  for (const [what, words] of CHANGES)
    test(`because a record ${what} is a revision and no conflict`, async (t) => {
      const ours = await collectedDay(t);
      await ours.write({ two: words });
      await ours.deliver('2026-03-10T05:00', { date: DATE });
      const { status, revision, conflict, members } = await ours.day(DATE);
      // What lost only its end still counts as nothing: neither started nor ended.
      assert.deepEqual([status, revision, conflict, members], ['provisional', 2, null, 2]);
      assert.equal((await ours.days.revisions(DATE)).length, 1);
      assert.deepEqual(await alarms(ours), []);
    });

  test('because a record that is known to have changed moved away tells which', async (t) => {
    const ours = collector(t, { settledBefore: DATE, gaps: daysUpTo('2026-02-14', 5) });
    await ours.write({ moved: { started: '2026-02-10T10:00', ended: '2026-02-12T12:00' }, stays: {} });
    await ours.onSchedule('2026-03-10T02:00');
    await ours.onSchedule('2026-03-11T02:00');
    await ours.write({
      moved: { started: '2026-02-10T10:00', ended: '2026-02-14T12:00', updated: '2026-03-11T10:00' },
    });
    const { summary } = await ours.onSchedule('2026-03-12T02:00');
    assert.deepEqual([summary.conflicts, summary.brokenChecks], [[], []]);
    const sank = await ours.day('2026-02-12');
    assert.deepEqual([sank.status, sank.jobs?.completed, sank.members], ['provisional', 0, 0]);
    assert.equal((await ours.days.revisions('2026-02-14'))[0]?.cause, 'job moved changed');
    assert.equal((await ours.days.revisions('2026-02-12'))[0]?.cause, 'job moved changed');
  });
});

describe('a conflict', { concurrency: 4 }, () => {
  test('stands from run to run, alarmed once, until it is settled', async (t) => {
    const ours = await collectedDay(t);
    await ours.remove('two');
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    const opened = (await alarms(ours))[0]?.openedAt;
    await ours.deliver('2026-03-11T05:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'conflict');
    assert.deepEqual([(await alarms(ours)).length, (await alarms(ours))[0]?.openedAt], [1, opened]);
  });

  test('grows when more records vanish, and remembers what the day had at most', async (t) => {
    const ours = await collectedDay(t);
    for (const [id, at] of [
      ['two', '2026-03-10T05:00'],
      ['one', '2026-03-10T06:00'],
    ] as const) {
      await ours.remove(id);
      await ours.deliver(at, { date: DATE });
    }
    const { conflict } = await ours.day(DATE);
    assert.deepEqual(
      [conflict?.ended, conflict?.hoursCompleted, conflict?.vanished],
      [3, 6, ['jobs:jobs/two', 'jobs:jobs/one']],
    );
    assert.equal((await alarms(ours)).length, 1);
  });

  test('is settled by a person: the new figures stand and the alarm closes', async (t) => {
    const ours = await collectedDay(t);
    await ours.remove('two');
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    const at = utc('2026-03-10T09:00');
    assert.equal(await ours.days.accept(DATE, { at }), 'accepted');

    const { status, conflict, jobs } = await ours.day(DATE);
    assert.deepEqual([status, conflict, jobs?.completed], ['provisional', null, 1]);
    const [alarm] = await alarms(ours);
    assert.deepEqual([alarm?.closedAt, alarm?.closedBecause], [at, 'a person accepted the figures']);
    assert.deepEqual(await openAlarms(ours), []);

    await ours.deliver('2026-03-11T05:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'final');
    assert.deepEqual(
      [await ours.days.accept(DATE, { at }), await ours.days.accept('2020-01-01', { at })],
      ['no-conflict', 'missing'],
    );
  });

  test('ends when the records are back, and the alarm closes', async (t) => {
    const ours = await collectedDay(t);
    await ours.remove('two');
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    await ours.write({ two: ALSO });
    const { summary } = await ours.deliver('2026-03-10T06:00', { date: DATE });

    assert.deepEqual(summary.conflicts, []);
    const { status, conflict, revision, jobs } = await ours.day(DATE);
    assert.deepEqual([status, conflict, revision, jobs?.completed], ['provisional', null, 3, 2]);
    assert.equal((await alarms(ours))[0]?.closedBecause, 'the records are back');
    assert.deepEqual(await openAlarms(ours), []);
  });

  test('stands while only some of the records are back', async (t) => {
    const ours = await collectedDay(t);
    await Promise.all([ours.remove('one'), ours.remove('two')]);
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    await ours.write({ two: ALSO });
    await ours.deliver('2026-03-10T06:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'conflict');
    assert.deepEqual(await openAlarms(ours), [ALARM]);
  });

  test('opens its alarm again when records vanish again after it was settled', async (t) => {
    const ours = await collectedDay(t);
    await ours.remove('two');
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    await ours.days.accept(DATE, { at: utc('2026-03-10T09:00') });
    await ours.remove('one');
    await ours.deliver('2026-03-10T10:00', { date: DATE });
    const { status, conflict } = await ours.day(DATE);
    assert.deepEqual([status, conflict?.ended, conflict?.vanished], ['conflict', 2, ['jobs:jobs/one']]);
    assert.deepEqual([(await alarms(ours))[0]?.closedAt, await openAlarms(ours)], [null, [ALARM]]);
  });

  test('is told by a dry run, which opens no alarm', async (t) => {
    const ours = await collectedDay(t);
    await ours.remove('two');
    const { summary } = await ours.deliver('2026-03-10T05:00', { date: DATE, dryRun: true });
    assert.deepEqual(summary.conflicts, [DATE]);
    assert.deepEqual([(await ours.day(DATE)).status, await alarms(ours)], ['provisional', []]);
  });
});
