import { addMs, SECOND_MS } from '../../../../functions/shared/dates.ts';
import { type RetryConfig, secondsOf } from './job.ts';

/** How an execution stands after an attempt that failed. */
export interface Failed {
  /** Attempts so far. */
  attempts: number;
  firstAttemptAt: Date;
  now: Date;
  /** When the job is due next; no retry comes after that. */
  nextSlot: Date | null;
}

/**
 * When Cloud Scheduler tries again, null when it gives the execution up: the wait doubles `maxDoublings` times, then grows
 * linearly by the last step, then stays at the longest; `retryCount` times, and as long as `maxRetryDuration` lasts, but
 * only until the next slot (job.proto of google.cloud.scheduler.v1, RetryConfig).
 */
export function retryAt(
  config: RetryConfig,
  { attempts, firstAttemptAt, now, nextSlot }: Failed,
): Date | null {
  if (config.retryCount === 0) return null;
  const lastingMs = secondsOf(config.maxRetryDuration) * SECOND_MS;
  // Both limits have to be reached, where there are both.
  if (attempts > config.retryCount && now.getTime() - firstAttemptAt.getTime() >= lastingMs) return null;
  const at = addMs(now, backoffMs(config, attempts));
  return nextSlot && at >= nextSlot ? null : at;
}

/** The wait after attempt number `attempts`. */
export function backoffMs(
  { minBackoffDuration, maxBackoffDuration, maxDoublings }: RetryConfig,
  attempts: number,
): number {
  const doublings = Math.min(attempts - 1, maxDoublings);
  const steps = Math.max(1, attempts - maxDoublings);
  const seconds = secondsOf(minBackoffDuration) * 2 ** doublings * steps;
  return Math.min(seconds, secondsOf(maxBackoffDuration)) * SECOND_MS;
}
