import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { healthSchema } from '../../../functions/shared/model/run/health.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import type { JobStore } from '../../../functions/shared/store/sources/jobs.ts';
import { booksOf, collectorOfAll, ETL } from '../../support/all-sources.ts';
import { collector, daysUpTo, type Setup } from '../../support/collector.ts';
import { copiesOf } from '../../support/firestore.ts';
import { type RecordWords, utc } from '../../support/jobs.ts';

const DATE = '2026-03-09';
const ALARM = 'collect-metrics:conflict:2026-03-10T00:00:00.000Z';

/** A collector of jobs and of ETL runs. */
function both(t: TestContext, setup: Setup = {}) {
  const ours = collector(t, { sources: booksOf(), ...setup });
  return {
    ...ours,
    writeEtl: (records: Record<string, RecordWords>) => ours.write(records, ETL),
    removeEtl: (id: string) => ours.db.collection(ETL).doc(id).delete(),
    /** Denies every reading of a source. */
    deny(name: string): void {
      const denied = () => Promise.reject(new Error('7 PERMISSION_DENIED: no'));
      ours.replaceStores((store: JobStore) =>
        store.name === name ? { ...store, underWay: denied, touching: denied, changedSince: denied } : store,
      );
    },
    async openAlarms(): Promise<string[]> {
      return decode(healthSchema, await ours.collections.tasks.doc('collect-metrics').get()).openAlarms;
    },
    /** The names that a stored day counts. */
    async members(): Promise<string[]> {
      return ours.days.members(await ours.day(DATE), { documents: 0 });
    },
  };
}

/** A job, and an ETL run, of a day that is long over. */
const LATE = { started: '2026-02-20T10:00', ended: '2026-02-20T12:00' };

const lateDay = copiesOf(async (t) => {
  const ours = both(t, { settledBefore: DATE, gaps: ['2026-02-20'] });
  await ours.write({ late: LATE });
  await ours.writeEtl({ late: LATE });
  for (const at of ['2026-03-10T02:00', '2026-03-11T02:00']) await ours.onSchedule(at);
  assert.equal((await ours.day('2026-02-20')).status, 'final');
  return ours;
});

/** All is settled: the day of a job and an ETL run of long ago, and the runs of 10 and 11 March. */
async function settledLate(t: TestContext) {
  const ours = both(t);
  await lateDay(t, ours.db);
  return ours;
}

const NOTHING = { started: 0, completed: 0, failed: 0, cancelled: 0, neverStarted: 0, inFlight: 0 };

describe('ETL runs', { concurrency: 4 }, () => {
  test('are counted by the rules of jobs, and never among them', async (t) => {
    const { writeEtl, deliver, day, rows, members } = both(t);
    await writeEtl({
      done: {},
      'from-the-day-before': { started: '2026-03-08T23:00', ended: '2026-03-09T01:00' },
      broke: { status: 'failed', project: 'beta' },
      'at-the-last-moment': { status: 'cancelled', ended: '2026-03-09T23:59:59.999' },
      'never-begun': { status: 'failed', started: null, created: '2026-03-09T09:00' },
      runs: { status: 'running', ended: null },
      'runs-for-days': { status: 'running', started: '2026-03-02T10:00', ended: null },
      'ended-since': { ended: '2026-03-10T01:00' },
      waits: { status: 'queued', started: null, ended: null, created: '2026-03-09T09:00' },
      'begun-since': { status: 'running', started: '2026-03-10T00:00', ended: null },
    });
    await deliver('2026-03-10T02:00', { date: DATE });
    const { etl, jobs, gpu, projects, checks, sources } = await day(DATE);
    assert.deepEqual(etl, {
      started: 5,
      completed: 2,
      failed: 2,
      cancelled: 1,
      neverStarted: 1,
      inFlight: 3,
    });
    assert.deepEqual(jobs, NOTHING);
    assert.deepEqual(gpu, { hoursUsed: 0, hoursCompleted: 0, hoursAccrued: 0 });
    assert.deepEqual([projects, await rows(DATE)], [[], {}]);
    assert.deepEqual([checks.etl?.inFlight.status, checks.inFlight.actual], ['unknown', 0]);
    assert.deepEqual([sources.etl?.status, sources.jobs?.status], ['ok', 'ok']);
    assert.equal((await members()).length, 7);
  });

  test('leave the jobs of the same day alone, and their ids are no jobs of the same id', async (t) => {
    const { write, writeEtl, deliver, day, members } = both(t);
    await write({ same: { gpus: 2 } });
    await writeEtl({ same: { status: 'failed' } });
    await deliver('2026-03-10T02:00', { date: DATE });
    const { jobs, etl, gpu, members: count } = await day(DATE);
    assert.deepEqual([jobs?.completed, jobs?.failed, etl?.completed, etl?.failed], [1, 0, 0, 1]);
    assert.deepEqual([gpu?.hoursUsed, count], [4, 2]);
    assert.deepEqual(await members(), ['etl:etlRuns/same', 'jobs:jobs/same']);
  });

  test('are null, and no zero, where no source has any', async (t) => {
    const { write, deliver, day } = collector(t);
    await write({ one: {} });
    await deliver('2026-03-10T02:00', { date: DATE });
    const { etl, checks, sources } = await day(DATE);
    assert.deepEqual([etl, checks.etl, sources.etl], [null, null, undefined]);
  });

  test('that are faulty are told apart from faulty jobs', async (t) => {
    const { write, writeEtl, deliver, day } = both(t);
    await write({ odd: { status: 'ARCHIVED' } });
    await writeEtl({ skewed: { started: '2026-03-09T12:00', ended: '2026-03-09T10:00' } });
    await deliver('2026-03-10T02:00', { date: DATE });
    const { checks } = await day(DATE);
    assert.deepEqual([checks.unmapped, checks.skewed], [['odd'], []]);
    assert.deepEqual([checks.etl?.unmapped, checks.etl?.skewed], [[], ['skewed']]);
  });

  test('prove each day against the one before: a record that changed breaks it, and a whole run heals it', async (t) => {
    const gaps = daysUpTo('2026-02-26', 6);
    const { writeEtl, deliver, onSchedule, day } = both(t, { settledBefore: DATE, gaps });
    const long = { started: '2026-02-22T12:00', ended: '2026-02-25T12:00' };
    await writeEtl({ long });
    for (const at of ['2026-03-08T02:00', '2026-03-09T02:00'])
      await deliver(at, { from: '2026-02-21', to: '2026-02-26' });
    const check = async (date: string) => (await day(date)).checks.etl?.inFlight;
    assert.deepEqual(await check('2026-02-23'), { status: 'holds', expected: 1, actual: 1 });

    await writeEtl({ long: { ...long, started: '2026-02-23T12:00' } });
    const { summary } = await deliver('2026-03-09T03:00', { date: '2026-02-22' });
    assert.deepEqual(summary.brokenChecks, ['2026-02-23']);
    assert.deepEqual(await check('2026-02-23'), { status: 'broken', expected: 0, actual: 1 });
    const { summary: whole } = await onSchedule('2026-03-10T02:00');
    assert.deepEqual(whole.brokenChecks, []);
    assert.deepEqual(await check('2026-02-23'), { status: 'holds', expected: 1, actual: 1 });
  });

  test('make a final day dirty when one changes, which the whole run collects again', async (t) => {
    const { writeEtl, onSchedule, day, days, collections } = await settledLate(t);
    await writeEtl({ late: { ...LATE, status: 'failed', updated: '2026-03-11T10:00' } });
    await onSchedule('2026-03-12T02:00');
    const { status, etl, jobs } = await day('2026-02-20');
    assert.deepEqual([status, etl?.completed, etl?.failed, jobs?.failed], ['provisional', 0, 1, 0]);
    assert.equal((await days.revisions('2026-02-20'))[0]?.cause, 'job late changed');
    assert.ok((await collections.dirtyDays.get()).empty);
  });
});

describe('records of jobs and ETL runs that changed', () => {
  test('make one mark and one cause of a day that both were counted on', async (t) => {
    const { write, writeEtl, onSchedule, day, days } = await settledLate(t);
    const changed = { ...LATE, status: 'failed', updated: '2026-03-11T10:00' };
    await write({ late: changed });
    await writeEtl({ late: changed });
    await onSchedule('2026-03-12T02:00');
    const { jobs, etl, revision } = await day('2026-02-20');
    assert.deepEqual([jobs?.failed, etl?.failed, revision], [1, 1, 2]);
    assert.equal((await days.revisions('2026-02-20'))[0]?.cause, '2 jobs changed, e.g. late');
  });
});

describe('a book that cannot be read', { concurrency: 4 }, () => {
  for (const [failing, other] of [
    ['etl', 'jobs'],
    ['jobs', 'etl'],
  ] as const)
    test(`(${failing}) leaves the figures and the names of the other alone`, async (t) => {
      const { write, writeEtl, deliver, day, deny, members } = both(t);
      const collection = { jobs: 'jobs', etl: ETL };
      await write({ one: {}, two: {} });
      await writeEtl({ one: {}, two: {}, three: {} });
      await deliver('2026-03-10T02:00', { date: DATE });
      const good = await day(DATE);

      deny(failing);
      await write({ more: { status: 'failed' } }, collection[other]);
      const { outcome, problems } = await deliver('2026-03-10T05:00', { date: DATE });
      assert.deepEqual([outcome, problems.map(({ path }) => path)], ['partial', [`sources.${failing}`]]);
      const { sources, revision, conflict, ...after } = await day(DATE);
      assert.deepEqual(after[failing], good[failing]);
      const { etl: ofEtl, ...ofJobs } = after.checks;
      const { etl: goodEtl, ...goodJobs } = good.checks;
      assert.deepEqual(failing === 'etl' ? ofEtl : ofJobs, failing === 'etl' ? goodEtl : goodJobs);
      assert.deepEqual([after[other]?.failed, sources[other]?.status], [1, 'ok']);
      assert.deepEqual([sources[failing]?.status, revision, conflict, after.members], ['stale', 2, null, 6]);
      assert.deepEqual(
        await members(),
        [
          ...['etl:etlRuns/more', 'jobs:jobs/more'].filter((name) => name.startsWith(other)),
          ...['etl:etlRuns/one', 'etl:etlRuns/three', 'etl:etlRuns/two', 'jobs:jobs/one', 'jobs:jobs/two'],
        ].sort(),
      );
      assert.deepEqual(
        [after.gpu, after.projects],
        [failing === 'jobs' ? good.gpu : { hoursUsed: 6, hoursCompleted: 6, hoursAccrued: 0 }, ['alpha']],
      );
    });

  test('keeps a dirty day dirty until every book was read', async (t) => {
    const { write, onSchedule, day, deny, collections, replaceStores } = await settledLate(t);
    await write({ late: { ...LATE, ended: '2026-02-20T13:00', updated: '2026-03-11T10:00' } });
    deny('etl');
    await onSchedule('2026-03-12T02:00');
    assert.equal((await day('2026-02-20')).gpu?.hoursUsed, 3);
    assert.deepEqual(
      (await collections.dirtyDays.get()).docs.map(({ id }) => id),
      ['2026-02-20'],
    );
    replaceStores();
    await onSchedule('2026-03-13T02:00');
    assert.ok((await collections.dirtyDays.get()).empty);
    // 3 hours since the 12th, and the ETL runs all along: settled since the younger of the two.
    assert.equal((await day('2026-02-20')).status, 'final');
  });

  test('and its changes are found by the next run, as far as they were known', async (t) => {
    const { writeEtl, onSchedule, day, deny, collections, replaceStores } = await settledLate(t);
    await writeEtl({ late: { ...LATE, status: 'failed', updated: '2026-03-11T10:00' } });
    deny('etl');
    await onSchedule('2026-03-12T02:00');
    const watermark = async (source: string) =>
      (await collections.sourceWatermarks.doc(source).get()).get('changesKnownUntil').toDate();
    assert.deepEqual(
      [await watermark('etl'), await watermark('jobs')],
      [utc('2026-03-11T02:00'), utc('2026-03-12T02:00')],
    );
    replaceStores();
    await onSchedule('2026-03-13T02:00');
    assert.equal((await day('2026-02-20')).etl?.failed, 1);
  });
});

describe('records of two books', { concurrency: 4 }, () => {
  /** A day of three jobs and two ETL runs. */
  async function collected(t: TestContext) {
    const ours = both(t);
    await collectedDay(t, ours.db);
    return ours;
  }
  const collectedDay = copiesOf(async (t) => {
    const ours = both(t);
    await ours.write({ one: {}, two: {}, three: {} });
    await ours.writeEtl({ first: {}, second: {} });
    await ours.deliver('2026-03-10T02:00', { date: DATE });
    return ours;
  });

  test('make a conflict when one of the ETL runs vanishes, until a person accepts it', async (t) => {
    const ours = await collected(t);
    await ours.removeEtl('second');
    const { summary } = await ours.deliver('2026-03-10T05:00', { date: DATE });
    assert.deepEqual(summary.conflicts, [DATE]);
    const { status, conflict, etl, jobs } = await ours.day(DATE);
    assert.deepEqual([status, etl?.completed, jobs?.completed], ['conflict', 1, 3]);
    assert.deepEqual([conflict?.vanished, conflict?.ended], [['etl:etlRuns/second'], 5]);
    assert.deepEqual(await ours.openAlarms(), [ALARM]);

    assert.equal(await ours.days.accept(DATE, { at: utc('2026-03-10T09:00') }), 'accepted');
    assert.deepEqual(await ours.openAlarms(), []);
    await ours.deliver('2026-03-11T05:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'final');
  });

  test('tell a vanished ETL run also after a run that could not read the book', async (t) => {
    const ours = await collected(t);
    ours.deny('etl');
    await ours.write({ four: {} });
    await ours.deliver('2026-03-10T04:00', { date: DATE });
    await ours.removeEtl('second');
    ours.replaceStores();
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    const { status, conflict } = await ours.day(DATE);
    assert.deepEqual([status, conflict?.vanished], ['conflict', ['etl:etlRuns/second']]);
  });

  test('make no conflict while the book is only out of reach', async (t) => {
    const ours = await collected(t);
    ours.deny('etl');
    await ours.write({ one: { started: '2026-03-08T10:00', ended: '2026-03-08T12:00' } });
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    const { status, conflict, jobs, etl, members } = await ours.day(DATE);
    assert.deepEqual(
      [status, conflict, jobs?.completed, etl?.completed, members],
      ['provisional', null, 2, 2, 4],
    );
  });

  test('make a conflict when a job vanishes while an ETL run arrives late', async (t) => {
    const ours = await collected(t);
    await ours.remove('three');
    await ours.writeEtl({ late: {} });
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    const { status, conflict } = await ours.day(DATE);
    assert.deepEqual([status, conflict?.vanished], ['conflict', ['jobs:jobs/three']]);
  });

  test('do not end the conflict over a vanished ETL run because a job arrives late', async (t) => {
    const ours = await collected(t);
    await ours.removeEtl('second');
    await ours.deliver('2026-03-10T05:00', { date: DATE });
    await ours.write({ late: {} });
    await ours.deliver('2026-03-10T06:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'conflict');
    assert.deepEqual(await ours.openAlarms(), [ALARM]);
    await ours.writeEtl({ second: {} });
    await ours.deliver('2026-03-10T07:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'provisional');
    assert.deepEqual(await ours.openAlarms(), []);
  });

  test('tell nobody of a vanished record of a source that the settings name no more', async (t) => {
    const ours = await collected(t);
    await ours.removeEtl('second');
    ours.configure({ sources: ['jobs'] });
    await ours.write({ one: { started: '2026-03-08T10:00', ended: '2026-03-08T12:00' } });
    const { outcome } = await ours.deliver('2026-03-10T05:00', { date: DATE });
    const { conflict, jobs, etl } = await ours.day(DATE);
    assert.deepEqual([outcome, conflict, jobs?.completed, etl?.completed], ['succeeded', null, 2, 2]);
    await ours.deliver('2026-03-11T05:00', { date: DATE });
    assert.equal((await ours.day(DATE)).status, 'final');
  });

  test('are left as they were when nobody can tell whether a record vanished or moved', async (t) => {
    const ours = await collectorOfAll(t, { only: [], stallable: true, deadlineMs: 6_000 });
    await ours.write({
      one: {},
      two: {},
      before: { started: '2026-03-08T10:00', ended: '2026-03-08T11:00' },
    });
    const first = await ours.deliver('2026-03-10T02:00', { from: '2026-03-08', to: DATE });
    assert.equal(first.outcome, 'succeeded');
    const good = await ours.day(DATE);
    await ours.remove('two');
    await ours.write({ more: { started: '2026-03-08T10:00', ended: '2026-03-08T11:00' } });
    ours.replaceStores((store) => ({
      ...store,
      async touching(...asked) {
        const rest = await store.touching(...asked);
        ours.stall(store.name);
        return rest;
      },
    }));
    const { outcome, problems } = await ours.deliver('2026-03-10T05:00', { from: '2026-03-08', to: DATE });
    assert.equal(outcome, 'partial');
    assert.match(
      problems.find(({ path }) => path === DATE)?.message ?? '',
      /^Cannot read source jobs .*records of source jobs: no answer within \d+ ms; the next run collects it again$/,
    );
    assert.deepEqual(await ours.day(DATE), good);
    assert.equal((await ours.day('2026-03-08')).jobs?.completed, 2);

    ours.resume('jobs');
    ours.resume('etl');
    ours.replaceStores();
    await ours.deliver('2026-03-10T06:00', { date: DATE });
    assert.deepEqual((await ours.day(DATE)).conflict?.vanished, ['jobs:jobs/two']);
  });
});
