import { SECOND_MS } from '../../dates.ts';

/** How often, and after which waits, a call is tried again. */
export interface RetryPolicy {
  /** Tries in all. */
  attempts: number;
  /** The longest wait before the second try; it doubles with every further one. */
  baseMs: number;
  capMs: number;
  /** The time for one try: a connection can go silent although the API is well. */
  attemptMs: number;
  /** From 0 up to, but not including, 1. */
  random: () => number;
}

export const RETRY: RetryPolicy = {
  attempts: 5,
  baseMs: SECOND_MS / 2,
  capMs: 10 * SECOND_MS,
  attemptMs: 20 * SECOND_MS,
  random: Math.random,
};

/** Whether the same call may succeed a moment after an answer of this HTTP status. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * Returns how long to wait after try number `attempt`, in ms. The wait is random from 0 on (full jitter), so that callers
 * that failed together do not come back together. Where the server asked for a wait, it comes first.
 */
export function waitAfter(attempt: number, retryAfterMs: number | null, policy: RetryPolicy): number {
  if (retryAfterMs !== null) return retryAfterMs + policy.random() * policy.baseMs;
  return policy.random() * Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
}

/** Parses a Retry-After header, seconds or a date, to milliseconds from `now`; `null` where it is absent or unreadable. */
export function retryAfterMs(header: string | null, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * SECOND_MS;
  // A date begins with its weekday; without that, Date.parse would take "-1" for a year.
  if (!/^[A-Z][a-z]{2},/.test(text)) return null;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? null : Math.max(0, instant - now.getTime());
}
