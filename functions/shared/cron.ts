import { Cron } from 'croner';
import cronstrue from 'cronstrue';
import { addMs, DAY_MS, HOUR_MS } from './dates.ts';

/** Schedules in unix-cron, in UTC, as Cloud Scheduler reads them: their slots, the gaps between these, and their words. */

/** Weekdays and leap years come round after so long, but for the turn of most centuries. */
const CYCLE_MS = 28 * 365.25 * DAY_MS;
/** Any instant will do from which slots are counted. */
const ORIGIN = new Date('2000-01-01T00:00:00Z');

/** Whether Cloud Scheduler takes `schedule` as unix-cron. */
export function isCron(schedule: string): boolean {
  // Cloud Scheduler knows no L, W, # or nicknames, which the parser would accept.
  if (
    !/^[\d*,/\-A-Za-z]+( [\d*,/\-A-Za-z]+){4}$/.test(schedule) ||
    /[LW]/i.test(schedule.replace(/JUL|WED/gi, ''))
  )
    return false;
  try {
    return cronOf(schedule).nextRun() !== null;
  } catch {
    return false;
  }
}

/**
 * What of the days of `schedule` is read in two ways: both day fields are restricted, so that either will do, and one has
 * a `*` in it. To some crons that field is then not restricted, and both must hold. `undefined` where all agree.
 */
export function ambiguousDays(schedule: string): string | undefined {
  const { dayOfMonth, dayOfWeek } = fieldsOf(schedule);
  if (dayOfMonth === '*' || dayOfWeek === '*') return undefined;
  return [dayOfMonth, dayOfWeek].find((field) => field.includes('*'));
}

/** The first slot of `schedule` after `instant`. Throws where none ever comes. */
export function slotAfter(schedule: string, instant: Date): Date {
  const next = cronOf(schedule).nextRun(instant);
  if (!next) throw new RangeError(`Cannot find a slot of "${schedule}" after ${instant.toISOString()}`);
  return next;
}

/** Whether `instant` is a slot of `schedule`. */
export function isSlot(schedule: string, instant: Date): boolean {
  return slotAfter(schedule, addMs(instant, -1)).getTime() === instant.getTime();
}

/** Whether a slot of `schedule` ever comes within `ms` after another. */
export function comesAgainWithin(schedule: string, ms: number): boolean {
  const { overDay, overNightMs } = gapsOfDay(schedule);
  if (overDay.some((gap) => gap <= ms)) return true;
  // The years of days are counted only where that can matter.
  return overNightMs <= ms && nightsOf(schedule).some((night) => night - DAY_MS + overNightMs <= ms);
}

/** The shortest and the longest time from a slot of `schedule` to the next. */
export function gapsOf(schedule: string): { shortestMs: number; longestMs: number } {
  const { overDay, overNightMs } = gapsOfDay(schedule);
  const gaps = [...overDay, ...nightsOf(schedule).map((night) => night - DAY_MS + overNightMs)];
  return {
    shortestMs: gaps.reduce((one, other) => Math.min(one, other)),
    longestMs: gaps.reduce((one, other) => Math.max(one, other)),
  };
}

/** The schedule in English words, such as "At 02:00", or "At 02:00, on day 1 of the month or on Monday". */
export function scheduleWords(schedule: string): string {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = fieldsOf(schedule);
  const time = `${minute} ${hour}`;
  if (dayOfMonth === '*' || dayOfWeek === '*') return inWords(schedule);
  // The library joins the two by "and", or by a comma alone: either field will do.
  const told = inWords(`${time} * * *`).length;
  const rest = (fields: string) => inWords(`${time} ${fields}`).slice(told);
  const ofMonth = rest(`${dayOfMonth} * *`);
  const ofWeek = rest(`* * ${dayOfWeek}`).replace(/^, (?:only on )?/, '');
  // A field without words matches every day.
  if (!ofMonth || !ofWeek) return inWords(`${time} * ${month} *`);
  const on = ofWeek.startsWith('every ') ? '' : 'on ';
  return `${inWords(`${time} * * *`)}${ofMonth} or ${on}${ofWeek}${rest(`* ${month} *`)}`;
}

function inWords(schedule: string): string {
  return cronstrue.toString(schedule, { use24HourTimeFormat: true });
}

function fieldsOf(schedule: string) {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = schedule.split(' ');
  return { minute, hour, dayOfMonth, month, dayOfWeek, days: `${dayOfMonth} ${month} ${dayOfWeek}` };
}

/** The gaps between the slots of one day, and from the last of a day to the first of the next. */
function gapsOfDay(schedule: string): { overDay: number[]; overNightMs: number } {
  const { minute, hour } = fieldsOf(schedule);
  // Every day that has slots has the same: each minute of each hour.
  const minutes = slotsWithin(`${minute} * * * *`, HOUR_MS);
  const times = slotsWithin(`0 ${hour} * * *`, DAY_MS).flatMap((at) => minutes.map((ms) => at + ms));
  return { overDay: gapsBetween(times), overNightMs: DAY_MS - (times.at(-1) ?? 0) + (times[0] ?? 0) };
}

/** The gaps between the days that have slots. */
function nightsOf(schedule: string): number[] {
  const { days } = fieldsOf(schedule);
  return days === '* * *' ? [DAY_MS] : gapsBetween(slotsWithin(`0 0 ${days}`, CYCLE_MS));
}

/** The slots of the first `spanMs` from the origin on, in milliseconds after it. */
function slotsWithin(schedule: string, spanMs: number): number[] {
  const slots: number[] = [];
  let next = slotAfter(schedule, addMs(ORIGIN, -1));
  for (; next.getTime() < ORIGIN.getTime() + spanMs; next = slotAfter(schedule, next))
    slots.push(next.getTime() - ORIGIN.getTime());
  return slots;
}

function gapsBetween(slots: readonly number[]): number[] {
  return slots.slice(1).map((at, index) => at - (slots[index] ?? at));
}

const parsed = new Map<string, Cron>();

function cronOf(schedule: string): Cron {
  const known = parsed.get(schedule);
  // An offset, not a zone: looking up a zone's rules costs a cold start 17 ms.
  const cron = known ?? new Cron(schedule, { utcOffset: 0, mode: '5-part', paused: true });
  parsed.set(schedule, cron);
  return cron;
}
