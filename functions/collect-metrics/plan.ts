import { addDays, type Day, dayOf, daysBetween, isSunday } from '../shared/dates.ts';
import type { DailyMetrics } from '../shared/model/day.ts';
import { isTerminal, type Job } from '../shared/model/job.ts';

/** Which days a run collects. */

/** Days looked at for gaps and for days that are not final. */
const WINDOW_DAYS = 35;
/** Days always collected again: records arrive late. */
const TRAILING_DAYS = 3;
/** Days whose records are read together; memory grows with it. */
const CHUNK_DAYS = 7;

/** The days that gaps are looked for in, before `today`. */
export function windowBefore(today: Day): Day[] {
  return daysBetween(addDays(today, -WINDOW_DAYS), addDays(today, -1));
}

/**
 * The days a whole run collects: of the window, oldest first, gaps, days that are not final, dirty ones and the trailing
 * days with yesterday, or all of it on Sundays; then what is unsettled or dirty beyond it, which must not keep yesterday
 * waiting.
 */
export function wholeRunDays(
  today: Day,
  stored: ReadonlyMap<Day, Pick<DailyMetrics, 'status'>>,
  { dirty, unsettled }: { dirty: Iterable<Day>; unsettled: Iterable<Day> },
): Day[] {
  const window = windowBefore(today);
  const doubtful = new Set([...dirty, ...unsettled]);
  const within = window.filter(
    (day, index) =>
      isSunday(today) ||
      stored.get(day)?.status !== 'final' ||
      doubtful.has(day) ||
      index >= window.length - TRAILING_DAYS,
  );
  const beyond = [...doubtful].filter((day) => day < addDays(today, -WINDOW_DAYS)).sort();
  return [...within, ...beyond];
}

/**
 * The days that a changed record makes doubtful: those of its start and end, when it ended before the trailing days,
 * which are collected anyway. Days between them follow where a check breaks.
 */
export function daysMadeDirty(job: Job, today: Day): Day[] {
  const ended = isTerminal(job.state) && job.endedAt ? dayOf(job.endedAt) : today;
  return isCollectedAnyway(ended, today) ? [] : [...daysCounting(job)];
}

/** Whether a changed job may have been counted on a day that is not collected anyway, and has moved away from it. */
export function mayHaveMoved(job: Job, today: Day): boolean {
  return job.createdAt === null || !isCollectedAnyway(dayOf(job.createdAt), today);
}

/** Whether `day`, which once counted `job`, counts it no more and is not collected anyway. */
export function movedFrom(day: Day, job: Job, today: Day): boolean {
  return !daysCounting(job).has(day) && !isCollectedAnyway(day, today);
}

function isCollectedAnyway(day: Day, today: Day): boolean {
  return day >= addDays(today, -TRAILING_DAYS);
}

/** The days on which a job counts as started or ended, as its record stands. */
function daysCounting({ startedAt, endedAt }: Job): Set<Day> {
  return new Set([startedAt, endedAt].flatMap((instant) => (instant ? [dayOf(instant)] : [])));
}

/** Runs of consecutive days, each short enough to be read at once. */
export function chunked(days: readonly Day[]): Day[][] {
  const chunks: Day[][] = [];
  for (const day of days) {
    const last = chunks.at(-1);
    if (last && last.length < CHUNK_DAYS && addDays(last.at(-1) as Day, 1) === day) last.push(day);
    else chunks.push([day]);
  }
  return chunks;
}

/** What a collection saw of the checks: that of its own day, and that of the next where it was looked at. */
export interface ChecksSeen {
  date: Day;
  broken: { own: boolean; next: boolean | null };
}

/** The days whose check is broken, going by the last look at each. */
export function brokenDays(seen: Iterable<ChecksSeen>): Day[] {
  const broken = new Map<Day, boolean>();
  for (const { date, broken: found } of seen) {
    broken.set(date, found.own);
    if (found.next !== null) broken.set(addDays(date, 1), found.next);
  }
  return [...broken].flatMap(([date, isBroken]) => (isBroken ? [date] : [])).sort();
}

/**
 * The days to collect too where checks are broken: a check stands between two days, and the one that was not `tried` is
 * out of date. A few days in its direction at once, for long jobs span many.
 */
export function daysToHeal(broken: readonly Day[], tried: ReadonlySet<Day>, today: Day): Day[] {
  const beside = broken.flatMap((day) => [
    ...(tried.has(addDays(day, -1)) ? [] : daysBetween(addDays(day, -CHUNK_DAYS), addDays(day, -1))),
    ...(tried.has(day) ? [] : daysBetween(day, addDays(day, CHUNK_DAYS - 1))),
  ]);
  return [...new Set(beside)].filter((day) => day < today && !tried.has(day)).sort();
}
