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

/** The sources of `sources` whose reach covers a day. */
export function withinReach(sources: readonly MetricSource[], date: Day, today: Day): MetricSource[] {
  return sources.filter(
    (source) => isRecordSource(source) || date >= addDays(today, -SECTIONS[source].reachDays),
  );
}

/** A day to collect, and the metric sources to ask for it; those that are not asked keep what they said. */
export interface PlannedDay {
  date: Day;
  ask: readonly MetricSource[];
}

/** What of a stored day the plan goes by. */
export type StoredDay = Pick<DailyMetrics, 'status' | 'sources'>;

/**
 * The days a whole run collects: of the window, oldest first, gaps, days that are not final, dirty ones and the trailing
 * days with yesterday, or all of it on Sundays; then what is unsettled or dirty beyond it, which must not keep yesterday
 * waiting. `stored` holds the window, and every unsettled day. Older days are asked only for what is missing.
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

/** The sources that have not settled what they say of a day, and the record sources where the day's records are in doubt. */
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
 * The days that a changed record makes doubtful: those of its start and end, when it ended before the trailing days,
 * which are collected anyway; for one that counts nowhere, the day that reports it. Days between them follow where a
 * check breaks.
 */
export function daysMadeDirty(job: Job, today: Day): Day[] {
  const life = lifeOf(job, endOfDay(today));
  if (life.kind === 'fault') {
    const { told } = life;
    return typeof told === 'object' && 'on' in told && !isCollectedAnyway(told.on, today) ? [told.on] : [];
  }
  const ended = life.end ? dayOf(life.end) : today;
  return isCollectedAnyway(ended, today) ? [] : [...daysCounting(job, today)];
}

/** Whether a changed job may have been counted on a day that is not collected anyway, and has moved away from it. */
export function mayHaveMoved(job: Job, today: Day): boolean {
  return job.createdAt === null || !isCollectedAnyway(dayOf(job.createdAt), today);
}

/** Whether `day`, which once counted `job`, counts it no more and is not collected anyway. */
export function movedFrom(day: Day, job: Job, today: Day): boolean {
  return !daysCounting(job, today).has(day) && !isCollectedAnyway(day, today);
}

function isCollectedAnyway(day: Day, today: Day): boolean {
  return day >= addDays(today, -TRAILING_DAYS);
}

/** The days on which a job counts as started or ended, as its record stands. */
function daysCounting(job: Job, today: Day): Set<Day> {
  const life = lifeOf(job, endOfDay(today));
  const instants = life.kind === 'fault' ? [] : [life.start, life.end];
  return new Set(instants.flatMap((instant) => (instant ? [dayOf(instant)] : [])));
}

/** Runs of consecutive days, each short enough to be read at once. */
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

/** By metric source, the days it is asked for. */
export function daysBySource(days: readonly PlannedDay[]): Map<MetricSource, Day[]> {
  const bySource = new Map<MetricSource, Day[]>();
  for (const { date, ask } of days)
    for (const source of ask) bySource.set(source, [...(bySource.get(source) ?? []), date]);
  return bySource;
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
