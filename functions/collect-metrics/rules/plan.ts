import { addDays, type Day, dayOf, daysBetween, endOfDay, isSunday } from '../../shared/dates.ts';
import {
  type DailyMetrics,
  isRecordSource,
  isSettled,
  type MetricSource,
} from '../../shared/model/day/day.ts';
import { SECTIONS } from '../../shared/model/day/platform.ts';
import type { Job } from '../../shared/model/job/job.ts';
import { lifeOf } from '../../shared/model/job/life.ts';

/** Decides which days a run collects, and which sources it asks for each. */

/** How many days back gaps, and days that are not final, are looked for. */
const WINDOW_DAYS = 35;
/** How many days are always collected again, because records arrive late. */
const TRAILING_DAYS = 3;
/** How many days' records are read together; memory grows with it. */
const CHUNK_DAYS = 7;

/** Returns the days before `today` in which gaps are looked for. */
export function windowBefore(today: Day): Day[] {
  return daysBetween(addDays(today, -WINDOW_DAYS), addDays(today, -1));
}

/** Returns those of `sources` that can still answer for a day. */
export function withinReach(sources: readonly MetricSource[], date: Day, today: Day): MetricSource[] {
  return sources.filter(
    (source) => isRecordSource(source) || date >= addDays(today, -SECTIONS[source].reachDays),
  );
}

/** A day to collect, and the metric sources to ask for it. The sections of other sources stay as they are stored. */
export interface PlannedDay {
  date: Day;
  ask: readonly MetricSource[];
}

/** The part of a stored day that the plan depends on. */
export type StoredDay = Pick<DailyMetrics, 'status' | 'sources'>;

/**
 * Returns the days that a whole run collects, in this order:
 *
 * 1. Days of the window, oldest first: gaps, days that are not final, dirty days and the trailing days, which end with
 *    yesterday. On Sundays, all days of the window.
 * 2. Older days that are unsettled or dirty. They come last, so that yesterday does not wait for them.
 *
 * The trailing days, and all days on Sundays, ask every source; the others only those that are missing. `stored` holds the
 * days of the window, and every unsettled day.
 */
export function wholeRunDays(
  today: Day,
  stored: ReadonlyMap<Day, StoredDay>,
  { dirty, configured: all }: { dirty: ReadonlySet<Day>; configured: readonly MetricSource[] },
): PlannedDay[] {
  const window = windowBefore(today);
  const begin = window[0] as Day;
  const unsettled = [...stored].flatMap(([date, { status }]) => (status === 'provisional' ? [date] : []));
  const beyond = [...new Set([...dirty, ...unsettled])].filter((date) => date < begin).sort();
  return [...window, ...beyond].flatMap((date) => {
    const configured = withinReach(all, date, today);
    const whole = date >= begin && (isSunday(today) || isCollectedAnyway(date, today));
    const ask = whole ? configured : missingOn(stored.get(date), dirty.has(date), configured);
    return ask.length > 0 ? [{ date, ask }] : [];
  });
}

/** Returns the sources that have not settled for a day, and the record sources where the day's records are in doubt. */
function missingOn(
  stored: StoredDay | undefined,
  isDirty: boolean,
  configured: readonly MetricSource[],
): readonly MetricSource[] {
  if (!stored) return configured;
  const open = configured.filter((source) => !isSettled(stored.sources[source]));
  const doubtful =
    isDirty || stored.status === 'conflict' || (stored.status !== 'final' && open.length === 0);
  return doubtful ? configured.filter((source) => open.includes(source) || isRecordSource(source)) : open;
}

/**
 * Returns the days that a changed record puts in doubt: those of its start and its end, where it ended before the trailing
 * days, which are collected anyway. For a faulty record, that is the day that reports it. The days between start and end
 * are healed where a check breaks.
 */
export function daysMadeDirty(job: Job, today: Day): Day[] {
  const life = lifeOf(job, endOfDay(today));
  if (life.kind === 'fault') {
    const { reported } = life;
    return typeof reported === 'object' && 'on' in reported && !isCollectedAnyway(reported.on, today)
      ? [reported.on]
      : [];
  }
  const ended = life.end ? dayOf(life.end) : today;
  return isCollectedAnyway(ended, today) ? [] : [...daysCounting(job, today)];
}

/** Whether a changed job may have been counted before on a day that is not collected anyway. */
export function mayHaveMoved(job: Job, today: Day): boolean {
  return job.createdAt === null || !isCollectedAnyway(dayOf(job.createdAt), today);
}

/** Whether `day`, which counted `job` before, no longer counts it and is not collected anyway. */
export function movedFrom(day: Day, job: Job, today: Day): boolean {
  return !daysCounting(job, today).has(day) && !isCollectedAnyway(day, today);
}

function isCollectedAnyway(day: Day, today: Day): boolean {
  return day >= addDays(today, -TRAILING_DAYS);
}

/** Returns the days on which a job counts as started or ended, by its record. */
function daysCounting(job: Job, today: Day): Set<Day> {
  const life = lifeOf(job, endOfDay(today));
  const instants = life.kind === 'fault' ? [] : [life.start, life.end];
  return new Set(instants.flatMap((instant) => (instant ? [dayOf(instant)] : [])));
}

/** Splits days into runs of consecutive days, each short enough to be read at once. */
export function chunked(days: readonly PlannedDay[]): PlannedDay[][] {
  const chunks: PlannedDay[][] = [];
  for (const day of days) {
    const last = chunks.at(-1);
    const follows = last && addDays((last.at(-1) as PlannedDay).date, 1) === day.date;
    if (follows && last.length < CHUNK_DAYS) last.push(day);
    else chunks.push([day]);
  }
  return chunks;
}

/** Returns the days that each metric source is asked for. */
export function daysBySource(days: readonly PlannedDay[]): Map<MetricSource, Day[]> {
  const bySource = new Map<MetricSource, Day[]>();
  for (const { date, ask } of days)
    for (const source of ask) bySource.set(source, [...(bySource.get(source) ?? []), date]);
  return bySource;
}

/** Whether the checks were broken when a day was collected: its own, and those of the next day where these were made. */
export interface ChecksSeen {
  date: Day;
  broken: { own: boolean; next: boolean | null };
}

/** Returns the days whose checks are broken, by the last time that those of each were made. */
export function brokenDays(seen: Iterable<ChecksSeen>): Day[] {
  const broken = new Map<Day, boolean>();
  for (const { date, broken: found } of seen) {
    broken.set(date, found.own);
    if (found.next !== null) broken.set(addDays(date, 1), found.next);
  }
  return [...broken].flatMap(([date, isBroken]) => (isBroken ? [date] : [])).sort();
}

/**
 * Returns the further days to collect where checks are broken. A check compares two days; the one that was not `tried` is
 * out of date. Several days in its direction are returned at once, because long jobs span many.
 */
export function daysToHeal(broken: readonly Day[], tried: ReadonlySet<Day>, today: Day): Day[] {
  const beside = broken.flatMap((day) => [
    ...(tried.has(addDays(day, -1)) ? [] : daysBetween(addDays(day, -CHUNK_DAYS), addDays(day, -1))),
    ...(tried.has(day) ? [] : daysBetween(day, addDays(day, CHUNK_DAYS - 1))),
  ]);
  return [...new Set(beside)].filter((day) => day < today && !tried.has(day)).sort();
}
