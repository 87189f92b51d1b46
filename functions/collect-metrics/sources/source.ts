import type { BigQuery } from '../../shared/cloud/bigquery.ts';
import type { Monitoring } from '../../shared/cloud/monitoring/monitoring.ts';
import type { Limits } from '../../shared/cloud/rest/rest.ts';
import type { CloudRun } from '../../shared/cloud/run-services.ts';
import type { CloudSql } from '../../shared/cloud/sql.ts';
import type { CloudStorage } from '../../shared/cloud/storage/buckets.ts';
import type { Day } from '../../shared/dates.ts';
import type { PlatformFigures, PlatformSettings, PlatformSource } from '../../shared/model/day/platform.ts';
import type { RootCollections } from '../../shared/store/sources/root-collections.ts';

/** What a metric source of the platform is asked for. */
export interface DayQuery {
  date: Day;
  /** The end of the day, or now where it has not ended: the instant that gauges are read for. */
  until: Date;
  /** Whether figures that can only be read as they are now are read, too: rules/seen-once.ts. */
  lookNow: boolean;
}

/**
 * Finds one day's section. Figures that it was not to look at now are `null` in it. Rejects when anything but single
 * regions fails.
 */
export type Collect<Source extends PlatformSource> = (
  query: DayQuery,
  limits: Limits,
) => Promise<PlatformFigures[Source]>;

/** Where a client asks: Nightshift's own project unless another one is named. */
export interface Place {
  googleProject?: string | undefined;
}

/** The clients that sources are opened with, by API; each is opened when a source asks for it. */
export interface Clients {
  monitoring(place: Place): Monitoring;
  storage(place: Place): CloudStorage;
  bigquery(place: Place): BigQuery;
  run(place: Place): CloudRun;
  sql(place: Place): CloudSql;
  /** The Firestore databases with these ids; Nightshift's own one unless any is named. */
  databases(place: Place, ids: readonly string[] | undefined): FirestoreDatabase[];
}

/** A Firestore database, and the collections at its root. */
export interface FirestoreDatabase {
  id: string;
  collections: RootCollections;
}

/** Opens a source by its settings. */
export type OpenSource<Source extends PlatformSource> = (
  settings: PlatformSettings[Source],
  clients: Clients,
) => Collect<Source>;
