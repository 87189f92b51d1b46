import { type ArtifactPolicy, artifactPolicySchema } from '../../functions/shared/model/policy.ts';
import { type Source, sourceSchema } from '../../functions/shared/model/source.ts';
import type { Settings } from '../../functions/shared/settings.ts';

/** The ETL runs of the sample world, as a system that is not ours would have them. */
const ETL_SOURCE: Source = sourceSchema.parse({
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
  },
  statuses: {
    scheduled: 'queued',
    running: 'running',
    success: 'completed',
    failure: 'failed',
    stopped: 'cancelled',
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

/**
 * `settings` with all that the sample platform has: ETL runs, every metric source of the platform, and artifacts of jobs
 * that are deleted in earnest.
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
    metrics: { ...settings.metrics, storage: {}, bigquery: {}, cloudRun: {}, database: { cloudSql: true } },
    artifacts: ARTIFACTS,
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
      keepUntil: { path: 'keepUntil', type: 'timestamp' },
    },
  };
}
