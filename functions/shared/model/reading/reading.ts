import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../dates.ts';
import { parseHttpDate, parseIsoTime } from './time-text.ts';

/**
 * The one reader of values that other people's programs wrote: fields of records, of a backend's answer, of imported rows,
 * and roots. Each value is read, absent or unreadable. Unreadable is never taken for absent: whoever reads decides what
 * waits for it, and names it.
 */
export type Reading<T> =
  | { is: 'read'; value: T }
  | { is: 'absent' }
  /**
   * `why` describes the value and what was expected, in words. `texts` are those that stand in a list or map where one text
   * was expected: each of them may be what was meant.
   */
  | { is: 'unreadable'; why: string; texts?: readonly string[] };

/** How a time is stored in Firestore; a query of the wrong type silently finds nothing. */
export const TIME_TYPES = ['timestamp', 'iso', 'seconds', 'millis', 'micros'] as const;
export type TimeType = (typeof TIME_TYPES)[number];

/** How a time is told in JSON; `http` is the form of HTTP headers. */
export const JSON_TIME_TYPES = ['iso', 'http', 'seconds', 'millis', 'micros'] as const;
export type JsonTimeType = (typeof JSON_TIME_TYPES)[number];

/** How a time is to be read; `zone` is that of text that names none: `UTC`, `+02:00` or `Europe/Berlin`. */
export interface TimeForm {
  type: TimeType | JsonTimeType;
  zone?: string | undefined;
}

/** No time of a job lies outside; half-open. */
export const PLAUSIBLE_TIMES = { from: new Date(Date.UTC(2000, 0, 1)), to: new Date(Date.UTC(2200, 0, 1)) };

/** Words, in lower case, that programs write where they have nothing to say. */
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

/** The last instant of the last year that four digits can tell. */
const FOR_EVER = new Date('9999-12-31T23:59:59.999Z');

const ABSENT = { is: 'absent' } as const;

/** A value that was read. */
export function read<T>(value: T): Reading<T> {
  return { is: 'read', value };
}

/** A value that is there and cannot be understood. */
export function unreadable<T>(value: unknown, expected: string): Reading<T> {
  return { is: 'unreadable', why: `${quoted(value)} is not ${expected}` };
}

/** The value that was read; `null` for one that is absent or unreadable. */
export function orNull<T>(reading: Reading<T>): T | null {
  return reading.is === 'read' ? reading.value : null;
}

/** Whether `value` is one of the ways to write that there is none: null, empty, `None`, `\N`, `N/A`, `NaN` and the like. */
export function isNone(value: unknown): boolean {
  if (value === null || value === undefined || Number.isNaN(value)) return true;
  return typeof value === 'string' && NONE_WORDS.has(value.trim().toLowerCase());
}

/**
 * Reads a time, cut off below the millisecond. Absent, besides what `isNone` says: 0, -1, the first of January of 1970 and of
 * the year 1, and the year 9999, which stand for no time in half of all languages. Unreadable: another type than the
 * mapped one, text without a zone where none is declared, and times before 2000 or after 2199.
 */
export function readTime(value: unknown, form: TimeForm): Reading<Date> {
  if (isNone(value) || isNoMoment(value)) return ABSENT;
  const instant = instantOf(value, form);
  // What stands for none does so in every zone.
  const roughly = instant ?? instantOf(value, { ...form, zone: 'UTC' });
  if (roughly !== undefined && isNoTime(roughly, typeof value)) return ABSENT;
  if (instant === undefined) return unreadable(value, describeTime(form));
  const isPlausible = instant >= PLAUSIBLE_TIMES.from && instant < PLAUSIBLE_TIMES.to;
  return isPlausible ? read(instant) : unreadable(value, `${describeTime(form)}, of 2000 to 2199`);
}

/**
 * Reads until when something is held. A time after 2199 is read as the end of time: whoever writes 9999 there means for
 * ever, and what is held must not go because nobody can live that long.
 */
export function readHold(value: unknown, form: TimeForm): Reading<Date> {
  const instant = isNone(value) ? undefined : instantOf(value, { ...form, zone: form.zone ?? 'UTC' });
  return instant && instant >= PLAUSIBLE_TIMES.to ? read(FOR_EVER) : readTime(value, form);
}

/** Reads a time out of JSON or a file, where a number may be written as text, too; no query has to find it there. */
export function readJsonTime(value: unknown, form: TimeForm): Reading<Date> {
  const isNumber = form.type !== 'iso' && form.type !== 'http';
  const number = isNumber && typeof value === 'string' ? numberIn(value) : undefined;
  return readTime(number ?? value, form);
}

/** The value to store for `instant`. */
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

/** Reads a number from 0 to `max`, also one as text. */
export function readAmount(value: unknown, max: number): Reading<number> {
  if (isNone(value)) return ABSENT;
  const amount = typeof value === 'string' ? numberIn(value) : value;
  const isAmount = typeof amount === 'bigint' || typeof amount === 'number';
  // Compared before it is converted: an integer beyond 2^53 is no number that anybody counted.
  if (!isAmount || !(amount >= 0) || amount > max) return unreadable(value, `a number from 0 to ${max}`);
  return read(Number(amount));
}

/**
 * Reads an identifier as text, without blanks around it. An integer is exact or unreadable: one that a program stored as a
 * floating-point number beyond 2^53 may have been rounded, and would name something else. 0 is an identifier like others.
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

/** Reads text as it is; a number or a boolean becomes the word for it. */
export function readText(value: unknown): Reading<string> {
  if (value === null || value === undefined || value === '') return ABSENT;
  const isWord = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return isWord ? read(String(value)) : unreadable(value, 'text');
}

/** A value in words that fit into one line of a message. */
export function quoted(value: unknown): string {
  const text = describe(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
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

/** 0 or -1 as a number or as text, or the date that MySQL writes for none. */
function isNoMoment(value: unknown): boolean {
  if (typeof value !== 'string') return value === 0 || value === -1 || value === 0n || value === -1n;
  return /^([+-]?0+(\.0*)?|-1|0000-00-00.*)$/.test(value.trim());
}

/** Whether an instant stands for none: in whatever zone it was written, but a number knows none. */
function isNoTime(instant: Date, type: string): boolean {
  const isNear = (other: number) => {
    const off = instant.getTime() - other;
    // Every zone is whole quarters of an hour away from UTC; what lies between them is no start of a calendar.
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

/** Cut off, never rounded into the next second: a query that compares the stored numbers does not round either. */
function millisOf(value: number, type: 'seconds' | 'millis' | 'micros'): number {
  if (type === 'millis') return Math.floor(value);
  if (type === 'micros') return Math.floor(value / 1000);
  const seconds = Math.floor(value);
  // No floating-point number is exactly .001: what lacks less than a microsecond was meant.
  const millis = Math.min(999, Math.floor((value - seconds) * SECOND_MS + 1e-3));
  return seconds * SECOND_MS + millis;
}

/** A plain decimal number in text; exact where it is an integer. */
function numberIn(text: string): number | bigint | undefined {
  const trimmed = text.trim();
  if (/^[+-]?\d+$/.test(trimmed)) {
    const number = Number(trimmed);
    return Number.isSafeInteger(number) ? number : BigInt(trimmed.replace(/^\+/, ''));
  }
  return /^[+-]?(\d+\.\d*|\.\d+|\d+)(e[+-]?\d{1,3})?$/i.test(trimmed) ? Number(trimmed) : undefined;
}
