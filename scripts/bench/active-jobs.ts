import { addMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import type { SampleJob } from '../stack/sample/job.ts';
import type { CustomJob } from '../stack/stand-ins/google/world.ts';
import { jobOf } from './job-history.ts';

/** Where the jobs of a bench run. */
export const JOB_PROJECT = 'bench';
/** Longer than one size of the bench takes: whose heart beats when it begins is alive to its end. */
export const STALE_AFTER_MINUTES = 20;

/** Jobs number `from` to `to` of those that run at `now`; the first `stale` of all have been silent for too long, and for less than a clock in another zone makes of it. */
export function activeJobs(now: Date, from: number, to: number, stale: number): SampleJob[] {
  return Array.from({ length: to - from }, (_, index) => {
    const number = from + index;
    const startedAt = addMs(now, -12 * HOUR_MS + number * SECOND_MS * 0.1);
    const silence = number < stale ? 30 * MINUTE_MS + number * 0.02 * SECOND_MS : MINUTE_MS;
    const heartbeatAt = addMs(now, -silence);
    const job = { createdAt: startedAt, startedAt, heartbeatAt, updatedAt: heartbeatAt };
    return jobOf(`active-${number}`, { status: 'running', ...job });
  });
}

/** The first `count` of those that run at `now`, as Vertex AI has them. */
export function customJobs(now: Date, count: number): CustomJob[] {
  return activeJobs(now, 0, count, count).map(({ id, createdAt, startedAt }) => ({
    id,
    region: 'us-central1',
    state: 'JOB_STATE_RUNNING',
    error: null,
    createdAt: createdAt ?? now,
    startedAt,
    endedAt: null,
  }));
}
