import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InvalidRequest } from '../../../functions/shared/errors.ts';
import { beating, EXECUTIONS, sweeper } from '../../support/sweeper.ts';

describe('a sweep that a person asks for', { concurrency: 4 }, () => {
  test('ends one job as they say, with their reason, and touches nothing else', async (t) => {
    const world = sweeper(t);
    const live = { status: 'running', startedAt: world.ago(30), heartbeatAt: world.ago(1) };
    await world.write({
      one: live,
      other: live,
      done: { ...live, status: 'completed', endedAt: world.ago(1) },
    });
    const body = { jobId: 'one', end: 'cancelled', reason: 'the cluster is gone' };
    const { outcome, summary } = await world.deliver(body);
    assert.deepEqual([outcome, summary.finished], ['succeeded', 1]);
    assert.deepEqual(
      summary.verdicts.map(({ job, rule, written }) => [job, rule, written]),
      [['one', 'operator', 'yes']],
    );
    assert.deepEqual(await world.statuses(), { one: 'cancelled', other: 'running', done: 'completed' });
    const { evidence } = (await world.job('one')).nightshift as { evidence: Record<string, unknown> };
    assert.deepEqual([evidence.rule, evidence.because], ['operator', 'the cluster is gone']);
    for (const collection of [
      world.collections.sweepMarks,
      world.collections.jobHealth,
      world.collections.alarms,
    ])
      assert.equal((await collection.get()).size, 0);

    const again = await world.deliver({ ...body, jobId: 'jobs/done' });
    assert.equal(again.outcome, 'failed');
    assert.match(again.problems[0]?.message ?? '', /done.*says completed already/);
    const none = await world.deliver({ ...body, jobId: 'nobody' });
    assert.match(none.problems[0]?.message ?? '', /Cannot find job nobody in source jobs/);
  });

  test('in mode observe is told that nothing was ended', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ mode: 'observe' }) } });
    await world.write({ one: { status: 'running', startedAt: world.ago(30) } });
    const { outcome, problems, summary } = await world.deliver({
      jobId: 'one',
      end: 'failed',
      reason: 'gone',
    });
    assert.deepEqual([outcome, summary.observed, problems[0]?.path], ['partial', 1, 'jobs']);
    assert.equal((await world.job('one')).status, 'running');
  });

  test('of one job looks at it and at what is active below it, silent or not', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.write({ done: { status: 'completed', startedAt: world.ago(120), endedAt: world.ago(60) } });
    await world.write({ 5: { status: 'running', startedAt: world.ago(100) } }, 'jobs/done/executions');
    const { summary } = await world.deliver({ jobId: 'done' });
    assert.deepEqual(
      summary.verdicts.map(({ job, execution, rule, written }) => [job, execution, rule, written]),
      [
        ['done', '5', 'job-ended', 'yes'],
        ['done', null, 'ended', 'no'],
      ],
    );
    assert.equal((await world.job('jobs/done/executions/5')).status, 'failed');
  });

  test('of an id that several sources have needs the source', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating(), etl: beating({ collection: 'etl' }) } });
    const live = { status: 'running', startedAt: world.ago(30), heartbeatAt: world.ago(1) };
    await world.write({ one: live });
    await world.write({ one: live }, 'etl');
    const body = { jobId: 'one', end: 'failed', reason: 'gone' };
    assert.match(
      (await world.deliver(body)).problems[0]?.message ?? '',
      /jobs, etl have one; name the source/,
    );
    for (const named of [{ source: 'etl' }, { jobId: 'jobs/one' }])
      assert.equal((await world.deliver({ ...body, ...named })).summary.failed, 1);
    assert.deepEqual(
      [(await world.job('etl/one')).status, (await world.job('one')).status],
      ['failed', 'failed'],
    );
  });

  test('as a dry run shows what would be done, and writes nothing at all', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.write({ dead: { status: 'running', startedAt: world.ago(90), heartbeatAt: world.ago(60) } });
    const marks = (await world.collections.sweepMarks.doc('jobs').get()).updateTime;
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual([summary.lost, summary.verdicts[0]?.written], [1, 'dry run']);
    assert.equal((await world.job('dead')).status, 'running');
    assert.deepEqual((await world.collections.sweepMarks.doc('jobs').get()).updateTime, marks);
    assert.deepEqual(await world.dirtyDays(), []);
  });

  test('of what is older than so many hours leaves the younger alone', async (t) => {
    const world = sweeper(t);
    await world.settle();
    const silentFor = (minutes: number) => ({
      status: 'running',
      startedAt: world.ago(600),
      heartbeatAt: world.ago(minutes),
    });
    await world.write({ young: silentFor(90), old: silentFor(200) });
    assert.equal((await world.deliver({ olderThanHours: 2, source: 'jobs' })).summary.lost, 1);
    assert.deepEqual(await world.statuses(), { young: 'running', old: 'failed' });
  });

  test('must make sense', async (t) => {
    const world = sweeper(t);
    for (const [body, paths] of [
      [{ sauce: 'jobs' }, ['sauce']],
      [{ source: 'nobody' }, ['source']],
      [{ end: 'failed' }, ['jobId', 'reason']],
      [{ jobId: 'a', end: 'running', reason: 'x' }, ['end']],
      [{ jobId: 'a', reason: 'x' }, ['end']],
      [{ jobId: 'a//b', olderThanHours: 0 }, ['jobId', 'olderThanHours', 'olderThanHours']],
    ] as const)
      await assert.rejects(world.deliver(body), (error) => {
        assert.ok(error instanceof InvalidRequest);
        assert.deepEqual(
          error.problems.map(({ path }) => path),
          paths,
        );
        return true;
      });
  });
});
