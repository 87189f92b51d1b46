import { earlierOf, laterOf, MINUTE_MS } from '../shared/dates.ts';
import type { Job } from '../shared/model/job.ts';
import type { Suspect } from '../shared/model/sweep.ts';

/** What a record shows of its job's life, and which of its limits are broken. */

/** So far may clocks differ; what lies further in the future is no time at all. */
export const CLOCK_SKEW_MS = 5 * MINUTE_MS;

/** A suspect, and what its record shows. */
export interface Case {
  suspect: Suspect;
  now: Date;
  /** Where the record tells a usable one. */
  startedAt: Date | null;
  /** Of this try, where the record tells a usable one. */
  heartbeatAt: Date | null;
  /** The last start of a running job, the last queueing of a queued one, as far as anybody knows. */
  begunAt: Date | null;
  /** The last sign of life. */
  seenAt: Date;
  /** When its silence breaks its limit. */
  staleAt: Date;
  stale: boolean;
  /** When it broke `maxRuntime`; `null` while it has not. */
  overdueAt: Date | null;
}

/** Reads the signs of a suspect. */
export function caseOf(suspect: Suspect, now: Date): Case {
  const { job, writtenAt, limits, beats, executions } = suspect;
  const startedAt = usable(job.startedAt, now);
  const heartbeatAt = heartbeatOf(suspect, now);
  // Without heartbeats, nothing after the start could tell that it lives.
  const own = beats ? (heartbeatAt ?? writtenAt) : (startedAt ?? usable(job.createdAt, now) ?? writtenAt);
  const begun = begunAt(suspect, now);
  const seenAt = latest([own, begun, ...(executions ?? []).flatMap((it) => timesOf(it, now))]) ?? own;
  const staleAt = after(seenAt, limits.staleAfterMs + limits.graceMs);
  return {
    ...{ suspect, now, startedAt, heartbeatAt, seenAt, staleAt },
    begunAt: begun,
    stale: staleAt < now,
    overdueAt: overdueAt(suspect, now),
  };
}

/** `at`, unless it is too far in the future to be true. */
export function usable(at: Date | null, now: Date): Date | null {
  return at && at <= after(now, CLOCK_SKEW_MS) ? at : null;
}

/** `ms` after `at`. */
export function after(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}

/** How long ago `at` was; 0 for what is yet to come. */
export function since(at: Date, now: Date): number {
  return Math.max(0, now.getTime() - at.getTime());
}

/** The latest of those that are known. */
export function latest(instants: readonly (Date | null)[]): Date | null {
  return instants.reduce((a, b) => (a && b ? laterOf(a, b) : (a ?? b)), null);
}

/** The earliest of those that are known. */
export function earliest(instants: readonly (Date | null)[]): Date | null {
  return instants.reduce((a, b) => (a && b ? earlierOf(a, b) : (a ?? b)), null);
}

/** One from before the start is of a try before. */
function heartbeatOf({ job, beats }: Suspect, now: Date): Date | null {
  const at = beats ? usable(job.heartbeatAt, now) : null;
  const startedAt = usable(job.startedAt, now);
  return at && startedAt && at < startedAt ? null : at;
}

function begunAt({ job, writtenAt }: Suspect, now: Date): Date | null {
  const [createdAt, updatedAt] = [usable(job.createdAt, now), usable(job.updatedAt, now)];
  if (job.state !== 'queued') return usable(job.startedAt, now) ?? createdAt;
  // One that ran before was queued again, which only a change of its record can date.
  if (job.startedAt || job.heartbeatAt) return updatedAt ?? writtenAt;
  return latest([createdAt, updatedAt]) ?? writtenAt;
}

function overdueAt({ job, truth, limits }: Suspect, now: Date): Date | null {
  const running = truth?.state === 'running';
  if (job.state !== 'running' && !(job.state === 'queued' && running)) return null;
  const startedAt = latest([usable(job.startedAt, now), running ? usable(truth.startedAt, now) : null]);
  if (!startedAt) return null;
  const limit = after(startedAt, limits.maxRuntimeMs);
  return limit < now ? limit : null;
}

function timesOf({ createdAt, startedAt, heartbeatAt, endedAt }: Job, now: Date): (Date | null)[] {
  return [createdAt, startedAt, heartbeatAt, endedAt].map((at) => usable(at, now));
}
