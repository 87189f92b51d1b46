import type { Metric, MetricGroups, Monitoring } from '../../shared/cloud/monitoring/monitoring.ts';
import type { Limits } from '../../shared/cloud/rest/rest.ts';
import type { CloudStorage } from '../../shared/cloud/storage/buckets.ts';
import type { StorageFigures } from '../../shared/model/day/sections/storage.ts';
import { sharedDeadline } from './limits.ts';
import {
  ifWhole,
  type Measurements,
  measuredBy,
  measuredOf,
  missingIn,
  namesIn,
  totalOf,
} from './measurements.ts';
import { largest } from './rows.ts';
import type { Collect, OpenSource } from './source.ts';

/** https://docs.cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-storage: sampled once a day. */
const metric = (name: string): Metric => ({
  type: `storage.googleapis.com/storage/${name}`,
  resourceType: 'gcs_bucket',
});
/** Labelled by the type of objects: live, noncurrent, soft-deleted, and parts of uploads that never ended. */
const BYTES = metric('v2/total_bytes');
const OBJECTS = metric('v2/total_count');
/** Older metrics without types, which do not count soft-deleted objects. */
const OLDER_BYTES = metric('total_bytes');
const OLDER_OBJECTS = metric('object_count');

const BUCKET = 'resource.labels.bucket_name';
const TYPE = 'metric.labels.type';
const SOFT_DELETED = 'soft-deleted-object';

type BucketRow = StorageFigures['perBucket'][number];

/** What the buckets hold. */
interface Holdings {
  bytes: Measurements;
  objects: Measurements;
  /** `null` where it is unknown. */
  softDeletedBytes: Measurements | null;
}

export const openStorage: OpenSource<'storage'> = (settings, clients) =>
  storageSource({ storage: clients.storage(settings), monitoring: clients.monitoring(settings) });

/** Takes bytes and objects from Monitoring, so that no object is listed. The list of buckets also has the empty ones. */
export function storageSource(tools: { storage: CloudStorage; monitoring: Monitoring }): Collect<'storage'> {
  return async ({ until, lookNow }, limits): Promise<StorageFigures> => {
    const [list, { bytes, objects, softDeletedBytes }] = await Promise.all([
      lookNow ? tools.storage.buckets(limits) : null,
      holdings(tools.monitoring, until, limits),
    ]);
    const perBucket = namesIn(bytes, objects).map(
      (bucket): BucketRow => ({
        bucket,
        bytes: measuredOf(bytes, bucket),
        objects: measuredOf(objects, bucket),
        softDeletedBytes: softDeletedBytes && measuredOf(softDeletedBytes, bucket),
      }),
    );
    const { rows, more } = largest(
      perBucket.filter((row) =>
        [row.bytes, row.objects, row.softDeletedBytes].some((value) => (value ?? 0) > 0),
      ),
      { size: (row) => row.bytes, name: (row) => row.bucket },
    );
    return {
      // Buckets that were made after the day do not count on it.
      buckets: ifWhole(list, ({ buckets }) => buckets.filter(({ createdAt }) => createdAt < until).length),
      bytes: totalOf(bytes),
      objects: totalOf(objects),
      softDeletedBytes: totalOf(softDeletedBytes),
      perBucket: rows,
      more,
      missing: missingIn(list, bytes, objects, softDeletedBytes),
    };
  };
}

/** Reads the metrics with types; where these have no data at all, the older ones. */
async function holdings(monitoring: Monitoring, until: Date, limits: Limits): Promise<Holdings> {
  const left = sharedDeadline(limits);
  const [bytes, objects] = await Promise.all([
    monitoring.latest(BYTES, until, [BUCKET, TYPE], limits),
    monitoring.latest(OBJECTS, until, [BUCKET, TYPE], limits),
  ]);
  const current = {
    bytes: measuredBy('bucket_name', bytes, ({ type }) => type !== SOFT_DELETED),
    objects: measuredBy('bucket_name', objects, ({ type }) => type !== SOFT_DELETED),
    softDeletedBytes: measuredBy('bucket_name', bytes, ({ type }) => type === SOFT_DELETED),
  };
  if (!knowsNothing(bytes) || !knowsNothing(objects)) return current;
  const [olderBytes, olderObjects] = await Promise.all([
    monitoring.latest(OLDER_BYTES, until, [BUCKET], left()),
    monitoring.latest(OLDER_OBJECTS, until, [BUCKET], left()),
  ]);
  // No metric has data: there are no objects, and the figures are zeros.
  if (knowsNothing(olderBytes) && knowsNothing(olderObjects)) return current;
  return {
    bytes: measuredBy('bucket_name', olderBytes),
    objects: measuredBy('bucket_name', olderObjects),
    softDeletedBytes: null,
  };
}

function knowsNothing({ groups, missing }: MetricGroups): boolean {
  return groups.length === 0 && missing.length === 0;
}
