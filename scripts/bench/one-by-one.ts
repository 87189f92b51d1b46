import type { Firestore } from '@google-cloud/firestore';
import { OPEN_SOURCE } from '../../functions/collect-metrics/sources/registry.ts';
import type { Clients } from '../../functions/collect-metrics/sources/source.ts';
import { bigquery } from '../../functions/shared/cloud/bigquery.ts';
import { monitoring } from '../../functions/shared/cloud/monitoring/monitoring.ts';
import { cloudRun } from '../../functions/shared/cloud/run-services.ts';
import { cloudSql } from '../../functions/shared/cloud/sql.ts';
import { cloudStorage } from '../../functions/shared/cloud/storage/buckets.ts';
import { serialQueue } from '../../functions/shared/concurrency.ts';
import { type Day, endOfDay } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import {
  PLATFORM_SOURCES,
  type PlatformFigures,
  type PlatformSettings,
  type PlatformSource,
  perSource,
  SECTIONS,
} from '../../functions/shared/model/day/platform.ts';
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
  const clients: Clients = {
    monitoring: () => turn(monitoring(over('monitoring'))),
    storage: () => turn(cloudStorage(over('storage'))),
    bigquery: () => turn(bigquery(over('bigquery'))),
    run: () => turn(cloudRun(over('run'))),
    sql: () => turn(cloudSql(over('sql'))),
    databases: () => [{ id: db.databaseId, collections: turn(rootCollections(db, { project, log })) }],
  };
  const settings: PlatformSettings = {
    ...perSource<PlatformSettings>((source) => SECTIONS[source].settings.parse({})),
    cloudRun: { regions: [...regions] },
    database: { cloudSql: true },
  };
  const query = { date, until: endOfDay(date), lookNow: true };
  const collect = <Source extends PlatformSource>(source: Source) =>
    OPEN_SOURCE[source](settings[source], clients)(query, limits);
  const found: [PlatformSource, object][] = [];
  for (const source of PLATFORM_SOURCES) found.push([source, await collect(source)]);
  return Object.fromEntries(found) as PlatformFigures;
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
