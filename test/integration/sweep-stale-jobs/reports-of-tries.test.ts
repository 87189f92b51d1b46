import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ReportingJobs, reportingJobs } from '../../support/reporting-jobs.ts';
import { EXECUTIONS } from '../../support/sweeper.ts';

const iso = (at: Date) => at.toISOString();
const FAILED = { state: 'failed', end: { state: 'failed', signal: 'SIGTERM', cause: 'preempted' } };
const COMPLETED = { state: 'completed', end: { state: 'completed', exitCode: 0 } };
/** Another job, so that reports of the source are known to come. */
const OTHER = { job: 'other', execution: 'other', state: 'running' };

/** A job whose first try began 90 minutes ago, and its reports as of now. */
async function begun({ world, send }: ReportingJobs, isKnown = true) {
  const startedAt = world.ago(90);
  const of = (seq: number, over: object = {}) => ({
    job: 'a',
    execution: 'E1',
    seq,
    at: iso(world.now()),
    startedAt: iso(startedAt),
    state: 'running',
    host: 'h1',
    ...over,
  });
  const record = { status: 'running', createdAt: world.ago(91), startedAt, heartbeatAt: world.ago(1) };
  await world.write({ a: record });
  if (isKnown) assert.deepEqual(await send(of(1)), ['applied']);
  return { startedAt, of };
}

/** Reports of another job arrive for so many sweeps. */
async function sweep({ world, send }: ReportingJobs, times: number): Promise<void> {
  for (let done = 0; done < times; done += 1) {
    world.pass(10);
    await send(OTHER);
    await world.deliver();
  }
}

describe('a report of a try before the one in the record', { concurrency: 4 }, () => {
  for (const isKnown of [true, false])
    test(`ends no later try, whether it was heard of before (${isKnown})`, async (t) => {
      const jobs = await reportingJobs(t);
      const { world, send, record } = jobs;
      const { of } = await begun(jobs, isKnown);
      const late = of(2, FAILED);
      const endedAt = world.now();
      world.pass(50);
      const startedAt = world.ago(20);
      await world.db
        .doc('jobs/a')
        .update({ attempt: 2, startedAt, heartbeatAt: world.now(), updatedAt: world.now() });
      assert.deepEqual(await send(late), ['older']);
      const after = await record('a');
      assert.deepEqual([after.status, after.startedAt, after.endedAt], ['running', startedAt, null]);
      const { state, cause, aliveAt } = after.report;
      assert.deepEqual([state, cause, aliveAt], ['failed', 'preempted', endedAt], 'but it is kept');
      // The next try goes on, and may report.
      world.pass(5);
      const next = { execution: 'E2', startedAt: iso(world.ago(24)), host: 'h2' };
      assert.deepEqual(await send(of(1, next), of(2, { ...next, ...COMPLETED })), ['applied', 'applied']);
      assert.equal((await record('a')).status, 'completed');
    });

  test('ends nothing that began again a moment after', async (t) => {
    const jobs = await reportingJobs(t);
    const { world, send, record } = jobs;
    const { of } = await begun(jobs);
    world.pass(1);
    await world.db.doc('jobs/a').update({ startedAt: world.now(), heartbeatAt: world.now() });
    world.pass(1);
    const [end, gone] = [of(2, FAILED), of(3, { state: 'gone' })];
    assert.deepEqual(await send(end, gone), ['older', 'older']);
    assert.equal((await record('a')).status, 'running');
  });

  test('leaves a job queued that waits for its next try, by a beat and by an end', async (t) => {
    for (const word of [{}, FAILED]) {
      const jobs = await reportingJobs(t);
      const { world, send, record } = jobs;
      const { of } = await begun(jobs);
      const late = of(2, word);
      world.pass(50);
      await world.db.doc('jobs/a').update({ status: 'queued', updatedAt: world.now() });
      world.pass(1);
      assert.deepEqual(await send(late), ['older']);
      assert.equal((await record('a')).status, 'queued');
      await sweep(jobs, 3);
      assert.equal((await record('a')).status, 'queued');
      const next = { execution: 'E2', seq: 1, startedAt: iso(world.ago(1)) };
      assert.deepEqual(await send(of(1, next)), ['applied']);
      assert.equal((await record('a')).status, 'running');
    }
  });

  test('leaves a job queued whose start was taken away', async (t) => {
    const jobs = await reportingJobs(t);
    const { world, send, record } = jobs;
    const { of } = await begun(jobs);
    const late = of(2, FAILED);
    world.pass(50);
    await world.db.doc('jobs/a').update({ status: 'queued', startedAt: null, updatedAt: world.now() });
    assert.deepEqual(await send(late), ['older']);
    const { status, endedAt, report } = await record('a');
    assert.deepEqual([status, endedAt, report.state], ['queued', null, 'failed']);
  });

  test('ends no job whose heartbeat went on without it', async (t) => {
    const jobs = await reportingJobs(t);
    const { send, record, world } = jobs;
    const { of } = await begun(jobs, false);
    assert.deepEqual(await send(of(3, { at: iso(world.ago(25)), ...FAILED })), ['older']);
    assert.equal((await record('a')).status, 'running');
  });

  test('ends no job of which another execution began since; its own ends', async (t) => {
    const jobs = await reportingJobs(t, { executions: EXECUTIONS });
    const { world, send, record } = jobs;
    const { of, startedAt } = await begun(jobs, false);
    await world.write({ E1: { status: 'running', startedAt } }, 'jobs/a/executions');
    const next = { status: 'running', startedAt: world.ago(20) };
    await world.db.doc('jobs/a').update({ heartbeatAt: null });
    await world.write({ E2: next }, 'jobs/a/executions');
    assert.deepEqual(await send(of(3, { at: iso(world.ago(25)), ...FAILED })), ['older']);
    assert.equal((await record('a')).status, 'running');
    assert.equal((await record('jobs/a/executions/E1')).status, 'failed');
    await sweep(jobs, 1);
    assert.equal((await record('jobs/a/executions/E2')).status, 'running');
  });
});

describe('the true end of a job', { concurrency: 4 }, () => {
  test('is taken when it comes late, from the try in the record', async (t) => {
    const jobs = await reportingJobs(t);
    const { world, send, record } = jobs;
    const { of } = await begun(jobs, false);
    const [late, endedAt] = [of(2, FAILED), world.now()];
    world.pass(50);
    assert.deepEqual(await send(late), ['applied']);
    const { status, endedAt: ended } = await record('a');
    assert.deepEqual([status, ended], ['failed', endedAt]);
  });

  test('is taken of a container that was started again and counts from the beginning', async (t) => {
    const jobs = await reportingJobs(t);
    const { world, send, record } = jobs;
    const { of } = await begun(jobs);
    for (let seq = 2; seq <= 8; seq += 1) await send(of(seq));
    world.pass(1);
    const again = { attempt: 2, startedAt: iso(world.now()) };
    const results: string[] = [];
    for (let seq = 1; seq <= 5; seq += 1) {
      results.push(...(await send(of(seq, again))));
      await sweep(jobs, 1);
    }
    assert.deepEqual(results, Array(5).fill('applied'));
    assert.equal((await record('a')).status, 'running');
    assert.deepEqual(await send(of(6, { ...again, ...COMPLETED })), ['applied']);
    assert.equal((await record('a')).status, 'completed');
  });

  test('corrects that its host found it dead, with the same number', async (t) => {
    const jobs = await reportingJobs(t);
    const { world, send, record } = jobs;
    const { of } = await begun(jobs);
    world.pass(1);
    await send(of(5, { state: 'gone' }));
    await sweep(jobs, 1);
    assert.equal((await record('a')).evidence.rule, 'reporter-gone');
    assert.deepEqual(await send(of(5, COMPLETED)), ['applied']);
    const { status, report, endInferred } = await record('a');
    assert.deepEqual([status, report.falseLost, endInferred], ['completed', true, false]);
  });

  test('corrects one that was inferred from its executions, once', async (t) => {
    const jobs = await reportingJobs(t, { executions: EXECUTIONS });
    const { world, send, record } = jobs;
    const { of } = await begun(jobs);
    world.pass(1);
    const end = { ...FAILED.end, final: false };
    assert.deepEqual(await send(of(2, { ...FAILED, end })), ['applied']);
    const startedAt = world.now();
    await sweep(jobs, 5);
    assert.deepEqual(
      [(await record('a')).status, (await record('a')).evidence.rule],
      ['failed', 'executions-ended'],
    );
    const second = { execution: 'E2', host: 'h2', startedAt: iso(startedAt) };
    assert.deepEqual(await send(of(9, { ...second, ...COMPLETED })), ['applied']);
    assert.equal((await record('a')).status, 'completed');
    assert.deepEqual(await send(of(10, { ...second, ...FAILED })), ['contradicts']);
  });
});

test('a start that nobody told leaves the one in the record', async (t) => {
  const { world, send, record } = await reportingJobs(t);
  const startedAt = world.ago(300);
  const job = { status: 'running', createdAt: world.ago(301), startedAt, heartbeatAt: world.ago(1) };
  await world.write({ beat: job, end: job, none: { status: 'running' } });
  await send(
    { job: 'beat', state: 'running' },
    { job: 'end', state: 'completed' },
    { job: 'none', state: 'running' },
  );
  assert.deepEqual((await record('beat')).startedAt, startedAt);
  const { startedAt: start, endedAt } = await record('end');
  assert.deepEqual([start, endedAt], [startedAt, world.now()]);
  assert.deepEqual((await record('none')).startedAt, world.now(), 'it is better than none');
});
