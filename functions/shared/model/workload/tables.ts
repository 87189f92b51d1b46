import { z } from 'zod';
import { distinct, region } from '../forms.ts';
import { builds } from './tables/builds.ts';
import { runner } from './tables/runner.ts';
import type { WorkloadTable } from './tables/table.ts';
import { vertex } from './tables/vertex.ts';

/**
 * The workload tables, one line each: their names in the settings and of their documents. What is known of one without asking
 * it is in its file; shared/cloud/workloads/ asks it, and does not compile until it has a line for it, too.
 */
export const TABLES = { builds, runner, vertex };

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as [TableName, ...TableName[]];

/** The settings of one table. */
export type TableSettings<Table extends TableName> = z.infer<(typeof TABLES)[Table]['settings']>;

/** A record of what `of` makes of each table. */
export function perTable<Values extends { [Table in TableName]: unknown }>(
  of: (table: TableName) => Values[TableName],
): Values {
  return Object.fromEntries(TABLE_NAMES.map((table) => [table, of(table)])) as Values;
}

/** Asked unless the settings name others. */
export const DEFAULT_REGIONS = [
  ...['us-central1', 'us-east1', 'us-east4', 'us-east5', 'us-west1', 'us-west2', 'us-west3', 'us-west4'],
  ...['northamerica-northeast1', 'southamerica-east1'],
  ...['europe-west1', 'europe-west2', 'europe-west3', 'europe-west4', 'europe-west9'],
  ...['asia-northeast1', 'asia-southeast1', 'australia-southeast1'],
];

/** What of the platform is watched; a table that is not named is not asked. */
export const workloadsSchema = z.strictObject({
  regions: distinct(region).min(1).max(40).default(DEFAULT_REGIONS),
  /** Cloud Logging answers 60 a minute for a whole project; the rest is for people and for the sweep. */
  logReadsPerMinute: z.int().min(1).max(60).default(20),
  ...perTable<{ [Table in TableName]: z.ZodOptional<(typeof TABLES)[Table]['settings']> }>((table) =>
    TABLES[table].settings.optional(),
  ),
});
export type WorkloadSettings = z.infer<typeof workloadsSchema>;

/** The tables that the settings name, in the order of TABLES. */
export function tablesOf(settings: WorkloadSettings): TableName[] {
  return TABLE_NAMES.filter((table) => settings[table] !== undefined);
}

/** The places of a table that are asked. */
export function placesOf(
  table: TableName,
  { regions }: Pick<WorkloadSettings, 'regions'>,
): readonly string[] {
  const definition: WorkloadTable = TABLES[table];
  return definition.placesOf(regions);
}

/** The definition of a table, typed by what all have. */
export function tableOf(table: TableName): WorkloadTable {
  return TABLES[table];
}
