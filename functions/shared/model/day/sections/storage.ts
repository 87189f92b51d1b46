import { z } from 'zod';
import { anySource, bytes, count, defineSection, MONITORING_DAYS, rowsAndParts, without } from './section.ts';

/** Cloud Storage at the day's end. Bytes and objects are those that are live or noncurrent; soft-deleted ones stand apart. */
const figures = z.strictObject({
  /** Seen only on the day after; `null` where it was not looked at then. Empty buckets count. */
  buckets: count.nullable(),
  bytes: bytes.nullable(),
  objects: count.nullable(),
  softDeletedBytes: bytes.nullable(),
  /** Only buckets that hold something. */
  perBucket: z.array(
    z.strictObject({
      bucket: z.string(),
      bytes: bytes.nullable(),
      objects: count.nullable(),
      softDeletedBytes: bytes.nullable(),
    }),
  ),
  ...rowsAndParts,
});
export type StorageFigures = z.infer<typeof figures>;

export const storage = defineSection({
  figures,
  settings: z.strictObject(anySource),
  reachDays: MONITORING_DAYS,
  uses: () => [{ api: 'storage' }],
  permissions: { storage: ['storage.buckets.list'] },
  keepSeen: (found, stored) => ({ ...found, buckets: stored.buckets ?? found.buckets }),
  totals: (section) => without(section, 'perBucket', 'more'),
});
