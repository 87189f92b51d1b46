import { bigquery } from '../shared/cloud/bigquery.ts';
import { monitoring } from '../shared/cloud/monitoring/monitoring.ts';
import { cloudRun } from '../shared/cloud/run-services.ts';
import { cloudSql } from '../shared/cloud/sql.ts';
import { cloudStorage } from '../shared/cloud/storage/buckets.ts';
import { SECOND_MS } from '../shared/dates.ts';
import type { startFunction } from '../shared/start.ts';
import { rootCollections } from '../shared/store/sources/root-collections.ts';
import type { Platform } from './sources/ask-platform.ts';
import { bigquerySource } from './sources/bigquery.ts';
import { cloudRunSource } from './sources/cloud-run.ts';
import { databaseSource } from './sources/database.ts';
import { storageSource } from './sources/storage.ts';

/** The metric sources of the platform that the settings name, each with its tools and its deadline. */
export function openPlatform({
  environment,
  settings,
  databaseOf,
  apiOf,
  log,
}: Pick<
  ReturnType<typeof startFunction>,
  'environment' | 'settings' | 'databaseOf' | 'apiOf' | 'log'
>): Platform {
  const { metrics } = settings;
  const { storage, database } = metrics;
  const deadlineMs = ({ deadlineSeconds = metrics.deadlineSeconds }) => deadlineSeconds * SECOND_MS;
  const platform: Platform = {};

  if (storage)
    platform.storage = {
      deadlineMs: deadlineMs(storage),
      collect: storageSource({
        storage: cloudStorage(apiOf('storage', storage)),
        monitoring: monitoring(apiOf('monitoring', storage)),
      }),
    };
  if (metrics.bigquery)
    platform.bigquery = {
      deadlineMs: deadlineMs(metrics.bigquery),
      collect: bigquerySource({
        bigquery: bigquery(apiOf('bigquery', metrics.bigquery)),
        monitoring: monitoring(apiOf('monitoring', metrics.bigquery)),
      }),
    };
  if (metrics.cloudRun)
    platform.cloudRun = {
      deadlineMs: deadlineMs(metrics.cloudRun),
      collect: cloudRunSource({
        run: cloudRun(apiOf('run', metrics.cloudRun)),
        monitoring: monitoring(apiOf('monitoring', metrics.cloudRun)),
        regions: metrics.cloudRun.regions,
      }),
    };
  if (database) {
    const { googleProject, firestore = [environment.FIRESTORE_DATABASE], cloudSql: wantsSql } = database;
    const project = googleProject ?? environment.GOOGLE_CLOUD_PROJECT;
    const place = (id: string) =>
      googleProject === undefined && id === environment.FIRESTORE_DATABASE
        ? {}
        : { googleProject, database: id };
    platform.database = {
      deadlineMs: deadlineMs(database),
      collect: databaseSource({
        monitoring: monitoring(apiOf('monitoring', database)),
        databases: firestore.map((id) => ({
          id,
          collections: rootCollections(databaseOf(place(id)), { project, log }),
        })),
        sql: wantsSql ? cloudSql(apiOf('sql', database)) : null,
      }),
    };
  }
  return platform;
}
