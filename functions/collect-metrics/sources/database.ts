import type { Metric, Monitoring } from '../../shared/cloud/monitoring/monitoring.ts';
import type { CloudSql } from '../../shared/cloud/sql.ts';
import type { DatabaseFigures } from '../../shared/model/day/sections/database.ts';
import { MOST_ROWS } from '../../shared/model/day/sections/section.ts';
import { ifWhole, measuredBy, measuredOf, missingIn, namesIn, totalOf } from './measurements.ts';
import { largest } from './rows.ts';
import type { Collect, FirestoreDatabase, OpenSource } from './source.ts';

/** https://docs.cloud.google.com/monitoring/api/metrics_gcp_d_h#gcp-firestore */
const FIRESTORE_BYTES: Metric = {
  type: 'firestore.googleapis.com/storage/data_and_index_storage_bytes',
  resourceType: 'firestore.googleapis.com/Database',
};
/** https://docs.cloud.google.com/monitoring/api/metrics_gcp_c#gcp-cloudsql */
const SQL_BYTES: Metric = {
  type: 'cloudsql.googleapis.com/database/disk/bytes_used',
  resourceType: 'cloudsql_database',
};

type DatabaseRow = DatabaseFigures['firestore']['perDatabase'][number];
type InstanceRow = NonNullable<DatabaseFigures['cloudSql']>['perInstance'][number];

export const openDatabase: OpenSource<'database'> = (settings, clients) =>
  databaseSource({
    monitoring: clients.monitoring(settings),
    databases: clients.databases(settings, settings.firestore),
    sql: settings.cloudSql ? clients.sql(settings) : null,
  });

/**
 * Takes bytes from Monitoring, of the Firestore databases that are named and of every Cloud SQL instance. Collections and
 * instances are counted as they are now.
 */
export function databaseSource(tools: {
  monitoring: Monitoring;
  databases: readonly FirestoreDatabase[];
  /** `null` where the settings ask for none. */
  sql: CloudSql | null;
}): Collect<'database'> {
  const { monitoring, databases, sql } = tools;
  const named = new Set(databases.map(({ id }) => id));

  return async ({ until, lookNow }, limits): Promise<DatabaseFigures> => {
    const latest = (gauge: Metric) =>
      monitoring.latest(gauge, until, ['resource.labels.database_id'], limits);
    const [stored, collections, used, list] = await Promise.all([
      latest(FIRESTORE_BYTES),
      lookNow ? Promise.all(databases.map((database) => database.collections.count(limits))) : null,
      sql && latest(SQL_BYTES),
      sql && lookNow ? sql.instances(limits) : null,
    ]);
    const documents = measuredBy('database_id', stored, (labels) => named.has(labels.database_id ?? ''));
    const disks = used && measuredBy('database_id', used);
    const perDatabase = largest(
      databases.map(({ id }): DatabaseRow => ({ database: id, bytes: measuredOf(documents, id) })),
      { size: (row) => row.bytes, name: (row) => row.database },
    );
    const perInstance = largest(
      disks
        ? namesIn(disks).map(
            (id): InstanceRow => ({ instance: instanceIn(id), bytes: measuredOf(disks, id) }),
          )
        : [],
      { size: (row) => row.bytes, name: (row) => row.instance },
      MOST_ROWS - perDatabase.rows.length,
    );
    return {
      firestore: {
        bytes: totalOf(documents),
        documents: null,
        collections: collections?.reduce((sum, count) => sum + count, 0) ?? null,
        perDatabase: perDatabase.rows,
      },
      cloudSql: disks && {
        instances: ifWhole(list, ({ instances }) => instances.length),
        bytes: totalOf(disks),
        tables: null,
        perInstance: perInstance.rows,
      },
      more: perDatabase.more + perInstance.more,
      missing: missingIn(documents, disks, list),
    };
  };
}

/** Monitoring names an instance `PROJECT:INSTANCE`, where the project may have a colon of its own. */
function instanceIn(databaseId: string): string {
  return databaseId.slice(databaseId.lastIndexOf(':') + 1);
}
