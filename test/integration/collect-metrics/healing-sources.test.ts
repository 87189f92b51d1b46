import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addMs, type Day, dayOf, daysBetween } from '../../../functions/shared/dates.ts';
import { isSettled } from '../../../functions/shared/model/day/day.ts';
import { PLATFORM_SOURCES, type PlatformSource } from '../../../functions/shared/model/day/platform.ts';
import { type AllSetup, collectorOfAll, ETL } from '../../support/all-sources.ts';
import { daysUpTo } from '../../support/collector.ts';
import { quietDay } from '../../support/days.ts';
import { sourceOf, utc } from '../../support/jobs.ts';
import { outOfReach } from '../../support/platform.ts';

const DATE = '2026-03-09';
const MORNING = '2026-03-10T02:00';
const NEXT = '2026-03-11T02:00';
const EMPTY = { location: 'eu', storageClass: 'STANDARD', live: { bytes: 0, objects: 0 } };
const JOBS_ALONE = { sources: { jobs: sourceOf() } };

/** The collector, with the days that each source was asked for so far. */
async function asking(t: TestContext, setup: AllSetup = {}) {
  const ours = await collectorOfAll(t, { ...JOBS_ALONE, ...setup });
  let [read, seen] = [[] as Day[], 0];
  ours.replaceStores((store) => ({
    ...store,
    touching(range, ...rest) {
      read.push(...daysBetween(dayOf(range.from), dayOf(addMs(range.to, -1))));
      return store.touching(range, ...rest);
    },
  }));
  return {
    ...ours,
    /** Since the last look: the days that books were read for, and those that Monitoring was asked about a source. */
    asked(source: PlatformSource) {
      const requests = ours.requestsOf(source);
      const ends = requests.slice(seen).flatMap(({ query }) => query.get('interval.endTime') ?? []);
      seen = requests.length;
      const days = new Set(ends.map((end) => dayOf(addMs(new Date(end), -1))));
      const result = { books: read, days: [...days].sort() };
      read = [];
      return result;
    },
    statusOf: async (date: string) => (await ours.day(date)).status,
  };
}

describe('a metric source that answers again', { concurrency: 4 }, () => {
  test('heals the day by the trailing window, and the revision tells what stood before, and why', async (t) => {
    const ours = await collectorOfAll(t, { ...JOBS_ALONE, only: ['cloudRun'], settledBefore: DATE });
    await ours.write({ one: {} });
    const heal = ours.spoil('cloudRun', { kind: 'denied' });
    await ours.onSchedule(MORNING);
    const failed = await ours.day(DATE);
    assert.deepEqual([failed.cloudRun, failed.status, failed.revision], [null, 'provisional', 1]);

    heal();
    await ours.onSchedule(NEXT);
    const healed = await ours.day(DATE);
    // Nobody looked on the day after which services there were.
    const { services, requests, missing } = healed.cloudRun ?? {};
    assert.deepEqual([services, requests, missing], [null, 36, []]);
    assert.deepEqual(
      [healed.revision, healed.status, healed.sources.cloudRun?.status],
      [2, 'provisional', 'ok'],
    );
    assert.deepEqual([isSettled(healed.sources.jobs), isSettled(healed.sources.cloudRun)], [true, false]);
    const [replaced, ...more] = await ours.days.revisions(DATE);
    assert.deepEqual([replaced?.revision, replaced?.cloudRun, more], [1, null, []]);
    assert.deepEqual([replaced?.cause, replaced?.jobs?.completed], ['cloudRun answered again', 1]);

    await ours.onSchedule('2026-03-12T02:00');
    assert.deepEqual([(await ours.day(DATE)).status, (await ours.day(DATE)).revision], ['final', 2]);
  });

  test('and says the same as before is no revision', async (t) => {
    const ours = await collectorOfAll(t, { ...JOBS_ALONE, only: ['cloudRun'] });
    await ours.deliver(MORNING, { date: DATE });
    const heal = ours.spoil('cloudRun', { kind: 'denied' });
    await ours.deliver('2026-03-10T12:00', { date: DATE });
    assert.equal((await ours.day(DATE)).sources.cloudRun?.status, 'stale');
    heal();
    await ours.deliver(NEXT, { date: DATE });
    const { status, revision, sources } = await ours.day(DATE);
    assert.deepEqual([status, revision, sources.cloudRun?.failingSince], ['final', 1, null]);
  });
});

describe('what can only be seen now', { concurrency: 4 }, () => {
  const lists = async (ours: Awaited<ReturnType<typeof collectorOfAll>>, date: string) => {
    const { storage, cloudRun, database } = await ours.day(date);
    return [
      ...[storage?.buckets, cloudRun?.services],
      ...[database?.firestore.collections, database?.cloudSql?.instances],
    ];
  };

  test('is taken on the day after, and stays although some of it is new or deleted', async (t) => {
    const gaps = ['2026-02-20', ...daysUpTo('2026-03-08', 3)];
    const ours = await collectorOfAll(t, { ...JOBS_ALONE, settledBefore: DATE, gaps });
    await ours.deliver(MORNING, { from: '2026-03-06', to: DATE });
    assert.deepEqual(await lists(ours, DATE), [1, 2, 3, 1]);
    for (const earlier of ['2026-03-06', '2026-03-08'])
      assert.deepEqual(await lists(ours, earlier), [null, null, null, null]);

    ours.world.run.services = [];
    ours.world.buckets.push({ ...EMPTY, name: 'new' });
    await ours.counted.doc('users/1').delete();
    const [instance] = ours.world.sql;
    if (instance) ours.world.sql.push({ ...instance, name: 'new', bytes: [] });
    await ours.deliver('2026-03-10T09:00', { from: '2026-03-06', to: DATE });
    assert.deepEqual(await lists(ours, DATE), [1, 2, 3, 1]);
    await ours.onSchedule(NEXT);
    assert.deepEqual(await lists(ours, DATE), [1, 2, 3, 1]);
    assert.deepEqual(await lists(ours, '2026-03-10'), [2, 0, 2, 2]);
    for (const date of ['2026-03-08', DATE]) {
      const { status, revision, cloudRun } = await ours.day(date);
      assert.deepEqual(
        [date, status, revision, cloudRun?.requests],
        [date, 'final', 1, date === DATE ? 36 : 0],
      );
    }
    assert.deepEqual(await lists(ours, '2026-02-20'), [null, null, null, null]);
  });

  test('is taken by a second run of the day after when the first one failed', async (t) => {
    const ours = await collectorOfAll(t, { ...JOBS_ALONE, only: ['cloudRun'] });
    const heal = ours.spoil('cloudRun', { kind: 'denied' });
    await ours.deliver(MORNING, { date: DATE });
    heal();
    await ours.deliver('2026-03-10T23:00', { date: DATE });
    assert.equal((await ours.day(DATE)).cloudRun?.services, 2);
  });
});

describe('a run', { concurrency: 4 }, () => {
  test('asks a settled day for nothing, and one of which a source is open for that source alone', async (t) => {
    const gaps = daysUpTo('2026-02-24', 12);
    const ours = await asking(t, { only: ['bigquery'], settledBefore: DATE, gaps });
    const heal = ours.apis.faults.add({ query: '2026-02-21T00:00:00', fault: { kind: 'denied' } });
    await ours.onSchedule(MORNING);
    assert.deepEqual(ours.asked('bigquery').books, [...gaps, ...daysUpTo(DATE, 3)]);
    heal();
    await ours.onSchedule(NEXT);
    const open = (await Promise.all(daysUpTo('2026-03-08', 31).map((date) => ours.day(date))))
      .filter(({ sources }) => !isSettled(sources.bigquery))
      .map(({ date }) => date);
    assert.ok(open.includes('2026-02-20'), open.join(' '));
    // What was asked for before the failing day was answered, but for what was under way beside it.
    const settled = gaps.filter((date) => !open.includes(date));
    assert.ok(settled.length >= 4, settled.join(' '));
    for (const date of settled) assert.equal(await ours.statusOf(date), 'final');
    ours.asked('bigquery');

    const { summary } = await ours.onSchedule('2026-03-12T02:00');
    const trailing = ['2026-03-09', '2026-03-10', '2026-03-11'];
    assert.deepEqual(ours.asked('bigquery'), {
      books: trailing,
      days: [...new Set([...open, ...trailing])].sort(),
    });
    assert.equal(summary.daysCollected, new Set([...open, ...trailing]).size);
    for (const date of open) assert.equal(await ours.statusOf(date), 'final');

    await ours.onSchedule('2026-03-13T02:00');
    assert.deepEqual(ours.asked('bigquery').days, ['2026-03-10', '2026-03-11', '2026-03-12']);
  });

  test('asks a source that is new for the days that never had it, which reopen and become final again', async (t) => {
    const ours = await asking(t, { only: [], settledBefore: '2026-03-11' });
    const { summary: without } = await ours.onSchedule('2026-03-12T02:00');
    const lacking = daysUpTo('2026-02-14', 5);
    for (const date of lacking) await ours.collections.dailyMetrics.doc(date).set(quietDay(date, ['jobs']));
    ours.asked('cloudRun');

    ours.configure({ platform: ours.some('cloudRun') });
    const { summary } = await ours.onSchedule('2026-03-13T02:00');
    const { books, days } = ours.asked('cloudRun');
    const trailing = daysUpTo('2026-03-12', 3);
    assert.deepEqual([books, days], [trailing, [...lacking, ...trailing]]);
    const reopened = await ours.day('2026-02-10');
    assert.deepEqual([reopened.status, reopened.finalAt, reopened.revision], ['provisional', null, 2]);
    const [replaced] = await ours.days.revisions('2026-02-10');
    assert.deepEqual(
      [replaced?.cause, replaced?.cloudRun],
      ['cloudRun is collected for the first time', null],
    );
    // These days more were loaded, with the days beside them, and changes were looked for, which a first run does not do; no
    // query of jobs was asked for them.
    const more = Number(summary.documentsRead) - Number(without.documentsRead);
    assert.ok(more >= 5 && more <= 5 + 2 + 1, `${more} documents more`);

    await ours.onSchedule('2026-03-14T02:00');
    const { status, revision } = await ours.day('2026-02-10');
    assert.deepEqual([status, revision], ['final', 2]);
  });

  test('calls no day final while one of its sources is failing or lacks a part', async (t) => {
    const ours = await asking(t, {
      only: ['bigquery', 'cloudRun'],
      settledBefore: DATE,
      gaps: ['2026-02-10'],
    });
    ours.spoil('bigquery', { kind: 'denied' });
    const heal = ours.spoil('cloudRun', outOfReach('us-east1'));
    for (const at of [MORNING, NEXT]) await ours.onSchedule(at);
    const { status, sources, cloudRun, bigquery } = await ours.day(DATE);
    assert.deepEqual([status, bigquery, cloudRun?.missing], ['provisional', null, ['us-east1']]);
    assert.deepEqual(
      [isSettled(sources.jobs), sources.bigquery?.status, sources.cloudRun?.status],
      [true, 'failed', 'partial'],
    );

    heal();
    for (const at of ['2026-03-13T02:00', '2026-03-14T02:00']) await ours.onSchedule(at);
    assert.equal(await ours.statusOf(DATE), 'provisional');
    assert.ok(isSettled((await ours.day(DATE)).sources.cloudRun));
    // What nobody asks for any more holds up nothing.
    ours.configure({ platform: ours.some('cloudRun') });
    await ours.onSchedule('2026-03-15T02:00');
    assert.equal(await ours.statusOf(DATE), 'final');
    assert.equal(await ours.statusOf('2026-02-10'), 'final');
  });

  test('calls a day final only when two collections of every source are 20 hours apart', async (t) => {
    const ours = await collectorOfAll(t, { ...JOBS_ALONE, only: ['cloudRun'] });
    const heal = ours.spoil('cloudRun', { kind: 'denied' });
    await ours.deliver(MORNING, { date: DATE });
    heal();
    await ours.deliver('2026-03-10T12:00', { date: DATE });
    await ours.deliver('2026-03-11T07:59:59', { date: DATE });
    const { status, sources } = await ours.day(DATE);
    assert.deepEqual(
      [status, isSettled(sources.jobs), isSettled(sources.cloudRun)],
      ['provisional', true, false],
    );
    await ours.deliver('2026-03-11T08:00', { date: DATE });
    const after = await ours.day(DATE);
    assert.deepEqual([after.status, after.settledSince], ['final', utc('2026-03-10T12:00')]);
  });
});

describe('a region that gives no answer', { concurrency: 4 }, () => {
  const REGIONS = ['europe-west4', 'us-east1'];
  const oneRegion = (t: TestContext) =>
    collectorOfAll(t, { ...JOBS_ALONE, only: ['cloudRun'], regions: REGIONS });

  test('is named, and makes the totals null; what answered is kept, and the rest comes as a revision', async (t) => {
    const ours = await oneRegion(t);
    const heal = ours.apis.faults.add({ region: 'us-east1', fault: { kind: 'status', status: 503 } });
    const { outcome, problems } = await ours.deliver(MORNING, { date: DATE });
    assert.deepEqual(
      [outcome, problems],
      ['partial', [{ path: 'sources.cloudRun', message: 'no answer from us-east1' }]],
    );
    const { cloudRun, sources, status } = await ours.day(DATE);
    assert.deepEqual([cloudRun?.services, cloudRun?.missing], [null, ['us-east1']]);
    assert.deepEqual(
      cloudRun?.perService.map(({ service }) => service),
      ['web', 'batch'],
    );
    assert.deepEqual(
      [status, sources.cloudRun?.status, sources.cloudRun?.settledSince],
      ['provisional', 'partial', null],
    );

    heal();
    const healed = await ours.deliver('2026-03-10T05:00', { date: DATE });
    assert.deepEqual([healed.outcome, healed.problems], ['succeeded', []]);
    const after = await ours.day(DATE);
    assert.deepEqual([after.cloudRun?.services, after.cloudRun?.missing, after.revision], [2, [], 2]);
    const [replaced] = await ours.days.revisions(DATE);
    assert.deepEqual(
      [replaced?.cause, replaced?.cloudRun?.services],
      ['cloudRun brought what was missing', null],
    );
    await ours.deliver('2026-03-11T05:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'final');
  });

  test('never takes the place of a section that has it', async (t) => {
    const ours = await oneRegion(t);
    await ours.deliver(MORNING, { date: DATE });
    const good = await ours.day(DATE);
    ours.spoil('cloudRun', outOfReach('us-east1'));
    const { outcome, problems } = await ours.deliver(NEXT, { date: DATE });
    assert.deepEqual([outcome, problems[0]?.message], ['partial', 'no answer from us-east1']);
    const { cloudRun, sources, revision, status } = await ours.day(DATE);
    assert.deepEqual([cloudRun, revision, status], [good.cloudRun, 1, 'provisional']);
    assert.deepEqual(
      [sources.cloudRun?.status, sources.cloudRun?.error, sources.cloudRun?.collectedAt],
      ['stale', 'no answer from us-east1', utc(MORNING)],
    );
  });

  test('all of them make the source fail', async (t) => {
    const ours = await oneRegion(t);
    ours.apis.faults.add({ api: 'run', fault: { kind: 'denied' } });
    await ours.deliver(MORNING, { date: DATE });
    const { cloudRun, sources } = await ours.day(DATE);
    assert.deepEqual([cloudRun, sources.cloudRun?.status], [null, 'failed']);
  });
});

describe('what the sources bring', { concurrency: 4 }, () => {
  test('is the same in whatever order Monitoring tells it', async (t) => {
    const ours = await collectorOfAll(t, { ...JOBS_ALONE, only: ['cloudRun'] });
    await ours.deliver(MORNING, { date: DATE });
    ours.spoil('cloudRun', {
      kind: 'changed',
      change: ({ timeSeries }) => Array.isArray(timeSeries) && timeSeries.reverse(),
    });
    await ours.deliver(NEXT, { date: DATE });
    assert.deepEqual([(await ours.day(DATE)).revision, (await ours.day(DATE)).status], [1, 'final']);
  });

  test('is refused when it has a counter of the collector in it, and nothing of it is stored', async (t) => {
    const ours = await collectorOfAll(t, JOBS_ALONE);
    for (const source of ['bigquery', 'cloudRun'] as const) {
      const entry: { collect: (...asked: never[]) => Promise<object> } = ours.platform[source];
      const { collect } = entry;
      entry.collect = async (...asked) => Object.assign(await collect(...asked), { pagesRead: 3 });
    }
    const { outcome, problems } = await ours.deliver(MORNING, { date: DATE });
    assert.equal(outcome, 'partial');
    assert.deepEqual(problems.map(({ path }) => path).sort(), ['sources.bigquery', 'sources.cloudRun']);
    for (const { message } of problems) assert.match(message, /pagesRead/);
    const { bigquery, cloudRun, storage, sources } = await ours.day(DATE);
    assert.deepEqual([bigquery, cloudRun, storage?.bytes], [null, null, 4_000]);
    assert.equal(sources.bigquery?.status, 'failed');
    const raw = (await ours.collections.dailyMetrics.doc(DATE).get()).data();
    assert.doesNotMatch(JSON.stringify({ ...raw, sources: null }), /pagesRead/);
  });

  test('is shown by a dry run beside what is stored, with all its totals, and written nowhere', async (t) => {
    const ours = await collectorOfAll(t);
    await ours.write({ one: {} });
    await ours.write({ two: {} }, ETL);
    await ours.deliver(MORNING, { date: DATE });
    const [times, records] = [await ours.updateTimes(), await everything(ours)];
    ours.world.run.requests.push({
      service: 'new',
      region: 'us-east1',
      responseClass: '2xx',
      at: utc('2026-03-09T13:00'),
      count: 5,
    });
    ours.spoil('storage', { kind: 'denied' });
    const { outcome, summary } = await ours.deliver(NEXT, { from: '2026-03-08', to: DATE, dryRun: true });

    assert.equal(outcome, 'partial');
    const [before, shown] = summary.days as {
      stored: Record<string, unknown>;
      recomputed: Record<string, unknown>;
    }[];
    assert.equal(before?.stored, null);
    const totals = [...['jobs', 'gpu', 'etl'], ...PLATFORM_SOURCES].sort();
    for (const side of [shown?.stored, shown?.recomputed]) {
      const { date: _, status: __, revision: ___, ...rest } = side ?? {};
      assert.deepEqual(Object.keys(rest).sort(), totals);
    }
    const told = ({ cloudRun, storage }: Record<string, unknown> = {}) => [cloudRun, storage];
    const storage = { buckets: 1, bytes: 4_000, objects: 7, softDeletedBytes: 0, missing: [] };
    assert.deepEqual(told(shown?.stored), [
      { services: 2, activeServices: 2, requests: 36, missing: [] },
      storage,
    ]);
    assert.deepEqual(told(shown?.recomputed), [
      { services: 2, activeServices: 3, requests: 41, missing: [] },
      storage,
    ]);
    assert.deepEqual(await ours.updateTimes(), times);
    assert.deepEqual(await everything(ours), records);
  });
});

/** Every stored document of ours but the records of runs, with its time. */
async function everything({ db }: Awaited<ReturnType<typeof collectorOfAll>>): Promise<string[]> {
  const roots = (await db.listCollections()).filter(({ id }) => id !== 'taskRuns');
  const groups = ['projects', 'revisions', 'dayMembers'].map((id) => db.collectionGroup(id));
  const found = await Promise.all([...roots, ...groups].map((each) => each.get()));
  return found
    .flatMap(({ docs }) => docs.map(({ ref, updateTime }) => `${ref.path} ${updateTime.toMillis()}`))
    .sort();
}
