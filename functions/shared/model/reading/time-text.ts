import { addDays, DAY_MS, type Day, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../dates.ts';

/** Parses times that are written as text, in any zone. */

/**
 * RFC 3339, and what programs commonly write instead: a blank for the T, no seconds, `+00`, `+0000`, ` UTC`, a comma, any
 * fraction. No blank may come first: queries compare stored times as text, so the text has to begin with the year.
 */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)? ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\s*$/i;
/** The form of HTTP headers: https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats. */
const HTTP_DATE =
  /^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*, (\d{1,2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (GMT|UTC|[+-]\d{4})\s*$/i;
/** The first day that the text of a plausible time can begin with, and how many such days there are. */
const FIRST_DAY: Day = '2000-01-01';
const DAYS = (Date.UTC(2200, 0, 1) - Date.UTC(2000, 0, 1)) / DAY_MS;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Parses an ISO time, cut off below the millisecond; `zone` is the zone of text that names none. A date alone is the first
 * instant of that day. Returns `undefined` for anything else, 30 February included.
 */
export function parseIsoTime(text: string, zone?: string): Date | undefined {
  const [match, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', own] =
    ISO.exec(text) ?? [];
  const at = own ?? zone;
  if (match === undefined || at === undefined) return undefined;
  const millis = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return instantAt(`${year}-${month}-${day}`, [hour, minute, second].map(Number), millis, at);
}

/** Parses a time in the form of HTTP headers; returns `undefined` for anything else. */
export function parseHttpDate(text: string): Date | undefined {
  const [match, day = '', month = '', year, hour, minute, second, at = ''] = HTTP_DATE.exec(text) ?? [];
  const place = MONTHS.indexOf(month.toLowerCase()) + 1;
  if (match === undefined || place === 0) return undefined;
  const date = `${year}-${String(place).padStart(2, '0')}-${day.padStart(2, '0')}`;
  return instantAt(date, [hour, minute, second].map(Number), 0, at);
}

/**
 * Returns the day on which a query that compares text finds `text`, also where that is no time, such as `2026-11-12 noon`.
 * Returns `undefined` for text that sorts before or after all days.
 */
export function dayAmongTexts(text: string): Day | undefined {
  const day = (index: number) => addDays(FIRST_DAY, index);
  let [low, high] = [0, DAYS];
  if (text < day(low) || text >= day(high)) return undefined;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (day(middle) <= text) low = middle;
    else high = middle;
  }
  return day(low);
}

/**
 * Returns the instant at which a clock in `zone` shows that date and time; `undefined` where none ever does. 24:00 is the
 * next midnight, a leap second the second after it.
 */
function instantAt(
  date: string,
  [hour = 0, minute = 0, second = 0]: number[],
  millis: number,
  zone: string,
): Date | undefined {
  const midnight = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return undefined;
  const isMidnight = hour === 24 && minute + second + millis === 0;
  if ((hour > 23 && !isMidnight) || minute > 59 || second > 60) return undefined;
  const shown = midnight.getTime() + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + millis;
  const offset = offsetOf(zone, shown);
  return offset === undefined ? undefined : new Date(shown - offset);
}

/** Whether `zone` is one that `TimeForm` can name: `UTC`, an offset such as `+02:00`, or a name such as `Europe/Berlin`. */
export function isZone(zone: string): boolean {
  return offsetOf(zone, 0) !== undefined;
}

/**
 * Returns how far a clock in `zone` is ahead of UTC, in ms, when it shows `shown`. An hour that comes twice, when clocks
 * are set back, is the first of the two.
 */
function offsetOf(zone: string, shown: number): number | undefined {
  if (/^(z|utc|gmt)$/i.test(zone)) return 0;
  const [match, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  if (match !== undefined) {
    const offset = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
    return Number(hours) > 14 || Number(minutes) > 59 ? undefined : sign === '-' ? -offset : offset;
  }
  const name = namedZone(zone);
  if (!name) return undefined;
  const before = name(shown - DAY_MS);
  // The offset of the day before is right, unless clocks were changed since.
  return name(shown - before) === before ? before : name(shown - name(shown + DAY_MS));
}

const zones = new Map<string, ((at: number) => number) | undefined>();

/** Returns the function that gives the offset of a zone of the tz database at an instant, in ms; `undefined` for no such zone. */
function namedZone(zone: string): ((at: number) => number) | undefined {
  if (!zones.has(zone)) zones.set(zone, openZone(zone));
  return zones.get(zone);
}

function openZone(zone: string): ((at: number) => number) | undefined {
  // Intl takes offsets for names, too: one that is malformed must not get there.
  if (!/^[a-z]/i.test(zone)) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    return (at) => {
      const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
      const [, sign, hours = '0', minutes = '0'] = /([+-])(\d{2}):(\d{2})/.exec(text) ?? [];
      const offset = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
      return sign === '-' ? -offset : offset;
    };
  } catch {
    return undefined;
  }
}
