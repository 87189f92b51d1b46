import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runSchema } from '../../../functions/shared/model/run/run.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import type { JobStore } from '../../../functions/shared/store/sources/jobs.ts';
import { collector, daysUpTo } from '../../support/collector.ts';
import { sourceOf, utc } from '../../support/jobs.ts';

const DATE = '2026-03-09';

/** The store, but the reading of that name is denied. */
function denied(
  reading: 'underWay' | 'timeless' | 'touching' | 'changedSince',
): (store: JobStore) => JobStore {
  return (store) => ({
    ...store,
    [reading]: () => Promise.reject(new Error('7 PERMISSION_DENIED: Missing or insufficient permissions')),
  });
}

const PROBLEM = {
  path: 'sources.jobs',
  message:
    'Cannot read source jobs (collection jobs): 7 PERMISSION_DENIED: Missing or insufficient permissions',
};

describe('a source that fails', { concurrency: 4 }, () => {
  for (const reading of ['underWay', 'timeless', 'touching'] as const)
    test(`in its jobs (${reading}) leaves the good section of a day, marked stale`, async (t) => {
      const { write, deliver, day, replaceStores } = collector(t);
      await write({ one: {} });
      await deliver('2026-03-10T02:00', { date: DATE });
      const good = await day(DATE);

      replaceStores(denied(reading));
      const { outcome, problems } = await deliver('2026-03-10T06:00', { date: DATE });
      assert.deepEqual([outcome, problems], ['partial', [PROBLEM]]);
      const stale = await day(DATE);
      assert.deepEqual(
        { ...stale.sources.jobs, durationMs: 0 },
        {
          ...good.sources.jobs,
          status: 'stale',
          durationMs: 0,
          error: PROBLEM.message,
          failingSince: utc('2026-03-10T06:00'),
        },
      );
      assert.deepEqual({ ...stale, sources: null }, { ...good, sources: null });
    });

  test('leaves null and never zero for a new day', async (t) => {
    const { write, deliver, day, replaceStores } = collector(t);
    await write({ one: {} });
    replaceStores(denied('touching'));
    const { outcome, summary } = await deliver('2026-03-10T02:00', { date: DATE });
    const { jobs, gpu, sources, checks, members, status } = await day(DATE);
    assert.deepEqual([outcome, jobs, gpu, members, status], ['partial', null, null, 0, 'provisional']);
    assert.deepEqual(
      [sources.jobs?.status, sources.jobs?.collectedAt, sources.jobs?.error],
      ['failed', null, PROBLEM.message],
    );
    assert.deepEqual([checks.inFlight.actual, checks.hoursUsed.status], [null, 'unknown']);
    assert.deepEqual(summary.latest, { date: DATE });
  });

  test('gives the day its figures once it answers again', async (t) => {
    const { write, deliver, day, days, replaceStores } = collector(t);
    await write({ one: {} });
    replaceStores(denied('touching'));
    await deliver('2026-03-10T02:00', { date: DATE });
    replaceStores();
    const { outcome } = await deliver('2026-03-10T06:00', { date: DATE });
    const { revision, jobs, sources } = await day(DATE);
    assert.deepEqual([outcome, revision, jobs?.completed, sources.jobs?.status], ['succeeded', 2, 1, 'ok']);
    const [replaced] = await days.revisions(DATE);
    assert.deepEqual([replaced?.jobs, replaced?.cause], [null, 'jobs answered again']);
  });

  test('neither confirms a day nor undoes what confirmed it', async (t) => {
    const { write, deliver, day, replaceStores } = collector(t);
    await write({ one: {} });
    await deliver('2026-03-10T02:00', { date: DATE });
    replaceStores(denied('underWay'));
    await deliver('2026-03-11T02:00', { date: DATE });
    assert.equal((await day(DATE)).status, 'provisional');
    replaceStores();
    await deliver('2026-03-11T03:00', { date: DATE });
    const { status, sources } = await day(DATE);
    assert.deepEqual([status, sources.jobs?.status], ['final', 'ok']);
  });

  for (const reading of ['changedSince', 'touching'] as const)
    test(`in a whole run (${reading}) makes it partial, and forgets no change`, async (t) => {
      const { write, onSchedule, day, days, collections, replaceStores } = collector(t, {
        settledBefore: DATE,
        gaps: ['2026-02-20'],
      });
      await write({ one: {}, late: { started: '2026-02-20T10:00', ended: '2026-02-20T12:00' } });
      await onSchedule('2026-03-10T02:00');
      await onSchedule('2026-03-11T02:00');
      await write({
        late: { started: '2026-02-20T10:00', ended: '2026-02-20T13:00', updated: '2026-03-11T10:00' },
      });

      replaceStores(denied(reading));
      const failed = await onSchedule('2026-03-12T02:00');
      assert.deepEqual([failed.outcome, failed.problems], ['partial', [PROBLEM]]);
      const [yesterday, before] = [await day('2026-03-11'), await day('2026-03-10')];
      assert.deepEqual([yesterday.jobs, yesterday.sources.jobs?.status], [null, 'failed']);
      assert.deepEqual([before.jobs?.completed, before.sources.jobs?.status], [0, 'stale']);
      const run = decode(runSchema, await collections.taskRuns.doc(failed.runId).get());
      assert.deepEqual([run.outcome, run.problems], ['partial', [PROBLEM]]);

      replaceStores();
      const { outcome } = await onSchedule('2026-03-13T02:00');
      assert.equal(outcome, 'succeeded');
      assert.equal((await day('2026-02-20')).gpu?.hoursUsed, 3);
      assert.equal((await days.revisions('2026-02-20'))[0]?.cause, 'job late changed');
      assert.equal((await day('2026-03-11')).sources.jobs?.status, 'ok');
      assert.ok((await collections.dirtyDays.get()).empty);
    });

  test('is not asked again in the same run', async (t) => {
    const { deliver, replaceStores } = collector(t);
    let asked = 0;
    replaceStores((store) => ({
      ...store,
      touching: () => {
        asked += 1;
        return Promise.reject(new Error('it hung'));
      },
    }));
    const { summary, problems } = await deliver('2026-03-10T02:00', { from: '2026-02-23', to: DATE });
    // More days than are read together.
    assert.deepEqual([asked, problems.length, summary.daysCollected], [1, 1, 15]);
  });

  test('keeps the days of another from looking whole', async (t) => {
    const sources = { training: sourceOf(), etl: sourceOf({ collection: 'pipelines' }) };
    const { write, deliver, day, replaceStores } = collector(t, { sources });
    await write({ one: {} });
    await write({ two: {} }, 'pipelines');
    await deliver('2026-03-10T02:00', { date: DATE });
    assert.equal((await day(DATE)).jobs?.completed, 2);

    replaceStores((store) => (store.name === 'etl' ? denied('touching')(store) : store));
    await write({ three: {} });
    const { outcome, problems } = await deliver('2026-03-10T06:00', { date: DATE });
    assert.equal(outcome, 'partial');
    assert.match(problems[0]?.message ?? '', /^Cannot read source etl \(collection pipelines\): 7 PERM/);
    const { jobs, sources: states } = await day(DATE);
    assert.deepEqual([jobs?.completed, states.jobs?.status], [2, 'stale']);
  });
});

describe('a run of collect-metrics', { concurrency: 4 }, () => {
  test('stops at 80 % of its time and tells what remains, which the next run collects', async (t) => {
    // Each look at the clock takes 15 s of the 510 s.
    let [ms, lookMs] = [0, 15_000];
    const hurried = collector(t, {
      settledBefore: DATE,
      gaps: daysUpTo('2026-03-08', 19),
      monotonicMs: () => {
        ms += lookMs;
        return ms;
      },
    });
    const { outcome, summary } = await hurried.onSchedule('2026-03-10T02:00');
    const { daysCollected, remainingDays, remaining } = summary as Record<string, number> & {
      remaining: string[];
    };
    assert.equal(outcome, 'partial');
    assert.ok(daysCollected && remainingDays && daysCollected > 4, `${daysCollected} days`);
    assert.equal(daysCollected + remainingDays, 20);
    assert.deepEqual([remaining.length, remaining.at(-1)], [remainingDays, DATE]);
    const stored = await hurried.storedDates();
    assert.deepEqual(
      remaining.filter((date) => stored.includes(date)),
      [],
    );

    lookMs = 0;
    const { summary: next } = await hurried.deliver('2026-03-10T03:00');
    assert.deepEqual([next.daysCollected, next.remaining, next.brokenChecks], [20, [], []]);
  });

  test('leaves a day that somebody else changed meanwhile, says so, and collects the others', async (t) => {
    const { write, deliver, day, collections, replaceStores } = collector(t);
    await write({ one: {}, before: { started: '2026-03-08T10:00', ended: '2026-03-08T11:00' } });
    await deliver('2026-03-10T02:00', { from: '2026-03-08', to: DATE });
    await write({ two: {}, more: { started: '2026-03-08T10:00', ended: '2026-03-08T11:00' } });
    replaceStores((store) => ({
      ...store,
      async touching(...args) {
        await collections.dailyMetrics.doc('2026-03-08').update({ runId: 'somebody else' });
        return store.touching(...args);
      },
    }));
    const { outcome, problems } = await deliver('2026-03-10T03:00', { from: '2026-03-08', to: DATE });
    assert.equal(outcome, 'partial');
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['2026-03-08'],
    );
    assert.match(problems[0]?.message ?? '', /the next run collects it again$/);
    assert.deepEqual([(await day('2026-03-08')).jobs?.completed, (await day(DATE)).jobs?.completed], [1, 2]);

    replaceStores();
    await deliver('2026-03-10T04:00', { from: '2026-03-08', to: DATE });
    assert.equal((await day('2026-03-08')).jobs?.completed, 2);
  });
});
