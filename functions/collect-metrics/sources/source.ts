import type { BigQuery } from '../../shared/cloud/bigquery.ts';
import type { Monitoring } from '../../shared/cloud/monitoring/monitoring.ts';
import type { Limits } from '../../shared/cloud/rest/rest.ts';
import type { CloudRun } from '../../shared/cloud/run-services.ts';
import type { CloudSql } from '../../shared/cloud/sql.ts';
import type { CloudStorage } from '../../shared/cloud/storage/buckets.ts';
import type { Day } from '../../shared/dates.ts';
import type { PlatformFigures, PlatformSettings, PlatformSource } from '../../shared/model/day/platform.ts';
import type { RootCollections } from '../../shared/store/sources/root-collections.ts';

/** The question to a metric source of the platform. */
export interface DayQuery {
  date: Day;
  /** The end of the day, or now where it has not ended. Gauges are read as of this instant. */
  until: Date;
  /** Whether to read the figures that can only be read as they are now: rules/seen-once.ts. */
  lookNow: boolean;
}

/**
 * Finds one day's section. Without `lookNow`, the figures that can only be read as they are now are `null`. Rejects where
 * anything but single regions fails.
 */
export type Collect<Source extends PlatformSource> = (
  query: DayQuery,
  limits: Limits,
) => Promise<PlatformFigures[Source]>;

/** The project that a client asks: Nightshift's own unless another is named. */
export interface Place {
  googleProject?: string | undefined;
}

/** Opens the clients of each API for a source. */
export interface Clients {
  monitoring(place: Place): Monitoring;
  storage(place: Place): CloudStorage;
  bigquery(place: Place): BigQuery;
  run(place: Place): CloudRun;
  sql(place: Place): CloudSql;
  /** The Firestore databases with these ids; Nightshift's own where none is given. */
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
