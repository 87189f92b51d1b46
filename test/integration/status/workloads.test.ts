import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { TABLE_NAMES } from '../../../functions/shared/model/workload/tables.ts';
import { ENDPOINTS } from '../../../functions/status/api/endpoints.ts';
import { envelopeOf } from '../../../functions/status/api/envelope.ts';
import type { WorkloadsAnswer } from '../../../functions/status/api/workload-schemas.ts';
import { customJob, EAST, execution, freshObserver, logged, WEST } from '../../support/observer.ts';
import { statusService } from '../../support/status.ts';
import { noon } from '../../support/workloads.ts';

const PATH = '/api/workloads';

/** An observer, and the service that shows what it found. */
async function setup(t: TestContext) {
  const observer = await freshObserver(t, { hangs: true });
  const service = statusService(t, {
    begin: noon(),
    db: observer.db,
    change: (tools) => ({ ...tools, workloads: { ...tools.workloads, tables: TABLE_NAMES } }),
  });
  const pass = (ms: number) => {
    observer.pass(ms);
    service.clock.pass(ms);
  };
  const read = async () => envelopeOf(ENDPOINTS.workloads.data).parse(await service.json(PATH));
  return { observer, service, pass, read };
}

const tableIn = ({ tables }: WorkloadsAnswer, name: string) =>
  tables.find(({ table }) => table === name) ?? assert.fail(name);

describe('/api/workloads', () => {
  test('before the first refresh says of every table that nothing is known', async (t) => {
    const { read } = await setup(t);
    const { data, problems } = await read();
    assert.deepEqual([data.refresh, problems], [null, []]);
    assert.deepEqual(
      data.tables.map(({ table, rows, asOf, complete }) => [table, rows, asOf, complete]),
      TABLE_NAMES.map((table) => [table, [], null, false]),
    );
  });

  test('shows rows with their reasons, and how each region stands', async (t) => {
    const { observer, read } = await setup(t);
    observer.world.executions = [
      execution('agent-a', { state: 'failed', endedAt: noon(-1) }),
      execution('agent-b', { region: EAST }),
    ];
    observer.world.logs = [logged('agent-a', 'train.py: error: unrecognized arguments: --bf16x')];
    observer.apis.faults.add({ api: 'aiplatform', region: WEST, fault: { kind: 'hang' } });
    await observer.refresh();
    const { data } = await read();
    const { rows, counts, regions, complete, title } = tableIn(data, 'runner');
    assert.deepEqual(
      rows.map(({ name, state, startedAt, reason }) => [name, state, startedAt, reason?.category]),
      [
        ['agent-b', 'running', noon(-29).toISOString(), undefined],
        ['agent-a', 'failed', noon(-29).toISOString(), 'config'],
      ],
    );
    assert.match(rows[1]?.reason?.line ?? '', /unrecognized arguments: --bf16x/);
    assert.deepEqual([counts, complete, title], [{ running: 1, failed: 1 }, true, 'Runner']);
    assert.deepEqual(
      regions.map(({ region, state }) => [region, state]),
      [
        [WEST, 'ok'],
        [EAST, 'ok'],
      ],
    );
    const vertex = tableIn(data, 'vertex');
    assert.deepEqual(
      vertex.regions.map(({ state, asOf }) => [state, asOf]),
      [
        ['failed', null],
        ['ok', noon().toISOString()],
      ],
    );
    assert.deepEqual([vertex.complete, vertex.asOf], [false, null]);
    assert.deepEqual(
      data.refresh?.hung.map(({ table, region, stage }) => [table, region, stage]),
      [['vertex', WEST, 'connection']],
    );
    assert.deepEqual([data.refresh?.liveUntil, data.refresh?.startedAt], [null, noon().toISOString()]);
  });

  test('a table that nothing happened to is as new as the last refresh, but for the region that is silent', async (t) => {
    const { observer, pass, read } = await setup(t);
    observer.world.customJobs = [customJob('1'), customJob('2', { region: EAST })];
    await observer.refresh();
    observer.apis.faults.add({ api: 'aiplatform', region: WEST, fault: { kind: 'status', status: 500 } });
    for (let times = 0; times < 3; times += 1) {
      pass(5 * MINUTE_MS);
      await observer.refresh();
    }
    const { regions, rows, asOf } = tableIn((await read()).data, 'vertex');
    assert.deepEqual(
      regions.map(({ asOf: seenAt }) => seenAt),
      [noon().toISOString(), noon(15).toISOString()],
    );
    assert.deepEqual(
      [rows.length, asOf, regions[0]?.since],
      [2, noon().toISOString(), noon(5).toISOString()],
    );
  });

  test('costs one document while nothing changes, and one more for each table that did, however many look', async (t) => {
    const { observer, service, pass, read } = await setup(t);
    observer.world.customJobs = [customJob('1')];
    await observer.refresh();
    assert.equal(await service.reads(read), 1 + 3);
    assert.equal(await service.reads(() => Promise.all([read(), read()])), 0);
    pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.equal(await service.reads(read), 1);
    observer.world.customJobs = [];
    observer.world.executions = [execution('agent-a')];
    pass(5 * MINUTE_MS);
    await observer.refresh();
    assert.equal(await service.reads(read), 1 + 2);
  });

  test('tells of a refresh that is under way, and what it waits for', async (t) => {
    const { observer, pass, read } = await setup(t);
    const held = await observer.tools().store.begin('viewer', observer.now(), 0);
    assert.ok('save' in held);
    const call = {
      table: 'vertex',
      operation: 'customJobs.list',
      region: WEST,
      stage: 'connection',
      since: noon(),
    };
    await held.save({ refresh: { progress: { asked: 7, answered: 6, pending: [call] } } });
    const { refresh } = (await read()).data;
    assert.deepEqual(
      [refresh?.by, refresh?.progress?.answered, refresh?.progress?.pending[0]?.region],
      ['viewer', 6, WEST],
    );
    assert.ok(refresh?.liveUntil);
    await held.save({ refresh: { progress: { asked: 7, answered: 7, pending: [] } } });
    pass(5 * SECOND_MS);
    assert.equal((await read()).data.refresh?.progress?.answered, 7);
  });

  test('a table that cannot be read costs only itself, and what was good last stays', async (t) => {
    const { observer, pass, read, service } = await setup(t);
    observer.world.customJobs = [customJob('1')];
    await observer.refresh();
    await read();
    await observer.collections.workloads.doc('vertex').update({ rows: 'none', version: 2 });
    await observer.collections.workloads.doc('refresh').update({ 'tables.vertex.version': 2 });
    pass(MINUTE_MS);
    const { data, problems } = await read();
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['workloads/vertex'],
    );
    assert.equal(tableIn(data, 'vertex').rows.length, 1);
    await observer.collections.workloads.doc('refresh').update({ count: 'many' });
    pass(MINUTE_MS);
    const stale = await service.ask(PATH);
    assert.equal(stale.status, 200);
    assert.match(stale.sourceError ?? '', /workloads\/refresh/);
  });

  test('takes no question', async (t) => {
    const { service } = await setup(t);
    await assert.rejects(service.ask(`${PATH}?table=vertex`), /table: Unknown key/);
  });
});
