import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Stage } from '../../../functions/shared/cloud/rest/rest.ts';
import { workloads } from '../../../functions/shared/cloud/workloads/open-workloads.ts';
import type { TableReader } from '../../../functions/shared/cloud/workloads/table-reader.ts';
import { InvalidConfiguration, UpstreamError } from '../../../functions/shared/errors.ts';
import { rowOf } from '../../../functions/shared/model/workload/row.ts';
import { workloadsSchema } from '../../../functions/shared/model/workload/tables.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import type { WandbRun } from '../../../scripts/stack/stand-ins/wandb/world.ts';
import { AT_ONCE, LIMITS, recordedLog, rejection } from '../../support/google.ts';
import { VISION, visionWith, wandbOver, wandbRun } from '../../support/wandb.ts';
import { noon } from '../../support/workloads.ts';

const KEY = 'b1946ac92492d2347c6235b4d2611184fb3c5e21';
const TABLES = ['completed', 'active'] as const;
type Table = (typeof TABLES)[number];

/** A run of each word for a state, and one of a word that W&B may have tomorrow. */
const ALL = [
  wandbRun('r1'),
  wandbRun('r2', { state: 'pending', heartbeatAt: null, createdAt: noon(-40) }),
  wandbRun('r3', { state: 'preempting', heartbeatAt: noon(-9), createdAt: noon(-50) }),
  wandbRun('r4', { state: 'dreaming', createdAt: noon(-60) }),
  ...['finished', 'failed', 'crashed', 'killed', 'preempted'].map((state, index) =>
    wandbRun(`e${index + 1}`, { state, heartbeatAt: noon(-5 - index) }),
  ),
];

interface Setup {
  runs?: WandbRun[];
  pageSize?: number;
  key?: string;
  attemptMs?: number;
}

/** Both tables over runs, opened anew with each call, as for a refresh. */
async function setup(context: TestContext, { runs = ALL, attemptMs = 5_000, ...options }: Setup = {}) {
  const world = visionWith(...structuredClone(runs));
  const wandb = await wandbOver(context, world, options);
  const { log, lines } = recordedLog();
  const settings = workloadsSchema.parse({
    wandb: { baseUrl: wandb.baseUrl, entity: 'acme', projects: ['vision', 'speech'] },
  });
  const opened = (key: string | undefined = options.key) =>
    workloads(settings, {
      apiOf: () => assert.fail('no API of Google is asked'),
      wandb: { log, variable: () => key, standInsOnly: true },
      retry: { ...AT_ONCE, attemptMs },
    }).openOthers();
  const reader = (table: Table, key?: string) => opened(key).get(table) as TableReader;
  const list = async (table: Table, place = VISION) => reader(table).list(place, noon(), LIMITS);
  return { world, wandb, lines, opened, reader, list };
}

describe('runs of W&B', () => {
  test('are in the table of their state, in our words and in theirs', async (context) => {
    const { list } = await setup(context);
    const words = async (table: Table) =>
      (await list(table)).listed.map(({ seen: { id, state, said } }) => [id, state, said]);
    assert.deepEqual(await words('active'), [
      ['r1', 'running', 'running'],
      ['r2', 'queued', 'pending'],
      ['r3', 'running', 'preempting'],
      ['r4', 'unknown', 'dreaming'],
    ]);
    assert.deepEqual(await words('completed'), [
      ['e1', 'completed', 'finished'],
      ['e2', 'failed', 'failed'],
      ['e3', 'failed', 'crashed'],
      ['e4', 'cancelled', 'killed'],
      ['e5', 'failed', 'preempted'],
    ]);
  });

  test('end with their last beat, and are silent where beats are due', async (context) => {
    const silent = wandbRun('r5', { heartbeatAt: noon(-3) });
    const { list } = await setup(context, { runs: [...ALL, silent] });
    const rows = await Promise.all(TABLES.map(async (table) => (await list(table)).listed));
    const seen = new Map(rows.flat().map((listed) => [listed.seen.id, listed.seen]));
    assert.deepEqual(
      ['r1', 'r2', 'r3', 'r5'].map((id) => seen.get(id)?.silentSince),
      [null, null, null, noon(-3)],
    );
    const { createdAt, startedAt, endedAt } = seen.get('e1') ?? assert.fail();
    assert.deepEqual([createdAt, startedAt, endedAt], [noon(-30), noon(-30), noon(-5)]);
    assert.equal(seen.get('r2')?.startedAt, null);
    assert.equal(seen.get('r1')?.endedAt, null);
    assert.match(seen.get('r1')?.link ?? '', /\/acme\/vision\/runs\/r1$/);
  });

  test('that ended long ago are not listed, and do not make the list longer', async (context) => {
    const old = ['o1', 'o2'].map((id) => wandbRun(id, { state: 'failed', heartbeatAt: noon(-8 * 24 * 60) }));
    const { wandb, list } = await setup(context, { runs: [...ALL, ...old], pageSize: 3 });
    const { listed, more } = await list('completed');
    assert.deepEqual([listed.length, more], [5, false]);
    // The second page holds the first that is old.
    assert.equal(wandb.requests().length, 2);
  });

  test('of both tables are asked for once in a refresh, and of each project by itself', async (context) => {
    const { world, wandb, opened } = await setup(context);
    world.projects.push({ entity: 'acme', name: 'speech', runs: [] });
    const readers = opened();
    const lists = ['acme/vision', 'acme/speech'].flatMap((place) =>
      TABLES.map((table) => (readers.get(table) as TableReader).list(place, noon(), LIMITS)),
    );
    const counts = (await Promise.all(lists)).map(({ listed }) => listed.length);
    assert.deepEqual(counts, [5, 4, 0, 0]);
    assert.deepEqual(
      wandb
        .requests()
        .map(({ project }) => project)
        .sort(),
      ['speech', 'vision'],
    );
  });

  test('are read to the last page, also behind an empty one', async (context) => {
    const { wandb, list } = await setup(context, { pageSize: 1 });
    wandb.faults.add({
      times: 1,
      fault: {
        kind: 'changed',
        change: (body) => {
          const { project } = body.data as { project: Record<Table | 'ended', { edges: unknown[] }> };
          for (const kind of ['active', 'ended'] as const) project[kind].edges = [];
        },
      },
    });
    const ids = async (table: Table) => (await list(table)).listed.map(({ seen }) => seen.id);
    assert.deepEqual(await ids('active'), ['r2', 'r3', 'r4']);
    assert.deepEqual(await ids('completed'), ['e1', 'e2', 'e3', 'e4', 'e5']);
  });

  test('without any are empty, and are no failure', async (context) => {
    const { list } = await setup(context, { runs: [] });
    for (const table of TABLES) assert.deepEqual(await list(table), { listed: [], more: false });
  });
});

describe('an answer of W&B', () => {
  const changed = (change: (body: Record<string, unknown>) => void): Fault => ({ kind: 'changed', change });

  test('of status 200 with errors is an error, also beside a part of what was asked for', async (context) => {
    const { wandb, list } = await setup(context);
    wandb.faults.add({
      fault: changed((body) => void Object.assign(body, { errors: [{ message: 'internal: try later' }] })),
    });
    for (const table of TABLES)
      assert.equal(
        (await rejection(list(table))).message,
        'Cannot finish W&B runs (project acme/vision): internal: try later',
      );
  });

  test('without a project is no empty list', async (context) => {
    const { list } = await setup(context);
    for (const table of TABLES) {
      const error = await rejection(list(table, 'acme/speech'));
      assert.ok(error instanceof UpstreamError);
      assert.match(error.message, /acme\/speech.*no such project, or the key in WANDB_API_KEY has no access/);
    }
  });

  test('of another form is an error, and never an empty list', async (context) => {
    const { wandb, list } = await setup(context);
    for (const change of [
      (body: Record<string, unknown>) => void Object.assign(body, { data: null }),
      (body: Record<string, unknown>) => void Object.assign(body, { data: {} }),
      (body: Record<string, unknown>) => void Object.assign(body, { data: { project: {} } }),
      (body: Record<string, unknown>) =>
        void Object.assign((body.data as { project: object }).project, { active: { edges: [null] } }),
    ]) {
      const remove = wandb.faults.add({ fault: changed(change) });
      assert.match(
        (await rejection(list('active'))).message,
        /^Cannot read W&B runs \(project acme\/vision\)/,
      );
      remove();
    }
    const endless = changed((body) => {
      const { project } = body.data as { project: Record<string, { pageInfo: object }> };
      for (const { pageInfo } of Object.values(project)) Object.assign(pageInfo, { hasNextPage: true });
    });
    wandb.faults.add({ fault: endless });
    assert.match((await rejection(list('completed'))).message, /the cursor of the next page is missing/);
  });

  for (const [what, fault] of [
    ['429 without any word how long', { kind: 'status', status: 429 }],
    ['503', { kind: 'status', status: 503 }],
    ['half of it', { kind: 'truncated' }],
    ['a broken connection', { kind: 'reset' }],
    ['text that is no JSON', { kind: 'malformed' }],
  ] satisfies [string, Fault][])
    test(`as ${what} is asked for a second time, and no third`, async (context) => {
      const { wandb, list } = await setup(context);
      wandb.faults.add({ times: 1, fault });
      assert.equal((await list('active')).listed.length, 4);
      wandb.faults.add({ fault });
      const before = wandb.requests().length;
      assert.ok((await rejection(list('active'))) instanceof UpstreamError);
      assert.equal(wandb.requests().length - before, 2);
    });

  test('that refuses is not asked for again, and says what W&B says', async (context) => {
    const { wandb, list } = await setup(context);
    const remove = wandb.faults.add({ fault: { kind: 'denied' } });
    const before = wandb.requests().length;
    assert.match((await rejection(list('active'))).message, /HTTP 403: .*permission denied/);
    assert.equal(wandb.requests().length - before, 1);
    remove();
  });

  for (const [what, fault] of [
    ['never comes', { kind: 'hang' }],
    ['begins and never ends', { kind: 'stalled' }],
  ] as const)
    test(`that ${what} is given up on after two tries, by both tables`, async (context) => {
      const { wandb, opened } = await setup(context, { attemptMs: 250 });
      wandb.faults.add({ fault });
      const readers = opened();
      const stages: Stage[][] = [[], []];
      const errors = await Promise.all(
        TABLES.map((table, index) => {
          const onStage = (stage: Stage) => void stages[index]?.push(stage);
          return rejection((readers.get(table) as TableReader).list(VISION, noon(), { ...LIMITS, onStage }));
        }),
      );
      for (const error of errors) {
        assert.ok(error instanceof UpstreamError && error.late, error.stack);
        assert.match(error.message, /attempt 2 after a failure on the way.*: no answer within 250 ms/);
      }
      assert.deepEqual(stages[0], stages[1]);
      assert.ok(stages[0]?.includes('connection'));
    });
});

describe('one run', () => {
  test('is found by its id in the table of its state, and gone where W&B says so', async (context) => {
    const { world, reader, list } = await setup(context);
    const [{ seen } = assert.fail()] = (await list('active')).listed;
    const row = rowOf(seen);
    assert.equal((await reader('active').get(row, LIMITS))?.seen.id, 'r1');
    assert.equal(await reader('active').get({ ...row, id: '404' }, LIMITS), null);
    Object.assign(world.projects[0]?.runs[0] ?? {}, { state: 'finished' });
    assert.equal(await reader('active').get(row, LIMITS), null);
    assert.equal((await reader('completed').get(row, LIMITS))?.seen.state, 'completed');
  });

  test('has the last lines of its console, and no other', async (context) => {
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index + 1}`);
    const { reader, list, wandb } = await setup(context, {
      runs: [
        wandbRun('e1', { state: 'failed', lines }),
        wandbRun('e2', { state: 'failed', lines: ['other'] }),
      ],
    });
    const [{ seen } = assert.fail()] = (await list('completed')).listed;
    const row = rowOf(seen);
    const read = await reader('completed').linesOf(row, LIMITS);
    assert.deepEqual([read.length, read[0], read.at(-1)], [300, 'line 101', 'line 400']);
    wandb.faults.add({
      fault: {
        kind: 'changed',
        change: (body) => void Object.assign(body, { data: { project: { run: null } } }),
      },
    });
    assert.match((await rejection(reader('completed').linesOf(row, LIMITS))).message, /there is no such run/);
  });
});

describe('the key of W&B', () => {
  test('is sent as its client does, and is in no message, log line or row', async (context) => {
    const { wandb, lines, reader } = await setup(context, { key: KEY });
    const { listed } = await reader('active').list(VISION, noon(), LIMITS);
    assert.equal(wandb.requests()[0]?.authorization, `Basic ${btoa(`api:${KEY}`)}`);
    assert.equal(listed.length, 4);
    const denied = await rejection(reader('active', 'another').list(VISION, noon(), LIMITS));
    assert.match(denied.message, /HTTP 401: .*user is not logged in/);
    wandb.faults.add({ fault: { kind: 'malformed', status: 403, text: `no access with ${KEY}` } });
    const echoed = await rejection(reader('active').list(VISION, noon(), LIMITS));
    assert.match(echoed.message, /no access with \[secret\]/);
    const said = JSON.stringify([
      lines,
      listed,
      denied.message,
      echoed.message,
      denied.stack,
      echoed.cause ?? null,
    ]);
    assert.ok(lines.length > 2 && !said.includes(KEY) && !said.includes(btoa(`api:${KEY}`)));
  });

  test('is asked for at the start, but for a stand-in, beside which no real W&B is asked', () => {
    const { log } = recordedLog();
    const open = (baseUrl: string | undefined, key: string | undefined, standInsOnly = false) =>
      workloads(workloadsSchema.parse({ wandb: { entity: 'acme', projects: ['vision'], baseUrl } }), {
        apiOf: () => assert.fail('no API of Google is asked'),
        wandb: { log, variable: (name) => (name === 'WANDB_API_KEY' ? key : undefined), standInsOnly },
      });
    assert.throws(() => open(undefined, undefined), InvalidConfiguration);
    assert.throws(() => open(undefined, 'of two\nlines'), /WANDB_API_KEY: A value that is no key/);
    assert.throws(() => open(undefined, KEY, true), /workloads\.wandb\.baseUrl: Not on this machine/);
    assert.equal(open(undefined, `${KEY}\n`).openOthers().size, 2);
    assert.equal(open('http://127.0.0.1:9', undefined, true).openOthers().size, 2);
  });
});
