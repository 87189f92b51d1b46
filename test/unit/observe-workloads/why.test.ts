import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstEnd, judged, judgedAgain } from '../../../functions/observe-workloads/rules/why.ts';
import { type End, endAfterLog, type PlatformSaid } from '../../../functions/shared/model/workload/end.ts';
import type { Row } from '../../../functions/shared/model/workload/row.ts';
import { ownPatterns } from '../../../functions/shared/model/workload/rules/own.ts';
import type { TableName } from '../../../functions/shared/model/workload/tables.ts';
import { failedRow, NOTHING_SAID, noon } from '../../support/workloads.ts';

const first = (table: TableName, said: Partial<PlatformSaid>, row: Partial<Row> = {}): End =>
  firstEnd(table, failedRow('1', row), { ...NOTHING_SAID, ...said }, noon());
/** An end after its log was read. */
const after = (end: End, ...lines: string[]) =>
  judged(endAfterLog(end, lines.length > 0 ? { kind: 'lines', lines } : { kind: 'empty' }, noon()), lines);
const told = ({ reason, log }: End) => [log, reason?.category, reason?.source];

const STEP = 'build step 1 "gcr.io/cloud-builders/docker" failed: step exited with non-zero status: 1';

describe('an end', () => {
  test('needs no log where its platform says why', () => {
    assert.deepEqual(told(first('vertex', { errorMessage: 'Replicas low on memory: workerpool0.' })), [
      'unneeded',
      'oom',
      'error',
    ]);
    const limit =
      'Task a-task0 failed with exit code: 0 and message: The configured memory limit was reached.';
    assert.deepEqual(told(first('runner', { condition: limit })), ['unneeded', 'oom', 'condition']);
    for (const [condition, category] of [
      ['TIMEOUT', 'timeout'],
      ['EXPIRED: it waited', 'timeout'],
      ['INTERNAL_ERROR', 'internal'],
      ['JOB_STATE_EXPIRED', 'timeout'],
    ] as const)
      assert.deepEqual(told(first('builds', { condition })), ['unneeded', category, 'condition'], condition);
  });

  test('needs it where its platform says only that it failed, and which step did', () => {
    for (const said of [
      {
        condition: `FAILURE: Build step failure: ${STEP}`,
        failureInfo: `USER_BUILD_STEP: Build step failure: ${STEP}`,
      },
      { condition: 'FAILURE' },
    ])
      assert.equal(first('builds', said).log, 'unread');
    assert.equal(
      first('runner', { condition: 'Task failed with message: The container exited with an error.' }).log,
      'unread',
    );
    assert.equal(first('vertex', { condition: 'JOB_STATE_FAILED' }).log, 'unread');
  });

  test('of a build has the reason of its log, not the step that its platform names', () => {
    const end = after(
      first('builds', { condition: `FAILURE: Build step failure: ${STEP}` }),
      'Step #1: ERROR: Could not find a version that satisfies the requirement torch==2.9.9 (from versions: 2.8.0)',
      `ERROR: ${STEP}`,
    );
    assert.deepEqual(told(end), ['read', 'build', 'log']);
    assert.match(end.reason?.line ?? '', /torch==2\.9\.9/);
  });

  test('that was cancelled needs none, nor one that ended well; but a runner then counts', () => {
    assert.deepEqual(
      told(first('runner', { condition: 'CANCELLED: Execution cancelled.' }, { state: 'cancelled' })),
      ['unneeded', 'cancelled', 'condition'],
    );
    assert.deepEqual(told(first('vertex', {}, { state: 'completed' })), ['unneeded', undefined, undefined]);
    const runner = first('runner', {}, { state: 'completed' });
    assert.equal(runner.log, 'unread');
    const counted = after(
      runner,
      'Runs: 1',
      'wandb: ERROR launch: Error running job: 429 quota exceeded',
      'Runs: 3',
    );
    assert.equal(counted.jobs, 3);
    assert.match(counted.reason?.line ?? '', /^Completed: 3 jobs, 1 launch failed/);
  });

  test('that logged nothing says so at last, beside what its platform said, and is of no known category', () => {
    let end = first('runner', { condition: 'The container exited with an error.' });
    for (let times = 0; times < 3; times += 1) end = after(end);
    assert.equal(end.reason?.line.includes('no output'), false);
    end = after(end);
    assert.deepEqual(
      [end.reason?.line, end.reason?.category],
      ['The container exited with an error; no output', 'unknown'],
    );
  });

  test('is judged again once its platform says more, or the rules are newer, by what is kept of its log', () => {
    const end = after(first('vertex', { condition: 'JOB_STATE_FAILED' }), 'KeyError: 1');
    assert.equal(judgedAgain(end, undefined), end);
    assert.equal(judgedAgain(end, { ...NOTHING_SAID, condition: 'JOB_STATE_FAILED' }), end);
    const more = judgedAgain(end, { ...NOTHING_SAID, errorMessage: 'Replicas low on memory: workerpool0.' });
    assert.deepEqual(told(more), ['read', 'oom', 'error']);
    const older = { ...end, rules: 0, reason: null };
    assert.deepEqual(judgedAgain(older, undefined).reason, end.reason);
    // What the whole log told stays where its last lines tell nothing, and gives way where they do.
    const reason = {
      line: 'CUDA out of memory',
      category: 'gpu',
      source: 'log',
      rule: 'cuda-memory',
    } as const;
    const ofTail = (tail: string[]) =>
      judgedAgain({ ...end, rules: 0, reason, tail }, undefined).reason?.line;
    assert.deepEqual([ofTail(['loading']), ofTail(end.tail)], ['CUDA out of memory', end.reason?.line]);
  });

  test('of a runner is read in the words of its own program', () => {
    const own = ownPatterns({ marker: '!! GIVING UP [1]:', counter: 'jobs so far (' });
    const runner = first('runner', { condition: 'Task failed' }, { state: 'completed' });
    const lines = ['started', 'jobs so far (2)', 'jobs so far (11)', 'xjobs so far (99)', 'Runs: 500'];
    const { jobs, reason } = judged(runner, lines, own);
    assert.deepEqual([jobs, reason?.line], [11, 'Completed: 11 jobs']);
    const failed = judged(first('runner', {}), ['!! GIVING UP [1]: too many failures'], own).reason;
    assert.deepEqual([failed?.line, failed?.category], ['Runner: too many failures', 'own']);
    const other = judged(first('vertex', {}), ['!! GIVING UP [1]: too many failures'], own).reason;
    assert.notEqual(other?.category, 'own');
  });
});
