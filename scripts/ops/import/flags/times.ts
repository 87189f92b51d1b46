import { SECOND_MS } from '../../../../functions/shared/dates.ts';
import { TIME_FIELDS, type TimeField } from '../../../../functions/shared/model/job/source.ts';
import {
  isNone,
  JSON_TIME_TYPES,
  type JsonTimeType,
  quoted,
  type Reading,
  read,
  readJsonTime,
  type TimeForm,
  unreadable,
} from '../../../../functions/shared/model/reading/reading.ts';
import { isZone, parseIsoTime } from '../../../../functions/shared/model/reading/time-text.ts';
import { oneOf } from '../../shared/options.ts';
import { usage } from '../../shared/problem.ts';
import { splitAt } from './pairs.ts';

/** How the file writes its times. */

/** A form that everybody knows, or seconds counted from an instant of the file's own. */
type FileTime = JsonForm | { since: Date };

interface JsonForm extends TimeForm {
  type: JsonTimeType;
}

/** Reads the time of a field as the file writes it; what is unreadable comes with the flag that would read it. */
export type Times = (field: TimeField, value: unknown) => Reading<Date>;

/** The flags that describe how times are written. */
export interface TimeFlags {
  time?: readonly string[] | undefined;
  zone?: string | undefined;
  secondsSince?: string | undefined;
}

/** Parses the flags, of one field or of all. Without any, times are ISO 8601 text. Throws a usage problem. */
export function readTimes({ time = [], zone, secondsSince }: TimeFlags): Times {
  if (zone !== undefined && !isZone(zone))
    throw usage(
      `Cannot read --zone ${zone}: UTC, an offset such as +02:00, or a name such as Europe/Berlin is expected`,
    );
  const forms = new Map<TimeField | 'all', FileTime>();
  if (secondsSince !== undefined) forms.set('all', { since: instantOf(secondsSince) });
  for (const pair of time) {
    const equals = pair.indexOf('=');
    const [word, kind] = equals < 0 ? ['all', pair] : splitAt(pair, equals, '--time', 'FIELD=TYPE');
    const field = word === 'all' ? word : oneOf('time field', word, TIME_FIELDS);
    const type = oneOf('type of time', kind, JSON_TIME_TYPES);
    if (forms.has(field))
      throw usage(
        `Cannot read --time ${pair}: how ${field === 'all' ? 'all times are' : `${field} is`} written was given already`,
      );
    forms.set(field, { type, zone });
  }
  const other = forms.get('all') ?? { type: 'iso', zone };
  return (field, value) => {
    const trimmed = typeof value === 'string' ? value.trim() : value;
    return readFileTime(field, trimmed, forms.get(field) ?? other);
  };
}

function readFileTime(field: TimeField, value: unknown, form: FileTime): Reading<Date> {
  const reading = 'since' in form ? readSeconds(value, form.since) : strict(value, form);
  if (reading.is !== 'unreadable') return reading;
  const hint = hintFor(field, value, form);
  return hint === undefined ? reading : { is: 'unreadable', why: `${reading.why}: ${hint}` };
}

/**
 * As `readJsonTime`, but of numbers only 0 and the year 9999 stand for no time: another one so small or large was written
 * in another unit.
 */
function strict(value: unknown, form: JsonForm): Reading<Date> {
  const reading = readJsonTime(value, form);
  if (reading.is !== 'absent' || isNone(value)) return reading;
  const number = numberOf(value);
  if (number === undefined || number === 0 || number > UNITS_OF_1971[form.type]) return reading;
  return unreadable(value, `a time in ${form.type}`);
}

const UNITS_OF_1971: Record<JsonTimeType, number> = {
  iso: Number.POSITIVE_INFINITY,
  http: Number.POSITIVE_INFINITY,
  seconds: 3.2e7,
  millis: 3.2e10,
  micros: 3.2e13,
};

/** Cut off below the millisecond, and never into the next second. */
function readSeconds(value: unknown, since: Date): Reading<Date> {
  if (isNone(value)) return { is: 'absent' };
  const seconds = numberOf(value);
  const expected = `seconds since ${since.toISOString()}`;
  if (seconds === undefined) return unreadable(value, expected);
  const whole = Math.floor(seconds);
  // No floating-point number is exactly .001: what lacks less than a microsecond was meant.
  const millis = Math.min(999, Math.floor((seconds - whole) * SECOND_MS + 1e-3));
  const instant = new Date(since.getTime() + whole * SECOND_MS + millis);
  return Number.isNaN(instant.getTime()) ? unreadable(value, expected) : read(instant);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(value: unknown): number | undefined {
  const isNumber =
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    (typeof value === 'string' && NUMBER.test(value));
  const number = isNumber ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** The flag with which the value could be read; `undefined` where none would help. */
function hintFor(field: TimeField, value: unknown, form: FileTime): string | undefined {
  const isText = typeof value === 'string';
  const isIso = !('since' in form) && form.type === 'iso';
  if (isText && isIso && form.zone === undefined && isReadable(value, 'iso', 'UTC'))
    return 'add --zone UTC, or the zone that it was written in';
  const type = JSON_TIME_TYPES.find((it) => isReadable(value, it, 'UTC'));
  if (type !== undefined) return `add --time ${field}=${type}`;
  return isIso && numberOf(value) !== undefined
    ? 'for seconds since an instant add --seconds-since INSTANT'
    : undefined;
}

function isReadable(value: unknown, type: JsonTimeType, zone: string): boolean {
  return strict(value, { type, zone: type === 'iso' ? zone : undefined }).is === 'read';
}

function instantOf(text: string): Date {
  const instant = parseIsoTime(text);
  if (instant) return instant;
  throw usage(
    `Cannot read --seconds-since ${quoted(text)}: an instant with its zone is expected, such as 2026-01-01T00:00:00Z`,
  );
}
