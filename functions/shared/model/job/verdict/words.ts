import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../dates.ts';

/** Instants and durations in words. */

/** Such as `2026-03-09 10:00:12 UTC`. */
export function instant(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Such as `40 s`, `47 min`, `2 h 5 min` or `3 d 4 h`; whole units, the rest cut off. */
export function lasting(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return both(ms, [HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return both(ms, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

function both(ms: number, [large, name]: [number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${name}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}
