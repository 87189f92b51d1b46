import { type Workloads, workloads } from '../../../functions/shared/cloud/workloads/open-workloads.ts';
import type { TableReader } from '../../../functions/shared/cloud/workloads/table-reader.ts';
import { readVariable } from '../../../functions/shared/environment.ts';
import { InvalidConfiguration, UpstreamError } from '../../../functions/shared/errors.ts';
import { type ApiName, GOOGLE_APIS } from '../../../functions/shared/model/google-apis.ts';
import { rowOf } from '../../../functions/shared/model/workload/row.ts';
import {
  placesOf,
  settingsOf,
  type TableName,
  tableOf,
  tablesOf,
} from '../../../functions/shared/model/workload/tables.ts';
import { shell } from '../../shared/shell.ts';
import { plural } from '../../words/figures.ts';
import { apiOf } from '../shared/api-of.ts';
import { CALL_LIMIT_MS, CannotCheck, type Check } from '../shared/check.ts';
import { type Connection, SILENT } from '../shared/connect.ts';

const GROUP = 'Workloads';

/** Of each table that the settings name one place is asked, and one log that there is not. */
export function workloadChecks(connection: Connection): Check[] {
  const { settings, target, clock } = connection;
  const tables = tablesOf(settings.workloads);
  const signal = new AbortController().signal;
  const limits = { limitMs: CALL_LIMIT_MS, signal };

  async function readerOf(table: TableName): Promise<TableReader> {
    const { open, openOthers } = openOne(table, connection);
    const reader = openOthers().get(table) ?? (await open(CALL_LIMIT_MS, signal)).get(table);
    if (!reader) throw new TypeError(`Cannot find table ${table}`);
    return reader;
  }

  const lists = tables.map((table): Check => {
    // Not `global`: most builds are of a region.
    const place = placesOf(table, settings.workloads).at(-1) ?? '';
    return {
      group: GROUP,
      what: tableOf(table).title,
      async look() {
        const { listed } = await (await readerOf(table)).list(place, clock.now(), limits);
        return { state: 'ok', words: `${place} answers, and lists ${plural(listed.length, 'workload')}` };
      },
      fix: (error) => {
        if (!(error instanceof UpstreamError && error.unavailable)) return undefined;
        const [api] = Object.keys(tableOf(table).permissions) as ApiName[];
        const own = settingsOf(table, settings.workloads);
        const project = ('googleProject' in own && own.googleProject) || target.project;
        return api && `gcloud services enable ${GOOGLE_APIS[api].service} --project=${project}`;
      },
    };
  });
  const logged = tables.filter((table) => tableOf(table).permissions.logging);
  const logs = logged.slice(0, 1).map((table): Check => {
    const nothing = { name: 'none', job: null, state: 'failed', said: '', link: null } as const;
    const row = rowOf({
      id: 'none',
      region: 'global',
      createdAt: clock.now(),
      startedAt: null,
      endedAt: null,
      ...nothing,
    });
    return {
      group: GROUP,
      what: 'logs',
      async look() {
        await (await readerOf(table)).linesOf(row, limits);
        return { state: 'ok', words: 'Cloud Logging answers' };
      },
    };
  });
  return [...lists, ...logs];
}

/** Opens one table, which is not stopped by what others lack. Throws CannotCheck where the key of W&B is not set here. */
function openOne(table: TableName, connection: Connection): Workloads {
  const { settings, target } = connection;
  const { regions, logReadsPerMinute } = settings.workloads;
  const own = { regions, logReadsPerMinute, [tableOf(table).section]: settingsOf(table, settings.workloads) };
  const { env } = shell();
  const wandb = {
    log: SILENT,
    variable: (name: string) => readVariable(name, env),
    standInsOnly: target.kind !== 'real',
  };
  try {
    return workloads(own, { apiOf: apiOf(connection), wandb });
  } catch (error) {
    // The key belongs to the function, and is seldom set here.
    if (error instanceof InvalidConfiguration) throw new CannotCheck(error.message);
    throw error;
  }
}
