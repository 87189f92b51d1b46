import { type ArtifactPolicy, artifactPolicySchema } from '../../../functions/shared/model/cleanup/policy.ts';
import { type PlatformSettings, perSource, SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import { type Source, sourceSchema, type TimeMapping } from '../../../functions/shared/model/job/source.ts';
import { type WorkloadSettings, workloadsSchema } from '../../../functions/shared/model/workload/tables.ts';
import type { Settings } from '../../../functions/shared/settings.ts';
import { TRAINING_REGION } from './custom-jobs.ts';
import { WANDB } from './wandb.ts';
import { RUNNER_JOB, WORKLOAD_REGIONS } from './workloads.ts';

/** The words of the orchestrator of the sample's ETL runs, in their records and in its answers. */
const ETL_STATUSES = {
  scheduled: 'queued',
  running: 'running',
  success: 'completed',
  failure: 'failed',
  stopped: 'cancelled',
} as const;

/** The ETL runs of the sample world, as a system that is not ours would have them; observed only, as a new source is. */
export const ETL_SOURCE: Source = sourceSchema.parse({
  collection: 'etlRuns',
  kind: 'etl',
  fields: {
    project: 'pipeline',
    status: 'state',
    createdAt: { path: 'times.scheduled', type: 'timestamp' },
    startedAt: { path: 'times.started', type: 'timestamp' },
    endedAt: { path: 'times.ended', type: 'timestamp' },
    updatedAt: { path: 'updated', type: 'timestamp' },
    error: 'reason',
    backendId: 'run',
  },
  statuses: ETL_STATUSES,
  sweep: { maxRuntimeHours: 6 },
  backend: {
    kind: 'http',
    url: 'https://orchestrator.example.com/jobs/{id}',
    state: 'state',
    statuses: ETL_STATUSES,
    startedAt: 'started',
    endedAt: 'ended',
    error: 'reason',
  },
});

/** What of the sample's artifacts may be deleted, and what names those that stay. */
const ARTIFACTS: ArtifactPolicy = artifactPolicySchema.parse({
  buckets: ['sample-artifacts', 'sample-exports'],
  protectedPrefixes: ['gs://sample-artifacts/baselines/'],
  models: [{ collection: 'models', artifactUri: 'artifactUri' }],
  vertexModels: { regions: ['us-central1', 'europe-west4'] },
  // So few that a plan can be read whole, and that the backlog is worked off plan by plan.
  jobsPerPlan: 60,
});

/** What runs on the sample platform, and where. */
const SAMPLE_WORKLOADS: WorkloadSettings = workloadsSchema.parse({
  regions: WORKLOAD_REGIONS,
  builds: {},
  runner: { job: RUNNER_JOB },
  // The stack puts its stand-in in place of W&B's own address.
  wandb: WANDB,
  vertex: {},
});

/**
 * `settings` with all that the sample platform has: ETL runs, every metric source of the platform, jobs that run on Vertex
 * AI, some of them in several tries, and that are ended in earnest, and so are their artifacts deleted.
 */
export function withSample(settings: Settings): Settings {
  const training = trainingSource(settings);
  return {
    ...settings,
    sources: {
      ...settings.sources,
      ...(training && { [training.name]: inEarnest(training.source) }),
      etl: ETL_SOURCE,
    },
    metrics: {
      ...settings.metrics,
      ...perSource<PlatformSettings>((source) => SECTIONS[source].settings.parse({})),
      database: { cloudSql: true },
    },
    artifacts: ARTIFACTS,
    workloads: SAMPLE_WORKLOADS,
  };
}

/** The source that takes the sample jobs: `jobs`, or the first of training jobs when none is called so. */
export function trainingSource({
  sources,
}: Pick<Settings, 'sources'>): { name: string; source: Source } | undefined {
  const { jobs, ...others } = sources;
  const all = Object.entries(jobs ? { jobs, ...others } : others);
  return all.map(([name, source]) => ({ name, source })).find(({ source }) => source.kind === 'training');
}

function inEarnest(source: Source): Source {
  return {
    ...source,
    mode: 'enforce',
    fields: {
      ...source.fields,
      registeredModel: 'registeredModel',
      resumedFrom: 'resumedFrom',
      keepUntil: timestamp('keepUntil'),
    },
    backend: { kind: 'vertex-ai', region: TRAINING_REGION },
    executions: {
      collection: 'executions',
      fields: {
        status: 'status',
        error: 'error',
        startedAt: timestamp('startedAt'),
        heartbeatAt: timestamp('heartbeatAt'),
        endedAt: timestamp('endedAt'),
      },
    },
  };
}

function timestamp(path: string): TimeMapping {
  return { path, type: 'timestamp' };
}
