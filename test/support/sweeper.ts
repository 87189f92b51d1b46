import type { TestContext } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import type { CatalogEntry } from '../../functions/shared/catalog.ts';
import type { Backend } from '../../functions/shared/cloud/backends/backend.ts';
import { openBackend } from '../../functions/shared/cloud/backends/open-backend.ts';
import { chunksOf } from '../../functions/shared/concurrency.ts';
import { addMs, laterOf, MINUTE_MS } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { Sighting } from '../../functions/shared/model/job/sighting.ts';
import { type Source, sourceSchema } from '../../functions/shared/model/job/source.ts';
import { type JobHealth, jobHealthSchema } from '../../functions/shared/model/job/sweep.ts';
import type { SweepCheckpoint } from '../../functions/shared/model/job/sweep-checkpoint.ts';
import { type Alarm, alarmSchema } from '../../functions/shared/model/run/alarm.ts';
import type { Answer } from '../../functions/shared/run/answer.ts';
import { decode } from '../../functions/shared/store/firestore/firestore.ts';
import { alarmStore } from '../../functions/shared/store/own/alarms.ts';
import { dayStore } from '../../functions/shared/store/own/days.ts';
import { jobHealthStore } from '../../functions/shared/store/own/job-health.ts';
import { reportChannelStore } from '../../functions/shared/store/own/report-channels.ts';
import { sweepCheckpointStore } from '../../functions/shared/store/own/sweep-checkpoints.ts';
import { type ActiveJobStore, activeJobStore } from '../../functions/shared/store/sources/active-jobs.ts';
import { sweepStaleJobs } from '../../functions/sweep-stale-jobs/task.ts';
import { freshFirestore, writeDocuments } from './firestore.ts';
import { taskRuns } from './task-runs.ts';
import { writeTimes } from './write-times.ts';

const TASK = 'sweep-stale-jobs';
const SILENT = createLog({}, () => undefined);

const time = (path: string) => ({ path, type: 'timestamp' });

/** The words and fields of our own. */
export const MAPPING = {
  collection: 'jobs',
  mode: 'enforce',
  fields: {
    type: 'type',
    status: 'status',
    error: 'error',
    backendId: 'backendId',
    createdAt: time('createdAt'),
    startedAt: time('startedAt'),
    heartbeatAt: time('heartbeatAt'),
    endedAt: time('endedAt'),
    updatedAt: time('updatedAt'),
  },
  statuses: {
    queued: 'queued',
    running: 'running',
    completed: 'completed',
    failed: 'failed',
    cancelled: 'cancelled',
  },
};

/** A source in earnest, whose jobs beat. */
export function beating(over: Record<string, unknown> = {}): Source {
  return sourceSchema.parse({ ...MAPPING, ...over });
}

/** One whose jobs do not. */
export function silentSource(over: Record<string, unknown> = {}): Source {
  const { heartbeatAt: _, ...fields } = MAPPING.fields;
  return sourceSchema.parse({ ...MAPPING, fields, ...over });
}

/** The executions of jobs, which do not beat. */
export const EXECUTIONS = {
  collection: 'executions',
  fields: {
    status: 'status',
    error: 'error',
    backendId: 'backendId',
    startedAt: time('startedAt'),
    endedAt: time('endedAt'),
  },
};

export interface Setup {
  /** By name. */
  sources?: Record<string, Source>;
  /** Opens the database of a source, where that is not ours. */
  openSource?: (name: string, project: string) => Firestore | undefined;
  entry?: Partial<CatalogEntry>;
  monotonicMs?: () => number;
  /** How long a call of a backend may take; as long as in earnest unless given. */
  limitMs?: number | undefined;
}

/** The answer's summary, as far as a test looks at it. */
export interface SweepSummary extends Record<string, unknown> {
  verdicts: {
    job: string;
    execution: string | null;
    verdict: string;
    rule: string;
    because: string;
    written: string;
  }[];
  detectionSeconds: { p50: number | null; p95: number | null; max: number | null };
}

/** sweep-stale-jobs from the delivery to the records, over a database of its own; only its clock is the test's. */
export function sweeper(t: TestContext, setup: Setup = {}) {
  const { db, project } = freshFirestore(t);
  const { sources = { jobs: beating() } } = setup;
  // Of a record without a heartbeat, Firestore's own clock tells when it was written.
  const begin = new Date();
  let passedMs = 0;
  const now = () => addMs(begin, passedMs);
  const writes = writeTimes(begin);
  const { collections, deliver: deliverTo } = taskRuns(TASK, {
    db,
    now,
    entry: setup.entry,
    monotonicMs: setup.monotonicMs,
  });
  const tools = {
    apiOf: () => {
      throw new Error('Only an HTTP endpoint is asked here');
    },
    variable: () => undefined,
    log: SILENT,
  };
  let changeStore = (store: ActiveJobStore) => store;
  const opened = Object.entries(sources).map(([name, source]) => {
    const elsewhere = setup.openSource?.(name, project);
    return {
      store: writes.asTold(activeJobStore(name, source, { db: elsewhere ?? db, ours: !elsewhere }, SILENT)),
      backend: source.backend ? withLimit(openBackend(source.backend, tools), setup.limitMs) : null,
    };
  });

  const checkpoints = sweepCheckpointStore(collections, SILENT);

  /** Puts records among those that sweeps have found as they are for half an hour, or since they were last written. */
  async function sight(
    { name, source, again }: ActiveJobStore,
    ids: string[],
    collection: string,
  ): Promise<void> {
    const last = collection.split('/').at(-1);
    const isExecution = source.executions?.collection === last;
    if (!isExecution && source.collection !== (source.group ? last : collection)) return;
    const options = { tally: { documents: 0 } };
    const records = ids.map((id) => ({ path: `${collection}/${id}`, isExecution }));
    const halfAnHourAgo = addMs(now(), -30 * MINUTE_MS);
    const sightings = (await again(records, options)).map((seen): Sighting => {
      const stillSince = laterOf(halfAnHourAgo, writes.standing(seen));
      const { startedAt, heartbeatAt, backendId } = seen.job;
      return {
        path: seen.path,
        stillSince,
        startedAt: startedAt ?? undefined,
        heartbeatAt: heartbeatAt ?? undefined,
        backendId: backendId ?? undefined,
      };
    });
    await remember(name, (before) => ({ sightings: [...before.sightings, ...sightings] }));
  }

  /** Changes what sweeps remember of a source. */
  async function remember(
    name: string,
    change: (before: SweepCheckpoint) => Partial<SweepCheckpoint>,
  ): Promise<void> {
    const before = await checkpoints.load(name, { tally: { documents: 0 } });
    const batch = db.batch();
    checkpoints.put(batch, name, { ...before, ...change(before) });
    await batch.commit();
  }

  async function deliver(body: Record<string, unknown> = {}): Promise<Answer & { summary: SweepSummary }> {
    const task = sweepStaleJobs({
      sources: opened.map(({ store, backend }) => ({ store: changeStore(store), backend })),
      days: dayStore(collections, SILENT),
      channels: reportChannelStore(collections, SILENT),
      checkpoints,
      jobHealth: jobHealthStore(collections),
      alarms: alarmStore(collections, SILENT),
      watch: async () => ({ missedSlots: 0, expiredLeases: 0, scheduleDrift: null, problems: [] }),
      intervalMs: 10 * MINUTE_MS,
      now,
    });
    return (await deliverTo(task, body)) as Answer & { summary: SweepSummary };
  }

  return {
    db,
    project,
    collections,
    deliver,
    now,
    /** So many minutes ago, by the clock of now. */
    ago: (minutes: number) => addMs(now(), -minutes * MINUTE_MS),
    /** Moves the clock on. */
    pass(minutes: number): void {
      passedMs += minutes * MINUTE_MS;
      writes.passed(passedMs);
    },
    /** A whole sweep, one interval after the last one. */
    next(): Promise<Answer & { summary: SweepSummary }> {
      this.pass(10);
      return deliver();
    },
    /** As if a whole sweep had found nothing a second ago: the first of all has nothing to go by. */
    async settle(): Promise<void> {
      for (const { store } of opened)
        await remember(store.name, () => ({ sweptAt: now(), auditedAt: now() }));
      this.pass(1 / 60);
    },
    /**
     * Records that sweeps have found as they are for half an hour, and that were last written when the last of their
     * times says.
     */
    async stand(records: Record<string, object>, collection = 'jobs'): Promise<void> {
      await writeDocuments(db, collection, Object.entries(records));
      for (const { store } of opened) await sight(store, Object.keys(records), collection);
    },
    /** As if the backend of a source had told of a job of it before. */
    async knowBackend(source = 'jobs'): Promise<void> {
      const backend = opened.find(({ store }) => store.name === source)?.backend;
      const backendFingerprint = backend?.fingerprint ?? null;
      await remember(source, () => ({ backendKnewAt: now(), backendFingerprint }));
    },
    /** Stores that a run gets are what `change` makes of them. */
    replaceStores(change: (store: ActiveJobStore) => ActiveJobStore): void {
      changeStore = change;
    },
    async write(records: Record<string, object>, collection = 'jobs'): Promise<void> {
      await writeDocuments(db, collection, Object.entries(records));
    },
    /** A record as it is stored, times as Date. */
    async job(path: string): Promise<Record<string, unknown>> {
      const found = await db.doc(path.includes('/') ? path : `jobs/${path}`).get();
      return { ...found.data() };
    },
    async statuses(collection = 'jobs'): Promise<Record<string, unknown>> {
      const { docs } = await db.collection(collection).get();
      return Object.fromEntries(docs.map((document) => [document.id, document.get('status')]));
    },
    async alarms(): Promise<Alarm[]> {
      const { docs } = await collections.alarms.get();
      return docs.map((document) => decode(alarmSchema, document));
    },
    async health(source = 'jobs'): Promise<JobHealth> {
      return decode(jobHealthSchema, await collections.jobHealth.doc(source).get());
    },
    async dirtyDays(): Promise<string[]> {
      return (await collections.dirtyDays.get()).docs.map((document) => document.id).sort();
    },
  };
}

export type Sweeper = ReturnType<typeof sweeper>;

/** The id of the job number `index` of `dead`. */
export function named(index: number): string {
  return `job-${String(index).padStart(4, '0')}`;
}

/** Jobs that fell silent about an hour ago, one after the other, the first the longest ago. */
export function dead(world: Pick<Sweeper, 'ago'>, count: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [named(index), silentFor(world, 60 - index / 1_000)]),
  );
}

/** Jobs that beat a minute ago. */
export function live(world: Pick<Sweeper, 'ago'>, count: number, over: object = {}): Record<string, object> {
  const job = { ...silentFor(world, 1), ...over };
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`live-${index}`, job]));
}

/** A job that began two hours ago and last beat so many minutes ago. */
export function silentFor(world: Pick<Sweeper, 'ago'>, minutes: number): object {
  return { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(minutes) };
}

/** Over half of its jobs show life, so nothing has to wait. */
export function lively(store: ActiveJobStore): ActiveJobStore {
  return { ...store, alive: async () => 1_000_000 };
}

/** The same records in pages of 50, of which few jobs make many. */
export function inSmallPages(store: ActiveJobStore): ActiveJobStore {
  return {
    ...store,
    async *pages(...how) {
      for await (const page of store.pages(...how))
        for (const seen of chunksOf(page.seen, 50)) {
          const { path, value } = seen.at(-1) ?? page.last;
          yield { seen, unreadable: [], read: seen.length, last: { path, value } };
        }
    },
  };
}

/** Nothing can be read of any query behind its first page. */
export function brokenOff(store: ActiveJobStore): ActiveJobStore {
  return {
    ...store,
    async *pages(...how) {
      for await (const page of store.pages(...how)) {
        yield page;
        throw new Error('14 UNAVAILABLE: gone');
      }
    },
  };
}

/** Where sweeps begin with the jobs that are silent, as long as nobody replaces the stores again. */
export function beginnings(
  world: Pick<Sweeper, 'replaceStores'>,
  change = (store: ActiveJobStore) => store,
): (string | undefined)[] {
  const begun: (string | undefined)[] = [];
  world.replaceStores((store) => ({
    ...change(store),
    pages(query, which, options) {
      if (query.name === 'jobs:silent') begun.push(which.after?.path);
      return store.pages(query, which, options);
    },
  }));
  return begun;
}

function withLimit(backend: Backend, limitMs: number | undefined): Backend {
  if (limitMs === undefined) return backend;
  return { ...backend, truthsOf: (ids, sweep) => backend.truthsOf(ids, { ...sweep, limitMs }) };
}
