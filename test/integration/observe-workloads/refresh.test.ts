import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import { LeaseLost } from '../../../functions/shared/errors.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { build, customJob, EAST, execution, freshObserver, WEST } from '../../support/observer.ts';
import { noon, regionOf } from '../../support/workloads.ts';

/** Something of each table. */
const SOMETHING = {
  builds: [build('b1')],
  executions: [execution('e1')],
  customJobs: [customJob('1'), customJob('2', { region: EAST })],
};

describe('a refresh', () => {
  test('stores each table with its rows and regions, and says when they were seen', async (context) => {
    const observer = await freshObserver(context);
    Object.assign(observer.world, SOMETHING);
    await observer.refresh();
    const { rows, counts, regions, asOf, complete, version } = await observer.stored('vertex');
    assert.deepEqual(
      rows.map(({ id, region }) => [id, region]),
      [
        ['1', WEST],
        ['2', EAST],
      ],
    );
    assert.deepEqual(
      [counts, Object.keys(regions), asOf, complete, version],
      [{ running: 2 }, [WEST, EAST], noon(), true, 1],
    );
    assert.deepEqual(Object.keys((await observer.stored('builds')).regions), ['global', WEST, EAST]);
    const record = await observer.record();
    assert.deepEqual([record.lease, record.progress, record.count, record.by], [null, null, 1, 'schedule']);
    assert.deepEqual(record.tables.vertex?.askedAt, noon());
  });

  test('that finds nothing new writes no table, and is told in the refresh all the same', async (context) => {
    const observer = await freshObserver(context);
    Object.assign(observer.world, SOMETHING);
    await observer.refresh();
    const before = (await observer.collections.workloads.doc('vertex').get()).updateTime;
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.ok(
      before?.isEqual((await observer.collections.workloads.doc('vertex').get()).updateTime ?? before),
    );
    const { tables, count } = await observer.record();
    assert.deepEqual([tables.vertex?.askedAt, tables.vertex?.version, count], [noon(5), 1, 2]);
  });

  test('what was good last stays, with its age, while a region is silent; then it is as new as the answer', async (context) => {
    const observer = await freshObserver(context);
    Object.assign(observer.world, SOMETHING);
    await observer.refresh();
    const restore = observer.apis.faults.add({
      api: 'aiplatform',
      region: WEST,
      fault: { kind: 'status', status: 503 },
    });
    observer.world.customJobs = [];
    for (const minutes of [5, 65]) {
      observer.pass(minutes === 5 ? 5 * MINUTE_MS : 60 * MINUTE_MS);
      await observer.refresh();
    }
    const silent = await observer.stored('vertex');
    assert.deepEqual(
      silent.rows.map(({ id }) => id),
      ['1'],
      'an answer without rows empties the other region',
    );
    const west = regionOf(silent, WEST);
    assert.deepEqual(
      [west.state, west.asOf, west.since, silent.complete],
      ['failed', noon(), noon(5), false],
    );
    assert.match(west.error ?? '', /HTTP 503/);
    restore();
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    const again = await observer.stored('vertex');
    assert.deepEqual([again.rows, regionOf(again, WEST).asOf], [[], noon(70)]);
  });

  test('an API that is not enabled is no failure, and is asked again after six hours', async (context) => {
    const observer = await freshObserver(context);
    const fault: Fault = {
      kind: 'status',
      status: 403,
      message: 'Vertex AI API has not been used in this project',
      more: { details: [{ reason: 'SERVICE_DISABLED' }] },
    };
    observer.apis.faults.add({ api: 'aiplatform', fault });
    const asked = () => observer.apis.requests().filter(({ api }) => api === 'aiplatform').length;
    const { tables } = await observer.refresh();
    assert.equal(tables.find(({ table }) => table === 'vertex')?.complete, true);
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.equal(asked(), 2);
    observer.pass(361 * MINUTE_MS);
    await observer.refresh();
    assert.equal(asked(), 4);
  });

  test('a job that leaves the list at the moment it ends is asked about by id', async (context) => {
    const observer = await freshObserver(context);
    const old = { createdAt: noon(-20_000), startedAt: noon(-20_000) };
    observer.world.customJobs = [customJob('1', old), customJob('2', old)];
    await observer.refresh();
    observer.world.customJobs = [
      customJob('1', {
        ...old,
        state: 'JOB_STATE_FAILED',
        error: 'Replicas low on memory: workerpool0.',
        endedAt: noon(4),
      }),
    ];
    observer.pass(5 * MINUTE_MS);
    await observer.refresh();
    const { rows } = await observer.stored('vertex');
    assert.deepEqual(
      rows.map(({ id, state, reason }) => [id, state, reason?.source]),
      [['1', 'failed', 'error']],
    );
  });

  test('one that nobody can find out about is kept, and says so', async (context) => {
    const observer = await freshObserver(context);
    observer.world.customJobs = [customJob('1')];
    await observer.refresh();
    observer.world.customJobs = [];
    observer.apis.faults.add({ method: 'customJobs.get', fault: { kind: 'denied' } });
    await observer.refresh();
    const [row] = (await observer.stored('vertex')).rows;
    assert.equal(row?.state, 'running');
    assert.match(row?.note ?? '', /^not listed any more: .*aiplatform\.customJobs\.get/);
  });
});

describe('a job that its region lists no more and that still runs', () => {
  test('is shown as it is, and costs no write', async (context) => {
    const observer = await freshObserver(context);
    // More than one page of newer ones: an older execution is not among the newest, which are all that is listed.
    const newer = Array.from({ length: 30 }, (_, index) =>
      execution(`n${index}`, { state: 'cancelled', createdAt: noon(-10), endedAt: noon(-9) }),
    );
    observer.world.executions = [execution('old')];
    await observer.refresh();
    observer.world.executions = [execution('old'), ...newer];
    await observer.refresh();
    const { version } = await observer.stored('runner');
    await observer.refresh();
    const stored = await observer.stored('runner');
    assert.equal(stored.version, version);
    assert.deepEqual(
      stored.rows.filter(({ state }) => state === 'running').map(({ name, note }) => [name, note]),
      [['old', null]],
    );
  });
});

describe('only one refresh at a time', () => {
  test('three at once come to one, and to two that are told until when', async (context) => {
    const observer = await freshObserver(context);
    const all = await Promise.all([
      observer.tryRefresh(),
      observer.tryRefresh('viewer'),
      observer.tryRefresh('viewer'),
    ]);
    assert.equal(all.filter((done) => 'until' in done).length, 2);
    assert.equal((await observer.record()).count, 1);
  });

  test('a dead one is taken over, and can write nothing any more', async (context) => {
    const observer = await freshObserver(context);
    const dead = await observer.tools().store.begin('schedule', observer.now(), 0);
    assert.ok('save' in dead);
    observer.pass(MINUTE_MS);
    assert.ok('until' in (await observer.tryRefresh()));
    observer.pass(MINUTE_MS);
    observer.restart();
    await observer.refresh();
    await assert.rejects(dead.save({ refresh: { lease: null } }), LeaseLost);
    assert.equal((await observer.record()).count, 2);
  });

  test('one that fails leaves the way free', async (context) => {
    const observer = await freshObserver(context);
    const { store } = observer.tools();
    const held = await store.begin('schedule', observer.now(), 0);
    assert.ok('save' in held);
    await held.save({ refresh: { lease: null } });
    const stop = AbortSignal.abort(new Error('stopped'));
    const { refresh } = await import('../../../functions/observe-workloads/refresh/refresh.ts');
    await assert.rejects(
      refresh({ by: 'schedule', now: observer.now, signal: stop }, observer.tools()),
      /stopped/,
    );
    assert.equal((await observer.record()).lease, null);
  });
});
