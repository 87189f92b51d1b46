import { z } from 'zod';
import { distinct } from '../../forms.ts';
import { anySource, bytes, count, defineSection, MONITORING_DAYS, rowsAndParts, without } from './section.ts';

/** Databases at the day's end. */
const figures = z.strictObject({
  firestore: z.strictObject({
    bytes: bytes.nullable(),
    /** Always `null`: Google's APIs count documents only by reading, or billing for, every one of them. */
    documents: count.nullable(),
    /** Collections at the root; seen only on the day after, `null` where they were not looked at then. */
    collections: count.nullable(),
    perDatabase: z.array(z.strictObject({ database: z.string(), bytes: bytes.nullable() })),
  }),
  /** `null` where the settings ask for none. */
  cloudSql: z
    .strictObject({
      /** Seen only on the day after; `null` where they were not looked at then. */
      instances: count.nullable(),
      bytes: bytes.nullable(),
      /** Always `null`: only the database itself knows. */
      tables: count.nullable(),
      perInstance: z.array(z.strictObject({ instance: z.string(), bytes: bytes.nullable() })),
    })
    .nullable(),
  ...rowsAndParts,
});
export type DatabaseFigures = z.infer<typeof figures>;

export const database = defineSection({
  figures,
  settings: z.strictObject({
    ...anySource,
    /** Ids of Firestore databases; Nightshift's own unless named. */
    firestore: distinct(z.string().min(1)).min(1).optional(),
    cloudSql: z.boolean().default(false),
  }),
  reachDays: MONITORING_DAYS,
  uses: ({ cloudSql }) => (cloudSql ? [{ api: 'sql' }] : []),
  permissions: { sql: ['cloudsql.instances.list'] },
  keepSeen: (found, stored) => ({
    ...found,
    firestore: {
      ...found.firestore,
      collections: stored.firestore.collections ?? found.firestore.collections,
    },
    cloudSql: found.cloudSql && {
      ...found.cloudSql,
      instances: stored.cloudSql?.instances ?? found.cloudSql.instances,
    },
  }),
  totals: ({ firestore, cloudSql, missing }) => ({
    firestore: without(firestore, 'perDatabase'),
    cloudSql: cloudSql && without(cloudSql, 'perInstance'),
    missing,
  }),
});
