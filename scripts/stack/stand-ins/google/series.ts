import { addMs } from '../../../../functions/shared/dates.ts';
import { type Level, levelAt } from './world.ts';

/** A time series of Cloud Monitoring, before anybody aligns it. */
export interface Series {
  metric: string;
  kind: 'GAUGE' | 'DELTA';
  valueType: 'INT64' | 'DOUBLE';
  labels: Record<string, string>;
  resource: { type: string; labels: Record<string, string> };
  /** The points that end in (after, until], newest first. */
  points(after: Date, until: Date): SeriesPoint[];
}

export interface SeriesPoint {
  at: Date;
  value: number;
}

const MINUTE_MS = 60_000;

/**
 * Every metric that is served, with the seconds between two of its samples; names, labels and resources as in
 * https://docs.cloud.google.com/monitoring/api/metrics_gcp.
 */
const SAMPLED = {
  'storage.googleapis.com/storage/v2/total_bytes': 300,
  'storage.googleapis.com/storage/v2/total_count': 300,
  'storage.googleapis.com/storage/total_bytes': 300,
  'storage.googleapis.com/storage/object_count': 300,
  'bigquery.googleapis.com/storage/stored_bytes': 1_800,
  'bigquery.googleapis.com/storage/table_count': 1_800,
  'firestore.googleapis.com/storage/data_and_index_storage_bytes': 3_600,
  'cloudsql.googleapis.com/database/disk/bytes_used': 60,
  'run.googleapis.com/request_count': 60,
};
type KnownMetric = keyof typeof SAMPLED;

/** Whether Monitoring has ever heard of a metric. */
export function isKnownMetric(metric: string): boolean {
  return Object.hasOwn(SAMPLED, metric);
}

/** The series of a gauge that is sampled as often as Google does it. */
export function gauge(
  metric: KnownMetric,
  valueType: Series['valueType'],
  level: Level | ((at: Date) => number | null),
  labels: Record<string, string>,
  resource: Series['resource'],
): Series {
  const valueAt = typeof level === 'function' ? level : (at: Date) => levelAt(level, at);
  const stepMs = SAMPLED[metric] * 1_000;
  return {
    metric,
    kind: 'GAUGE',
    valueType,
    labels,
    resource,
    points(after, until) {
      const points: SeriesPoint[] = [];
      for (let ms = Math.floor(until.getTime() / stepMs) * stepMs; ms > after.getTime(); ms -= stepMs) {
        const at = new Date(ms);
        const value = valueAt(at);
        if (value !== null) points.push({ at, value });
      }
      return points;
    },
  };
}

/** The start of a point's interval: a gauge has none of its own, a delta counts a minute. */
export function startOf({ kind }: Series, at: Date): Date {
  return kind === 'GAUGE' ? at : addMs(at, -MINUTE_MS);
}
