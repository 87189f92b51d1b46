import { withDeadline } from '../../shared/concurrency.ts';
import { messageOf } from '../../shared/errors.ts';
import type { OurJob, Row } from '../../shared/model/workload/row.ts';
import { withRows } from '../../shared/model/workload/snapshot.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { BackendJobStore } from '../../shared/store/sources/backend-jobs.ts';
import {
  lookedForAgainAt,
  type NamedBackend,
  type NamedRow,
  namesOf,
  tableOfBackend,
} from '../rules/our-jobs.ts';
import { type AskedTable, type Asking, placeOf } from './ask-tables.ts';
import { OWN_SHARE } from './limits.ts';

/** Finds the jobs of ours among the workloads, in the records of the sources: once for each workload, for it stays that job. */

/** With less time left than this no source is asked: giving up on it would say nothing of it. */
const LEAST_MS = 500;

/** A source whose jobs a table shows. */
export interface LinkedSource {
  store: BackendJobStore;
  backend: NamedBackend;
}

/** What was found of the jobs of a table. */
export interface Linked {
  asked: AskedTable;
  /** Rows of which it is known now which job they are. */
  found: number;
  /** Documents that were read for it. */
  read: number;
  /** Sources that did not answer, and why. */
  silent: { source: string; error: string }[];
}

/** The links of an instance, which remembers what it looked for in vain. */
export interface JobLinks {
  /**
   * Tells the rows of a table which jobs of ours they are. Where several sources claim one, the first in the settings of those
   * that answer has it; a row that has its job keeps it. Rejects with nothing but the reason of the signal.
   */
  link(asked: AskedTable, asking: Asking, now: Date): Promise<Linked>;
}

/** `sources` in the order of the settings; `projectOf` the project of a table. */
export function jobLinks(
  sources: readonly LinkedSource[],
  projectOf: (table: TableName) => string,
): JobLinks {
  /** Before when a row is not looked for again, by its place; of the rows that a table had last. */
  const waits = new Map<TableName, ReadonlyMap<string, Date>>();

  return {
    async link(asked, asking, now) {
      const { table, snapshot, listed } = asked;
      const own = sources.filter(({ backend }) => tableOfBackend(backend.settings) === table);
      const known = waits.get(table) ?? new Map<string, Date>();
      const isDue = (row: Row) => row.ourJob === null && (known.get(placeOf(row)) ?? now) <= now;
      const due = snapshot.rows.filter(isDue);
      const leftMs = asking.tablesEndAt - performance.now();
      if (own.length === 0 || due.length === 0 || leftMs < LEAST_MS)
        return { asked, found: 0, read: 0, silent: [] };

      const search: Search = {
        table,
        rows: due.map((row) => ({
          row,
          project: projectOf(table),
          resource: listed.get(placeOf(row))?.resource ?? null,
        })),
        limitMs: Math.min(asking.limits.sourceMs, leftMs),
        tally: { documents: 0 },
        asking,
      };
      const answers = await Promise.all(own.map((source) => ask(source, search)));
      const silent = answers.flatMap((answer) => ('error' in answer ? [answer] : []));
      const jobs = new Map(
        due.flatMap((row) => {
          const job = answers.flatMap((it) => ('jobs' in it ? (it.jobs.get(row) ?? []) : []))[0];
          return job ? [[row, job] as const] : [];
        }),
      );
      // What could not be read is not absent, nor what has not told its full name: that is looked for at the next refresh.
      const nextOf = (row: Row) =>
        isDue(row) && silent.length === 0 && listed.has(placeOf(row))
          ? lookedForAgainAt(row, now)
          : known.get(placeOf(row));
      const missing = snapshot.rows.filter((row) => row.ourJob === null && !jobs.has(row));
      waits.set(
        table,
        new Map(
          missing.flatMap((row) => {
            const next = nextOf(row);
            return next ? [[placeOf(row), next] as const] : [];
          }),
        ),
      );
      const rows = snapshot.rows.map((row) => ({ ...row, ourJob: jobs.get(row) ?? row.ourJob }));
      return {
        asked: { ...asked, snapshot: withRows(snapshot, rows) },
        found: jobs.size,
        read: search.tally.documents,
        silent,
      };
    },
  };
}

/** Which jobs are looked for, and with what. */
interface Search {
  table: TableName;
  rows: readonly NamedRow[];
  limitMs: number;
  tally: Tally;
  asking: Asking;
}

/** The jobs of one source among the rows, or why it does not answer. */
async function ask(
  source: LinkedSource,
  search: Search,
): Promise<{ jobs: Map<Row, OurJob> } | Linked['silent'][number]> {
  try {
    return { jobs: await jobsIn(source, search) };
  } catch (error) {
    search.asking.signal.throwIfAborted();
    return { source: source.store.name, error: messageOf(error) };
  }
}

/** A fuller name goes before a shorter one, and of jobs of one name the first. */
async function jobsIn(
  { store, backend }: LinkedSource,
  { table, rows, limitMs, tally, asking: { calls, signal } }: Search,
): Promise<Map<Row, OurJob>> {
  const named = rows.map((it) => ({ row: it.row, names: namesOf(it, backend) }));
  const operation = `jobs of source ${store.name}`;
  const found = await calls.follow({ table, operation, region: null }, (onStage) => {
    onStage('connection');
    const all = [...new Set(named.flatMap(({ names }) => names))];
    const asked = store.jobsAt(all, { tally, signal, limitMs: limitMs * OWN_SHARE });
    return withDeadline(asked, limitMs, operation, { signal });
  });
  const idOf = new Map(found.toReversed().map(({ backendId, id }) => [backendId, id]));
  return new Map(
    named.flatMap(({ row, names }) => {
      const id = names.map((name) => idOf.get(name)).find((it) => it !== undefined);
      return id === undefined ? [] : [[row, { source: store.name, id }] as const];
    }),
  );
}
