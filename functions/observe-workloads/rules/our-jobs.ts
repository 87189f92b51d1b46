import { addMs, HOUR_MS } from '../../shared/dates.ts';
import type { BackendSettings } from '../../shared/model/job/backend.ts';
import type { Row } from '../../shared/model/workload/row.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';

/** Which job of ours a workload is: the one whose record carries the name that its backend has for the workload. */

/** A table that shows what a kind of backend runs. */
interface Shown {
  table: TableName;
  /** What stands before each id in a full name, outermost first. */
  collections: readonly string[];
  idsOf(row: Row): readonly string[];
  /** The region of short names where the settings name none; `null` where they are no names then. */
  region: string | null;
}

/** By kind of backend, as its folder in shared/cloud/backends/ reads names; `null` where no table shows what it runs. */
const SHOWN: { [Kind in BackendSettings['kind']]: Shown | null } = {
  'vertex-ai': { table: 'vertex', collections: ['customJobs'], idsOf: ({ id }) => [id], region: null },
  'cloud-run': {
    table: 'runner',
    collections: ['jobs', 'executions'],
    idsOf: ({ job, name }) => [job ?? '', name],
    region: null,
  },
  'cloud-build': { table: 'builds', collections: ['builds'], idsOf: ({ id }) => [id], region: 'global' },
  http: null,
};

/** After so long an old workload of which no record was found is looked for again: a record may be written late. */
const LONGEST_WAIT_MS = HOUR_MS;
/** Until then after this part of its age. */
const PART_OF_AGE = 0.1;

/** The backend of a source, and the project of the names there that name none. */
export interface NamedBackend {
  settings: BackendSettings;
  project: string;
}

/** A workload as its platform names it: the project of its table, and its full name where that is known. */
export interface NamedRow {
  row: Row;
  project: string;
  resource: string | null;
}

/** The table in which the jobs of a backend are seen; `null` for none. */
export function tableOfBackend({ kind }: Pick<BackendSettings, 'kind'>): TableName | null {
  return SHOWN[kind]?.table ?? null;
}

/**
 * The names by which a record can mean the workload, the fullest first: those, and no others, with which the backend would be
 * asked about this very workload. A short name means it only where the settings lead to its project and region.
 */
export function namesOf(
  { row, project, resource }: NamedRow,
  { settings, project: home }: NamedBackend,
): string[] {
  const shown = SHOWN[settings.kind];
  if (!shown) return [];
  const ids = shown.idsOf(row);
  const parts = shown.collections.flatMap((collection, place) => [collection, ids[place] ?? '']);
  const full = `projects/${project}/locations/${row.region}/${parts.join('/')}`;
  const region = ('region' in settings ? settings.region : undefined) ?? shown.region;
  const isAtHome = home === project && region === row.region;
  const short = isAtHome ? ids.map((_, place) => parts.slice(2 * place + 1).join('/')) : [];
  return [...new Set([...(resource === null ? [] : [resource]), full, ...short])];
}

/** When a workload of which no record was found at `now` is looked for again: soon while it is young. */
export function lookedForAgainAt({ createdAt, startedAt }: Row, now: Date): Date {
  const since = createdAt ?? startedAt;
  const ageMs = since ? Math.max(0, now.getTime() - since.getTime()) : 0;
  return addMs(now, Math.min(LONGEST_WAIT_MS, ageMs * PART_OF_AGE));
}
