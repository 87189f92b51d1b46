import type { GpuFigures, JobFigures, Sections } from './day.ts';
import type { BigQueryFigures, CloudRunFigures, DatabaseFigures, StorageFigures } from './platform.ts';

/** A day's sections without their rows: what a person looks at first. Sections that are `null` are left out. */
export interface Totals {
  jobs?: JobFigures;
  gpu?: GpuFigures;
  etl?: JobFigures;
  storage?: Omit<StorageFigures, 'perBucket' | 'more'>;
  bigquery?: Omit<BigQueryFigures, 'perDataset' | 'more'>;
  cloudRun?: Omit<CloudRunFigures, 'perService' | 'more'>;
  database?: {
    firestore: Omit<DatabaseFigures['firestore'], 'perDatabase'>;
    cloudSql: Omit<NonNullable<DatabaseFigures['cloudSql']>, 'perInstance'> | null;
    missing: string[];
  };
}

/** The totals of a day's sections. */
export function totalsOf({ jobs, gpu, etl, storage, bigquery, cloudRun, database }: Sections): Totals {
  return {
    ...(jobs && { jobs }),
    ...(gpu && { gpu }),
    ...(etl && { etl }),
    ...(storage && { storage: without(storage, 'perBucket', 'more') }),
    ...(bigquery && { bigquery: without(bigquery, 'perDataset', 'more') }),
    ...(cloudRun && { cloudRun: without(cloudRun, 'perService', 'more') }),
    ...(database && {
      database: {
        firestore: without(database.firestore, 'perDatabase'),
        cloudSql: database.cloudSql && without(database.cloudSql, 'perInstance'),
        missing: database.missing,
      },
    }),
  };
}

function without<T extends object, Key extends keyof T>(section: T, ...keys: Key[]): Omit<T, Key> {
  return Object.fromEntries(
    Object.entries(section).filter(([key]) => !(keys as PropertyKey[]).includes(key)),
  ) as Omit<T, Key>;
}
