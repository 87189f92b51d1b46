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

/** `settings` with all that the sample platform has: ETL runs, and every metric source of the platform. */
export function withSample(settings: Settings): Settings {
  return {
    ...settings,
    sources: { ...settings.sources, etl: ETL_SOURCE },
    metrics: { ...settings.metrics, storage: {}, bigquery: {}, cloudRun: {}, database: { cloudSql: true } },
  };
}
