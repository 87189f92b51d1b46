import type { Firestore } from '@google-cloud/firestore';
import { bigquerySource } from '../../functions/collect-metrics/sources/bigquery.ts';
import { cloudRunSource } from '../../functions/collect-metrics/sources/cloud-run.ts';
import { databaseSource } from '../../functions/collect-metrics/sources/database.ts';
import { storageSource } from '../../functions/collect-metrics/sources/storage.ts';
import { bigquery } from '../../functions/shared/cloud/bigquery.ts';
import { monitoring } from '../../functions/shared/cloud/monitoring/monitoring.ts';
import { cloudRun } from '../../functions/shared/cloud/run-services.ts';
import { cloudSql } from '../../functions/shared/cloud/sql.ts';
import { cloudStorage } from '../../functions/shared/cloud/storage/buckets.ts';
import { serialQueue } from '../../functions/shared/concurrency.ts';
import { type Day, endOfDay } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { PlatformFigures } from '../../functions/shared/model/day/platform.ts';
import type { ApiName } from '../../functions/shared/model/google-apis.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import { rootCollections } from '../../functions/shared/store/sources/root-collections.ts';

/** Where the platform is, and how patiently it is asked. */
export interface OneByOneOptions {
  project: string;
  baseUrls: Settings['baseUrls'];
  db: Firestore;
  regions: readonly string[];
  /** For each single call. */
  limitMs: number;
  signal: AbortSignal;
}

/** What `date`, which was yesterday, comes to when our own questions are asked one after another, region by region. */
export async function askOneByOne(
  date: Day,
  { project, baseUrls, db, regions, ...limits }: OneByOneOptions,
): Promise<PlatformFigures> {
  const log = createLog({}, () => {});
  const over = (api: ApiName) => ({ project, baseUrl: baseUrls[api], log });
  const turn = inTurn();
  const tools = {
    monitoring: turn(monitoring(over('monitoring'))),
    storage: turn(cloudStorage(over('storage'))),
    bigquery: turn(bigquery(over('bigquery'))),
    run: turn(cloudRun(over('run'))),
    sql: turn(cloudSql(over('sql'))),
    databases: [{ id: db.databaseId, collections: turn(rootCollections(db, { project, log })) }],
    regions,
  };
  const asked = { date, until: endOfDay(date), lookNow: true };
  return {
    storage: await storageSource(tools)(asked, limits),
    bigquery: await bigquerySource(tools)(asked, limits),
    cloudRun: await cloudRunSource(tools)(asked, limits),
    database: await databaseSource(tools)(asked, limits),
  };
}

/** Wraps clients so that a call to any of them begins when the call before has ended, and its own time then. */
export function inTurn(): <Client extends object>(client: Client) => Client {
  const queued = serialQueue();
  return (client) =>
    new Proxy(client, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => queued(async () => Reflect.apply(method, target, args));
      },
    });
}
