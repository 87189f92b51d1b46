import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Collect } from '../../../functions/collect-metrics/sources/source.ts';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import { METRIC_SOURCES, type MetricSource } from '../../../functions/shared/model/day/day.ts';
import { PLATFORM_SOURCES, type PlatformSource } from '../../../functions/shared/model/day/platform.ts';
import { booksOf, collectorOfAll, ETL } from '../../support/all-sources.ts';
import { daysUpTo } from '../../support/collector.ts';
import { utc } from '../../support/jobs.ts';

const BEFORE = '2026-03-08';
const DATE = '2026-03-09';
const DEADLINE_MS = 3_000;

type Ours = Awaited<ReturnType<typeof collectorOfAll>>;

function hangPlatform({ spoil }: Ours): void {
  for (const source of PLATFORM_SOURCES) spoil(source, { kind: 'hang' });
}

function hangAll(ours: Ours): void {
  for (const name of ['jobs', 'etl', 'database']) ours.stall(name);
  hangPlatform(ours);
}

interface Hanging {
  source: MetricSource;
  hang: (ours: Ours) => void;
  error: RegExp;
  /** Whether only yesterday is asked for it. */
  list?: true;
}

/** How a source is made to hang, and what its error has to name. */
const HANGING = {
  'the database of the jobs': {
    source: 'jobs',
    hang: ({ stall }) => stall('jobs'),
    error:
      /^Cannot read source jobs \(collection jobs\): Cannot finish .*jobs.* of source jobs: no answer within \d+ ms$/,
  },
  'the database of the ETL runs': {
    source: 'etl',
    hang: ({ stall }) => stall('etl'),
    error:
      /^Cannot read source etl \(collection etlRuns\): Cannot finish .*jobs.* of source etl: no answer within \d+ ms$/,
  },
  'Monitoring, of buckets': {
    source: 'storage',
    hang: ({ apis }) => void apis.faults.add({ query: '"storage.googleapis.com', fault: { kind: 'hang' } }),
    error:
      /^Cannot finish Cloud Monitoring timeSeries\.list storage\.googleapis\.com\S+ \(project acme-ml, page 1\): no answer within 2850 ms$/,
  },
  'the list of buckets': {
    list: true,
    source: 'storage',
    hang: ({ buckets }) => buckets.hang(true),
    error:
      /^Cannot finish Cloud Storage buckets\.list \(project acme-ml, page 1\): no answer within 2850 ms$/,
  },
  'the list of queries': {
    source: 'bigquery',
    hang: ({ apis }) => void apis.faults.add({ api: 'bigquery', fault: { kind: 'hang' } }),
    error: /^Cannot finish BigQuery jobs\.list \(project acme-ml, page 1\): no answer within 2850 ms$/,
  },
  'a body of Monitoring, of requests': {
    source: 'cloudRun',
    hang: ({ apis }) => void apis.faults.add({ query: '"run.googleapis.com', fault: { kind: 'stalled' } }),
    error:
      /^Cannot finish Cloud Monitoring timeSeries\.list run\.googleapis\.com\S+ \(project acme-ml, page 1\): no answer within 2850 ms$/,
  },
  'the collections of Firestore': {
    list: true,
    source: 'database',
    hang: ({ stall }) => stall('database'),
    error:
      /^Cannot finish Firestore listCollectionIds \(project \S+, database \(default\)\): no answer within 2850 ms$/,
  },
  'the list of Cloud SQL instances': {
    list: true,
    source: 'database',
    hang: ({ apis }) => void apis.faults.add({ api: 'sql', fault: { kind: 'hang' } }),
    error: /^Cannot finish Cloud SQL instances\.list \(project acme-ml, page 1\): no answer within 2850 ms$/,
  },
} satisfies Record<string, Hanging>;

/** What hangs at the same time: each source does, and each is well while others do. */
const TOGETHER: (keyof typeof HANGING)[][] = [
  ['the database of the jobs', 'the list of buckets', 'a body of Monitoring, of requests'],
  ['the database of the ETL runs', 'the list of queries', 'the list of Cloud SQL instances'],
  [
    ...(['the database of the jobs', 'the database of the ETL runs', 'Monitoring, of buckets'] as const),
    ...(['the list of queries', 'a body of Monitoring, of requests'] as const),
    'the collections of Firestore',
  ],
];

/**
 * Follows which source is asked when, from now on. One after the other, the second of two that hang is asked only once
 * the first was given up on; and a source that hangs again and again costs its deadline each time.
 */
function followed(ours: Ours, only: readonly PlatformSource[] = PLATFORM_SOURCES) {
  const calls: { source: string; is: 'asked' | 'given up' }[] = [];
  function follow<T>(source: string, ask: () => Promise<T>): Promise<T> {
    calls.push({ source, is: 'asked' });
    const answer = ask();
    answer.catch(() => calls.push({ source, is: 'given up' }));
    return answer;
  }
  for (const source of only) {
    const entry = ours.platform[source] as { collect: Collect<PlatformSource> };
    const { collect } = entry;
    entry.collect = (...asked) => follow(source, () => collect(...asked));
  }
  ours.replaceStores((store) => ({
    ...store,
    underWay: (...asked) => follow(store.name, () => store.underWay(...asked)),
    timeless: (...asked) => follow(store.name, () => store.timeless(...asked)),
    touching: (...asked) => follow(store.name, () => store.touching(...asked)),
    changedSince: (...asked) => follow(store.name, () => store.changedSince(...asked)),
  }));
  return {
    /** Proves that these all hung at once, and each only once. */
    assertSideBySide(sources: readonly string[]): void {
      const firstEnd = calls.findIndex(({ is }) => is === 'given up');
      for (const source of sources) {
        const mine = calls.map((call, at) => ({ ...call, at })).filter((call) => call.source === source);
        const asked = mine.filter(({ is }) => is === 'asked').map(({ at }) => at);
        const end = mine.find(({ is }) => is === 'given up');
        assert.ok(end, `${source} was never given up on`);
        assert.ok((asked[0] ?? Infinity) < firstEnd, `${source} was asked after another was given up on`);
        assert.ok((asked.at(-1) ?? Infinity) < end.at, `${source} was asked again after it was given up on`);
      }
    },
  };
}

/** Only what hangs meets its deadline: what is well may take its time on a busy machine. */
function hurry(ours: Ours, sources: readonly MetricSource[]): void {
  for (const source of sources)
    if (source === 'jobs' || source === 'etl') ours.setDeadline(DEADLINE_MS);
    else ours.platform[source].deadlineMs = DEADLINE_MS;
}

/**
 * 8 March is collected while all is well; what `hang` does to the sources is there when 8 and 9 March are asked for.
 */
async function collectedWhile(ours: Ours, sources: readonly MetricSource[], hang: (ours: Ours) => void) {
  await ours.write({ one: {}, before: { started: `${BEFORE}T10:00`, ended: `${BEFORE}T11:00` } });
  await ours.write({ run: {}, earlier: { started: `${BEFORE}T10:00`, ended: `${BEFORE}T11:00` } }, ETL);
  const { outcome } = await ours.deliver('2026-03-09T02:00', { date: BEFORE });
  assert.equal(outcome, 'succeeded');
  const good = await ours.day(BEFORE);
  hang(ours);
  hurry(ours, sources);
  const { assertSideBySide } = followed(ours);
  const answer = await ours.deliver('2026-03-10T02:00', { from: BEFORE, to: DATE });
  assert.equal(answer.outcome, 'partial');
  return { good, answer, assertSideBySide, stale: await ours.day(BEFORE), fresh: await ours.day(DATE) };
}

describe('a metric source that hangs for ever', { concurrency: 3 }, () => {
  for (const together of TOGETHER)
    test(`(${together.join(' and ')}) costs it its figures, and the run and the others nothing`, async (t) => {
      const ours = await collectorOfAll(t, { stallable: true });
      const cases: Hanging[] = together.map((what) => HANGING[what]);
      const hanging = cases.map(({ source }) => source);
      const { good, answer, assertSideBySide, stale, fresh } = await collectedWhile(ours, hanging, () => {
        for (const { hang } of cases) hang(ours);
      });
      assertSideBySide(hanging);

      assert.deepEqual(
        answer.problems.map(({ path, message }) => [path, message]).sort(),
        hanging.map((source) => [`sources.${source}`, fresh.sources[source]?.error]).sort(),
      );
      for (const each of METRIC_SOURCES) {
        assert.equal(fresh.sources[each]?.status, hanging.includes(each) ? 'failed' : 'ok', each);
        assert.equal(fresh[each] === null, hanging.includes(each), each);
      }
      assert.equal(fresh.gpu === null, hanging.includes('jobs'));
      for (const { source, error, list } of cases) {
        assert.match(fresh.sources[source]?.error ?? '', error);
        assert.deepEqual(stale[source], good[source]);
        const state = stale.sources[source];
        if (list) assert.equal(state?.status, 'ok');
        else
          assert.deepEqual(
            [state?.status, state?.collectedAt, state?.error],
            ['stale', utc('2026-03-09T02:00'), fresh.sources[source]?.error],
          );
      }
      if (hanging.length === METRIC_SOURCES.length)
        assert.deepEqual({ ...stale, sources: null }, { ...good, sources: null });
    });

  test('does so once in a run over more days than are read together', async (t) => {
    const gaps = daysUpTo('2026-03-08', 14);
    const ours = await collectorOfAll(t, { stallable: true, settledBefore: DATE, gaps });
    hangAll(ours);
    hurry(ours, METRIC_SOURCES);
    const { assertSideBySide } = followed(ours);
    const { outcome, summary } = await ours.onSchedule('2026-03-10T02:00');
    assertSideBySide(METRIC_SOURCES);
    assert.deepEqual([outcome, summary.daysCollected, summary.remaining], ['partial', 15, []]);
  });

  test('does so where one is found to hang by its changes, and another only by its days', async (t) => {
    const { updatedAt: _, ...fields } = booksOf().jobs.fields;
    const ours = await collectorOfAll(t, {
      sources: booksOf({ jobs: { fields } }),
      only: [],
      stallable: true,
      settledBefore: DATE,
    });
    await ours.onSchedule('2026-03-10T02:00');
    ours.stall('jobs');
    ours.stall('etl');
    hurry(ours, ['jobs', 'etl']);
    const { assertSideBySide } = followed(ours, []);
    const { problems } = await ours.onSchedule('2026-03-11T02:00');
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['sources.jobs', 'sources.etl'],
    );
    assertSideBySide(['jobs', 'etl']);
  });
});

describe('a metric source that failed once', { concurrency: 3 }, () => {
  const FAULTS = [
    { what: 'denied', fault: { kind: 'denied' }, error: /missing permission: monitoring\.timeSeries\.list$/ },
    { what: 'hung', fault: { kind: 'hang' }, error: /no answer within 2850 ms$/ },
    { what: 'answered nonsense', fault: { kind: 'malformed' }, error: /^Cannot read Cloud Monitoring/ },
  ] as const;
  for (const { what, fault, error } of FAULTS)
    test(`(${what}) is asked for no further day of the run, and again by the next one`, async (t) => {
      const ours = await collectorOfAll(t, {
        only: ['bigquery', 'cloudRun'],
        settledBefore: DATE,
        gaps: daysUpTo('2026-03-08', 5),
        deadlinesMs: fault.kind === 'hang' ? { cloudRun: DEADLINE_MS } : {},
      });
      const heal = ours.spoil('cloudRun', fault);
      const { outcome, summary, problems } = await ours.onSchedule('2026-03-10T02:00');
      assert.deepEqual([outcome, summary.daysCollected], ['partial', 6]);

      // Four days are asked for at once, each with one query here; yesterday, which has a list beside it, is the last.
      const days = new Set(ours.requestsOf('cloudRun').map(({ query }) => query.get('interval.endTime')));
      assert.ok(days.size >= 1 && days.size <= 4, `${days.size} days`);
      assert.match(problems[0]?.message ?? '', error);
      for (const date of daysUpTo(DATE, 6)) {
        const { cloudRun, bigquery, jobs, sources } = await ours.day(date);
        assert.deepEqual([date, cloudRun, sources.cloudRun?.error], [date, null, problems[0]?.message]);
        assert.deepEqual([bigquery?.tables, jobs?.started], [1, 0]);
      }

      heal();
      // Healed, it has the time that a busy machine takes it.
      ours.platform.cloudRun.deadlineMs = MINUTE_MS;
      const next = await ours.onSchedule('2026-03-11T02:00');
      assert.deepEqual([next.outcome, next.problems], ['succeeded', []]);
      const { cloudRun, sources } = await ours.day(DATE);
      assert.deepEqual([cloudRun?.requests, sources.cloudRun?.status], [36, 'ok']);
      assert.equal((await ours.day('2026-03-04')).sources.cloudRun?.status, 'ok');
    });

  test('is asked for the days that come before the failing one, which keep what they were told', async (t) => {
    const gaps = daysUpTo('2026-03-08', 13);
    const ours = await collectorOfAll(t, { only: ['bigquery'], settledBefore: DATE, gaps });
    // The sixth of fourteen days.
    ours.apis.faults.add({ query: '2026-03-02T00:00:00', fault: { kind: 'denied' } });
    await ours.onSchedule('2026-03-10T02:00');
    const told = await Promise.all(daysUpTo(DATE, 14).map((date) => ours.day(date)));
    const failing = told.filter(({ bigquery }) => bigquery === null).map(({ date }) => date);
    assert.deepEqual(failing.at(-1), DATE);
    // Three days more are under way beside it, and some may be faster.
    assert.ok(failing.length >= 5 && failing.length <= 12, `${failing.length} days`);
    assert.equal(told.filter(({ bigquery }) => bigquery?.bytes === 900).length, 14 - failing.length);
  });
});

describe('a run that ends early', { concurrency: 3 }, () => {
  test('asks no source any more once it has answered that time ran out', async (t) => {
    // Each look at the clock takes 20 s of the 510 s.
    let ms = 0;
    const ours = await collectorOfAll(t, {
      only: ['bigquery', 'cloudRun'],
      monotonicMs: () => {
        ms += 20_000;
        return ms;
      },
    });
    ours.apis.faults.add({ fault: { kind: 'latency', ms: 150 } });
    let read = 0;
    ours.replaceStores((store) => ({
      ...store,
      touching(...asked) {
        if (store.name === 'jobs') read += 1;
        return store.touching(...asked);
      },
    }));
    const { outcome, summary } = await ours.onSchedule('2026-03-10T02:00');
    assert.equal(outcome, 'partial');
    assert.ok(
      Number(summary.daysCollected) > 0 && Number(summary.remainingDays) > 20,
      `${summary.daysCollected} days`,
    );
    assert.equal((await ours.storedDates()).length, summary.daysCollected);
    assert.ok(read <= Math.floor(Number(summary.daysCollected) / 7) + 1, `${read} weeks were read`);
    // What was on its way may still arrive.
    await pause(100);
    const asked = ours.apis.requests().length;
    await pause(600);
    assert.equal(ours.apis.requests().length, asked);
    assert.equal((await ours.collections.metricSources.get()).size, 0);
  });

  test('by its own deadline ends while the platform hangs, and stores nothing of what the books told', async (t) => {
    // Long enough for a busy machine to come to the platform.
    const ours = await collectorOfAll(t, { stallable: true, entry: { timeoutSeconds: 38 } });
    await ours.write({ one: {} });
    hangPlatform(ours);
    const { outcome, problems } = await ours.onSchedule('2026-03-10T02:00');
    assert.equal(outcome, 'timed-out');
    assert.match(problems[0]?.message ?? '', /task collect-metrics/);
    await assertNothingLeft(ours);
  });

  test('by a lost lease ends while every source hangs, and leaves nothing behind', async (t) => {
    const ours = await collectorOfAll(t, { stallable: true, entry: { leaseSeconds: 2 } });
    hangAll(ours);
    const running = ours.onSchedule('2026-03-10T02:00');
    const task = ours.collections.tasks.doc('collect-metrics');
    while (!(await task.get()).get('current')) await pause(20);
    await pause(300);
    await task.update({ 'current.token': 'somebody-else' });
    const { outcome } = await running;
    assert.equal(outcome, 'lost');
    await assertNothingLeft(ours);
  });

  /** What hung comes late, or breaks: nobody waits for it, so an error of it would end the process. */
  async function assertNothingLeft(ours: Ours): Promise<void> {
    assert.deepEqual(await ours.storedDates(), []);
    const blamed = ours.lines.filter(
      ({ severity, message }) => severity === 'ERROR' && String(message).startsWith('Metric source'),
    );
    assert.deepEqual(blamed, [], 'no source is to blame for the end of a run');
    assert.equal((await ours.collections.metricSources.get()).size, 0);
    const asked = ours.apis.requests().length;
    ours.apis.faults.clear();
    ours.resume('jobs');
    await ours.apis.stop();
    await pause(300);
    assert.equal(ours.apis.requests().length, asked);
  }
});
