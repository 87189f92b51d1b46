import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addMs } from '../../../functions/shared/dates.ts';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import { uidOf } from '../../../scripts/stack/stand-ins/google/executions.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import type { Execution, LogLine } from '../../../scripts/stack/stand-ins/google/world.ts';
import {
  ask,
  askOne,
  BEGAN,
  ENDED,
  execution,
  googleBackend,
  REGION,
  statesOf,
} from '../../support/backends.ts';
import { PROJECT } from '../../support/google.ts';

const ID = 'train-8xk2v';
const SHORT = `train/executions/${ID}`;

const setup = async (context: TestContext, executions: Execution[], logs: LogLine[] = []) => {
  const made = await googleBackend(context, { kind: 'cloud-run', region: REGION }, { executions, logs });
  const logRequests = () => made.apis.requests().filter(({ api }) => api === 'logging');
  return { ...made, logRequests };
};

function line(minutes: number, over: Partial<LogLine> = {}): LogLine {
  const at = addMs(BEGAN, minutes * 60_000);
  return {
    execution: ID,
    job: 'train',
    region: REGION,
    at,
    severity: 'ERROR',
    payload: `line ${minutes}`,
    ...over,
  };
}

const STATES: [state: Execution['state'], truth: Truth['state'], said: RegExp][] = [
  ['pending', 'queued', /CONDITION_PENDING/],
  ['running', 'running', /CONDITION_RECONCILING/],
  ['cancelling', 'running', /CONDITION_RECONCILING \(CANCELLING: /],
  ['succeeded', 'completed', /CONDITION_SUCCEEDED/],
  ['failed', 'failed', /CONDITION_FAILED \(NON_ZERO_EXIT_CODE: /],
  ['cancelled', 'cancelled', /CONDITION_FAILED \(CANCELLED: Execution cancelled\.\)/],
];

describe('an execution of a Cloud Run job', () => {
  for (const [state, truth, said] of STATES)
    test(`that is ${state} is ${truth}`, async (context) => {
      const ended = ['succeeded', 'failed', 'cancelled'].includes(state);
      const startedAt = state === 'pending' ? null : BEGAN;
      const endedAt = ended ? ENDED : null;
      const { backend, logRequests } = await setup(context, [
        execution({ id: ID, state, startedAt, endedAt }),
      ]);
      const told = await askOne(backend, SHORT);
      assert.equal(told.state, truth);
      assert.deepEqual([told.startedAt, told.endedAt], [startedAt, endedAt]);
      assert.match(told.said, said);
      const error = 'Task failed with message: The container exited with an error.';
      assert.equal(told.error, state === 'failed' ? error : null);
      assert.equal(logRequests().length, state === 'failed' ? 1 : 0);
    });

  /** What Cloud Run could say of its condition `Completed`, and what that means. */
  const CONDITIONS: [condition: object | null, truth: Truth['state']][] = [
    [null, 'unknown'],
    [{ state: 'STATE_UNSPECIFIED' }, 'unknown'],
    [{ state: 'CONDITION_UNHEARD_OF' }, 'unknown'],
    // It has ended and has not: nobody can tell.
    [{ state: 'CONDITION_RECONCILING' }, 'unknown'],
    [{ state: 'CONDITION_FAILED', executionReason: 'DELETED' }, 'cancelled'],
    [{ state: 'CONDITION_FAILED', reason: 'CONTAINER_MISSING' }, 'failed'],
  ];
  for (const [condition, truth] of CONDITIONS)
    test(`that has ended, and is ${JSON.stringify(condition)}, is ${truth}`, async (context) => {
      const { apis, backend } = await setup(context, [execution({ id: ID })]);
      const change = (body: Record<string, unknown>) =>
        Object.assign(body, { conditions: condition ? [{ type: 'Completed', ...condition }] : [] });
      apis.faults.add({ api: 'run', fault: { kind: 'changed', change } });
      assert.equal((await askOne(backend, SHORT)).state, truth);
    });

  test('that failed has failed, although the tasks that it had left were cancelled', async (context) => {
    const { apis, backend } = await setup(context, [execution({ id: ID, state: 'failed' })]);
    const change = (body: Record<string, unknown>) =>
      Object.assign(body, { taskCount: 7, cancelledCount: 6, failedCount: 1 });
    apis.faults.add({ api: 'run', fault: { kind: 'changed', change } });
    assert.equal((await askOne(backend, SHORT)).state, 'failed');
  });

  test('is found by its full name, by its job, or by the job that its own name tells', async (context) => {
    const { backend } = await setup(context, [execution({ id: ID })]);
    const name = `projects/${PROJECT}/locations/${REGION}/jobs/train/executions/${ID}`;
    assert.deepEqual(statesOf(await ask(backend, [name, SHORT, ID])), { completed: 3 });
  });

  test('is not gone where only a guess at its job was wrong', async (context) => {
    const { backend } = await setup(context, [execution({ id: 'nightly' })]);
    const { state, said } = await askOne(backend, 'nightly');
    assert.equal(state, 'unknown');
    assert.match(said, /HTTP 404: .* The name of its job was guessed: expected J\/executions\/E$/);
    assert.equal((await askOne(backend, 'train/executions/nightly')).state, 'completed');
    assert.equal((await askOne(backend, 'train/executions/nightly-2')).state, 'gone');
  });
});

describe('the log of a failed execution', () => {
  const failed = execution({ id: ID, state: 'failed' });

  test('that is kept already is not read again; one that is not, is', async (context) => {
    const kept = new Map([[uidOf(failed), ['step 17', 'CUDA out of memory']]]);
    const other = execution({ id: 'train-other', state: 'failed' });
    const { backend, apis } = await googleBackend(
      context,
      { kind: 'cloud-run', region: REGION },
      { executions: [failed, other], logs: [line(1), line(2, { execution: 'train-other' })] },
      undefined,
      { linesOf: async ({ region, uid }) => (region === REGION ? (kept.get(uid) ?? null) : null) },
    );
    const truths = await ask(backend, [SHORT, 'train/executions/train-other']);
    assert.match(truths.get(SHORT)?.error ?? '', /^CUDA out of memory\n/);
    assert.match(truths.get('train/executions/train-other')?.error ?? '', /line 2/);
    const read = apis.requests().filter(({ api }) => api === 'logging');
    assert.deepEqual(
      read.map(({ query }) => /execution_name"="([^"]+)/.exec(query.get('filter') ?? '')?.[1]),
      ['train-other'],
    );
  });

  test('gives the newest errors, oldest first, of this execution alone', async (context) => {
    const { backend, logRequests } = await setup(
      context,
      [failed],
      [
        ...[1, 2, 3, 4].map((minutes) => line(minutes)),
        line(5, { severity: 'CRITICAL', payload: { message: 'CUDA out of memory', step: 17 } }),
        line(6, { payload: { code: 7 } }),
        line(7, { severity: 'INFO' }),
        line(8, { execution: 'train-other' }),
        line(9, { region: 'us-central1' }),
        line(10, { job: 'other' }),
        line(-5),
      ],
    );
    const { error } = await askOne(backend, SHORT);
    assert.deepEqual(error?.split('\n'), [
      // The reason, then what it was found in.
      'CUDA out of memory',
      'Task failed with message: The container exited with an error.',
      ...['line 2', 'line 3', 'line 4', '{"code":7}'],
    ]);
    const [{ query } = {}, ...others] = logRequests();
    assert.equal(others.length, 0);
    // As Google's own client asks.
    assert.equal(query?.get('$alt'), 'json;enum-encoding=int');
    assert.deepEqual(
      ['resourceNames', 'orderBy', 'pageSize'].map((name) => query?.get(name)),
      [`projects/${PROJECT}`, 'timestamp desc', '5'],
    );
  });

  test('begins with the reason, which no entry says in one line', async (context) => {
    const traceback =
      'Traceback (most recent call last):\n  File "/app/main.py", line 15, in run\n    go()\n';
    const { backend } = await setup(
      context,
      [failed],
      [
        line(1, { payload: `${traceback}KeyError: 'shard'` }),
        line(2, { payload: 'Exception ignored in: <function Pool.__del__ at 0x7f>' }),
      ],
    );
    const [first] = (await askOne(backend, SHORT)).error?.split('\n') ?? [];
    assert.equal(first, "KeyError: 'shard' (main.py:15)");
  });

  test('is cut to what a record should hold', async (context) => {
    const { backend } = await setup(
      context,
      [failed],
      [1, 2, 3, 4, 5].map((minutes) => line(minutes, { payload: `word ${minutes} `.repeat(2_000) })),
    );
    const { error } = await askOne(backend, SHORT);
    assert.equal(error?.length, 2_000);
  });

  test('tells no credentials', async (context) => {
    const { backend } = await setup(
      context,
      [failed],
      [line(1, { payload: 'Bearer ya29.a0Af-secret refused' })],
    );
    assert.match((await askOne(backend, SHORT)).error ?? '', /\n\[credential\] refused$/);
  });

  const FAULTS: [what: string, fault: Fault, said: RegExp][] = [
    ['is denied', { kind: 'denied' }, /PERMISSION_DENIED|Permission denied/],
    ['answers 429', { kind: 'status', status: 429 }, /Answered 429/],
    ['answers 500', { kind: 'status', status: 500 }, /Answered 500/],
    ['answers what is no JSON', { kind: 'malformed' }, /Cannot finish Cloud Logging/],
    ['breaks off', { kind: 'truncated' }, /Cannot finish Cloud Logging/],
    ['is reset', { kind: 'reset' }, /Cannot finish Cloud Logging/],
    ['does not answer', { kind: 'hang' }, /no answer within \d+ ms/],
  ];
  describe('costs no verdict when it', { concurrency: true }, () => {
    for (const [what, fault, said] of FAULTS)
      test(what, async (context) => {
        const { apis, backend } = await setup(context, [failed], [line(1)]);
        apis.faults.add({ api: 'logging', fault });
        const truth = await askOne(backend, SHORT);
        assert.deepEqual([truth.state, truth.endedAt], ['failed', ENDED]);
        assert.equal(truth.error, 'Task failed with message: The container exited with an error.');
        assert.match(truth.said, /; its log was not read: /);
        assert.match(truth.said, said);
      });
  });

  test('is not asked for any more in a sweep in which it failed five times in a row', async (context) => {
    const executions = Array.from({ length: 20 }, (_, each) =>
      execution({ id: `e-${each}`, state: 'failed' }),
    );
    const { apis, backend, logRequests } = await setup(context, executions);
    apis.faults.add({ api: 'logging', fault: { kind: 'denied' } });
    const ids = executions.map(({ id }) => `train/executions/${id}`);
    assert.deepEqual(statesOf(await ask(backend, ids)), { failed: 20 });
    assert.ok(logRequests().length <= 5 + 7, `${logRequests().length} requests`);
  });
});
