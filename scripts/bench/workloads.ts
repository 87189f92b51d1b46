import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import type { RetryPolicy } from '../../functions/shared/cloud/rest/retry.ts';
import {
  workloads as openWorkloads,
  type TableReaders,
} from '../../functions/shared/cloud/workloads/open-workloads.ts';
import type { TableReader } from '../../functions/shared/cloud/workloads/table-reader.ts';
import { addMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { createLog } from '../../functions/shared/log.ts';
import {
  DEFAULT_REGIONS,
  placesOf,
  tablesOf,
  workloadsSchema,
} from '../../functions/shared/model/workload/tables.ts';
import { loadSettings, type Settings } from '../../functions/shared/settings.ts';
import { bundle } from '../build/bundle.ts';
import { ROOT } from '../shared/places.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import { startGoogleApis } from '../stack/stand-ins/google/apis.ts';
import { emptyWorld, type PlatformWorld } from '../stack/stand-ins/google/world.ts';
import { type BenchContext, type Measured, median, rounded } from './bench.ts';
import { serve } from './served-function.ts';

const LATENCY_MS = SECOND_MS;
const HUNG_REGION = 'europe-west9';
/** A region that hung twice in a row would be left out of the third refresh. */
const REPEATS = 2;
const TABLES = workloadsSchema.parse({ builds: {}, runner: { job: 'agent' }, vertex: {} });

/** The monitor that froze: each call had 60 s and three tries, and whoever waited for a table waited for all of it. */
const FROZEN: Partial<RetryPolicy> = { attempts: 3, attemptMs: MINUTE_MS };
const OURS: Partial<RetryPolicy> = { attempts: 2, attemptMs: 5 * SECOND_MS };

/**
 * What a refresh takes, from the request to the answer, where each of 55 calls takes a second and one of them never answers.
 * Against its slowest call, the same calls one by one, and a pool per table with tries of a minute, as in the monitor that froze.
 */
export async function workloads({ folder, signal, progress }: BenchContext): Promise<Measured> {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await using started = new AsyncDisposableStack();
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  started.defer(emulator.stop);
  const project = `bench-${process.pid}`;
  const db = new Firestore({ projectId: project, host: emulator.host, ssl: false });
  started.defer(() => db.terminate());
  const apis = await startGoogleApis(everywhere(project, new Date()));
  started.defer(apis.stop);
  apis.faults.add({ fault: { kind: 'latency', ms: LATENCY_MS } });
  const settings: Settings = {
    ...loadSettings(readEnvironment({})),
    workloads: TABLES,
    baseUrls: apis.baseUrls,
  };
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  await bundle(join(ROOT, 'functions/observe-workloads/index.ts'), 'ours', join(folder, 'ours'));
  const env = {
    FIRESTORE_EMULATOR_HOST: emulator.host,
    GOOGLE_CLOUD_PROJECT: project,
    NIGHTSHIFT_SETTINGS: file,
  };
  const running = await serve(
    { folder: join(folder, 'ours'), entryPoint: 'observeWorkloads', env },
    { watched: true },
  );
  started.defer(running.stop);

  // Untimed: a cold start is another bench's matter.
  await running.post({});
  apis.faults.add({ fault: { kind: 'hang' }, api: 'aiplatform', region: HUNG_REGION });
  const seconds: number[] = [];
  for (let repeat = 1; repeat <= REPEATS; repeat += 1) {
    signal.throwIfAborted();
    progress(`measuring ours, ${repeat} of ${REPEATS}`);
    // A refresh so soon after the last one is not made.
    await db.doc('workloads/refresh').update({ startedAt: addMs(new Date(), -MINUTE_MS) });
    seconds.push(await secondsOf(() => running.post({})));
  }
  const ours = median(seconds);
  const stored = (await db.doc('workloads/vertex').get()).data();
  assert.equal(stored?.rows.length, DEFAULT_REGIONS.length, 'The rows of the region that hung have to stay');
  assert.deepEqual(stored?.slowest.region, HUNG_REGION);
  const slowest = Number(stored?.slowest.ms) / SECOND_MS;

  const log = createLog({}, () => undefined);
  const open = (retry: Partial<RetryPolicy>) =>
    openWorkloads(TABLES, {
      apiOf: (api) => ({
        project,
        baseUrl: apis.baseUrls[api as 'run'],
        log,
      }),
      wandb: { log, variable: () => undefined, standInsOnly: true },
      retry,
    }).open(SECOND_MS, signal);
  progress('measuring one by one');
  const oneByOne = await secondsOf(async () => askInTurn(await open(OURS), signal));
  progress('measuring a pool per table, which takes three minutes');
  const pools = await secondsOf(async () => askInPools(await open(FROZEN), signal));

  return {
    rows: [
      { name: 'ours', seconds: rounded(ours) },
      { name: 'slowest-call', seconds: rounded(slowest) },
      { name: 'one-by-one', seconds: rounded(oneByOne) },
      { name: 'pool-per-table', seconds: rounded(pools) },
    ],
    ratios: {
      slowest: rounded(ours / slowest),
      'one-by-one': rounded(ours / oneByOne),
      'pool-per-table': rounded(ours / pools),
    },
    peakMemoryBytes: await running.peakBytes(),
  };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / SECOND_MS;
}

/** Lists one place; a failure is an answer. */
async function ask(reader: TableReader, place: string, limitMs: number, signal: AbortSignal): Promise<void> {
  await reader.list(place, new Date(), { limitMs, signal }).catch(() => signal.throwIfAborted());
}

async function askInTurn(readers: TableReaders, signal: AbortSignal): Promise<void> {
  for (const table of tablesOf(TABLES))
    for (const place of placesOf(table, TABLES))
      await ask(readers.get(table) as TableReader, place, 12 * SECOND_MS, signal);
}

/** All calls of a table at once, and nothing of any table before all have ended. */
async function askInPools(readers: TableReaders, signal: AbortSignal): Promise<void> {
  await Promise.all(
    tablesOf(TABLES).flatMap((table) =>
      placesOf(table, TABLES).map((place) => ask(readers.get(table) as TableReader, place, HOUR_MS, signal)),
    ),
  );
}

/** A workload of each table in every region. */
function everywhere(project: string, now: Date): PlatformWorld {
  const life = { createdAt: addMs(now, -HOUR_MS), startedAt: addMs(now, -HOUR_MS), endedAt: null };
  return {
    ...emptyWorld(project),
    builds: DEFAULT_REGIONS.map((region) => ({
      id: `b-${region}`,
      region,
      status: 'WORKING',
      detail: null,
      ...life,
    })),
    executions: DEFAULT_REGIONS.map((region) => ({
      id: 'agent-1',
      job: 'agent',
      region,
      state: 'running',
      ...life,
    })),
    customJobs: DEFAULT_REGIONS.map((region, index) => ({
      id: String(index + 1),
      region,
      state: 'JOB_STATE_RUNNING',
      error: null,
      ...life,
    })),
  };
}
