import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InvalidRequest } from '../../../functions/shared/errors.ts';
import { beating, EXECUTIONS, MAPPING, sweeper } from '../../support/sweeper.ts';

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
    assert.deepEqual([outcome, summary.finished, summary.ended], ['succeeded', 1, undefined]);
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
  });

  test('of what cannot be done is refused before anything begins, and is no run', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ fields: { ...MAPPING.fields, id: 'name' } }) } });
    await world.write({ done: { status: 'completed', startedAt: world.ago(9), endedAt: world.ago(1) } });
    const huge = '9007199254740993';
    await world.write({
      twin: { status: 'running', name: BigInt(huge) },
      two: { status: 'running', name: 'd' },
    });
    await world.write({ three: { status: 'running', name: 'd' } });
    const hand = { end: 'failed', reason: 'gone' };
    for (const [body, message] of [
      [{ jobId: 'jobs/done', ...hand }, /^Cannot end jobs:jobs\/done: its record says completed already/],
      [{ jobId: 'nobody' }, /^Cannot find job nobody in source jobs$/],
      [{ jobId: 'nobody', ...hand, dryRun: true }, /^Cannot find job nobody in source jobs$/],
      [{ jobId: 'd' }, /^Source jobs has several jobs d: name one by its path, such as jobs\/t/],
      [{ jobId: 'jobs/done/executions' }, /^Cannot find job/],
      [{ jobId: 'others/done' }, /^Cannot find job/],
      [{ jobId: '..' }, /^Cannot find job/],
      [{ jobId: '__x__' }, /^Cannot find job/],
      [{ jobId: '9007199254740992' }, /^Cannot find job/],
      [{ jobId: '92233720368547758070' }, /^Cannot find job/],
      [{ jobId: 'ü'.repeat(1_000) }, /^Cannot find job/],
    ] as const)
      await assert.rejects(world.deliver(body), (error) => {
        assert.ok(error instanceof InvalidRequest, String(error));
        assert.match(error.message, new RegExp(`^jobId: ${message.source.slice(1)}`));
        return true;
      });
    assert.equal((await world.collections.taskRuns.get()).size, 0);
    assert.equal((await world.deliver({ jobId: huge, ...hand })).summary.failed, 1);
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
    await assert.rejects(world.deliver(body), /jobs, etl have one; name the source/);
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
    await world.stand({ dead: { status: 'running', startedAt: world.ago(90), heartbeatAt: world.ago(60) } });
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
    await world.stand({ young: silentFor(90), old: silentFor(200) });
    assert.equal((await world.deliver({ olderThanHours: 2, source: 'jobs' })).summary.lost, 1);
    assert.deepEqual(await world.statuses(), { young: 'running', old: 'failed' });
  });

  test('must make sense', async (t) => {
    const world = sweeper(t);
    for (const [body, paths] of [
      [{ sauce: 'jobs' }, ['sauce']],
      [{ source: 'nobody' }, ['source']],
      [{ end: 'failed' }, ['jobId', 'reason']],
      [{ undo: true }, ['jobId']],
      [{ jobId: 'a', undo: true, end: 'failed', reason: 'x' }, ['undo']],
      [{ jobId: 'a', undo: false }, ['undo']],
      [{ jobId: 'a', by: 'ada' }, ['by']],
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
