import { z } from 'zod';
import { distinct, region } from '../forms.ts';
import { active } from './tables/active.ts';
import { builds } from './tables/builds.ts';
import { completed } from './tables/completed.ts';
import { runner } from './tables/runner.ts';
import type { WorkloadTable } from './tables/table.ts';
import { vertex } from './tables/vertex.ts';

/**
 * The workload tables, one line each: the names of their documents. What is known of one without asking it is in its file;
 * shared/cloud/workloads/ asks it, and does not compile until it has a line for it, too.
 */
export const TABLES = { builds, runner, completed, active, vertex };

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as [TableName, ...TableName[]];

/** The settings of one table. */
export type TableSettings<Table extends TableName> = z.infer<(typeof TABLES)[Table]['settings']>;

type SectionShape = {
  [Table in TableName as (typeof TABLES)[Table]['section']]: z.ZodOptional<
    (typeof TABLES)[Table]['settings']
  >;
};

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
  ...(Object.fromEntries(
    TABLE_NAMES.map((table) => [TABLES[table].section, TABLES[table].settings.optional()]),
  ) as SectionShape),
});
export type WorkloadSettings = z.infer<typeof workloadsSchema>;

/** The tables that the settings name, in the order of TABLES. Where they do not name W&B, none of its tables is anywhere. */
export function tablesOf(settings: WorkloadSettings): TableName[] {
  return TABLE_NAMES.filter((table) => settings[TABLES[table].section] !== undefined);
}

/** The settings of a table that they name. Throws for another one. */
export function settingsOf<Table extends TableName>(
  table: Table,
  settings: WorkloadSettings,
): TableSettings<Table> {
  const own = settings[TABLES[table].section];
  if (own === undefined) throw new TypeError(`Cannot find ${table} in the settings`);
  return own as TableSettings<Table>;
}

/** The places of a table that are asked. */
export function placesOf(table: TableName, settings: WorkloadSettings): readonly string[] {
  return tableOf(table).placesOf(settings.regions, settingsOf(table, settings));
}

/** The definition of a table, typed by what all have. */
export function tableOf(table: TableName): WorkloadTable {
  return TABLES[table];
}
