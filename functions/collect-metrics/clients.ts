import { bigquery } from '../shared/cloud/bigquery.ts';
import { monitoring } from '../shared/cloud/monitoring/monitoring.ts';
import { cloudRun } from '../shared/cloud/run-services.ts';
import { cloudSql } from '../shared/cloud/sql.ts';
import { cloudStorage } from '../shared/cloud/storage/buckets.ts';
import { SECOND_MS } from '../shared/dates.ts';
import {
  type NamedSources,
  PLATFORM_SOURCES,
  type PlatformSettings,
  type PlatformSource,
} from '../shared/model/day/platform.ts';
import type { startFunction } from '../shared/start.ts';
import { rootCollections } from '../shared/store/sources/root-collections.ts';
import type { Platform } from './sources/ask-platform.ts';
import { OPEN_SOURCE } from './sources/registry.ts';
import type { Clients } from './sources/source.ts';

type Started = Pick<
  ReturnType<typeof startFunction>,
  'environment' | 'settings' | 'databaseOf' | 'apiOf' | 'log'
>;

/** Opens the metric sources of the platform that the settings name, each with its deadline. */
export function openPlatform(started: Started): Platform {
  const clients = openClients(started);
  const { metrics } = started.settings;
  return Object.assign(
    {},
    ...PLATFORM_SOURCES.map((source) => openSource(source, metrics, metrics.deadlineSeconds, clients)),
  );
}

function openSource<Source extends PlatformSource>(
  source: Source,
  named: NamedSources,
  deadlineSeconds: number,
  clients: Clients,
): { [Each in PlatformSource]?: Platform[Source] } {
  const settings = named[source] as PlatformSettings[Source] | undefined;
  if (!settings) return {};
  const deadlineMs = (settings.deadlineSeconds ?? deadlineSeconds) * SECOND_MS;
  return { [source]: { deadlineMs, collect: OPEN_SOURCE[source](settings, clients) } };
}

function openClients({ environment, databaseOf, apiOf, log }: Started): Clients {
  const { GOOGLE_CLOUD_PROJECT: ownProject, FIRESTORE_DATABASE: ownDatabase } = environment;
  return {
    monitoring: (place) => monitoring(apiOf('monitoring', place)),
    storage: (place) => cloudStorage(apiOf('storage', place)),
    bigquery: (place) => bigquery(apiOf('bigquery', place)),
    run: (place) => cloudRun(apiOf('run', place)),
    sql: (place) => cloudSql(apiOf('sql', place)),
    databases: ({ googleProject }, ids = [ownDatabase]) =>
      ids.map((id) => {
        const isOwn = googleProject === undefined && id === ownDatabase;
        const db = databaseOf(isOwn ? {} : { googleProject, database: id });
        return { id, collections: rootCollections(db, { project: googleProject ?? ownProject, log }) };
      }),
  };
}
