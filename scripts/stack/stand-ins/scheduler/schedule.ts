import { Cron } from 'croner';
import { isCron } from '../../../../functions/shared/cron.ts';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../../functions/shared/dates.ts';

/** When a job is due. */
export interface Schedule {
  /** The first slot after an instant; null when none ever comes. */
  next(after: Date): Date | null;
  /** Unix-cron, not English text. */
  isCron: boolean;
}

const WEEKDAYS = 'sun|mon|tue|wed|thu|fri|sat';
const INTERVAL = /^every (\d+) (minutes?|mins?|hours?)$/;
const TIME_OF_DAY = new RegExp(
  `^every (day|(?:${WEEKDAYS})[a-z]*(?:,(?:${WEEKDAYS})[a-z]*)*) (\\d\\d?):(\\d\\d)$`,
);

/**
 * Reads a schedule as Cloud Scheduler does: unix-cron, or the common forms of the older English-like text, `every 5
 * minutes`, `every day 09:00`, `every mon,wed 09:00`
 * (https://docs.cloud.google.com/scheduler/docs/configuring/cron-job-schedules). `undefined` for what is neither, and for
 * a time zone that there is not.
 */
export function scheduleOf(text: string, timeZone: string): Schedule | undefined {
  if (!isTimeZone(timeZone)) return undefined;
  const words = text.trim().replace(/\s+/g, ' ');
  const [, count, unit] = INTERVAL.exec(words.toLowerCase()) ?? [];
  if (count && unit) {
    const stepMs = Number(count) * (unit.startsWith('h') ? HOUR_MS : MINUTE_MS);
    return stepMs > 0 ? { next: (after) => addMs(after, stepMs), isCron: false } : undefined;
  }
  const cron = cronOf(words);
  if (!isCron(cron)) return undefined;
  const slots = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });
  return { next: (after) => slots.nextRun(after), isCron: cron === words };
}

/** A time of day in English as unix-cron; anything else as it is. */
function cronOf(words: string): string {
  const [, days, hour, minute] = TIME_OF_DAY.exec(words.toLowerCase()) ?? [];
  if (!days) return words;
  const weekdays = days.split(',').map((day) => day.slice(0, 3));
  return `${Number(minute)} ${Number(hour)} * * ${days === 'day' ? '*' : weekdays.join(',')}`;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // An offset is a zone to JavaScript, but not in the tz database.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** `instant` as RFC 3339 in a time zone's own offset, as the header of a delivery tells its slot. */
export function inZone(instant: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(
    instant,
  );
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  if (!sign || `${hours}${minutes}` === '0000') return `${instant.toISOString().slice(0, 19)}Z`;
  const offsetMs = (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS) * (sign === '-' ? -1 : 1);
  return `${addMs(instant, offsetMs).toISOString().slice(0, 19)}${sign}${hours}:${minutes}`;
}
