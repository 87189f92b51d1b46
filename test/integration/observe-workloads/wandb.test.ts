import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { customJob, freshObserver, WEST } from '../../support/observer.ts';
import { VISION, visionWith, wandbRun } from '../../support/wandb.ts';
import { noon, regionOf } from '../../support/workloads.ts';

const CRASHED = { state: 'crashed', heartbeatAt: noon(-9) };
const OUT_OF_MEMORY = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.';
const labelled = (run: string) => ({ labels: { 'wandb-run-id': run } });

type Observer = Awaited<ReturnType<typeof freshObserver>>;

/** What the row of a run in a table says: its word, the reason and what keeps that from being known. */
async function said(observer: Observer, table: 'completed' | 'active', id: string) {
  const row = (await observer.stored(table)).rows.find((it) => it.id === id);
  return row && [row.said, row.reason?.line ?? null, row.note];
}

describe('the tables of W&B', () => {
  test('say what Vertex AI knows of a run that W&B calls crashed, and keep it', async (context) => {
    const observer = await freshObserver(context, {
      wandb: visionWith(wandbRun('r1', CRASHED), wandbRun('r2', CRASHED), wandbRun('r3', CRASHED)),
    });
    observer.world.customJobs = [
      customJob('1', labelled('r1')),
      customJob('2', {
        ...labelled('r2'),
        state: 'JOB_STATE_FAILED',
        endedAt: noon(-10),
        error: `The replica workerpool0-0 exited with a non-zero status of 1. ${OUT_OF_MEMORY}`,
      }),
      customJob('3', { ...labelled('r2'), createdAt: noon(-900) }),
    ];
    await observer.refresh();
    assert.deepEqual(await said(observer, 'completed', 'r1'), [
      'crashed',
      'crashed, but Vertex AI still runs it',
      null,
    ]);
    const [, line] = (await said(observer, 'completed', 'r2')) ?? [];
    assert.match(line ?? '', /^crashed: .*CUDA out of memory.* \(Vertex\)$/);
    assert.equal((await said(observer, 'completed', 'r2'))?.[2], null);
    assert.deepEqual(await said(observer, 'completed', 'r3'), [
      'crashed',
      'Crashed: W&B has heard nothing for 5 min',
      'no output yet',
    ]);
    // Neither the job nor the instance is there any more.
    observer.world.customJobs = [];
    observer.restart();
    observer.pass(HOUR_MS);
    await observer.refresh();
    assert.equal((await said(observer, 'completed', 'r2'))?.[1], line);
    assert.match((await said(observer, 'completed', 'r1'))?.[1] ?? '', /^Crashed: W&B has heard nothing/);
  });

  test('never say that Vertex AI runs a job of a region that gives no answer for long', async (context) => {
    const observer = await freshObserver(context, { wandb: visionWith(wandbRun('r1', CRASHED)) });
    observer.world.customJobs = [customJob('1', labelled('r1'))];
    await observer.refresh();
    observer.apis.faults.add({ api: 'aiplatform', region: WEST, fault: { kind: 'status', status: 400 } });
    observer.pass(20 * MINUTE_MS);
    await observer.refresh();
    assert.match((await said(observer, 'completed', 'r1'))?.[1] ?? '', /^Crashed: W&B has heard nothing/);
  });

  test('find in the console why a run failed, once', async (context) => {
    const lines = [
      'Epoch 3/12',
      'Traceback (most recent call last):',
      '  File "/app/train.py", line 2',
      OUT_OF_MEMORY,
    ];
    const observer = await freshObserver(context, {
      wandb: visionWith(wandbRun('r1', { state: 'failed', heartbeatAt: noon(-2), lines })),
    });
    await observer.refresh();
    assert.match((await said(observer, 'completed', 'r1'))?.[1] ?? '', /CUDA out of memory/);
    observer.restart();
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    const reads = observer.wandb?.requests().filter(({ document }) => document.includes('logLines')) ?? [];
    assert.equal(reads.length, 1);
  });

  test('forget why a run crashed once it beats again', async (context) => {
    const run = wandbRun('r1', { ...CRASHED, lines: ["KeyError: 'shard'"] });
    const observer = await freshObserver(context, { wandb: visionWith(run) });
    await observer.refresh();
    assert.match((await said(observer, 'completed', 'r1'))?.[1] ?? '', /KeyError/);

    // It was only cut off.
    Object.assign(run, { state: 'running', heartbeatAt: noon(5), lines: [] });
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.equal(await said(observer, 'completed', 'r1'), undefined);
    assert.deepEqual(await said(observer, 'active', 'r1'), ['running', null, null]);

    Object.assign(run, { state: 'crashed', heartbeatAt: noon(6) });
    observer.pass(10 * MINUTE_MS);
    await observer.refresh();
    assert.equal(await said(observer, 'active', 'r1'), undefined);
    assert.match((await said(observer, 'completed', 'r1'))?.[1] ?? '', /^Crashed: W&B has heard nothing/);

    // Between two refreshes it went on and crashed once more.
    Object.assign(run, { heartbeatAt: noon(16), lines: ['ValueError: no such split'] });
    observer.pass(10 * MINUTE_MS);
    await observer.refresh();
    assert.match((await said(observer, 'completed', 'r1'))?.[1] ?? '', /ValueError/);
    assert.equal((await observer.ends()).length, 3);
  });

  test('are not written for beats alone', async (context) => {
    const run = wandbRun('r1');
    const observer = await freshObserver(context, { wandb: visionWith(run) });
    await observer.refresh();
    observer.pass(MINUTE_MS);
    run.heartbeatAt = observer.now();
    await observer.refresh();
    assert.equal((await observer.stored('active')).version, 1);
    observer.pass(3 * MINUTE_MS);
    await observer.refresh();
    const { rows, version } = await observer.stored('active');
    assert.deepEqual([rows[0]?.silentSince, version], [noon(1), 2]);
  });

  test('hang by themselves, and keep their rows', async (context) => {
    const observer = await freshObserver(context, { hangs: true, wandb: visionWith(wandbRun('r1')) });
    observer.world.customJobs = [customJob('1')];
    await observer.refresh();
    observer.wandb?.faults.add({ fault: { kind: 'hang' } });
    observer.pass(5 * MINUTE_MS);
    const { hung } = await observer.refresh();
    assert.deepEqual(
      hung.map(({ table, operation, region }) => [table, operation, region]),
      [
        ['completed', 'runs', VISION],
        ['active', 'runs', VISION],
      ],
    );
    const [active, vertex] = [await observer.stored('active'), await observer.stored('vertex')];
    assert.deepEqual([active.rows.length, active.complete], [1, false]);
    assert.deepEqual([vertex.rows.length, vertex.complete], [1, true]);
    assert.match(regionOf(active, VISION).error ?? '', /^Cannot finish W&B runs \(project acme\/vision/);
  });

  test('need no token of Google’s', async (context) => {
    const authorize = () => new Promise<never>(() => {});
    const observer = await freshObserver(context, {
      authorize,
      limits: { tokenMs: 30 },
      wandb: visionWith(wandbRun('r1'), wandbRun('r2', { state: 'finished', heartbeatAt: noon(-2) })),
    });
    const { tables, error } = await observer.refresh();
    assert.match(error ?? '', /the access token/);
    const answered = tables.filter(({ complete }) => complete).map(({ table, rows }) => [table, rows.length]);
    assert.deepEqual(answered, [
      ['completed', 1],
      ['active', 1],
    ]);
  });

  test('are asked while the token is waited for', async (context) => {
    const isAsked = Promise.withResolvers<void>();
    const authorize = async () => {
      await isAsked.promise;
      return new Headers();
    };
    const observer = await freshObserver(context, {
      authorize,
      limits: { tokenMs: 10_000 },
      wandb: visionWith(wandbRun('r1')),
    });
    // A fault that changes nothing tells that an answer is on its way.
    observer.wandb?.faults.add({ fault: { kind: 'changed', change: () => isAsked.resolve() } });
    const { tables, error } = await observer.refresh();
    assert.equal(error, null);
    assert.ok(tables.every(({ complete }) => complete));
  });
});
