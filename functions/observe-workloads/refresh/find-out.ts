import type { CallLimits, TableReader } from '../../shared/cloud/workloads/table-reader.ts';
import { chunksOf, pooledMap, withDeadline } from '../../shared/concurrency.ts';
import { messageOf } from '../../shared/errors.ts';
import { type LogAnswer, UNREAD } from '../../shared/model/workload/end.ts';
import { UNLISTED } from '../../shared/model/workload/life.ts';
import { redact } from '../../shared/model/workload/redact.ts';
import { type Row, rowOf } from '../../shared/model/workload/row.ts';
import { type Snapshot, withRows } from '../../shared/model/workload/snapshot.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';
import { type AskedTable, placeOf } from './ask-tables.ts';
import type { EndBook } from './end-book.ts';
import { OWN_SHARE, type RefreshLimits } from './limits.ts';
import type { LogBudget } from './log-budget.ts';
import type { CallBook } from './pending.ts';

/** Finds out what the lists did not tell: what became of workloads that are listed no more, and why others ended. */

const LOOKED_FOR_AT_ONCE = 5;
const MOST_LOOKED_FOR = 20;
/** Fifteen logs of 5 s each are then read in two rounds, which is within one refresh. */
const READ_AT_ONCE = 8;
/** With less time left than this no log is asked for: giving up on it would only put off the next try. */
const LEAST_READ_MS = 1_000;
/** Executions whose counters are read at once. */
const COUNTED_AT_ONCE = 25;

/** The refresh that finds out. */
export interface FindingOut {
  readers: ReadonlyMap<TableName, TableReader>;
  calls: CallBook;
  limits: RefreshLimits;
  /** The instant of `performance.now()` after which nothing is begun or waited for. */
  endsAt: number;
  signal: AbortSignal;
}

/** A row of a table. */
export interface Placed {
  table: TableName;
  row: Row;
}

/** How the readings of logs came out. */
export interface LogCounts {
  read: number;
  empty: number;
  unreadable: number;
  /** Left for a later refresh. */
  waiting: number;
  /** Why the first of those was not read that could not be. */
  error: string | null;
}

/** A table whose rows say that they are listed no more, for nobody asked about them by id. */
export function unasked({ snapshot, vanished }: AskedTable): Snapshot {
  const names = new Set(vanished.map(placeOf));
  if (names.size === 0) return snapshot;
  const rows = snapshot.rows.map((row) => (names.has(placeOf(row)) ? { ...row, note: UNLISTED } : row));
  return withRows(snapshot, rows);
}

/** Asks by id about what is listed no more, and puts what each came to into its table; what is gone is left out. */
export async function lookFor(asked: AskedTable, ends: EndBook, finding: FindingOut): Promise<Snapshot> {
  const { table, snapshot, vanished } = asked;
  const reader = finding.readers.get(table);
  if (!reader || vanished.length === 0) return snapshot;
  const found = await pooledMap(vanished, LOOKED_FOR_AT_ONCE, async (row) => {
    if (vanished.indexOf(row) >= MOST_LOOKED_FOR) return { row, after: { ...row, note: UNLISTED } };
    try {
      const listed = await call(`get of ${row.id}`, { table, row }, finding, (limits) =>
        reader.get(row, limits),
      );
      if (!listed) return { row, after: null };
      const after = rowOf(listed.seen);
      ends.note(table, after, listed.said);
      return { row, after };
    } catch (error) {
      finding.signal.throwIfAborted();
      return { row, after: { ...row, note: `${UNLISTED}: ${messageOf(error)}`.slice(0, 200) } };
    }
  });
  const afterOf = new Map(found.map(({ row, after }) => [placeOf(row), after]));
  const rows = snapshot.rows.flatMap((row) => {
    const after = afterOf.get(placeOf(row));
    if (after === undefined) return [row];
    return after === null ? [] : [{ ...after, ourJob: row.ourJob }];
  });
  return withRows(snapshot, rows);
}

/** Reads the logs of `due`, several side by side, as far as the budget goes: the newest first, and the counters of runners at once. */
export async function readLogs(
  due: readonly Placed[],
  { ends, budget, isCounted }: { ends: EndBook; budget: LogBudget; isCounted(placed: Placed): boolean },
  finding: FindingOut,
): Promise<LogCounts> {
  const counts: LogCounts = { read: 0, empty: 0, unreadable: 0, waiting: 0, error: null };
  const note = ({ table, row }: Placed, answer: LogAnswer) => {
    ends.noteLog(table, row, answer);
    if (answer.kind === 'lines') counts.read += 1;
    else counts[answer.kind] += 1;
    if (answer.kind === 'unreadable') counts.error ??= answer.error;
  };
  const ordered = newestFirst(due);
  const counted = chunksOf(ordered.filter(isCounted), COUNTED_AT_ONCE);
  const jobs = [...counted, ...ordered.filter((it) => !isCounted(it)).map((it) => [it])];
  await pooledMap(jobs, READ_AT_ONCE, async (those) => {
    if (performance.now() > finding.endsAt - LEAST_READ_MS || !budget.take()) {
      counts.waiting += those.length;
      return;
    }
    const answers = await answersOf(those, budget, finding);
    for (const placed of those) note(placed, answers(placed));
  });
  return counts;
}

/** In the order in which logs are read. */
function newestFirst(due: readonly Placed[]): Placed[] {
  return [...due].sort((a, b) => endOf(b) - endOf(a));
}

/** Tables whose rows say which of the logs that are read now is theirs. One that was read in vain before says that on. */
export function withPlaces(told: readonly Snapshot[], due: readonly Placed[]): Snapshot[] {
  const nameOf = ({ table, row }: Placed) => `${table}~${placeOf(row)}`;
  const queue = newestFirst(due).map(nameOf);
  return told.map((snapshot) => {
    const rows = snapshot.rows.map((row) => {
      const place = row.note === UNREAD ? queue.indexOf(nameOf({ table: snapshot.table, row })) + 1 : 0;
      return place > 0 ? { ...row, note: `reading the log (${place} of ${queue.length})` } : row;
    });
    return withRows(snapshot, rows);
  });
}

function endOf({ row }: Placed): number {
  return row.endedAt?.getTime() ?? 0;
}

/** What one reading says of each workload that it was for. */
async function answersOf(
  those: readonly Placed[],
  budget: LogBudget,
  finding: FindingOut,
): Promise<(placed: Placed) => LogAnswer> {
  const [first] = those;
  const reader = first && finding.readers.get(first.table);
  if (!first || !reader) return () => ({ kind: 'unreadable', error: 'its table is not open' });
  try {
    const { countersOf, logOperation } = reader;
    // Each further page is one more of the readings of a minute.
    const mayGoOn = () => budget.take();
    if (those.length > 1 && countersOf) {
      const rows = those.map(({ row }) => row);
      const lines = await call(logOperation, first, finding, (limits) =>
        countersOf(rows, { ...limits, mayGoOn }),
      );
      return ({ row }) => answerOf(lines.get(row.id) ?? []);
    }
    const lines = await call(logOperation, first, finding, (limits) =>
      reader.linesOf(first.row, { ...limits, mayGoOn }),
    );
    return () => answerOf(lines);
  } catch (error) {
    finding.signal.throwIfAborted();
    return () => ({ kind: 'unreadable', error: messageOf(error) });
  }
}

function answerOf(lines: readonly string[]): LogAnswer {
  return lines.length > 0 ? { kind: 'lines', lines: lines.map(redact) } : { kind: 'empty' };
}

function call<T>(
  operation: string,
  { table, row: { region } }: Placed,
  { calls, limits, endsAt, signal }: FindingOut,
  make: (limits: CallLimits) => Promise<T>,
): Promise<T> {
  const limitMs = Math.max(1, Math.min(limits.callMs, endsAt - performance.now()));
  return calls.follow({ table, operation, region }, (onStage) =>
    withDeadline(
      make({ limitMs: limitMs * OWN_SHARE, signal, onStage }),
      limitMs,
      `${operation} (${region})`,
      { signal },
    ),
  );
}
