/** What the stand-ins of Google's APIs know: a platform as plain data, which tests can count over for themselves. */
export interface PlatformWorld {
  project: string;
  bigquery: { jobs: BigQueryJob[]; datasets: Dataset[] };
  run: { services: RunService[]; requests: RunRequests[] };
  buckets: Bucket[];
  firestore: FirestoreDatabase[];
  sql: SqlInstance[];
  models: RegisteredModel[];
  customJobs: CustomJob[];
  executions: Execution[];
  builds: Build[];
  logs: LogLine[];
}

/** Something that is measured again and again: one value for ever, or each value from an instant on, oldest first. */
export type Level = number | readonly { from: Date; value: number | null }[];

export interface BigQueryJob {
  id: string;
  location: string;
  user: string;
  createdAt: Date;
  startedAt: Date | null;
  /** Null while it waits or runs. */
  endedAt: Date | null;
  error: { reason: string; message: string } | null;
}

export interface Dataset {
  id: string;
  location: string;
  tables: { id: string; bytes: Level }[];
}

export interface RunService {
  name: string;
  region: string;
  createdAt: Date;
  /** Where it is called, unless at an address such as Google's. */
  url?: string;
}

/** Requests to a service, counted in the minute that ended at `at`. */
export interface RunRequests {
  service: string;
  region: string;
  responseClass: '1xx' | '2xx' | '3xx' | '4xx' | '5xx';
  at: Date;
  count: number;
}

/** What a bucket holds of one storage class; a bucket of several has several of these. */
export interface Bucket {
  name: string;
  location: string;
  storageClass: string;
  live: Usage;
  noncurrent?: Usage;
  softDeleted?: Usage;
}

export interface Usage {
  bytes: Level;
  objects: Level;
}

export interface FirestoreDatabase {
  id: string;
  location: string;
  bytes: Level;
}

export interface SqlInstance {
  name: string;
  region: string;
  version: string;
  state: string;
  bytes: Level;
}

/** A model in Vertex AI Model Registry. */
export interface RegisteredModel {
  id: string;
  region: string;
  /** Of version 1, which is the default one, of version 2 and so on; null for one without. */
  artifactUris: (string | null)[];
}

/** When something that runs was created, began and ended, as far as it has. */
interface Lifetime {
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

/** A custom job of Vertex AI. */
export interface CustomJob extends Lifetime {
  id: string;
  region: string;
  /** Such as `JOB_STATE_RUNNING`. */
  state: string;
  error: string | null;
  /** `train-ID` unless given. */
  displayName?: string;
  labels?: Record<string, string>;
}

/** An execution of a Cloud Run job with one task. */
export interface Execution extends Lifetime {
  id: string;
  job: string;
  region: string;
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelling' | 'cancelled';
  /** The message of its condition, where it is not the usual one. */
  message?: string;
}

/** A build of Cloud Build. */
export interface Build extends Lifetime {
  id: string;
  /** `global` for one of no region. */
  region: string;
  /** Such as `WORKING`. */
  status: string;
  /** Why it failed. */
  detail: string | null;
  images?: string[];
}

/** Something that a workload has logged. */
export type LogLine = (ExecutionLine | BuildLine | CustomJobLine) & AnyLine;

/** Of an execution of a Cloud Run job. */
interface ExecutionLine {
  execution: string;
  job: string;
  region: string;
  /** Of its tasks the one that wrote it; 0 unless given. */
  task?: number;
  /** Of that task; 0 for the first, and unless given. */
  attempt?: number;
}

/** Of a build. */
interface BuildLine {
  build: string;
}

/** Of a custom job. */
interface CustomJobLine {
  customJob: string;
  /** `workerpool0-0` unless given. */
  replica?: string;
}

interface AnyLine {
  at: Date;
  severity: 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
  /** A line of text, or an object. */
  payload: string | Record<string, unknown>;
}

/** A platform with nothing in it. */
export function emptyWorld(project: string): PlatformWorld {
  return {
    project,
    bigquery: { jobs: [], datasets: [] },
    run: { services: [], requests: [] },
    buckets: [],
    firestore: [],
    sql: [],
    models: [],
    customJobs: [],
    executions: [],
    builds: [],
    logs: [],
  };
}

/** The value of `level` at an instant; null when there is none yet, or none any more. */
export function levelAt(level: Level, at: Date): number | null {
  if (typeof level === 'number') return level;
  // Halved and not searched from its end: a gauge of two days asks thousands of times.
  let [low, high] = [0, level.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const step = level[middle];
    if (step && step.from.getTime() <= at.getTime()) low = middle + 1;
    else high = middle;
  }
  return level[low - 1]?.value ?? null;
}
