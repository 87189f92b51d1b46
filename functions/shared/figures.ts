/** How figures and times are written, for whatever shows them to a person: the command line and the page alike. */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './dates.ts';

/** What stands for a value that nobody knows; never 0. */
export const UNKNOWN = '-';

/** A duration in words: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return UNKNOWN;
  if (ms < 9.95 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  // Rounded to the smaller unit first, or 119.9 s would read `1 min 60 s`.
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  if (ms < HOUR_MS - SECOND_MS / 2) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 48 * 60) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(ms / HOUR_MS), 24, 'd', 'h');
}

function pair(total: number, size: number, big: string, small: string): string {
  const rest = total % size;
  const whole = `${Math.floor(total / size)} ${big}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}

/** How far `instant` is from `now`: `5 min ago`, `in 3 h`, `now`. */
export function relative(instant: Date | null | undefined, now: Date): string {
  if (!instant) return UNKNOWN;
  const ms = instant.getTime() - now.getTime();
  const size = Math.abs(ms);
  if (size < SECOND_MS) return 'now';
  const [unit, name] =
    size < 99.5 * SECOND_MS
      ? [SECOND_MS, 's']
      : size < 99.5 * MINUTE_MS
        ? [MINUTE_MS, 'min']
        : size < 47.5 * HOUR_MS
          ? [HOUR_MS, 'h']
          : [DAY_MS, 'd'];
  const count = `${Math.round(size / unit)} ${name}`;
  return ms < 0 ? `${count} ago` : `in ${count}`;
}

/** An instant in UTC to the second, such as `2026-01-02 02:00:03Z`: the one form of all times. */
export function stamp(instant: Date | null | undefined): string {
  return instant ? `${instant.toISOString().slice(0, 19).replace('T', ' ')}Z` : UNKNOWN;
}

/** Instants as code writes them; what stands behind `@` or `:` is part of an id, which is copied as it is. */
const INSTANTS = /(?<![@:\w])(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z| UTC)\b/g;

/** Stored words with their instants in the form of all times. */
export function sameTimes(text: string): string {
  return text.replaceAll(INSTANTS, '$1 $2Z');
}

/** A number with separators and `digits` decimals. */
export function figure(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined) return UNKNOWN;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const BYTE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/**
 * An amount of bytes such as `812.4 GiB`, in powers of 1024 as Google bills them
 * (https://cloud.google.com/firestore/pricing: "1 GiB = 2^30 bytes").
 */
export function bytes(amount: number | null | undefined): string {
  if (amount === null || amount === undefined) return UNKNOWN;
  if (Math.round(amount) < 1024) return `${figure(amount)} B`;
  let size = amount / 1024;
  let unit = 0;
  // Judged as it will be shown, or 1,023.99 KiB would read `1,024.0 KiB`.
  for (; Number(size.toFixed(1)) >= 1024 && unit < BYTE_UNITS.length - 1; unit += 1) size /= 1024;
  return `${figure(size, 1)} ${BYTE_UNITS[unit]}`;
}

/** `count` of something, with the noun in its right form. */
export function plural(count: number | null | undefined, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`;
}

/** How far a job has come, as it reports it; what it leaves out is `null`. */
export interface ToldProgress {
  fraction: number | null;
  step: number | null;
  of: number | null;
  note: string | null;
}

/** How far a job has come, such as `42 %, step 51,200 of 120,000, epoch 3`; empty where it does not say. */
export function progressWords(progress: ToldProgress | null): string {
  if (!progress) return '';
  const { fraction, step, of, note } = progress;
  const steps = step === null ? '' : `step ${figure(step)}${of === null ? '' : ` of ${figure(of)}`}`;
  return [fraction === null ? '' : `${Math.floor(fraction * 100)} %`, steps, note].filter(Boolean).join(', ');
}
