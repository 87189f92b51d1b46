import type { TestContext } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import type { RefreshLimits } from '../../functions/observe-workloads/refresh/limits.ts';
import { jobLinks, type LinkedSource } from '../../functions/observe-workloads/refresh/link-jobs.ts';
import {
  type Refreshed,
  type RefreshTools,
  refresh,
} from '../../functions/observe-workloads/refresh/refresh.ts';
import type { Authorize } from '../../functions/shared/cloud/rest/credentials.ts';
import { workloads } from '../../functions/shared/cloud/workloads/open-workloads.ts';
import { addMs } from '../../functions/shared/dates.ts';
import { type End, endSchema } from '../../functions/shared/model/workload/end.ts';
import { type Refresh, refreshSchema } from '../../functions/shared/model/workload/refresh.ts';
import { type Snapshot, snapshotSchema } from '../../functions/shared/model/workload/snapshot.ts';
import { type TableName, workloadsSchema } from '../../functions/shared/model/workload/tables.ts';
import { decode } from '../../functions/shared/store/firestore/firestore.ts';
import { collections as collectionsOf } from '../../functions/shared/store/own/collections.ts';
import { workloadStore } from '../../functions/shared/store/own/workloads.ts';
import type { Build, CustomJob, Execution, LogLine } from '../../scripts/stack/stand-ins/google/world.ts';
import type { WandbWorld } from '../../scripts/stack/stand-ins/wandb/world.ts';
import { freshFirestore } from './firestore.ts';
import { AT_ONCE, googleApis, PROJECT, recordedLog } from './google.ts';
import { worldWith } from './platform.ts';
import { wandbOver } from './wandb.ts';
import { noon } from './workloads.ts';

export const WEST = 'europe-west4';
export const EAST = 'us-east1';

/** What answers may take its time on a busy machine. */
const AMPLE: RefreshLimits = {
  tokenMs: 60_000,
  regionMs: 60_000,
  tableMs: 60_000,
  sourceMs: 30_000,
  callMs: 60_000,
  wholeMs: 120_000,
  progressMs: 60_000,
  apartMs: 0,
};
/** What hangs is given up on soon. */
const SHORT: RefreshLimits = {
  tokenMs: 1_000,
  regionMs: 2_500,
  tableMs: 3_000,
  sourceMs: 2_500,
  callMs: 2_500,
  wholeMs: 8_000,
  progressMs: 60_000,
  apartMs: 0,
};

interface ObserverOptions {
  /** Whether something is to hang, so that every limit is short. */
  hangs?: boolean;
  settings?: object;
  authorize?: Authorize;
  limits?: Partial<RefreshLimits>;
  pageSize?: number;
  /** The sources whose jobs may be among the workloads, in the order of the settings. */
  sources?: (db: Firestore) => LinkedSource[];
  /** Asked where it is given. */
  wandb?: WandbWorld;
}

/** The tables of a platform that tests change, refreshed at the time that they say, with real stores and calls. */
export async function freshObserver(context: TestContext, options: ObserverOptions = {}) {
  const { db } = freshFirestore(context);
  const world = worldWith();
  const { pageSize } = options;
  const apis = await googleApis(context, world, pageSize === undefined ? {} : { pageSize });
  const wandb = options.wandb && (await wandbOver(context, options.wandb));
  const settings = workloadsSchema.parse({
    regions: [WEST, EAST],
    builds: {},
    runner: { job: 'agent' },
    vertex: {},
    ...(wandb && { wandb: { baseUrl: wandb.baseUrl, entity: 'acme', projects: ['vision'] } }),
    ...options.settings,
  });
  const { log } = recordedLog();
  const collections = collectionsOf(db, '');
  const platform = workloads(settings, {
    apiOf: (api) => ({ project: PROJECT, baseUrl: apis.baseUrls[api as 'run'], log }),
    wandb: { log, variable: () => undefined, standInsOnly: true },
    retry: { ...AT_ONCE, attemptMs: options.hangs ? 1_000 : AMPLE.regionMs },
    ...(options.authorize ? { authorize: options.authorize } : {}),
  });
  let now = noon();
  /** An instance: what it remembers of tables and ends is its own. */
  const instance = (): RefreshTools => ({
    settings,
    workloads: platform,
    links: jobLinks(options.sources?.(db) ?? [], () => PROJECT),
    store: workloadStore(collections, log),
    limits: { ...(options.hangs ? SHORT : AMPLE), ...options.limits },
  });
  let tools = instance();
  const refreshWith = async (over: Partial<RefreshTools>): Promise<Refreshed> => {
    const { signal } = new AbortController();
    const done = await refresh({ by: 'schedule', now: () => now, signal }, { ...tools, ...over });
    if ('until' in done) throw new Error(`Cannot refresh: another one is under way until ${done.until}`);
    return done;
  };

  return {
    db,
    world,
    apis,
    wandb,
    collections,
    platform,
    settings,
    now: () => now,
    tools: () => tools,
    /** Lets time pass. */
    pass(ms: number) {
      now = addMs(now, ms);
    },
    /** What an instance remembers is lost. */
    restart() {
      tools = instance();
    },
    /** A refresh that finds no other one under way. */
    refresh: () => refreshWith({}),
    /** The same, with other tools in place of some. */
    refreshWith,
    tryRefresh: (by: Refresh['by'] = 'schedule') =>
      refresh({ by, now: () => now, signal: new AbortController().signal }, tools),
    stored: async (table: TableName): Promise<Snapshot> =>
      decode(snapshotSchema, await collections.workloads.doc(table).get()),
    record: async (): Promise<Refresh> =>
      decode(refreshSchema, await collections.workloads.doc('refresh').get()),
    ends: async (): Promise<End[]> =>
      (await collections.workloadEnds.get()).docs.map((document) => decode(endSchema, document)),
    logReads: () => apis.requests().filter(({ method }) => method === 'entries.list').length,
  };
}

const RUNS = { createdAt: noon(-30), startedAt: noon(-29), endedAt: null };

/** A build that runs, unless told otherwise. */
export const build = (id: string, over: Partial<Build> = {}): Build =>
  Object.assign({ id, region: WEST, status: 'WORKING', detail: null }, RUNS, over);

/** An execution that runs, unless told otherwise. */
export const execution = (id: string, over: Partial<Execution> = {}): Execution =>
  Object.assign({ id, job: 'agent', region: WEST, state: 'running' as const }, RUNS, over);

/** A custom job that runs, unless told otherwise. */
export const customJob = (id: string, over: Partial<CustomJob> = {}): CustomJob =>
  Object.assign({ id, region: WEST, state: 'JOB_STATE_RUNNING', error: null }, RUNS, over);

/** What an execution has logged. */
export const logged = (id: string, payload: string, minute = -2): LogLine => ({
  execution: id,
  job: 'agent',
  region: WEST,
  at: noon(minute),
  severity: 'INFO',
  payload,
});
