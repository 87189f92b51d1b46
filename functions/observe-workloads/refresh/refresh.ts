import type { TableReaders, Workloads } from '../../shared/cloud/workloads/open-workloads.ts';
import { messageOf } from '../../shared/errors.ts';
import {
  named,
  type OtherRefresh,
  type PendingCall,
  type Refresh,
  type TableSeen,
  tableSeen,
} from '../../shared/model/workload/refresh.ts';
import { OWN_WORDS, type OwnPatterns, ownPatterns } from '../../shared/model/workload/rules/own.ts';
import { hasChanged, type Snapshot } from '../../shared/model/workload/snapshot.ts';
import {
  placesOf,
  type TableName,
  tablesOf,
  type WorkloadSettings,
} from '../../shared/model/workload/tables.ts';
import type { HeldRefresh, RefreshChange, WorkloadStore } from '../../shared/store/own/workloads.ts';
import { isCounted } from '../rules/why.ts';
import { type AskedTable, askTable, type Door, placeOf } from './ask-tables.ts';
import { type EndBook, endBook, endKeys } from './end-book.ts';
import {
  type FindingOut,
  type LogCounts,
  lookFor,
  type Placed,
  readLogs,
  unasked,
  withPlaces,
} from './find-out.ts';
import type { RefreshLimits } from './limits.ts';
import type { JobLinks, Linked } from './link-jobs.ts';
import { type LogBudget, logBudget } from './log-budget.ts';
import { type CallBook, callBook } from './pending.ts';

/** What a refresh works with. */
export interface RefreshTools {
  settings: WorkloadSettings;
  workloads: Workloads;
  links: JobLinks;
  store: WorkloadStore;
  limits: RefreshLimits;
}

/** The run or the request that refreshes. */
export interface Refreshing {
  by: Refresh['by'];
  now(): Date;
  signal: AbortSignal;
}

/** What a refresh found. */
export interface Refreshed {
  count: number;
  tables: Snapshot[];
  hung: PendingCall[];
  logs: LogCounts;
  jobs: LinkCounts;
  /** Why no ends could be read, or no token came; `null` where all went well. */
  error: string | null;
}

/** What was found of jobs of ours in all tables. */
export type LinkCounts = Omit<Linked, 'asked'>;

/**
 * Refreshes the tables: asks all of them at once, writes the rows, and only then finds out why workloads ended. Resolves to the
 * other refresh where one is under way, or has just been made. However the platform behaves, it takes no longer than its limits say.
 */
export async function refresh(
  { by, now, signal }: Refreshing,
  tools: RefreshTools,
): Promise<Refreshed | OtherRefresh> {
  const held = await tools.store.begin(by, now(), tools.limits.apartMs);
  if ('until' in held) return held;
  const budget = logBudget(held.refresh().logReads, tools.settings.logReadsPerMinute, now);
  try {
    return await refreshTables(held, budget, { by, now, signal }, tools);
  } catch (error) {
    // Whoever comes next need not wait until this one counts as dead, but for logs until a minute is over.
    await held
      .save({ refresh: { lease: null, progress: null, logReads: budget.reads() } })
      .catch(() => undefined);
    throw error;
  }
}

async function refreshTables(
  held: HeldRefresh,
  budget: LogBudget,
  { now, signal }: Refreshing,
  { settings, workloads, links, limits }: RefreshTools,
): Promise<Refreshed> {
  const calls = callBook(now);
  const begun = performance.now();

  // 1. Get the token, once for all calls to Google; other platforms are asked meanwhile.
  const tablesEndAt = begun + limits.tableMs;
  const opening = openReaders(workloads, { calls, limits, signal });

  // 2. Ask every region of every table, then in which records its jobs are; what takes long is named meanwhile.
  const { count, startedAt } = held.refresh();
  const asking = { count, startedAt, tablesEndAt, limits, calls, signal };
  const settled: AskedTable[] = [];
  const stopTelling = tellProgress(held, settled, calls, limits.progressMs);
  let linked: Linked[];
  try {
    linked = await Promise.all(
      tablesOf(settings).map(async (table) => {
        const before = held.tables.get(table) ?? null;
        const places = placesOf(table, settings);
        const answer = await askTable(table, { places, before, door: await opening.door(table) }, asking);
        settled.push(answer);
        return links.link(answer, asking, now());
      }),
    );
  } finally {
    await stopTelling();
  }

  // 3. Write the rows with what is remembered of their ends, and find out what is not.
  const { readers, error } = await opening.opened;
  const endsAt = begun + limits.wholeMs;
  const finding = { readers, calls, limits, endsAt, signal };
  const own = ownPatterns(settings.runner?.own ?? OWN_WORDS);
  const asked = linked.map((it) => it.asked);
  const found = await finish(held, asked, { finding, now, budget, own });
  return { ...found, count, hung: calls.hung(), jobs: countsOf(linked), error: error ?? found.error };
}

function countsOf(linked: readonly Linked[]): LinkCounts {
  const sum = (of: (one: Linked) => number) => linked.reduce((total, one) => total + of(one), 0);
  return {
    found: sum(({ found }) => found),
    read: sum(({ read }) => read),
    silent: linked.flatMap(({ silent }) => silent),
  };
}

/** The tables as they can be asked, and why those of Google's cannot; `null` where they can. */
interface Opened {
  readers: TableReaders;
  error: string | null;
}

interface Opening {
  /** Where a table is asked, as soon as it can be. */
  door(table: TableName): Promise<Door>;
  opened: Promise<Opened>;
}

/** Opens the tables. Nothing rejects but with the reason of the signal. */
function openReaders(
  workloads: Workloads,
  { calls, limits, signal }: Pick<FindingOut, 'calls' | 'limits' | 'signal'>,
): Opening {
  const others = workloads.openOthers();
  const name = { table: null, operation: 'access token', region: null };
  const open = async (): Promise<Opened> => {
    try {
      const google = await calls.follow(name, () => workloads.open(limits.tokenMs, signal));
      return { readers: new Map([...others, ...google]), error: null };
    } catch (error) {
      signal.throwIfAborted();
      return { readers: others, error: messageOf(error) };
    }
  };
  const opened = open();
  // Where every table is one of the others, nobody waits for it.
  opened.catch(() => undefined);
  return {
    opened,
    async door(table) {
      const other = others.get(table);
      if (other) return { reader: other };
      const { readers, error } = await opened;
      const reader = readers.get(table);
      return reader ? { reader } : { closed: error ?? 'its table is not open' };
    },
  };
}

/** Writes once, after a while, what has settled by then and what has not. Returns what stops that, and waits for the write. */
function tellProgress(
  held: HeldRefresh,
  settled: readonly AskedTable[],
  calls: CallBook,
  afterMs: number,
): () => Promise<void> {
  let write: Promise<void> = Promise.resolve();
  const timer = setTimeout(() => {
    const progress = { ...calls.counts(), pending: named(calls.pending()) };
    const tables = settled.map(({ snapshot }) => snapshot);
    // What cannot be written now is written at the end.
    write = held.save(changeOf(held, tables, { progress })).catch(() => undefined);
  }, afterMs);
  return async () => {
    clearTimeout(timer);
    await write;
  };
}

/** The tables that changed, and that all of them were seen. */
function changeOf(
  held: HeldRefresh,
  snapshots: readonly Snapshot[],
  refreshed: Partial<Refresh>,
  ends: EndBook | null = null,
): Required<RefreshChange> {
  const { startedAt, tables: seen } = held.refresh();
  const tables: Snapshot[] = [];
  const now: Partial<Record<TableName, TableSeen>> = { ...seen };
  for (const snapshot of snapshots) {
    const { table, tookMs, slowest } = snapshot;
    const before = seen[table]?.version ?? 0;
    const isNew = hasChanged(held.stored(table), snapshot);
    const version = isNew ? before + 1 : before;
    if (isNew) tables.push({ ...snapshot, version });
    now[table] = tableSeen(seen[table], { askedAt: startedAt, version, tookMs, slowest });
  }
  return { refresh: { ...refreshed, tables: now }, tables, ends: ends?.takeChanged() ?? new Map() };
}

/** What a refresh ends with. */
interface Finishing {
  finding: FindingOut;
  now(): Date;
  budget: LogBudget;
  /** The words of runners. */
  own: OwnPatterns;
}

/** Tells the tables what is remembered of ends, and finds out the rest while there is time and leave to read logs. */
async function finish(
  held: HeldRefresh,
  asked: readonly AskedTable[],
  { finding, now, budget, own }: Finishing,
): Promise<Pick<Refreshed, 'tables' | 'logs' | 'error'>> {
  const { calls } = finding;
  const snapshots = asked.map(({ snapshot }) => snapshot);
  const ended = { lease: null, progress: null };
  const none: LogCounts = { read: 0, empty: 0, unreadable: 0, waiting: 0, error: null };
  let ends: EndBook;
  try {
    ends = endBook(await held.ends(snapshots.flatMap(endKeys)), now, own);
  } catch (error) {
    // What cannot be read is not absent: no end is written over one that may be there.
    const tables = asked.map(unasked);
    await held.save(changeOf(held, tables, { ...ended, hung: calls.hung() }));
    return { tables, logs: none, error: `Cannot read the ends of workloads: ${messageOf(error)}` };
  }
  for (const { table, snapshot, listed } of asked)
    for (const row of snapshot.rows) ends.note(table, row, listed.get(placeOf(row))?.said);
  const dueOf = (tables: readonly Snapshot[]): Placed[] =>
    tables.flatMap(({ table, rows }) =>
      rows.filter((row) => ends.isDue(table, row)).map((row) => ({ table, row })),
    );
  const isDone = asked.every(({ vanished }) => vanished.length === 0) && dueOf(snapshots).length === 0;
  if (!isDone) {
    const told = withPlaces(ends.told(snapshots), dueOf(snapshots));
    const rows = changeOf(held, told, { hung: calls.hung() }, ends);
    // Where no row is new, the last write is enough.
    if (rows.tables.length > 0 || rows.ends.size > 0) await held.save(rows);
  }
  const looked = isDone ? snapshots : await Promise.all(asked.map((table) => lookFor(table, ends, finding)));
  const counted = {
    ends,
    budget,
    isCounted: ({ table, row }: Placed) => isCounted({ table, state: row.state }),
  };
  const logs = await readLogs(dueOf(looked), counted, finding);
  const tables = ends.told(looked);
  const last = { ...ended, hung: calls.hung(), logReads: budget.reads() };
  await held.save(changeOf(held, tables, last, ends));
  return { tables, logs, error: null };
}
