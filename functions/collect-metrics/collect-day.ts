import { addDays, type Day } from '../shared/dates.ts';
import { type Checks, type DailyMetrics, type Figures, figuresIn } from '../shared/model/day.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { DayStore, DirtyDay } from '../shared/store/days.ts';
import type { Tally } from '../shared/store/jobs.ts';
import type { Seen } from '../shared/store/records.ts';
import { checksOf } from './checks.ts';
import type { CollectInput } from './input.ts';
import type { JobsSource } from './jobs.ts';
import type { ChecksSeen } from './plan.ts';
import { type Collected, type Revised, revise, sank } from './revise.ts';

/** What the collection of a day works with. */
export interface DayTools {
  days: DayStore;
  jobs: JobsSource;
  run: RunContext<CollectInput>;
  tally: Tally;
  dirty: ReadonlyMap<Day, Seen<DirtyDay> & { data: DirtyDay }>;
}

/** What became of one day. */
export interface CollectedDay extends Revised, ChecksSeen {
  stored: DailyMetrics | null;
}

/**
 * Collects one day: compares it with what is stored and commits day, rows, revision and conflict in one go, with the
 * new check of the next day when `recheckNext` says that it is not collected next. `seen` holds the stored day and its
 * neighbours, and learns what this day has become.
 */
export async function collectDay(
  date: Day,
  collected: Collected,
  seen: Map<Day, Seen<DailyMetrics>>,
  recheckNext: boolean,
  tools: DayTools,
): Promise<CollectedDay> {
  const { days, run, dirty } = tools;
  const here = seen.get(date);
  if (!here) throw new Error(`Cannot collect ${date}: its record was not read`);
  const before = seen.get(addDays(date, -1))?.data ?? null;
  const vanished = await vanishedSince(here.data, collected.figures, tools);
  const mark = dirty.get(date);
  const revised = revise(here.data, collected, {
    date,
    runId: run.runId,
    before,
    cause: mark?.data.cause,
    vanished,
  });
  const next = recheckNext ? rechecked(seen.get(addDays(date, 1)), revised.day) : null;

  if (!run.dryRun && (revised.write || next?.changed || mark)) {
    const newFigures = revised.figuresChanged && collected.figures;
    await run.commit(
      (batch) => {
        if (revised.write)
          days.put(
            batch,
            here,
            revised.day,
            newFigures ? { figures: newFigures, revision: revised.revision } : null,
          );
        if (next?.changed) days.put(batch, next.seen, next.day, null);
        if (mark && collected.figures) days.clearDirty(batch, mark);
      },
      { open: revised.open, close: revised.close },
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

/** Names of jobs that the stored figures counted and whose records exist no more; looked up only when figures sank. */
async function vanishedSince(
  stored: DailyMetrics | null,
  figures: Figures | null,
  { days, jobs, tally }: DayTools,
): Promise<string[]> {
  if (!stored || !figures || !sank(stored, figures)) return [];
  const now = new Set(figures.members);
  const missing = (await days.members(stored, tally)).filter((name) => !now.has(name));
  return jobs.vanished(missing);
}

/** The stored next day with its checks against what `day` has become; `null` where none is stored. */
function rechecked(
  seen: Seen<DailyMetrics> | undefined,
  day: DailyMetrics,
): { seen: Seen<DailyMetrics>; day: DailyMetrics; changed: boolean } | null {
  const figures = seen?.data && figuresIn(seen.data);
  if (!seen?.data || !figures) return null;
  const checks = { ...seen.data.checks, ...checksOf(figures, day) };
  const changed =
    JSON.stringify([checks.inFlight, checks.hoursUsed]) !==
    JSON.stringify([seen.data.checks.inFlight, seen.data.checks.hoursUsed]);
  return { seen, day: { ...seen.data, checks }, changed };
}

function isBroken(checks: Pick<Checks, 'inFlight' | 'hoursUsed'>): boolean {
  return checks.inFlight.status === 'broken' || checks.hoursUsed.status === 'broken';
}
