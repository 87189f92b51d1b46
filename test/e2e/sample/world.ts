import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Firestore } from '@google-cloud/firestore';
import { addMs, HOUR_MS } from '../../../functions/shared/dates.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { type Source, sourceSchema } from '../../../functions/shared/model/job/source.ts';
import { loadSettings, type Settings } from '../../../functions/shared/settings.ts';
import { openFirestore } from '../../../functions/shared/store/firestore/firestore.ts';
import type { Tell } from '../../../scripts/shared/tell.ts';
import type { SampleRecord } from '../../../scripts/stack/sample/job.ts';
import { type Platform, samplePlatform } from '../../../scripts/stack/sample/platform.ts';
import { recordOf } from '../../../scripts/stack/sample/record.ts';
import { withSample } from '../../../scripts/stack/sample/settings.ts';
import { type GoogleApis, startGoogleApis } from '../../../scripts/stack/stand-ins/google/apis.ts';
import { LOCATION } from '../../../scripts/stack/stand-ins/scheduler/catalog-jobs.ts';
import { runAll } from '../../../scripts/stack/start.ts';
import { type Stack, up } from '../../../scripts/stack/up.ts';
import { builtBundles } from '../../support/bundle.ts';
import { SHARED_EMULATOR } from '../../support/firestore.ts';
import { freshFile } from '../../support/folders.ts';

/** So few that deleting and bringing back is quick, and that the plan leaves some for later. */
export const JOBS_PER_PLAN = 20;

/** The sweep goes before the clean-up, as it does in any night but the first: a plan is of what has ended. */
const ORDER = [
  'collect-metrics',
  'sweep-stale-jobs',
  'cleanup-artifacts',
  'prune-records',
  'observe-workloads',
];

const time = (path: string) => ({ path, type: 'timestamp' as const });
const TIMES = {
  createdAt: time('createdAt'),
  startedAt: time('startedAt'),
  heartbeatAt: time('heartbeatAt'),
  endedAt: time('endedAt'),
  updatedAt: time('updatedAt'),
};
const EXECUTIONS = {
  collection: 'executions',
  fields: { ...TIMES, status: 'status', error: 'error', backendId: 'backendId' },
};

/**
 * A collection group with every field mapped that is ever asked for, two by names that Firestore quotes; below it executions,
 * named as those of the sample.
 */
export const GROUPED: Source = sourceSchema.parse({
  collection: 'evaluations',
  group: true,
  fields: {
    ...TIMES,
    id: 'number',
    status: 'job-state',
    backendId: 'backendId',
    artifactUri: 'artifact',
    resumedFrom: 'parent-id',
  },
  statuses: { waiting: 'queued', busy: 'running', done: 'completed', bad: 'failed', off: 'cancelled' },
  backend: { kind: 'vertex-ai', region: 'us-central1' },
  executions: EXECUTIONS,
});

/** Jobs on Cloud Run, beside those of the sample. */
export const ON_CLOUD_RUN: Source = sourceSchema.parse({
  collection: 'batchRuns',
  mode: 'enforce',
  fields: {
    status: 'status',
    error: 'error',
    backendId: 'execution',
    startedAt: time('startedAt'),
    endedAt: time('endedAt'),
  },
  statuses: { running: 'running', done: 'completed', failed: 'failed', cancelled: 'cancelled' },
  backend: { kind: 'cloud-run', region: LOCATION },
});

/** The settings of the sample world with all that adds a query. */
function everything(): Settings {
  const sample = withSample(loadSettings(readEnvironment({})));
  const { jobs, ...others } = sample.sources;
  const sources = {
    jobs: { ...jobs, executions: EXECUTIONS, reports: { create: true } },
    ...others,
    evaluations: GROUPED,
    batch: ON_CLOUD_RUN,
  };
  const versions = { collection: 'versions', group: true, artifactUri: 'files.artifact' };
  return {
    ...sample,
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, source]) => [
        name,
        sourceSchema.parse({
          ...source,
          sweep: { ...source.sweep, maxQueuedHours: 24, stalledAfterMinutes: 120 },
        }),
      ]),
    ),
    artifacts: {
      ...sample.artifacts,
      jobsPerPlan: JOBS_PER_PLAN,
      models: [...sample.artifacts.models, versions],
    },
  };
}

/** The APIs of the sample platform, on which an execution failed two hours ago and logged why. */
function apisWithFailure({ world }: Platform, now: Date): Promise<GoogleApis> {
  const createdAt = addMs(now, -2 * HOUR_MS);
  const endedAt = addMs(createdAt, HOUR_MS);
  const execution = { job: 'train', region: LOCATION };
  const id = 'train-1';
  return startGoogleApis({
    ...world,
    executions: [
      ...world.executions,
      { ...execution, id, state: 'failed', createdAt, startedAt: createdAt, endedAt },
    ],
    logs: [
      ...world.logs,
      { ...execution, execution: id, at: endedAt, severity: 'ERROR', payload: 'CUDA out of memory' },
    ],
  });
}

/** A record of a job on Cloud Run that says `running`, of the execution that failed. */
function failedOnCloudRun(now: Date): SampleRecord {
  // Not whole hours: a record just written with those may have been written by a clock of another zone.
  const startedAt = addMs(now, -2.1 * HOUR_MS);
  return {
    id: '1',
    project: 'batch',
    status: 'running',
    createdAt: null,
    startedAt,
    endedAt: null,
    updatedAt: null,
    error: null,
    backendId: 'train/executions/train-1',
  };
}

/** The sample world, looked after by what is deployed: every task has run once, as `npm start` has them run. */
export interface SampleWorld {
  project: string;
  /** When it was made. */
  now: Date;
  settings: Settings;
  stack: Stack;
  db: Firestore;
  /** What is on the platform, and what asks for it. */
  platform: Platform;
  apis: GoogleApis;
  /** The job on Cloud Run, as it was recorded. */
  batchJob: SampleRecord;
  /** What `npm start` tells a person of all that. */
  told: string;
  /** Whether to `npm start` every task did what it should. */
  isFine: boolean;
  /** What the first sweep would have done. */
  foreseen: TaskAnswer<unknown>;
  /** What a task answered when it ran first. */
  first<Summary>(task: string): TaskAnswer<Summary>;
  /** Has a task run; its answer. */
  run<Summary>(task: string, body?: object, headers?: Record<string, string>): Promise<TaskAnswer<Summary>>;
}

export interface TaskAnswer<Summary> {
  status: number;
  runId: string;
  outcome: string;
  summary: Summary;
}

/** Tells into a text, as a terminal without colours shows it. */
function recorder(): { tell: Tell; text(): string } {
  const lines: string[] = [];
  const line = (text = '') => void lines.push(stripVTControlCharacters(text));
  const step = (name: string, text: string) => line(`  ${name.padEnd(10)} ${text}`);
  return { tell: { line, step, warn: line, progress: line }, text: () => `${lines.join('\n')}\n` };
}

/**
 * Starts the bundles on the sample world, under the real framework against the real emulator: a library may miss what a
 * bundle leaves out. Then has every task run once.
 */
export async function startSampleWorld(): Promise<SampleWorld & { stop(): Promise<void> }> {
  const project = `sample-${process.pid}`;
  const now = new Date();
  const folder = await builtBundles();
  const platform = samplePlatform({ project, database: '(default)' }, now);
  const settings = everything();
  const apis = await apisWithFailure(platform, now);
  const written = JSON.stringify({ ...settings, baseUrls: apis.baseUrls });
  const env = {
    NIGHTSHIFT_SETTINGS: freshFile('settings.json', written),
    ...SHARED_EMULATOR,
  };
  const { tell, text } = recorder();
  const stack = await up({ sample: true, project, env, folder: join(folder, 'dist'), tell }).catch(
    async (error) => {
      await apis.stop();
      throw error;
    },
  );
  const db = openFirestore(
    readEnvironment({ GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
  );
  const stop = async () => void (await Promise.all([db.terminate(), stack.stop(), apis.stop()]));

  async function run<Summary>(task: string, body: object = {}, headers: Record<string, string> = {}) {
    const answer = await fetch(`${stack.gatewayUrl}/${task}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { ...((await answer.json()) as Omit<TaskAnswer<Summary>, 'status'>), status: answer.status };
  }

  try {
    const batchJob = failedOnCloudRun(now);
    await db.doc(`${ON_CLOUD_RUN.collection}/${batchJob.id}`).set(recordOf(batchJob, ON_CLOUD_RUN));
    // The emulator counts no index as used by a query of a collection that is empty. Of today: yesterday is the sample's.
    const evaluation = { status: 'completed', artifactUri: 'gs://sample-exports/evaluations/1/' } as const;
    await db
      .doc('labs/a/evaluations/1')
      .set(recordOf({ ...evaluation, startedAt: now, endedAt: now }, GROUPED));
    const job = `projects/${project}/locations/${LOCATION}/jobs/prune-records`;
    const paused = await fetch(`${stack.scheduler.baseUrl}/v1/${job}:pause`, { method: 'POST', body: '{}' });
    if (!paused.ok) throw new Error(await paused.text());

    const foreseen = await run('sweep-stale-jobs', { dryRun: true });
    const answers = new Map<string, TaskAnswer<unknown>>();
    const unwatch = stack.scheduler.watch(({ job: task, status, text: body }) =>
      answers.set(task, { ...JSON.parse(body), status }),
    );
    const isFine = await runAll(stack, ORDER, tell, new AbortController().signal);
    unwatch();
    const first = <Summary>(task: string) => answers.get(task) as TaskAnswer<Summary>;
    const world = { project, now, settings, stack, db, platform, apis, batchJob, told: text(), isFine };
    return { ...world, foreseen, first, run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
