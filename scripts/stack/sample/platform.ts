import { type Day, dayOf } from '../../../functions/shared/dates.ts';
import type { ObjectOptions } from '../stand-ins/gcs/world.ts';
import { emptyWorld, type PlatformWorld, type SqlInstance } from '../stand-ins/google/world.ts';
import { emptyWandb, type WandbWorld } from '../stand-ins/wandb/world.ts';
import { sampleObjects } from './artifacts.ts';
import { sampleDatasets, sampleQueries } from './bigquery.ts';
import { sampleRequests, sampleServices } from './cloud-run.ts';
import { sampleCustomJobs } from './custom-jobs.ts';
import { sampleEtlRuns } from './etl.ts';
import { GIB, levelOf, MIB } from './growth.ts';
import { SAMPLE_DAYS, sampleJobs } from './jobs.ts';
import { type Orchestrator, sampleOrchestrator } from './orchestrator.ts';
import { sampleRegistry } from './registry.ts';
import { type SampleBucket, sampleStorage } from './storage.ts';
import { sampleWandb } from './wandb.ts';
import { sampleWorkloads } from './workloads.ts';

/** What the stand-ins of Google's APIs know. */
export interface Platform {
  world: PlatformWorld;
  buckets: SampleBucket[];
  /** What the buckets hold that the sample jobs wrote. */
  objects: ObjectOptions[];
  orchestrator: Orchestrator;
  wandb: WandbWorld;
}

/** A platform with nothing in it. */
export function emptyPlatform(project: string): Platform {
  const orchestrator = { runs: new Map(), silent: [] };
  return { world: emptyWorld(project), buckets: [], objects: [], orchestrator, wandb: emptyWandb() };
}

/** Where the sample platform is. */
export interface PlatformPlace {
  project: string;
  /** Nightshift's own Firestore database. */
  database: string;
}

/** The platform around the sample jobs over the days before `now` and today so far, the same for the same `now`. */
export function samplePlatform({ project, database }: PlatformPlace, now: Date): Platform {
  const today = dayOf(now);
  const jobs = sampleJobs(now);
  const customJobs = sampleCustomJobs(jobs);
  const { buckets, holdings } = sampleStorage(today);
  const documents = levelOf({ name: 'documents', perDay: 36 * MIB, since: '2025-01-02' }, today);
  return {
    world: {
      project,
      bigquery: { jobs: sampleQueries(project, SAMPLE_DAYS, now), datasets: sampleDatasets(today) },
      run: { services: sampleServices(), requests: sampleRequests(SAMPLE_DAYS, now) },
      buckets: holdings,
      firestore: [{ id: database, location: 'nam5', bytes: documents }],
      sql: sampleInstances(today),
      models: sampleRegistry(jobs, now).vertex,
      customJobs,
      ...sampleWorkloads(now),
    },
    buckets,
    objects: sampleObjects(jobs),
    orchestrator: sampleOrchestrator(sampleEtlRuns(now)),
    wandb: sampleWandb(customJobs, now),
  };
}

function sampleInstances(today: Day): SqlInstance[] {
  return [
    {
      name: 'labels-db',
      region: 'us-central1',
      version: 'POSTGRES_17',
      state: 'RUNNABLE',
      bytes: levelOf({ name: 'labels-db', perDay: 0.3 * GIB, since: '2025-01-27' }, today),
    },
    {
      name: 'tickets-db',
      region: 'europe-west4',
      version: 'MYSQL_8_4',
      state: 'RUNNABLE',
      bytes: levelOf({ name: 'tickets-db', perDay: 90 * MIB, since: '2025-05-26' }, today),
    },
  ];
}
