import {
  addDays,
  addMs,
  DAY_MS,
  type Day,
  daysBetween,
  HOUR_MS,
  startOfDay,
} from '../../../functions/shared/dates.ts';
import type { Level } from '../stand-ins/google/world.ts';
import { dice } from './dice.ts';

/** Days before today that sizes are known of: more than the jobs, for a gauge is looked for in the days before. */
export const LEVEL_DAYS = 45;
/** Days after today that sizes are settled for, which nothing measures before they come: as many as nights can pass, and one. */
const DAYS_AHEAD = 100;

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** What grows by about `perDay` every day. */
export interface Growth {
  /** Sets its chance apart from that of others. */
  name: string;
  perDay: number;
  since: Day;
  /** The first day that it is no more. */
  until?: Day;
}

/** The sizes over the 45 days before `today` and 100 after, measured once a day; never one that is smaller than the day before. */
export function levelOf({ name, perDay, since, until }: Growth, today: Day): Level {
  const oldest = addDays(today, -LEVEL_DAYS);
  const days = daysBetween(
    since > oldest ? since : oldest,
    until ? addDays(until, -1) : addDays(today, DAYS_AHEAD),
  );
  const steps = days.map((day) => {
    const age = (startOfDay(day).getTime() - startOfDay(since).getTime()) / DAY_MS;
    const ofTheDay = dice(`${name} on ${day}`).between(1, 1_000) / 1_000;
    return { from: measuredAt(day), value: Math.ceil(perDay * (age + ofTheDay)) };
  });
  return until ? [...steps, { from: measuredAt(until), value: null }] : steps;
}

function measuredAt(day: Day): Date {
  return addMs(startOfDay(day), 5 * HOUR_MS);
}
