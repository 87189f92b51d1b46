import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Stage } from '../../../functions/shared/cloud/rest/rest.ts';
import { workloads } from '../../../functions/shared/cloud/workloads/open-workloads.ts';
import type { TableReader } from '../../../functions/shared/cloud/workloads/table-reader.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import type { ApiName } from '../../../functions/shared/model/google-apis.ts';
import type { Row } from '../../../functions/shared/model/workload/row.ts';
import { rowOf } from '../../../functions/shared/model/workload/row.ts';
import {
  TABLE_NAMES,
  type TableName,
  workloadsSchema,
} from '../../../functions/shared/model/workload/tables.ts';
import { uidOf } from '../../../scripts/stack/stand-ins/google/executions.ts';
import type { Fault, FaultRule } from '../../../scripts/stack/stand-ins/google/faults.ts';
import type { Build, CustomJob, Execution, LogLine } from '../../../scripts/stack/stand-ins/google/world.ts';
import {
  AT_ONCE,
  googleApis,
  LIMITS,
  NO_WANDB,
  PROJECT,
  recordedLog,
  rejection,
} from '../../support/google.ts';
import { worldWith } from '../../support/platform.ts';
import { noon } from '../../support/workloads.ts';

const REGION = 'europe-west4';
const SETTINGS = workloadsSchema.parse({ builds: {}, runner: { job: 'agent' }, vertex: {} });
const LIFE = { createdAt: noon(-30), startedAt: noon(-29), endedAt: noon(-1) };
const RUNS = { ...LIFE, endedAt: null };

const build = (id: string, over: Partial<Build> = {}): Build =>
  Object.assign({ id, region: REGION, status: 'WORKING', detail: null }, RUNS, over);
const execution = (id: string, over: Partial<Execution> = {}): Execution =>
  Object.assign({ id, job: 'agent', region: REGION, state: 'running' as const }, RUNS, over);
const customJob = (id: string, over: Partial<CustomJob> = {}): CustomJob =>
  Object.assign({ id, region: REGION, state: 'JOB_STATE_RUNNING', error: null }, RUNS, over);
const line = (id: string, payload: string, minute = -5, attempt = 0): LogLine => ({
  execution: id,
  job: 'agent',
  region: REGION,
  at: noon(minute),
  severity: 'INFO',
  payload,
  attempt,
});

interface Parts {
  builds?: Build[];
  executions?: Execution[];
  customJobs?: CustomJob[];
  logs?: LogLine[];
  pageSize?: number;
}

/** The tables of a platform. */
async function setup(context: TestContext, { pageSize, ...parts }: Parts = {}, attemptMs = 5_000) {
  const apis = await googleApis(context, worldWith(parts), pageSize === undefined ? {} : { pageSize });
  const { log } = recordedLog();
  const { open } = workloads(SETTINGS, {
    apiOf: (api) => ({ project: PROJECT, baseUrl: apis.baseUrls[api as 'run'], log }),
    wandb: NO_WANDB,
    retry: { ...AT_ONCE, attemptMs },
  });
  const readers = await open(1_000, new AbortController().signal);
  const reader = (table: TableName) => readers.get(table) as TableReader;
  return { apis, reader, list: (table: TableName) => reader(table).list(REGION, noon(), LIMITS) };
}

/** Those of W&B have tests of their own. */
type OfGoogle = Exclude<TableName, 'completed' | 'active'>;
const OF_GOOGLE = TABLE_NAMES.filter((table): table is OfGoogle => !['completed', 'active'].includes(table));

/** One of each table, and where it is asked for. */
const ONE: Record<OfGoogle, { parts: Parts; rule: Partial<FaultRule> }> = {
  builds: { parts: { builds: [build('b1'), build('b2')] }, rule: { method: 'builds.list' } },
  runner: { parts: { executions: [execution('e1'), execution('e2')] }, rule: { method: 'executions.list' } },
  vertex: { parts: { customJobs: [customJob('1'), customJob('2')] }, rule: { method: 'customJobs.list' } },
};
const TABLE_IDS: Record<OfGoogle, string[]> = {
  builds: ['b1', 'b2'],
  runner: [uidOf(execution('e1')), uidOf(execution('e2'))],
  vertex: ['1', '2'],
};

describe('each table', () => {
  for (const table of OF_GOOGLE) {
    const { parts, rule } = ONE[table];

    test(`${table}: is read to its last page, also behind an empty one`, async (context) => {
      const { apis, list } = await setup(context, { ...parts, pageSize: 1 });
      const empty = (body: Record<string, unknown>) => {
        for (const key of Object.keys(body)) if (key !== 'nextPageToken') delete body[key];
      };
      apis.faults.add({ ...rule, page: 1, fault: { kind: 'changed', change: empty } });
      const { listed } = await list(table);
      assert.deepEqual(
        listed.map(({ seen }) => seen.id),
        TABLE_IDS[table].slice(1),
      );
    });

    test(`${table}: without any is empty, and is no failure`, async (context) => {
      const { list } = await setup(context);
      assert.deepEqual(await list(table), { listed: [], more: false });
    });

    const PASSING: [string, Fault][] = [
      ['429 without a Retry-After', { kind: 'status', status: 429 }],
      ['half a page', { kind: 'truncated' }],
      ['text that is no JSON', { kind: 'malformed' }],
    ];
    for (const [what, fault] of PASSING)
      test(`${table}: ${what} is tried a second time, and no third`, async (context) => {
        const { apis, list } = await setup(context, parts);
        apis.faults.add({ ...rule, times: 1, fault });
        assert.equal((await list(table)).listed.length, 2);
        apis.faults.add({ ...rule, fault });
        const before = apis.requests().length;
        assert.ok((await rejection(list(table))) instanceof UpstreamError);
        assert.equal(apis.requests().length - before, 2);
      });

    test(`${table}: what has another form is an error, and never an empty list`, async (context) => {
      const { apis, list } = await setup(context, parts);
      for (const change of [
        (body: Record<string, unknown>) => void Object.assign(body, { more: 1 }),
        (body: Record<string, unknown>) =>
          void Object.assign(body, { [Object.keys(body)[0] as string]: [{}] }),
      ]) {
        const remove = apis.faults.add({ ...rule, fault: { kind: 'changed', change } });
        assert.match((await rejection(list(table))).message, /^Cannot read .*region europe-west4/);
        remove();
      }
    });

    test(`${table}: a denial names the permission, and an API that is off says so`, async (context) => {
      const { apis, list } = await setup(context, parts);
      const remove = apis.faults.add({ ...rule, fault: { kind: 'denied' } });
      const denied = (await rejection(list(table))) as UpstreamError;
      assert.deepEqual([denied.permission?.split('.').at(-1), denied.unavailable], ['list', false]);
      remove();
      for (const [status, message, more] of [
        [
          403,
          'The API has not been used in this project before or it is disabled.',
          { details: [{ reason: 'SERVICE_DISABLED' }] },
        ],
        [404, 'Location mars-north1 is not found.', {}],
        [400, 'Unsupported region for this API.', {}],
      ] as const) {
        const restore = apis.faults.add({ ...rule, fault: { kind: 'status', status, message, more } });
        const off = (await rejection(list(table))) as UpstreamError;
        assert.deepEqual([off.unavailable, off.permission], [true, null], message);
        restore();
      }
    });

    for (const [what, fault, stage] of [
      ['never answers', { kind: 'hang' }, 'connection'],
      ['begins and never ends', { kind: 'stalled' }, 'body'],
    ] as const)
      test(`${table}: a region that ${what} is given up on after two tries, at that stage`, async (context) => {
        // Whether the answer begins within so short a limit depends on the machine: one that is busy is given longer.
        for (const attemptMs of [25, 250, 2_500]) {
          const { apis, reader } = await setup(context, parts, attemptMs);
          apis.faults.add({ ...rule, fault });
          const stages: Stage[] = [];
          const limits = { limitMs: 60_000, onStage: (it: Stage) => void stages.push(it) };
          const error = await rejection(reader(table).list(REGION, noon(), limits));
          assert.ok(error instanceof UpstreamError && error.late, error.stack);
          assert.match(error.message, /attempt 2 after a failure on the way.*: no answer within [\d.]+ m?s/);
          if (stages.at(-1) !== stage && attemptMs < 2_500) continue;
          assert.equal(stages.at(-1), stage);
          return;
        }
      });

    test(`${table}: however many tries, no region takes longer than its time`, async (context) => {
      const { apis, reader } = await setup(context, parts);
      apis.faults.add({ ...rule, fault: { kind: 'hang' } });
      const short = await rejection(reader(table).list(REGION, noon(), { limitMs: 20 }));
      assert.ok(short instanceof DeadlineExceeded, short.stack);
    });
  }
});

describe('what the rows say', () => {
  test('a build: its image, its state, and why it failed', async (context) => {
    const failed = { status: 'FAILURE', detail: 'step exited with non-zero status: 1', endedAt: noon(-1) };
    const { list } = await setup(context, {
      builds: [
        build('b1', { ...failed, images: ['europe-docker.pkg.dev/acme/images/runner:v7'] }),
        build('old', { ...failed, endedAt: noon(-2_000) }),
        build('queued', { status: 'PENDING', startedAt: null }),
        build('odd', { status: 'DREAMING', endedAt: noon(-1) }),
      ],
    });
    const { listed } = await list('builds');
    assert.deepEqual(
      listed.map(({ seen: { id, name, state } }) => [id, name, state]),
      [
        ['b1', 'runner:v7', 'failed'],
        ['queued', 'build queued', 'queued'],
        ['odd', 'build odd', 'unknown'],
      ],
    );
    const [{ seen, said } = assert.fail()] = listed;
    assert.deepEqual([seen.createdAt, seen.endedAt], [noon(-30), noon(-1)]);
    assert.match(seen.link ?? '', /^https:\/\/console\.cloud\.google\.com\//);
    assert.equal(said.failureInfo, 'USER_BUILD_STEP: step exited with non-zero status: 1');
  });

  test('an execution: its job, its own id, and what the condition says', async (context) => {
    const { list } = await setup(context, {
      executions: [
        execution('agent-x', { state: 'failed', endedAt: noon(-1) }),
        execution('agent-y', { state: 'cancelled', endedAt: noon(-1), createdAt: noon(-40) }),
        execution('other-z', { job: 'other' }),
      ],
    });
    const { listed } = await list('runner');
    assert.deepEqual(
      listed.map(({ seen: { name, job, state, said } }) => [name, job, state, said]),
      [
        ['agent-x', 'agent', 'failed', 'CONDITION_FAILED (NON_ZERO_EXIT_CODE)'],
        ['agent-y', 'agent', 'cancelled', 'CONDITION_FAILED (CANCELLED)'],
      ],
    );
    assert.equal(listed[0]?.said.condition, 'Task failed with message: The container exited with an error.');
  });

  test('a job of Vertex AI: that is older than a week only while it lives, and its error', async (context) => {
    const { list } = await setup(context, {
      customJobs: [
        customJob('1', {
          state: 'JOB_STATE_FAILED',
          error: 'Replicas low on memory: workerpool0.',
          displayName: 'segmenter',
        }),
        customJob('2', { state: 'JOB_STATE_RUNNING', createdAt: noon(-20_000) }),
        customJob('3', { state: 'JOB_STATE_SUCCEEDED', createdAt: noon(-20_000) }),
      ],
    });
    const { listed } = await list('vertex');
    assert.deepEqual(
      listed.map(({ seen: { id, name, state }, said }) => [id, name, state, said.errorMessage]),
      [
        ['1', 'segmenter', 'failed', 'Replicas low on memory: workerpool0.'],
        ['2', 'train-2', 'running', null],
      ],
    );
  });

  test('a time that nobody can read is absent, and the row says so', async (context) => {
    const { apis, list } = await setup(context, { customJobs: [customJob('1')] });
    const change = (body: Record<string, unknown>) => {
      for (const job of body.customJobs as { startTime: unknown }[]) job.startTime = 'noon';
    };
    apis.faults.add({ method: 'customJobs.list', fault: { kind: 'changed', change } });
    const [{ seen } = assert.fail()] = (await list('vertex')).listed;
    assert.deepEqual([seen.startedAt, seen.said], [null, 'JOB_STATE_RUNNING, with an unreadable start']);
  });
});

/** The row of what is listed first. */
async function firstRow(list: ReturnType<TableReader['list']>): Promise<Row> {
  const [{ seen } = assert.fail('no row')] = (await list).listed;
  return rowOf(seen);
}

describe('one workload', () => {
  for (const table of OF_GOOGLE)
    test(`${table}: is found by its id, and gone where the platform says so`, async (context) => {
      const { apis, reader, list } = await setup(context, ONE[table].parts);
      const row = await firstRow(list(table));
      assert.equal((await reader(table).get(row, LIMITS))?.seen.id, row.id);
      const other = { ...row, id: '404', name: '404' };
      assert.equal(await reader(table).get(other, LIMITS), null);
      const fault: Fault = { kind: 'malformed', status: 404, text: '<html>Not found</html>' };
      apis.faults.add({ fault });
      assert.ok((await rejection(reader(table).get(row, LIMITS))) instanceof UpstreamError);
    });

  test('an execution that took the name of another is not that one', async (context) => {
    const { reader, list } = await setup(context, { executions: [execution('e1')] });
    const row = await firstRow(list('runner'));
    assert.equal(await reader('runner').get({ ...row, id: 'of-yesterday' }, LIMITS), null);
  });
});

describe('the log of a workload', () => {
  test('is its own, oldest first, of the last attempt alone', async (context) => {
    const { reader, list } = await setup(context, {
      executions: [execution('e1', { state: 'failed', endedAt: noon(-1) })],
      logs: [
        line('e1', 'second\nthird', -3, 1),
        line('e1', 'first', -4, 1),
        line('e1', 'attempt before', -9),
        line('e2', 'of another', -3),
      ],
    });
    const row = await firstRow(list('runner'));
    assert.deepEqual(await reader('runner').linesOf(row, LIMITS), ['first', 'second', 'third']);
  });

  test('of builds and custom jobs is found by their ids', async (context) => {
    const rest = { at: noon(-2), severity: 'ERROR' } as const;
    const { reader, list } = await setup(context, {
      builds: [build('b1')],
      customJobs: [customJob('1')],
      logs: [
        { build: 'b1', payload: 'Step #1: no', ...rest },
        { build: 'b2', payload: 'no', ...rest },
        { customJob: '1', payload: { message: 'KeyError' }, ...rest },
      ],
    });
    const logOf = async (table: TableName) => reader(table).linesOf(await firstRow(list(table)), LIMITS);
    assert.deepEqual(await logOf('builds'), ['Step #1: no']);
    assert.deepEqual(await logOf('vertex'), ['KeyError']);
  });

  test('says of each line who wrote it, where several did', async (context) => {
    const at = noon(-2);
    const { reader, list } = await setup(context, {
      executions: [execution('e1', { state: 'failed', endedAt: noon(-1) })],
      customJobs: [customJob('1')],
      logs: [
        line('e1', 'zero', -3),
        { ...line('e1', 'one\nand more', -2), task: 1 },
        { customJob: '1', at, severity: 'ERROR', payload: 'chief' },
        { customJob: '1', replica: 'workerpool1-2', at: noon(-1), severity: 'ERROR', payload: 'KeyError: 1' },
      ],
    });
    const logOf = async (table: TableName) => reader(table).linesOf(await firstRow(list(table)), LIMITS);
    assert.deepEqual(await logOf('runner'), ['[task 0] zero', '[task 1] one', '[task 1] and more']);
    assert.deepEqual(await logOf('vertex'), ['workerpool0-0\tchief', 'workerpool1-2\tKeyError: 1']);
  });

  test('is searched on behind empty pages; without an end of them it is not empty, but unread', async (context) => {
    const { apis, reader, list } = await setup(context, {
      executions: [execution('e1')],
      logs: [line('e1', 'here')],
    });
    const row = await firstRow(list('runner'));
    const change = (body: Record<string, unknown>) => {
      delete body.entries;
      body.nextPageToken = Buffer.from('page-2-0').toString('base64url');
    };
    const remove = apis.faults.add({ method: 'entries.list', times: 1, fault: { kind: 'changed', change } });
    assert.deepEqual(await reader('runner').linesOf(row, LIMITS), ['here']);
    remove();
    apis.faults.add({ method: 'entries.list', fault: { kind: 'changed', change } });
    assert.match(
      (await rejection(reader('runner').linesOf(row, LIMITS))).message,
      /no entry on the first 5 pages/,
    );
  });

  test('a refusal names the permission, and is asked once', async (context) => {
    const { apis, reader, list } = await setup(context, { executions: [execution('e1')] });
    const row = await firstRow(list('runner'));
    apis.faults.add({ method: 'entries.list', fault: { kind: 'status', status: 429 } });
    await rejection(reader('runner').linesOf(row, LIMITS));
    assert.equal(apis.requests().filter(({ method }) => method === 'entries.list').length, 1);
  });

  test('the counters of many executions are read at once', async (context) => {
    const { apis, reader, list } = await setup(context, {
      executions: [execution('e1'), execution('e2'), execution('e3', { region: 'us-east1' })],
      logs: [line('e1', 'Runs: 1', -9), line('e1', 'Runs: 5', -3), line('e2', 'idle'), line('e9', 'Runs: 7')],
    });
    const rows = (await list('runner')).listed.map(({ seen }) => rowOf(seen));
    const counters = await reader('runner').countersOf?.(rows, LIMITS);
    const byName = rows.map(({ id, name }) => [name, counters?.get(id)]);
    assert.deepEqual(byName, [
      ['e1', ['Runs: 1', 'Runs: 5']],
      ['e2', []],
    ]);
    assert.equal(apis.requests().filter(({ method }) => method === 'entries.list').length, 1);
  });
});

describe('the tables', () => {
  test('are not opened where an API that they need has no address, the logs among them', () => {
    const { log } = recordedLog();
    for (const missing of ['aiplatform', 'logging'] as const) {
      const apiOf = (api: ApiName) => {
        if (api === missing) throw new TypeError(`No address of ${api}`);
        return { project: PROJECT, baseUrl: 'http://127.0.0.1:9', log };
      };
      const open = () => workloads(workloadsSchema.parse({ vertex: {} }), { apiOf, wandb: NO_WANDB });
      assert.throws(open, new RegExp(missing));
    }
  });
});

describe('the token', () => {
  const settings = workloadsSchema.parse({ vertex: {} });
  const { log } = recordedLog();
  const opened = (authorize: () => Promise<Headers>) =>
    workloads(settings, {
      apiOf: () => ({ project: PROJECT, log }),
      wandb: NO_WANDB,
      authorize,
    }).open(20, new AbortController().signal);

  test('that does not come holds up nothing for longer than its own time', async () => {
    const error = await rejection(opened(() => new Promise(() => {})));
    assert.ok(error instanceof DeadlineExceeded);
    assert.match(error.message, /the access token/);
  });

  test('that is refused says why, without what could be a key', async () => {
    const error = await rejection(opened(() => Promise.reject(new Error('invalid_grant ya29.secret'))));
    assert.match(error.message, /^Cannot get an access token: invalid_grant \[credential\]$/);
  });
});
