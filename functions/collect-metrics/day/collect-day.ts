import { addDays, type Day, dayOf } from '../../shared/dates.ts';
import type { DailyMetrics, MetricSource } from '../../shared/model/day/day.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { DayStore, DirtyDay } from '../../shared/store/own/days.ts';
import type { Seen, Stored } from '../../shared/store/own/records.ts';
import type { CollectInput } from '../input.ts';
import type { RecordReader } from '../records/record-reader.ts';
import { isBroken, recheck } from '../rules/checks.ts';
import { decreased } from '../rules/conflict.ts';
import { type ChecksSeen, withinReach } from '../rules/plan.ts';
import { type Collected, type Revised, revise } from '../rules/revise.ts';

/** What the collection of a day works with. */
export interface DayTools {
  days: DayStore;
  books: readonly RecordReader[];
  run: RunContext<CollectInput>;
  tally: Tally;
  dirty: ReadonlyMap<Day, Stored<DirtyDay>>;
  configured: readonly MetricSource[];
  failingSince: ReadonlyMap<MetricSource, Date>;
}

/** What became of one day. */
export interface CollectedDay extends Revised, ChecksSeen {
  stored: DailyMetrics | null;
}

/**
 * Collects one day: compares what was found with what is stored and commits day, rows, revision and conflict in one go,
 * with the new check of the next day when `recheckNext` says that it is not collected next. `seen` holds the stored day
 * and its neighbours, and learns what this day has become.
 */
export async function collectDay(
  date: Day,
  collected: Collected,
  seen: Map<Day, Seen<DailyMetrics>>,
  recheckNext: boolean,
  tools: DayTools,
): Promise<CollectedDay> {
  const { days, run, dirty, configured, failingSince } = tools;
  const here = seen.get(date);
  if (!here) throw new Error(`Cannot collect ${date}: its record was not read`);
  const before = seen.get(addDays(date, -1))?.data ?? null;
  const mark = dirty.get(date);
  const names = await namesOf(here.data, collected, tools);
  const revised = revise(here.data, collected, {
    date,
    runId: run.runId,
    before,
    configured: withinReach(configured, date, dayOf(run.asOf)),
    failingSince,
    cause: mark?.data.cause,
    ...names,
  });
  const next = recheckNext ? rechecked(seen.get(addDays(date, 1)), revised.day) : null;
  const clears = mark && tools.books.every(({ name }) => foundIn(collected, name)) ? mark : null;

  if (!run.dryRun && (revised.write || next?.changed || clears)) {
    await run.commit(
      (batch) => {
        if (revised.write) days.put(batch, here, revised.day, revised);
        if (next?.changed) days.put(batch, next.seen, next.day);
        if (clears) days.clearDirty(batch, clears);
      },
      { open: revised.open, close: revised.close, reword: revised.reword },
    );
  }
  seen.set(date, { ...here, data: revised.day });
  return {
    ...revised,
    date,
    stored: here.data,
    broken: { own: isBroken(revised.day.checks), next: next && isBroken(next.day.checks) },
  };
}

/**
 * Of the names that the stored day counts, those of books that were not read now, which it keeps; and, looked up only
 * when figures decreased, those that are gone from a book that was read and whose records exist no more.
 */
async function namesOf(
  stored: DailyMetrics | null,
  collected: Collected,
  { days, books, tally }: DayTools,
): Promise<{ kept: string[]; vanished: string[] }> {
  const read = books.filter(({ name }) => foundIn(collected, name));
  if (!stored || read.length === 0) return { kept: [], vanished: [] };
  const found = { jobs: foundIn(collected, 'jobs'), etl: foundIn(collected, 'etl') };
  const sunk = decreased(stored, found);
  if (!sunk && read.length === books.length) return { kept: [], vanished: [] };
  const counted = await days.members(stored, tally);
  const kept =
    read.length === books.length ? [] : counted.filter((name) => !read.some((it) => it.holds(name)));
  if (!sunk) return { kept, vanished: [] };
  const vanished = await Promise.all(
    read.map((book) => {
      const before = counted.filter(book.holds);
      const now = new Set(found[book.name]?.members);
      // No fewer than before: some moved, and others came.
      return now.size < before.length ? book.vanished(before.filter((name) => !now.has(name))) : [];
    }),
  );
  return { kept, vanished: vanished.flat() };
}

function foundIn({ results }: Collected, book: 'jobs' | 'etl') {
  const result = results[book];
  return result && 'found' in result ? result.found : undefined;
}

/** The stored next day with its checks against what `day` has become; `null` where none is stored. */
function rechecked(
  seen: Seen<DailyMetrics> | undefined,
  day: DailyMetrics,
): { seen: Seen<DailyMetrics>; day: DailyMetrics; changed: boolean } | null {
  if (!seen?.data) return null;
  const checks = recheck(seen.data, day);
  const told = ({ inFlight, hoursUsed, etl }: DailyMetrics['checks']) => [inFlight, hoursUsed, etl?.inFlight];
  const changed = JSON.stringify(told(checks)) !== JSON.stringify(told(seen.data.checks));
  return { seen, day: { ...seen.data, checks }, changed };
}
