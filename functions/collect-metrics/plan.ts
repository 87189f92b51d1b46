import { addDays, type Day, dayOf, daysBetween, isSunday } from '../shared/dates.ts';
import type { DailyMetrics } from '../shared/model/day.ts';
import { isTerminal, type Job } from '../shared/model/job.ts';

/** Which days a run collects. */

/** Days looked at for gaps and for days that are not final. */
export const WINDOW_DAYS = 35;
/** Days always collected again: records arrive late. */
const TRAILING_DAYS = 3;
/** Days whose records are read together; memory grows with it. */
const CHUNK_DAYS = 7;

/** The days that gaps are looked for in, before `today`. */
export function windowBefore(today: Day): Day[] {
  return daysBetween(addDays(today, -WINDOW_DAYS), addDays(today, -1));
}

/**
 * The days a whole run collects, oldest first: gaps and non-final days of the window, dirty days of any age, the
 * trailing days with yesterday, and on Sundays the whole window.
 */
export function wholeRunDays(
  today: Day,
  stored: ReadonlyMap<Day, Pick<DailyMetrics, 'status'>>,
  dirty: Iterable<Day>,
): Day[] {
  const window = windowBefore(today);
  const days = isSunday(today)
    ? window
    : window.filter(
        (day, index) => stored.get(day)?.status !== 'final' || index >= window.length - TRAILING_DAYS,
      );
  return [...new Set([...days, ...dirty])].filter((day) => day < today).sort();
}

/**
 * The days that a changed record makes doubtful: those of its start and end, when it ended before the trailing days,
 * which are collected anyway. Days between them follow where a check breaks.
 */
export function daysMadeDirty(job: Job, today: Day): Day[] {
  if (!isTerminal(job.state) || !job.endedAt) return [];
  const ended = dayOf(job.endedAt);
  if (ended >= addDays(today, -TRAILING_DAYS)) return [];
  return [...new Set([dayOf(job.startedAt ?? job.endedAt), ended])];
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
