import { z } from 'zod';

/**
 * What a day's document tells of the platform around the jobs, one strict section per metric source. A total is `null`
 * when nobody can tell it, never zero; what is `missing` makes the totals it belongs to `null`, while the rows keep what
 * answered. Sections hold at most ROWS_TOLD rows, the largest first: the totals count all, `more` says how many are not
 * listed.
 */
export const ROWS_TOLD = 200;

const count = z.int().min(0);
const bytes = z.number().min(0);

/** In every section: the parts that gave no answer, such as regions. */
const missing = z.array(z.string());
const more = count;

/** Cloud Storage at the day's end. Bytes and objects are those that are live or noncurrent; soft-deleted ones stand apart. */
export const storageSchema = z.strictObject({
  /** Seen only on the day after; `null` where nobody looked then. Empty buckets count. */
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
  more,
  missing,
});
export type StorageFigures = z.infer<typeof storageSchema>;

/** BigQuery: tables and bytes at the day's end, and the jobs of every user that ended on the day. */
export const bigquerySchema = z.strictObject({
  tables: count.nullable(),
  bytes: bytes.nullable(),
  jobsCompleted: count.nullable(),
  /** Ended with an error; those that somebody cancelled are among them. */
  jobsFailed: count.nullable(),
  perDataset: z.array(
    z.strictObject({ dataset: z.string(), tables: count.nullable(), bytes: bytes.nullable() }),
  ),
  more,
  missing,
});
export type BigQueryFigures = z.infer<typeof bigquerySchema>;

/** Classes of HTTP responses; `other` is what Monitoring gives no class. */
export const RESPONSE_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
export type ResponseClass = (typeof RESPONSE_CLASSES)[number];

/** Cloud Run services. */
export const cloudRunSchema = z.strictObject({
  /** Seen only on the day after; `null` where nobody looked then. */
  services: count.nullable(),
  /** Services that served a request on the day. */
  activeServices: count.nullable(),
  requests: count.nullable(),
  /** Only services that served a request. */
  perService: z.array(
    z.strictObject({
      service: z.string(),
      region: z.string(),
      requests: z.partialRecord(z.enum(RESPONSE_CLASSES), count),
    }),
  ),
  more,
  missing,
});
export type CloudRunFigures = z.infer<typeof cloudRunSchema>;

/** Databases at the day's end. */
export const databaseSchema = z.strictObject({
  firestore: z.strictObject({
    bytes: bytes.nullable(),
    /** No API of Google's tells it without reading, or being billed for, every document. */
    documents: count.nullable(),
    /** Collections at the root; seen only on the day after, `null` where nobody looked then. */
    collections: count.nullable(),
    perDatabase: z.array(z.strictObject({ database: z.string(), bytes: bytes.nullable() })),
  }),
  /** `null` where the settings ask for none. */
  cloudSql: z
    .strictObject({
      /** Seen only on the day after; `null` where nobody looked then. */
      instances: count.nullable(),
      bytes: bytes.nullable(),
      /** No API of Google's tells it: only the database itself knows. */
      tables: count.nullable(),
      perInstance: z.array(z.strictObject({ instance: z.string(), bytes: bytes.nullable() })),
    })
    .nullable(),
  more,
  missing,
});
export type DatabaseFigures = z.infer<typeof databaseSchema>;

/** The section of each metric source of the platform, by the source's name. */
export const PLATFORM_SCHEMAS = {
  storage: storageSchema,
  bigquery: bigquerySchema,
  cloudRun: cloudRunSchema,
  database: databaseSchema,
};
export interface PlatformFigures {
  storage: StorageFigures;
  bigquery: BigQueryFigures;
  cloudRun: CloudRunFigures;
  database: DatabaseFigures;
}
export type PlatformSource = keyof PlatformFigures;
export const PLATFORM_SOURCES = Object.keys(PLATFORM_SCHEMAS) as PlatformSource[];
