import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Alarm, alarmSchema } from '../../../functions/shared/model/run/alarm.ts';
import { healthSchema } from '../../../functions/shared/model/run/health.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import { type AllSetup, collectorOfAll } from '../../support/all-sources.ts';
import { slotHeaders } from '../../support/collector.ts';
import { copiesOf } from '../../support/firestore.ts';
import { sourceOf, utc } from '../../support/jobs.ts';

const THIRD = 'cloudRun:source-failing:2026-03-12T02:00:00.000Z';
const DENIED = { kind: 'denied' } as const;
const SETUP: AllSetup = { sources: { jobs: sourceOf() }, only: ['cloudRun'] };

/** What is stored after the runs of 10 and 11 March, in which Cloud Run was denied. */
const twoNights = copiesOf(async (t) => {
  const ours = await collectorOfAll(t, { ...SETUP, settledBefore: '2026-03-09' });
  ours.spoil('cloudRun', DENIED);
  for (const day of [10, 11])
    assert.equal((await ours.onSchedule(`2026-03-${day}T02:00`)).outcome, 'partial', `run of ${day} March`);
  return ours;
});

/** The jobs, and Cloud Run, which has been denied in two runs, and is denied in the next one. */
async function deniedCloudRun(t: TestContext) {
  const ours = await collectorOfAll(t, SETUP);
  await twoNights(t, ours.db);
  const heal = ours.spoil('cloudRun', DENIED);
  return {
    ...ours,
    heal,
    /** Whole runs at 2 o'clock on these days of March, of which each has to end so. */
    async nights(outcome: string, ...days: number[]): Promise<void> {
      for (const day of days)
        assert.equal((await ours.onSchedule(`2026-03-${day}T02:00`)).outcome, outcome, `run of ${day} March`);
    },
    async alarms(): Promise<Alarm[]> {
      const { docs } = await ours.collections.alarms.get();
      return docs.map((document) => decode(alarmSchema, document));
    },
    async openAlarms(): Promise<string[]> {
      return decode(healthSchema, await ours.collections.tasks.doc('collect-metrics').get()).openAlarms;
    },
    /** How often in a row Cloud Run failed, as it is stored. */
    async failures(): Promise<unknown> {
      return (await ours.collections.metricSources.doc('cloudRun').get()).get('failures');
    },
  };
}

describe('a metric source that fails run after run', { concurrency: 4 }, () => {
  test('raises one alarm at the third whole run, on the task, dated by that run', async (t) => {
    const { nights, alarms, openAlarms, failures } = await deniedCloudRun(t);
    assert.deepEqual([await failures(), await alarms(), await openAlarms()], [2, [], []]);
    await nights('partial', 12);
    const [alarm, ...others] = await alarms();
    assert.deepEqual(
      [alarm?.id, alarm?.subject, alarm?.kind, alarm?.brokenAt, alarm?.closedAt, others],
      [THIRD, 'cloudRun', 'source-failing', utc('2026-03-12T02:00'), null, []],
    );
    assert.match(
      alarm?.message ?? '',
      // Both of its APIs deny, and either may be the first to say so.
      /^Metric source cloudRun failed in 3 runs in a row, since 2026-03-10T02:00:00\.000Z: Cannot finish Cloud (Monitoring .*missing permission: monitoring\.timeSeries\.list|Run .*missing permission: run\.services\.list)$/,
    );
    assert.deepEqual(await openAlarms(), [THIRD]);
    await nights('partial', 13);
    assert.deepEqual([(await alarms()).length, await openAlarms(), await failures()], [1, [THIRD], 4]);
  });

  test('is told on each day as failing since the first failure of the row, until it answers', async (t) => {
    const { nights, heal, day, spoil, alarms, openAlarms } = await deniedCloudRun(t);
    await nights('partial', 12);
    const since = async (date: string) => (await day(date)).sources.cloudRun?.failingSince;
    assert.deepEqual(await since('2026-03-09'), utc('2026-03-10T02:00'));
    assert.deepEqual(await since('2026-03-11'), utc('2026-03-10T02:00'));
    heal();
    await nights('succeeded', 13);
    assert.deepEqual([await since('2026-03-11'), await since('2026-03-12')], [null, null]);

    // Its alarm closes with that answer, and a new row opens a new one.
    const [closed] = await alarms();
    assert.deepEqual(
      [closed?.closedAt !== null, closed?.closedBecause],
      [true, 'metric source cloudRun answers again'],
    );
    assert.deepEqual(await openAlarms(), []);
    spoil('cloudRun', DENIED);
    await nights('partial', 14, 15);
    assert.deepEqual(await since('2026-03-13'), utc('2026-03-14T02:00'));
    assert.deepEqual(await openAlarms(), []);
    await nights('partial', 16);
    assert.deepEqual(await openAlarms(), ['cloudRun:source-failing:2026-03-16T02:00:00.000Z']);
    assert.equal((await alarms()).length, 2);
  });

  test('raises none when it answers in between, though it fails more often than not', async (t) => {
    const { nights, heal, spoil, alarms } = await deniedCloudRun(t);
    heal();
    await nights('succeeded', 12);
    spoil('cloudRun', DENIED);
    await nights('partial', 13, 14);
    assert.deepEqual(await alarms(), []);
  });

  test('is counted once for all attempts of a run', async (t) => {
    const { deliver, collections, failures, alarms } = await deniedCloudRun(t);
    const slot = '2026-03-11T02:00:00Z';
    for (const at of ['2026-03-11T02:05', '2026-03-11T02:10']) {
      // As if the attempt had died right after it had counted.
      await collections.taskRuns.doc('collect-metrics@2026-03-11T02:00:00.000Z').update({ outcome: 'lost' });
      const { outcome, attempt } = await deliver(at, {}, slotHeaders(slot));
      assert.deepEqual([outcome, attempt], ['partial', at.endsWith('05') ? 2 : 3]);
    }
    assert.deepEqual([await failures(), await alarms()], [2, []]);
  });

  test('is not counted by runs for named days, nor by dry runs', async (t) => {
    const { nights, deliver, failures, alarms, heal, openAlarms } = await deniedCloudRun(t);
    for (const body of [{ date: '2026-03-10' }, { dryRun: true }, { from: '2026-03-09', to: '2026-03-10' }]) {
      const { outcome } = await deliver('2026-03-11T05:00', body);
      assert.equal(outcome, 'partial');
    }
    assert.deepEqual([await failures(), await alarms()], [2, []]);
    await nights('partial', 12);
    heal();
    for (const body of [{ date: '2026-03-10' }, { dryRun: true }])
      assert.equal((await deliver('2026-03-12T05:00', body)).outcome, 'succeeded');
    assert.deepEqual([await failures(), await openAlarms()], [3, [THIRD]]);
  });

  test('is counted by a manual run of the whole duty', async (t) => {
    const { deliver, openAlarms } = await deniedCloudRun(t);
    await deliver('2026-03-11T08:00');
    assert.deepEqual(await openAlarms(), ['cloudRun:source-failing:2026-03-11T08:00:00.000Z']);
  });

  test('keeps no alarm open once the settings name it no more', async (t) => {
    const { nights, configure, alarms, openAlarms, failures } = await deniedCloudRun(t);
    await nights('partial', 12);
    configure({ platform: {} });
    await nights('succeeded', 13);
    assert.deepEqual(
      [await openAlarms(), (await alarms())[0]?.closedBecause, await failures()],
      [[], 'the settings name metric source cloudRun no more', 0],
    );
  });

  test('alarms of a book as of any other source', async (t) => {
    const { db: _, ...ours } = await collectorOfAll(t, { only: [], settledBefore: '2026-03-09' });
    ours.replaceStores((store) =>
      store.name === 'etl'
        ? { ...store, underWay: () => Promise.reject(new Error('7 PERMISSION_DENIED: no')) }
        : store,
    );
    for (const day of [10, 11, 12]) await ours.onSchedule(`2026-03-${day}T02:00`);
    const { docs } = await ours.collections.alarms.get();
    assert.deepEqual(
      docs.map(({ id }) => id),
      ['etl:source-failing:2026-03-12T02:00:00.000Z'],
    );
    ours.replaceStores();
    const { outcome } = await ours.onSchedule('2026-03-13T02:00');
    assert.equal(outcome, 'succeeded');
    assert.notEqual((await ours.collections.alarms.get()).docs[0]?.get('closedAt'), null);
  });
});
