import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addDays } from '../../../functions/shared/dates.ts';
import { type Collector, collector, daysUpTo } from '../../support/collector.ts';
import { copiesOf } from '../../support/firestore.ts';
import type { RecordWords } from '../../support/jobs.ts';

const FROM = '2026-02-20';
const TO = '2026-02-26';
/** Spans 22 to 25 February. */
const LONG: RecordWords = { started: '2026-02-22T12:00', ended: '2026-02-25T12:00', gpus: 2 };

/** Seven final days, more than three days old, and a collector that runs every night. */
async function settledWeek(t: TestContext): Promise<Collector> {
  const ours = collector(t);
  await collectedWeek(t, ours.db);
  return ours;
}

const collectedWeek = copiesOf(async (t) => {
  const ours = collector(t, { settledBefore: '2026-03-03', gaps: daysUpTo('2026-03-02', 11) });
  await ours.write({
    long: LONG,
    before: { started: '2026-02-21T10:00', ended: '2026-02-21T11:00' },
    between: { started: '2026-02-23T10:00', ended: '2026-02-23T22:00' },
    after: { started: '2026-02-25T10:00', ended: '2026-02-26T00:00' },
    running: { status: 'running', started: '2026-02-21T00:00', ended: null },
  });
  for (const at of ['2026-03-02T02:00', '2026-03-03T02:00'])
    await ours.deliver(at, { from: FROM, to: '2026-03-02' });
  for (const date of [FROM, TO]) assert.equal((await ours.day(date)).status, 'final');
  return ours;
});

interface Breakage {
  what: string;
  change: (ours: Collector) => Promise<unknown>;
  /** The one day collected after it. */
  collected: string;
  /** The day whose checks break, and how. */
  broken: string;
  checks: string;
}

/** No `updatedAt` moves, so only the checks can tell. Further ones: the unit tests of the checks. */
const BREAKAGES: Breakage[] = [
  {
    what: 'an end that moved to a later day',
    change: ({ write }) => write({ long: { ...LONG, ended: '2026-02-26T12:00' } }),
    collected: '2026-02-25',
    broken: '2026-02-26',
    checks: 'broken broken',
  },
  {
    what: 'a record that was deleted, on the day it started',
    change: ({ remove }) => remove('long'),
    collected: '2026-02-22',
    broken: '2026-02-23',
    checks: 'broken broken',
  },
  {
    what: 'other GPUs, on a day in the middle',
    change: ({ write }) => write({ long: { ...LONG, gpus: 4 } }),
    collected: '2026-02-24',
    broken: '2026-02-24',
    checks: 'holds broken',
  },
];

describe('the checks of a day', { concurrency: 4 }, () => {
  test('hold on every day of records that nobody touched', async (t) => {
    const { checks } = await settledWeek(t);
    for (const [date, both] of Object.entries(await checks(FROM, TO)))
      assert.equal(both, 'holds holds', date);
  });

  test('are unknown without a day before, and are looked at again once there is one', async (t) => {
    const { write, deliver, day, checks } = collector(t);
    await write({ long: LONG });
    await deliver('2026-03-02T02:00', { date: '2026-02-24' });
    assert.deepEqual((await day('2026-02-24')).checks.inFlight, {
      status: 'unknown',
      expected: null,
      actual: 1,
    });
    await deliver('2026-03-02T02:00', { date: '2026-02-23' });
    assert.deepEqual(await checks('2026-02-23', '2026-02-24'), {
      '2026-02-23': 'unknown unknown',
      '2026-02-24': 'holds holds',
    });
  });

  for (const { what, change, collected, broken, checks: expected } of BREAKAGES)
    test(`break on ${broken} for ${what}, and a whole run heals what is out of date`, async (t) => {
      const ours = await settledWeek(t);
      await change(ours);

      const { summary: named } = await ours.deliver('2026-03-04T01:00', { date: collected });
      const found = Object.entries(await ours.checks(FROM, TO)).filter(([, both]) => both !== 'holds holds');
      assert.equal(Object.fromEntries(found)[broken], expected);
      assert.deepEqual(
        named.brokenChecks,
        found.map(([date]) => date),
      );

      const { summary } = await ours.onSchedule('2026-03-04T02:00');
      for (const [date, both] of Object.entries(await ours.checks(FROM, TO)))
        assert.equal(both, 'holds holds', date);
      assert.deepEqual(summary.brokenChecks, []);
      // What is stored now is what a collection of every day would bring.
      const { summary: dry } = await ours.deliver('2026-03-04T03:00', { from: FROM, to: TO, dryRun: true });
      const changing = (dry.days as { date: string; wouldChange: boolean }[]).filter((it) => it.wouldChange);
      assert.deepEqual(changing, []);
    });

  test('heal in one run over all the days of a job, also those no night looks at', async (t) => {
    const ours = collector(t, { settledBefore: '2026-03-04', gaps: daysUpTo('2026-01-29', 23) });
    const long = { started: '2026-01-08T12:00', ended: '2026-01-28T12:00' };
    await ours.write({ long });
    for (const at of ['2026-03-02T02:00', '2026-03-03T02:00'])
      await ours.deliver(at, { from: '2026-01-07', to: '2026-01-29' });
    await ours.onSchedule('2026-03-04T02:00');

    // Four GPUs all along: known of the first day and the last, and carried over the 19 between them.
    await ours.write({ long: { ...long, gpus: 4, updated: '2026-03-04T12:00' } });
    const { summary } = await ours.onSchedule('2026-03-05T02:00');
    assert.deepEqual(summary.brokenChecks, []);
    for (const [date, both] of Object.entries(await ours.checks('2026-01-08', '2026-01-29')))
      assert.equal(both, 'holds holds', date);
    assert.equal((await ours.day('2026-01-20')).gpu?.hoursUsed, 96);
  });

  test('heal no further than the first days whose old records somebody deletes', async (t) => {
    const ours = collector(t, { settledBefore: '2026-03-07', gaps: daysUpTo('2026-02-06', 16) });
    // One job over each midnight, so that every deleted one breaks the checks of two days.
    const nights = daysUpTo('2026-02-05', 15).map((date) => [
      `night-${date}`,
      { started: `${date}T20:00`, ended: `${addDays(date, 1)}T04:00` },
    ]);
    await ours.write(Object.fromEntries(nights));
    for (const at of ['2026-03-06T12:00', '2026-03-07T12:00'])
      await ours.deliver(at, { from: '2026-01-22', to: '2026-02-06' });
    for (const date of daysUpTo('2026-02-05', 14)) await ours.remove(`night-${date}`);

    // A Sunday looks at 35 days from 1 February on: those before it lose no more than a week.
    const { summary } = await ours.onSchedule('2026-03-08T02:00');
    assert.deepEqual([summary.from, summary.daysCollected], ['2026-01-25', 42]);
    assert.deepEqual(summary.conflicts, daysUpTo('2026-02-06', 13));
    assert.deepEqual(summary.brokenChecks, ['2026-01-25']);
    assert.equal((await ours.day('2026-01-24')).status, 'final');
  });

  test('are told by a dry run as if it had stored what it found', async (t) => {
    const ours = await settledWeek(t);
    await ours.write({ long: { ...LONG, gpus: 4 } });
    // Nine days, more than are read together.
    const { summary } = await ours.deliver('2026-03-04T03:00', {
      from: '2026-02-18',
      to: TO,
      dryRun: true,
    });
    assert.deepEqual([summary.daysChanged, summary.brokenChecks], [4, []]);
    const one = await ours.deliver('2026-03-04T03:00', { date: '2026-02-24', dryRun: true });
    assert.deepEqual(one.summary.brokenChecks, ['2026-02-24', '2026-02-25']);
  });
});
