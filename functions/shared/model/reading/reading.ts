import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../dates.ts';
import { parseHttpDate, parseIsoTime } from './time-text.ts';

/**
 * Reads values that other programs wrote: the fields of records, of a backend's answer and of imported rows, and roots.
 * All code that interprets such a value does so here, and every value comes to one of three:
 *
 * - `read`: a value is there, and it was understood.
 * - `absent`: no value is there, or one of the usual ways to write that there is none, such as `N/A`.
 * - `unreadable`: a value is there, and it was not understood. It is never treated as absent: the caller decides what has
 *   to wait until the value is corrected, and reports it.
 */
export type Reading<T> =
  | { is: 'read'; value: T }
  | { is: 'absent' }
  /**
   * `why` describes the value and what was expected, in words. Where a list or map was found instead of one text, `texts`
   * are the texts in it: each of them may be the one that was meant. `hasMore` is set where there are more than these.
   */
  | { is: 'unreadable'; why: string; texts?: readonly string[]; hasMore?: boolean };

/** How a time is stored in Firestore. A query with a value of another type silently finds nothing. */
export const TIME_TYPES = ['timestamp', 'iso', 'seconds', 'millis', 'micros'] as const;
export type TimeType = (typeof TIME_TYPES)[number];

/** How a time is written in JSON; `http` is the form of HTTP headers. */
export const JSON_TIME_TYPES = ['iso', 'http', 'seconds', 'millis', 'micros'] as const;
export type JsonTimeType = (typeof JSON_TIME_TYPES)[number];

/** How a time is written. */
export interface TimeForm {
  type: TimeType | JsonTimeType;
  /** The zone of text that names none: `UTC`, `+02:00` or `Europe/Berlin`. Without it, such text is unreadable. */
  zone?: string | undefined;
}

/** The times that a job can have, `to` excluded. Any other is unreadable. */
export const PLAUSIBLE_TIMES = { from: new Date(Date.UTC(2000, 0, 1)), to: new Date(Date.UTC(2200, 0, 1)) };

/** The words, in lower case, that programs write for no value. */
const NONE_WORDS = new Set([
  '',
  '-',
  '--',
  'none',
  'null',
  'nil',
  'undefined',
  'unknown',
  'n/a',
  '#n/a',
  'nan',
  'nat',
  '<na>',
  '<none>',
  '<nil>',
  '<null>',
  '(null)',
  '\\n',
]);
const LONGEST_QUOTE = 60;

/** The last instant of the last year that four digits can write. */
const FOR_EVER = new Date('9999-12-31T23:59:59.999Z');

const ABSENT = { is: 'absent' } as const;

export function read<T>(value: T): Reading<T> {
  return { is: 'read', value };
}

/** The reading of a value that is there and was not understood; `expected` describes what would have been. */
export function unreadable<T>(value: unknown, expected: string): Reading<T> {
  return { is: 'unreadable', why: `${quoted(value)} is not ${expected}` };
}

/** Returns the value that was read; `null` for one that is absent, and for one that is unreadable, too. */
export function orNull<T>(reading: Reading<T>): T | null {
  return reading.is === 'read' ? reading.value : null;
}

/** Whether `value` is one of the ways to write that there is no value: null, empty, `None`, `\N`, `N/A`, `NaN` and the like. */
export function isNone(value: unknown): boolean {
  if (value === null || value === undefined || Number.isNaN(value)) return true;
  return typeof value === 'string' && NONE_WORDS.has(value.trim().toLowerCase());
}

/**
 * Reads a time, cut off below the millisecond.
 *
 * - Absent is what `isNone` accepts. So are 0, -1, 1 January of the years 1 and 1970, and the year 9999: languages and
 *   databases write them for no time.
 * - Unreadable is a value of another type than that of `form`, text without a zone where `form` has none either, and a
 *   time before 2000 or after 2199.
 */
export function readTime(value: unknown, form: TimeForm): Reading<Date> {
  if (isNone(value) || isNoMoment(value)) return ABSENT;
  const instant = instantOf(value, form);
  // A time that means none means so in every zone, so this needs no zone in the text.
  const roughly = instant ?? instantOf(value, { ...form, zone: 'UTC' });
  if (roughly !== undefined && isNoTime(roughly, typeof value)) return ABSENT;
  if (instant === undefined) return unreadable(value, describeTime(form));
  const isPlausible = instant >= PLAUSIBLE_TIMES.from && instant < PLAUSIBLE_TIMES.to;
  return isPlausible ? read(instant) : unreadable(value, `${describeTime(form)}, of 2000 to 2199`);
}

/**
 * Reads the time until which something is kept. A time after 2199 is read as the end of time, and not as absent or
 * unreadable: the year 9999 means for ever here, and what is kept must not be deleted.
 */
export function readHold(value: unknown, form: TimeForm): Reading<Date> {
  const instant = isNone(value) ? undefined : instantOf(value, { ...form, zone: form.zone ?? 'UTC' });
  return instant && instant >= PLAUSIBLE_TIMES.to ? read(FOR_EVER) : readTime(value, form);
}

/** Reads a time in JSON or a file. A number may be written as text there, for no query has to find it. */
export function readJsonTime(value: unknown, form: TimeForm): Reading<Date> {
  const isNumber = form.type !== 'iso' && form.type !== 'http';
  const number = isNumber && typeof value === 'string' ? numberIn(value) : undefined;
  return readTime(number ?? value, form);
}

/** Returns the value to store for `instant`. */
export function writeTime(instant: Date, type: TimeType): Date | string | number {
  switch (type) {
    case 'timestamp':
      return instant;
    case 'iso':
      return instant.toISOString();
    case 'seconds':
      return instant.getTime() / SECOND_MS;
    case 'millis':
      return instant.getTime();
    case 'micros':
      return instant.getTime() * 1000;
  }
}

/** Reads a number from 0 to `max`, which may be written as text. */
export function readAmount(value: unknown, max: number): Reading<number> {
  if (isNone(value)) return ABSENT;
  const amount = typeof value === 'string' ? numberIn(value) : value;
  const isAmount = typeof amount === 'bigint' || typeof amount === 'number';
  // Compared before it is converted, which rounds integers beyond 2^53.
  if (!isAmount || !(amount >= 0) || amount > max) return unreadable(value, `a number from 0 to ${max}`);
  return read(Number(amount));
}

/**
 * Reads an identifier as text, without blanks around it. A floating-point number beyond 2^53 is unreadable: it may have
 * been rounded when it was stored, and would name something else. 0 is an identifier like any other.
 */
export function readId(value: unknown): Reading<string> {
  if (isNone(value)) return ABSENT;
  if (typeof value === 'string') return read(value.trim());
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return read(String(value));
  return unreadable(
    value,
    typeof value === 'number' ? 'an exact identifier: it was stored as a rounded number' : 'an identifier',
  );
}

/** Reads text as it is. A number or a boolean is read as the text for it, such as `3` or `true`. */
export function readText(value: unknown): Reading<string> {
  if (value === null || value === undefined || value === '') return ABSENT;
  const isWord = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return isWord ? read(String(value)) : unreadable(value, 'text');
}

/** Describes a value in words that fit into one line of a message. */
export function quoted(value: unknown): string {
  const text = describe(value);
  // Cut, it may end in half a character, which Firestore does not store.
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE).toWellFormed()}…` : text;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'an invalid date' : `the timestamp ${value.toISOString()}`;
  if (Array.isArray(value)) return 'a list';
  if (value !== null && typeof value === 'object') return 'a map';
  return String(value);
}

function describeTime({ type, zone }: TimeForm): string {
  switch (type) {
    case 'timestamp':
      return 'a timestamp';
    case 'iso':
      return `an ISO time as text${zone === undefined ? ' with its zone' : ''}`;
    case 'http':
      return 'a time such as Thu, 12 Nov 2026 10:00:00 GMT';
    case 'seconds':
      return 'a time in seconds since 1970';
    case 'millis':
      return 'a time in milliseconds since 1970';
    case 'micros':
      return 'a time in microseconds since 1970';
  }
}

/** Whether a value is 0 or -1, as a number or as text, or the date 0000-00-00, which MySQL writes for none. */
function isNoMoment(value: unknown): boolean {
  if (typeof value !== 'string') return value === 0 || value === -1 || value === 0n || value === -1n;
  return /^([+-]?0+(\.0*)?|-1|0000-00-00.*)$/.test(value.trim());
}

/** Whether an instant means that there is no time. In text it may be in any zone; a number has no zone. */
function isNoTime(instant: Date, type: string): boolean {
  const isNear = (other: number) => {
    const off = instant.getTime() - other;
    // Every zone is a whole number of quarters of an hour away from UTC, and at most 14 hours.
    return type === 'number' ? off === 0 : Math.abs(off) <= 14 * HOUR_MS && off % (15 * MINUTE_MS) === 0;
  };
  return isNear(0) || isNear(YEAR_ONE) || instant.getUTCFullYear() === 9999;
}

const YEAR_ONE = Date.parse('0001-01-01T00:00:00Z');

function instantOf(value: unknown, { type, zone }: TimeForm): Date | undefined {
  if (type === 'timestamp')
    return value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined;
  if (type === 'iso') return typeof value === 'string' ? parseIsoTime(value, zone) : undefined;
  if (type === 'http') return typeof value === 'string' ? parseHttpDate(value) : undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const instant = new Date(millisOf(Number(value), type));
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

/** Cuts off below the millisecond and never rounds up: a query compares the stored numbers, which are not rounded. */
function millisOf(value: number, type: 'seconds' | 'millis' | 'micros'): number {
  if (type === 'millis') return Math.floor(value);
  if (type === 'micros') return Math.floor(value / 1000);
  const seconds = Math.floor(value);
  // No floating-point number is exactly .001: a fraction that is less than a microsecond short of it counts as .001.
  const millis = Math.min(999, Math.floor((value - seconds) * SECOND_MS + 1e-3));
  return seconds * SECOND_MS + millis;
}

/** Parses a decimal number; an integer is exact. */
function numberIn(text: string): number | bigint | undefined {
  const trimmed = text.trim();
  if (/^[+-]?\d+$/.test(trimmed)) {
    const number = Number(trimmed);
    return Number.isSafeInteger(number) ? number : BigInt(trimmed.replace(/^\+/, ''));
  }
  return /^[+-]?(\d+\.\d*|\.\d+|\d+)(e[+-]?\d{1,3})?$/i.test(trimmed) ? Number(trimmed) : undefined;
}
