import { gauge, type Series } from './series.ts';
import { type Level, levelAt, type PlatformWorld, type Usage } from './world.ts';

const SERIES_OF: Record<string, (world: PlatformWorld) => Series[]> = {
  'storage.googleapis.com': bucketSeries,
  'bigquery.googleapis.com': bigQuerySeries,
  'firestore.googleapis.com': databaseSeries,
  'cloudsql.googleapis.com': databaseSeries,
  'run.googleapis.com': requestSeries,
};

/** The time series of one metric of a platform. */
export function seriesOf(world: PlatformWorld, metric: string): Series[] {
  const [service = ''] = metric.split('/');
  return (SERIES_OF[service]?.(world) ?? []).filter((series) => series.metric === metric);
}

function bucketSeries({ project: project_id, buckets }: PlatformWorld): Series[] {
  return buckets.flatMap((bucket) => {
    const {
      name: bucket_name,
      location,
      storageClass: storage_class,
      live,
      noncurrent,
      softDeleted,
    } = bucket;
    const resource = { type: 'gcs_bucket', labels: { project_id, bucket_name, location } };
    const typed = {
      'live-object': live,
      'noncurrent-object': noncurrent,
      'soft-deleted-object': softDeleted,
    };
    const v2 = Object.entries(typed).flatMap(([type, usage]) =>
      usage ? usageSeries('v2/total_bytes', 'v2/total_count', usage, { storage_class, type }, resource) : [],
    );
    // The older metrics have no types, and know nothing of soft deletion.
    const known = [live, ...(noncurrent ? [noncurrent] : [])];
    const total = (of: keyof Usage) => (at: Date) => sumOf(known.map((usage) => levelAt(usage[of], at)));
    const v1 = usageSeries(
      'total_bytes',
      'object_count',
      { bytes: total('bytes'), objects: total('objects') },
      { storage_class },
      resource,
    );
    return [...v2, ...v1];
  });
}

function usageSeries(
  bytes: 'v2/total_bytes' | 'total_bytes',
  objects: 'v2/total_count' | 'object_count',
  usage: { [of in keyof Usage]: Level | ((at: Date) => number | null) },
  labels: Record<string, string>,
  resource: Series['resource'],
): Series[] {
  return [
    gauge(`storage.googleapis.com/storage/${bytes}`, 'DOUBLE', usage.bytes, labels, resource),
    gauge(`storage.googleapis.com/storage/${objects}`, 'INT64', usage.objects, labels, resource),
  ];
}

function bigQuerySeries({ project: project_id, bigquery }: PlatformWorld): Series[] {
  return bigquery.datasets.flatMap(({ id: dataset_id, tables }) => {
    const resource = { type: 'bigquery_dataset', labels: { project_id, dataset_id } };
    const count = (at: Date) => tables.filter(({ bytes }) => levelAt(bytes, at) !== null).length;
    return [
      gauge('bigquery.googleapis.com/storage/table_count', 'INT64', count, {}, resource),
      ...tables.map(({ id: table, bytes }) =>
        gauge('bigquery.googleapis.com/storage/stored_bytes', 'INT64', bytes, { table }, resource),
      ),
    ];
  });
}

function databaseSeries({ project, firestore, sql }: PlatformWorld): Series[] {
  const documents = firestore.map(({ id: database_id, location, bytes }) =>
    gauge(
      'firestore.googleapis.com/storage/data_and_index_storage_bytes',
      'INT64',
      bytes,
      {},
      {
        type: 'firestore.googleapis.com/Database',
        labels: { resource_container: project, location, database_id },
      },
    ),
  );
  const disks = sql.map(({ name, region, bytes }) =>
    gauge(
      'cloudsql.googleapis.com/database/disk/bytes_used',
      'INT64',
      bytes,
      {},
      {
        type: 'cloudsql_database',
        labels: { project_id: project, region, database_id: `${project}:${name}` },
      },
    ),
  );
  return [...documents, ...disks];
}

function requestSeries({ project: project_id, run }: PlatformWorld): Series[] {
  const bySeries = Map.groupBy(run.requests, (it) => `${it.service} ${it.region} ${it.responseClass}`);
  return [...bySeries.values()].map((requests) => {
    const { service, region: location, responseClass } = requests[0] as (typeof requests)[number];
    const code = `${responseClass[0]}00`;
    return {
      metric: 'run.googleapis.com/request_count',
      kind: 'DELTA',
      valueType: 'INT64',
      labels: { response_code: code, response_code_class: responseClass },
      resource: {
        type: 'cloud_run_revision',
        labels: {
          project_id,
          location,
          service_name: service,
          revision_name: `${service}-00001-abc`,
          configuration_name: service,
        },
      },
      points: (after, until) =>
        requests
          .filter(({ at }) => at > after && at <= until)
          .map(({ at, count: value }) => ({ at, value }))
          .sort((a, b) => b.at.getTime() - a.at.getTime()),
    };
  });
}

/** The sum of those that are there; null when none is. */
function sumOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
}
