import type { PlatformSource } from '../../shared/model/day/platform.ts';
import { openBigquery } from './bigquery.ts';
import { openCloudRun } from './cloud-run.ts';
import { openDatabase } from './database.ts';
import type { OpenSource } from './source.ts';
import { openStorage } from './storage.ts';

/** Opens each metric source of the platform. */
export const OPEN_SOURCE: { [Source in PlatformSource]: OpenSource<Source> } = {
  storage: openStorage,
  bigquery: openBigquery,
  cloudRun: openCloudRun,
  database: openDatabase,
};
