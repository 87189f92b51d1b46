import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refresh } from '../../../functions/observe-workloads/refresh/refresh.ts';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Progress } from '../../../functions/shared/model/workload/refresh.ts';
import type { TableName } from '../../../functions/shared/model/workload/tables.ts';
import type { HeldRefresh, WorkloadStore } from '../../../functions/shared/store/own/workloads.ts';
import type { Fault, FaultRule } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { build, customJob, EAST, execution, freshObserver, WEST } from '../../support/observer.ts';
import { SOAK_ONLY } from '../../support/soak.ts';
import { regionOf } from '../../support/workloads.ts';

const TABLES: [TableName, FaultRule['api'] & string][] = [
  ['builds', 'cloudbuild'],
  ['runner', 'run'],
  ['vertex', 'aiplatform'],
];
const FAULTS: Fault[] = [{ kind: 'hang' }, { kind: 'stalled' }, { kind: 'dribble', everyMs: 100 }];
const EVERYWHERE = {
  builds: [build('b1'), build('b2', { region: EAST })],
  executions: [execution('e1'), execution('e2', { region: EAST })],
  customJobs: [customJob('1'), customJob('2', { region: EAST })],
};

describe('what hangs', { concurrency: 4 }, () => {
  for (const [table, api] of TABLES)
    for (const fault of FAULTS) {
      // Where an answer stops, the same client tells for all tables.
      const options = table === 'runner' || fault.kind === 'hang' ? {} : SOAK_ONLY;
      test(
        `in one region of ${table} (${fault.kind}) is named, and holds up no other`,
        options,
        async (context) => {
          const observer = await freshObserver(context, { hangs: true });
          Object.assign(observer.world, EVERYWHERE);
          const restore = observer.apis.faults.add({ api, region: WEST, fault });
          const { hung, tables } = await observer.refresh();
          const stage = fault.kind === 'hang' ? 'connection' : 'body';
          assert.deepEqual(
            hung.map((call) => [call.table, call.region, call.stage]),
            [[table, WEST, stage]],
          );
          for (const snapshot of tables)
            assert.deepEqual(
              snapshot.rows.map(({ region }) => region),
              snapshot.table === table ? [EAST] : [WEST, EAST],
            );
          const stored = await observer.stored(table);
          assert.match(
            regionOf(stored, WEST).error ?? '',
            new RegExp(`region ${WEST}.*no answer within \\d+ ms, at ${stage}$`),
          );
          assert.deepEqual(
            (await observer.record()).hung.map(({ region }) => region),
            [WEST],
          );
          restore();
          observer.pass(5 * MINUTE_MS);
          await observer.refresh();
          assert.equal((await observer.stored(table)).complete, true);
          assert.deepEqual((await observer.record()).hung, []);
        },
      );
    }

  test('everywhere ends a refresh in the time of a table, and the next one works', async (context) => {
    const observer = await freshObserver(context, { hangs: true });
    Object.assign(observer.world, EVERYWHERE);
    await observer.refresh();
    observer.apis.faults.add({ fault: { kind: 'hang' } });
    const { hung, tables } = await observer.refresh();
    assert.equal(hung.length, 7);
    assert.deepEqual(
      tables.map(({ rows, complete }) => [rows.length, complete]),
      [
        [2, false],
        [2, false],
        [2, false],
      ],
    );
    observer.apis.faults.clear();
    const after = await observer.refresh();
    assert.ok(after.tables.every(({ complete }) => complete));
  });

  test('as the token does fails every region, asks none, and is named by itself', async (context) => {
    const hang = { on: true };
    const authorize = () => (hang.on ? new Promise<never>(() => {}) : Promise.resolve(new Headers()));
    const observer = await freshObserver(context, { authorize, limits: { tokenMs: 30 } });
    Object.assign(observer.world, EVERYWHERE);
    const { hung, error } = await observer.refresh();
    assert.deepEqual(
      hung.map(({ operation, stage }) => [operation, stage]),
      [['access token', 'credentials']],
    );
    assert.match(error ?? '', /the access token: no answer within 30 ms, at credentials/);
    assert.equal(observer.apis.requests().length, 0);
    hang.on = false;
    const { tables } = await observer.refresh();
    assert.ok(tables.every(({ complete }) => complete));
  });

  test('although it was told to stop is not waited for', async (context) => {
    const observer = await freshObserver(context);
    Object.assign(observer.world, EVERYWHERE);
    const { open, openOthers } = observer.platform;
    const deaf = {
      openOthers,
      async open(limitMs: number, signal: AbortSignal) {
        const readers = new Map(await open(limitMs, signal));
        const vertex = readers.get('vertex');
        if (vertex) readers.set('vertex', { ...vertex, list: () => new Promise<never>(() => {}) });
        return readers;
      },
    };
    const tools = {
      ...observer.tools(),
      workloads: deaf,
      limits: { ...observer.tools().limits, regionMs: 2_500, tableMs: 3_000 },
    };
    const done = await refresh(
      { by: 'schedule', now: observer.now, signal: new AbortController().signal },
      tools,
    );
    assert.ok('hung' in done);
    assert.deepEqual(
      done.hung.map(({ region }) => region),
      [WEST, EAST],
    );
    assert.equal((await observer.stored('runner')).rows.length, 2);
  });

  test('for long is told while it hangs', async (context) => {
    const observer = await freshObserver(context, { hangs: true, limits: { progressMs: 100 } });
    Object.assign(observer.world, EVERYWHERE);
    observer.apis.faults.add({ api: 'run', region: WEST, fault: { kind: 'hang' } });
    const told: (Progress | null | undefined)[] = [];
    const { store, ...tools } = observer.tools();
    const watched: WorkloadStore = {
      look: store.look,
      async begin(by, now, apartMs) {
        const held = await store.begin(by, now, apartMs);
        if ('until' in held) return held;
        const save: HeldRefresh['save'] = (change) => {
          told.push(change.refresh.progress);
          return held.save(change);
        };
        return { ...held, save };
      },
    };
    const { signal } = new AbortController();
    await refresh({ by: 'schedule', now: observer.now, signal }, { ...tools, store: watched });
    const [first, ...others] = told;
    const pending = first?.pending.map(({ operation, region }) => `${operation} ${region}`) ?? [];
    assert.ok(pending.includes(`executions.list ${WEST}`), String(pending));
    // The token and seven regions.
    assert.equal(first?.asked, 8);
    assert.deepEqual(others, [null]);
  });

  test('again and again is asked at every fourth refresh', async (context) => {
    const observer = await freshObserver(context, { hangs: true });
    observer.apis.faults.add({ api: 'run', region: WEST, fault: { kind: 'hang' } });
    const asked = () =>
      observer.apis.requests().filter(({ api, region }) => api === 'run' && region === WEST).length;
    const tries: number[] = [];
    for (let count = 1; count <= 5; count += 1) {
      const before = asked();
      await observer.refresh();
      tries.push(asked() - before);
    }
    assert.deepEqual(tries, [2, 2, 0, 2, 0]);
    assert.equal(regionOf(await observer.stored('runner'), WEST).state, 'skipped');
  });
});
