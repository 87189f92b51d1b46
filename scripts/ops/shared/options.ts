import { InvalidArgumentError } from 'commander';
import {
  addMs,
  DAY_MS,
  type Day,
  dayOf,
  HOUR_MS,
  MINUTE_MS,
  parseInstant,
  startOfDay,
} from '../../../functions/shared/dates.ts';
import { nearest } from '../../../functions/shared/problems.ts';
import { usage } from './problem.ts';

/** Reads a day of the calendar; 30 February is none. */
export function parseDay(text: string): Day {
  const day = startOfDay(text);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime()) && dayOf(day) === text) return text;
  throw new InvalidArgumentError('Expected a date of the calendar, YYYY-MM-DD.');
}

/** A reader of whole numbers from 1 to `most`. */
export function wholeUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
  };
}

const UNITS_MS: Record<string, number> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** Reads an age such as 90m, 1h or 2d; milliseconds. */
export function parseAge(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  const age = Number(amount) * (UNITS_MS[unit] ?? 0);
  if (age > 0) return age;
  throw new InvalidArgumentError('Expected minutes, hours or days, such as 90m, 1h or 2d.');
}

/** A reader of ages as `parseAge` is, up to so many days. */
export function ageUpTo(days: number): (text: string) => number {
  return (text) => {
    const age = parseAge(text);
    if (age <= days * DAY_MS) return age;
    throw new InvalidArgumentError(`Expected at most ${days}d.`);
  };
}

/** Where a time range begins: an instant, or an age that is counted back from the clock of what is asked. */
export type Since = { at: Date } | { ageMs: number };

/** Reads an age such as 24h, a day, or an instant in UTC. */
export function parseSince(text: string): Since {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return { at: startOfDay(parseDay(text)) };
  const at = parseInstant(text);
  if (at) return { at };
  try {
    return { ageMs: parseAge(text) };
  } catch {
    throw new InvalidArgumentError(
      'Expected an age such as 90m, 24h or 7d, a day, or an instant such as 2026-01-31T02:00:00Z.',
    );
  }
}

/** The instant at which a range begins, `now` being that of what is asked. */
export function sinceAt(since: Since, now: Date): Date {
  return 'at' in since ? since.at : addMs(now, -since.ageMs);
}

/** The option of every command that calls a function. */
export const URL_OPTION = ['--url <url>', 'call exactly this URL; a private one gets an ID token'] as const;

/** Collects a flag that may be repeated, each time with several values separated by commas. */
export function commaList(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}

/** `word` when it is known; throws naming the nearest known one and all of them otherwise. */
export function oneOf<T extends string>(kind: string, word: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === word);
  if (found !== undefined) return found;
  const near = nearest(word, known);
  const hint = near === undefined ? '' : `, did you mean ${near}?`;
  throw usage(`Unknown ${kind} ${JSON.stringify(word)}${hint} (known: ${known.join(', ') || 'none'})`);
}
