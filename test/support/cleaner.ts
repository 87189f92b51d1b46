import type { TestContext } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import { cleanupArtifacts } from '../../functions/cleanup-artifacts/task.ts';
import type { CatalogEntry } from '../../functions/shared/catalog.ts';
import { cloudObjects } from '../../functions/shared/cloud/storage/objects.ts';
import type { VertexModels } from '../../functions/shared/cloud/vertex-models.ts';
import { addMs } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { JournalEntry } from '../../functions/shared/model/cleanup/cleanup.ts';
import {
  type ArtifactPolicy,
  artifactPolicySchema,
  policyHashOf,
} from '../../functions/shared/model/cleanup/policy.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import { type Alarm, alarmSchema } from '../../functions/shared/model/run/alarm.ts';
import type { Answer } from '../../functions/shared/run/answer.ts';
import { decode } from '../../functions/shared/store/firestore/firestore.ts';
import { cleanupPlanStore } from '../../functions/shared/store/own/cleanup-plans.ts';
import { journalStore } from '../../functions/shared/store/own/journal.ts';
import { pinStore } from '../../functions/shared/store/own/pins.ts';
import { artifactJobStore } from '../../functions/shared/store/sources/artifact-jobs.ts';
import { modelStore } from '../../functions/shared/store/sources/roots.ts';
import type { BucketOptions } from '../../scripts/stack/stand-ins/gcs/bucket.ts';
import type { GcsOptions } from '../../scripts/stack/stand-ins/gcs/server.ts';
import { emptyGcs, type GcsWorld } from '../../scripts/stack/stand-ins/gcs/world.ts';
import { daysAgo, NOW } from './cleanup.ts';
import { ENTRY } from './entry.ts';
import { freshFirestore, writeDocuments } from './firestore.ts';
import { gcsOf } from './gcs.ts';
import { AT_ONCE, PROJECT } from './google.ts';
import { artifactSource } from './jobs.ts';
import { taskRuns } from './task-runs.ts';

const TASK = 'cleanup-artifacts';
const SILENT = createLog({}, () => undefined);
export const BUCKET = 'runs';
/** Policy of a plan that trips no guard but that of a new policy. */
export const NO_GUARDS = { guards: { shareOfJobs: 1, shareOfProject: 1 } };

export interface Setup {
  policy?: Record<string, unknown>;
  /** Names of sources, each of the collection of its name. */
  sources?: Record<string, Source> | readonly string[];
  entry?: Partial<CatalogEntry>;
  vertex?: VertexModels;
  bucket?: Partial<BucketOptions>;
  gcs?: GcsOptions;
  /** Another way to the database, for the models only. */
  modelsDb?: (project: string) => Firestore;
  /** The clock of the budget. */
  monotonicMs?: () => number;
}

export function sourcesOf(sources: Setup['sources'] = ['jobs']): Record<string, Source> {
  if (!Array.isArray(sources)) return sources as Record<string, Source>;
  return Object.fromEntries(sources.map((name) => [name, artifactSource({ collection: name })]));
}

/** The record of a job that failed 30 days ago and nothing keeps, unless told otherwise. */
export function artifactRecord(id: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    status: 'failed',
    project: 'alpha',
    model: 'resnet',
    createdAt: daysAgo(31),
    startedAt: daysAgo(31),
    endedAt: daysAgo(30),
    updatedAt: daysAgo(30),
    artifactUri: `gs://${BUCKET}/${id}/`,
    ...over,
  };
}

/** What a run is made with. */
export interface RunnerOptions {
  db: Firestore;
  /** Of the stand-in of Cloud Storage. */
  baseUrl: string;
  policy: () => ArtifactPolicy;
  sources: Record<string, Source>;
  entry?: Partial<CatalogEntry> | undefined;
  vertex?: VertexModels | undefined;
  monotonicMs?: (() => number) | undefined;
  now: () => Date;
  /** Called when a plan begins to be carried out. */
  onBegin?: () => Promise<void> | undefined;
  /** Where the models are read, unless in `db`. */
  modelsDb?: Firestore | undefined;
}

/** The real task, stores, lifecycle and clients: runs of cleanup-artifacts, from the delivery to the answer. */
export function runnerOf(options: RunnerOptions) {
  const { db, baseUrl, sources, vertex = null, now, modelsDb = db } = options;
  const { collections, deliver } = taskRuns(TASK, {
    db,
    now,
    entry: { ...ENTRY, schedule: '0 3 * * *', ...options.entry },
    monotonicMs: options.monotonicMs,
  });
  const plans = cleanupPlanStore(collections, SILENT);
  const journal = journalStore(collections, SILENT);

  function task() {
    const policy = options.policy();
    const api = { project: PROJECT, baseUrl, log: SILENT, retry: AT_ONCE };
    return cleanupArtifacts({
      stores: Object.entries(sources).map(([name, source]) => artifactJobStore(name, source, db, SILENT)),
      roots: {
        models: policy.models.map((model) => modelStore(model, modelsDb, SILENT)),
        vertex,
        pins: pinStore(collections, SILENT),
      },
      plans,
      policy,
      objects: cloudObjects(api),
      journal: {
        ...journal,
        // What carrying out a plan begins with.
        async unfinished() {
          await options.onBegin?.();
          return journal.unfinished();
        },
      },
      policyHash: policyHashOf(policy, sources),
    });
  }

  return {
    collections,
    plans,
    /** A delivery now. */
    deliver: (body: Record<string, unknown> = {}): Promise<Answer> => deliver(task(), body),
  };
}

/** Runs of cleanup-artifacts over an empty database and an empty bucket, whose time is the test's. */
export async function cleaner(t: TestContext, setup: Setup = {}) {
  // As the functions open theirs.
  const { db, project } = freshFirestore(t, { useBigInt: true, ignoreUndefinedProperties: true });
  const sources = sourcesOf(setup.sources);
  let now = NOW;
  let policy = policyWith(setup.policy);
  let onBegin: (() => Promise<void>) | undefined;
  let isTrusted = false;
  const world: GcsWorld = emptyGcs(PROJECT, () => now.getTime());
  world.addBucket({ name: BUCKET, ...setup.bucket });
  const gcs = await gcsOf(t, world, setup.gcs);
  const { collections, plans, deliver } = runnerOf({
    db,
    sources,
    entry: setup.entry,
    vertex: setup.vertex,
    monotonicMs: setup.monotonicMs,
    baseUrl: gcs.baseUrl,
    policy: () => policy,
    now: () => now,
    onBegin: () => onBegin?.(),
    modelsDb: setup.modelsDb?.(project),
  });

  /** Lets a plan of the policy of now go on at once, as if a person had approved one like it before. */
  async function trust(): Promise<void> {
    isTrusted = true;
    const approvedPolicyHash = policyHashOf(policy, sources);
    const state = { approvedPolicyHash, appliedRootCounts: null, appliedPlanId: null };
    await collections.cleanupState.doc('current').set(state);
  }

  return {
    db,
    project,
    collections,
    gcs,
    world,
    plans,
    deliver,
    trust,
    /** Adds records of jobs, by their ids. */
    write: (records: Record<string, Record<string, unknown>>, collection = 'jobs') =>
      writeDocuments(
        db,
        collection,
        Object.entries(records).map(([id, over]) => [id, artifactRecord(id, over)] as const),
      ),
    /** Puts objects of 100 bytes, written when the jobs of the tests ran, unless told otherwise. */
    put(names: readonly string[], over: { size?: number; createdAt?: Date; bucket?: string } = {}): void {
      for (const name of names)
        world.putObject({ bucket: BUCKET, name, size: 100, createdAt: daysAgo(30.5), ...over });
    },
    /** Names of the live objects. */
    live: (bucket = BUCKET): string[] => world.live(bucket).map(({ name }) => name),
    setPolicy(over: Record<string, unknown>): void {
      policy = policyWith(over);
    },
    /** Moves the clock on. */
    pass(days: number): void {
      now = addMs(now, days * 24 * 3_600_000);
    },
    now: () => now,
    /** Makes the plan of now, and lets it go on. */
    async approve(): Promise<string> {
      isTrusted = true;
      const { planId } = (await deliver()).summary as { planId: string };
      await plans.approve(planId, now);
      return planId;
    },
    /** A whole run under a policy that is trusted from the first; where its plan still waits for a person, that and its approval. */
    async approved(): Promise<Answer> {
      if (!isTrusted) await trust();
      const first = await deliver();
      const { planId, planStatus } = first.summary as { planId: string; planStatus: string };
      if (planStatus !== 'waiting') return first;
      await plans.approve(planId, now);
      return deliver();
    },
    /** Runs `act` when the listings of a run's plan are over and nothing is marked yet; resolves to whether that came. */
    beforeDeletion(act: () => Promise<unknown>): Promise<boolean> {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      onBegin = async () => {
        onBegin = undefined;
        await act();
        resolve(true);
      };
      t.after(() => resolve(false));
      return promise;
    },
    /** What the journal tells of objects, each entry one by one. */
    async journaled(): Promise<JournalEntry[]> {
      const found = await collections.cleanupJournal.get();
      return found.docs.flatMap((document) => document.get('entries') as JournalEntry[]);
    },
    /** Records of all jobs, with when they were last changed. */
    async records() {
      const found = await db.collection('jobs').get();
      return found.docs.map((document) => [document.id, document.updateTime.valueOf()]);
    },
    lines: (planId: string) => plans.lines(planId),
    async openAlarms(): Promise<Alarm[]> {
      const found = await collections.alarms.where('closedAt', '==', null).get();
      return found.docs.map((document) => decode(alarmSchema, document));
    },
    /** The record of a job; what Nightshift adds to it may not be there. */
    async job(
      id: string,
    ): Promise<{ nightshift?: { tombstone?: unknown; deletedAt?: unknown } } | undefined> {
      return (await db.collection('jobs').doc(id).get()).data();
    },
  };
}

export type Cleaner = Awaited<ReturnType<typeof cleaner>>;

export function policyWith(over: Record<string, unknown> = {}): ArtifactPolicy {
  return artifactPolicySchema.parse({ buckets: [BUCKET], keepSuccesses: 0, ...over });
}
