import { z } from 'zod';
import { anySource, bytes, count, defineSection, rowsAndParts, without } from './section.ts';

/** BigQuery: tables and bytes at the day's end, and the jobs of every user that ended on the day. */
const figures = z.strictObject({
  tables: count.nullable(),
  bytes: bytes.nullable(),
  jobsCompleted: count.nullable(),
  /** Ended with an error; jobs that a person cancelled are among them. */
  jobsFailed: count.nullable(),
  perDataset: z.array(
    z.strictObject({ dataset: z.string(), tables: count.nullable(), bytes: bytes.nullable() }),
  ),
  ...rowsAndParts,
});
export type BigQueryFigures = z.infer<typeof figures>;

export const bigquery = defineSection({
  figures,
  settings: z.strictObject(anySource),
  // Its list holds the jobs of six months, by creation (https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list).
  reachDays: 175,
  uses: () => [{ api: 'bigquery' }],
  permissions: { bigquery: ['bigquery.jobs.listAll'] },
  keepSeen: (found) => found,
  totals: (section) => without(section, 'perDataset', 'more'),
});
