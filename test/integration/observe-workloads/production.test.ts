import assert from 'node:assert/strict';
import dns from 'node:dns';
import { describe, type TestContext, test } from 'node:test';
import { REFRESH_LIMITS } from '../../../functions/observe-workloads/refresh/limits.ts';
import {
  type TableReaders,
  type Workloads,
  workloads,
} from '../../../functions/shared/cloud/workloads/open-workloads.ts';
import type { TableReader } from '../../../functions/shared/cloud/workloads/table-reader.ts';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { DEFAULT_REGIONS, tableOf, tablesOf } from '../../../functions/shared/model/workload/tables.ts';
import type { Fault, FaultRule } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { NO_WANDB, PROJECT, recordedLog } from '../../support/google.ts';
import { build, customJob, execution, freshObserver } from '../../support/observer.ts';
import { SOAK_ONLY } from '../../support/soak.ts';
import { visionWith, wandbRun } from '../../support/wandb.ts';
import { noon } from '../../support/workloads.ts';

/** A whole refresh, whatever hangs. */
const MOST_SECONDS = 16;
const HUNG_REGION = 'europe-west9';
const NEVER = () => new Promise<never>(() => {});

/** The tables in 18 regions, with the limits and the tries of a deployment; there are failures whose logs wait to be read. */
async function inProduction(t: TestContext) {
  const observer = await freshObserver(t, {
    settings: { regions: DEFAULT_REGIONS },
    wandb: visionWith(wandbRun('r1'), wandbRun('r2', { state: 'crashed', heartbeatAt: noon(-9) })),
  });
  const { apis, settings, world } = observer;
  const hang = { token: false, deaf: false, names: false };
  const { log } = recordedLog();
  const asDeployed = workloads(settings, {
    apiOf: (api) => ({
      project: PROJECT,
      baseUrl: apis.baseUrls[api as 'run'].replace('127.0.0.1', hang.names ? 'localhost' : '127.0.0.1'),
      log,
    }),
    wandb: NO_WANDB,
    authorize: () => (hang.token ? NEVER() : Promise.resolve(new Headers())),
  });
  const heard = (readers: TableReaders): TableReaders =>
    hang.deaf ? new Map([...readers].map(([table, reader]) => [table, deaf(reader)])) : readers;
  const platform: Workloads = {
    openOthers: () => heard(asDeployed.openOthers()),
    open: async (limitMs, signal) => heard(await asDeployed.open(limitMs, signal)),
  };
  world.builds = DEFAULT_REGIONS.map((region) => build(`b-${region}`, { region }));
  world.customJobs = DEFAULT_REGIONS.map((region, index) => customJob(String(index + 1), { region }));
  world.executions = DEFAULT_REGIONS.flatMap((region) => [
    execution(`run-${region}`, { region }),
    execution(`failed-${region}`, { region, state: 'failed', endedAt: noon(-1) }),
  ]);
  const refresh = async () => {
    observer.pass(5 * MINUTE_MS);
    const begun = performance.now();
    const done = await observer.refreshWith({ workloads: platform, limits: REFRESH_LIMITS });
    return { ...done, seconds: (performance.now() - begun) / SECOND_MS };
  };
  const unread = apis.faults.add({ method: 'entries.list', fault: { kind: 'denied' } });
  await refresh();
  unread();
  return { observer, hang, refresh };
}

/** Ignores its limits and its signal, and never answers. */
function deaf({ listOperation, logOperation }: TableReader): TableReader {
  return { listOperation, logOperation, list: NEVER, get: NEVER, linesOf: NEVER, countersOf: NEVER };
}

type Deployment = Awaited<ReturnType<typeof inProduction>>;

/** A refresh while something hangs, which has to end in time; then one for which everything is well again. */
async function outlives(t: TestContext, { observer, hang, refresh }: Deployment) {
  const done = await refresh();
  t.diagnostic(`${done.seconds.toFixed(2)} s, ${done.hung.length} calls named`);
  assert.ok(done.seconds <= MOST_SECONDS, String(done.seconds));
  assert.ok(done.hung.length > 0);
  assert.equal((await observer.record()).lease, null);
  const kept = await Promise.all(tablesOf(observer.settings).map((table) => observer.stored(table)));
  assert.ok(
    kept.every(
      ({ table, rows }) => rows.length >= (tableOf(table).place === 'region' ? DEFAULT_REGIONS.length : 1),
    ),
    'what was seen stays',
  );
  observer.apis.faults.clear();
  observer.wandb?.faults.clear();
  Object.assign(hang, { token: false, names: false, deaf: false });
  const after = await refresh();
  assert.ok(
    after.tables.every(({ complete }) => complete),
    'the next refresh works',
  );
  return done;
}

describe('with the limits of production a refresh ends within 16 s', { concurrency: 3 }, () => {
  const faults: [string, Fault][] = [
    ['accepts and never answers', { kind: 'hang' }],
    ['begins and never ends', { kind: 'stalled' }],
    ['dribbles', { kind: 'dribble', everyMs: 200 }],
    ['answers after 20 s', { kind: 'latency', ms: 20 * SECOND_MS }],
  ];
  for (const [what, fault] of faults)
    test(`where everything ${what}`, SOAK_ONLY, async (t) => {
      const deployment = await inProduction(t);
      deployment.observer.apis.faults.add({ fault });
      deployment.observer.wandb?.faults.add({ fault });
      await outlives(t, deployment);
    });

  for (const [what, key] of [
    ['the token does not come', 'token'],
    ['every call ignores its signal', 'deaf'],
  ] as const)
    test(`where ${what}`, SOAK_ONLY, async (t) => {
      const deployment = await inProduction(t);
      deployment.hang[key] = true;
      await outlives(t, deployment);
    });

  const rules: [string, Omit<FaultRule, 'fault'>][] = [
    ['builds', { api: 'cloudbuild' }],
    ['runner', { api: 'run' }],
    ['vertex', { api: 'aiplatform' }],
    ['logs', { method: 'entries.list' }],
    ['one region', { region: HUNG_REGION }],
  ];
  for (const [what, rule] of rules)
    test(`where ${what} hangs, and what answers is stored`, SOAK_ONLY, async (t) => {
      const deployment = await inProduction(t);
      deployment.observer.apis.faults.add({ ...rule, fault: { kind: 'hang' } });
      const { tables, hung } = await outlives(t, deployment);
      const silent = tables.flatMap(({ table, regions }) =>
        Object.entries(regions).flatMap(([region, { state }]) => (state === 'ok' ? [] : [{ table, region }])),
      );
      if (what === 'logs') assert.deepEqual(silent, []);
      else if (what === 'one region')
        assert.deepEqual(
          [silent.map(({ region }) => region), hung.map(({ region }) => region)],
          [Array(3).fill(HUNG_REGION), Array(3).fill(HUNG_REGION)],
        );
      else assert.deepEqual(new Set(silent.map(({ table }) => table)), new Set([what]));
    });

  test('where W&B hangs, of which both tables are silent, and no other', SOAK_ONLY, async (t) => {
    const deployment = await inProduction(t);
    deployment.observer.wandb?.faults.add({ fault: { kind: 'hang' } });
    const { tables } = await outlives(t, deployment);
    const silent = tables.filter(({ complete }) => !complete).map(({ table }) => table);
    assert.deepEqual(silent, ['completed', 'active']);
  });
});

// By itself, for all that the process looks up meanwhile hangs.
test(
  'with the limits of production a refresh ends within 16 s where no name can be looked up',
  SOAK_ONLY,
  async (t) => {
    const deployment = await inProduction(t);
    deployment.hang.names = true;
    t.mock.method(dns, 'lookup', () => undefined);
    await outlives(t, deployment);
  },
);
