import { addDays, type Day, dayOf } from '../../shared/dates.ts';
import type { DailyMetrics, MetricSource } from '../../shared/model/day/day.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { DayStore, DirtyDay } from '../../shared/store/own/days.ts';
import type { Seen, Stored } from '../../shared/store/own/records.ts';
import type { RecordReader } from '../records/record-reader.ts';
import { isBroken, recheck } from '../rules/checks.ts';
import { decreased } from '../rules/conflict.ts';
import { type ChecksSeen, withinReach } from '../rules/plan.ts';
import { type DayAnswers, type Revised, revise } from '../rules/revise.ts';

/** Where days are stored, and how the user's records are read. */
export interface DayAccess {
  days: DayStore;
  readers: readonly RecordReader[];
  /** Counts the documents that are read. */
  tally: Tally;
}

/** What was known when the days of a run were planned. */
export interface PlanFacts {
  /** The marks of days in doubt. */
  dirty: ReadonlyMap<Day, Stored<DirtyDay>>;
  configured: readonly MetricSource[];
  /** Since when each failing source fails. */
  failingSince: ReadonlyMap<MetricSource, Date>;
}

/** The result of collecting one day. */
export interface CollectedDay extends Revised, ChecksSeen {
  /** The day as it was stored before. */
  stored: DailyMetrics | null;
}

/**
 * Collects one day: compares the answers of its sources with the stored day, and commits day, rows, revision and conflict
 * together. `recheckNext` is set where the next day is not collected after it: then its checks are made anew in the same
 * commit. `seen` holds the stored day and its neighbours, and gets the new day. Rejects with RecordChanged where another
 * writer was faster, and with RecordsUnread where records could not be looked up.
 */
export type CollectDay = (
  date: Day,
  answers: DayAnswers,
  seen: Map<Day, Seen<DailyMetrics>>,
  recheckNext: boolean,
) => Promise<CollectedDay>;

/** Collects single days of one run. */
export function dayCollection(
  run: RunContext<unknown>,
  { days, readers, tally }: DayAccess,
  { dirty, configured, failingSince }: PlanFacts,
): CollectDay {
  /**
   * Sorts the names of the jobs that the stored day counts. `kept`: their records were not read now. `vanished`: their
   * records no longer exist, which is looked up only where figures decreased.
   */
  async function namesOf(
    stored: DailyMetrics | null,
    answers: DayAnswers,
  ): Promise<{ kept: string[]; vanished: string[] }> {
    const read = readers.filter(({ name }) => foundIn(answers, name));
    if (!stored || read.length === 0) return { kept: [], vanished: [] };
    const found = { jobs: foundIn(answers, 'jobs'), etl: foundIn(answers, 'etl') };
    const fewer = decreased(stored, found);
    const readAll = read.length === readers.length;
    if (!fewer && readAll) return { kept: [], vanished: [] };
    const counted = await days.members(stored, tally);
    const kept = readAll ? [] : counted.filter((name) => !read.some((reader) => reader.holds(name)));
    if (!fewer) return { kept, vanished: [] };
    const vanished = await Promise.all(
      read.map((reader) => {
        const before = counted.filter(reader.holds);
        const now = new Set(foundIn(answers, reader.name)?.members);
        // Where no fewer jobs count than before, none is looked up: some moved away, and others came.
        return now.size < before.length ? reader.vanished(before.filter((name) => !now.has(name))) : [];
      }),
    );
    return { kept, vanished: vanished.flat() };
  }

  return async (date, answers, seen, recheckNext) => {
    const here = seen.get(date);
    if (!here) throw new Error(`Cannot collect ${date}: its record was not read`);
    const mark = dirty.get(date);
    const { kept, vanished } = await namesOf(here.data, answers);
    const revised = revise(here.data, answers, {
      date,
      runId: run.runId,
      before: seen.get(addDays(date, -1))?.data ?? null,
      configured: withinReach(configured, date, dayOf(run.asOf)),
      failingSince,
      cause: mark?.data.cause,
      vanished,
      kept,
    });
    const next = recheckNext ? rechecked(seen.get(addDays(date, 1)), revised.day) : null;
    const clears = mark && readers.every(({ name }) => foundIn(answers, name)) ? mark : null;

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
    const broken = { own: isBroken(revised.day.checks), next: next && isBroken(next.day.checks) };
    return { ...revised, date, stored: here.data, broken };
  };
}

function foundIn({ results }: DayAnswers, name: 'jobs' | 'etl') {
  const result = results[name];
  return result && 'found' in result ? result.found : undefined;
}

/** Makes the checks of the stored next day anew, against `day`; `null` where no next day is stored. */
function rechecked(
  seen: Seen<DailyMetrics> | undefined,
  day: DailyMetrics,
): { seen: Seen<DailyMetrics>; day: DailyMetrics; changed: boolean } | null {
  if (!seen?.data) return null;
  const checks = recheck(seen.data, day);
  const compared = ({ inFlight, hoursUsed, etl }: DailyMetrics['checks']) =>
    JSON.stringify([inFlight, hoursUsed, etl?.inFlight]);
  const changed = compared(checks) !== compared(seen.data.checks);
  return { seen, day: { ...seen.data, checks }, changed };
}
