import { addMs, earlierOf, HOUR_MS, laterOf, MINUTE_MS } from '../../shared/dates.ts';
import type { AddedToJob, Job } from '../../shared/model/job/job.ts';
import type { Execution, Suspect } from '../../shared/model/job/sweep.ts';

/** What a record shows of its job's life, and which of its limits are broken. */

/** So far may clocks differ; what lies further in the future is no time at all. */
export const CLOCK_SKEW_MS = 5 * MINUTE_MS;
/** A heartbeat so long before the write that brought it is of a clock in another zone, or somebody else wrote. */
export const CLOCK_OFF_MS = HOUR_MS;
/** No zone is further behind UTC, and all are so many minutes apart. */
const LARGEST_BEHIND_MS = 12 * HOUR_MS;
const ZONE_STEP_MS = 15 * MINUTE_MS;
/** From a clock to the record. */
const LONGEST_WAY_MS = MINUTE_MS;

/** A suspect, and what its record shows. */
export interface Liveness {
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
  /** When neither a sign of life nor a write of the record was within the limit any more. */
  silentAt: Date;
  silent: boolean;
  /** When it broke `maxRuntime`; `null` while it has not. */
  overdueAt: Date | null;
  /** How far its heartbeat lies before (or, negative, after) the last write of its record, where no clock that is right explains it. */
  clockOffMs: number | null;
}

/** Reads the signs of a suspect. */
export function livenessOf(suspect: Suspect, now: Date): Liveness {
  const { job, writtenAt, limits, hasHeartbeat, executions, sighting } = suspect;
  const startedAt = stampOf(job.startedAt, suspect, now);
  const heartbeatAt = heartbeatOf(suspect, now);
  const clockOffMs = clockOffOf(suspect);
  const isOff = clockOffMs !== null && (clockOffMs < 0 || isZoned(clockOffMs));
  const written = heartbeatAt === null || isOff ? writtenAt : null;
  // Without heartbeats, nothing after the start could tell that it lives.
  const own = hasHeartbeat
    ? (latest([heartbeatAt, written]) ?? writtenAt)
    : (startedAt ?? stampOf(job.createdAt, suspect, now) ?? writtenAt);
  const begun = begunAt(suspect, now);
  const [newest] = executions ?? [];
  const below = (executions ?? []).flatMap((it) => timesOf(it, now));
  const others = [sighting?.movedAt, sighting?.resumedAt, newest && zonedWrite(newest)];
  const seenAt = latest([own, begun, ...others, ...below]) ?? own;
  const staleAt = addMs(seenAt, limits.staleAfterMs + limits.graceMs);
  // A write after the last heartbeat may be a sign of life, such as that the job was resumed: what wrote it is not known.
  const rewrittenAt = wasTakenBack(job.added, suspect) ? null : suspect.rewrittenAt;
  const silentAt = addMs(latest([seenAt, rewrittenAt]) ?? seenAt, limits.staleAfterMs + limits.graceMs);
  return {
    suspect,
    now,
    startedAt,
    heartbeatAt,
    seenAt,
    staleAt,
    begunAt: begun,
    stale: staleAt < now,
    silentAt,
    silent: silentAt < now,
    overdueAt: overdueAt(suspect, now),
    clockOffMs,
  };
}

/** `at`, unless it is too far in the future to be true. */
export function usable(at: Date | null, now: Date): Date | null {
  return at && at <= addMs(now, CLOCK_SKEW_MS) ? at : null;
}

/** A time that a record tells; no clock that is right is ahead of the write that brought it. */
export function stampOf(at: Date | null, { writtenAt }: Pick<Suspect, 'writtenAt'>, now: Date): Date | null {
  return usable(at, earlierOf(now, writtenAt));
}

/** Whether a time may be as old as the last write, by a clock in another zone. */
export function mayBeZoned(at: Date, writtenAt: Date): boolean {
  const ms = since(at, writtenAt);
  return ms >= CLOCK_OFF_MS && ms <= LARGEST_BEHIND_MS;
}

/** Whether it lies as long before its write as a clock in another zone puts it. */
export function isZoned(ms: number): boolean {
  return (
    ms >= CLOCK_OFF_MS && ms <= LARGEST_BEHIND_MS + LONGEST_WAY_MS && ms % ZONE_STEP_MS <= LONGEST_WAY_MS
  );
}

/** How long ago `at` was; 0 for what is yet to come. */
export function since(at: Date, now: Date): number {
  return Math.max(0, now.getTime() - at.getTime());
}

/** The latest of those that are known. */
export function latest(instants: readonly (Date | null | undefined)[]): Date | null {
  return instants.reduce<Date | null>((a, b) => (a && b ? laterOf(a, b) : (a ?? b ?? null)), null);
}

/** The earliest of those that are known. */
export function earliest(instants: readonly (Date | null)[]): Date | null {
  return instants.reduce((a, b) => (a && b ? earlierOf(a, b) : (a ?? b)), null);
}

/** When anything of this try was last seen to happen, by whoever saw it: as the end of a job that nobody saw end. */
export function lastLifeOf({ suspect, startedAt, heartbeatAt, now }: Liveness): Date | null {
  const { sighting, executions } = suspect;
  const { movedAt, heardAt, resumedAt } = sighting ?? {};
  // By the clock that wrote its start: what others saw is as far behind as its heartbeat was when it moved.
  const offMs = heartbeatAt && movedAt ? since(heartbeatAt, movedAt) : 0;
  const behindMs = offMs >= CLOCK_OFF_MS ? offMs : 0;
  const last = latest([
    heartbeatAt ?? movedAt,
    resumedAt && addMs(resumedAt, -behindMs),
    heardAt && addMs(heardAt, -behindMs),
    ...(executions ?? []).flatMap((it) => timesOf(it, now)),
  ]);
  return last && (!startedAt || last >= startedAt) ? last : null;
}

/** One from before the start is of a try before. */
function heartbeatOf(suspect: Suspect, now: Date): Date | null {
  const at = suspect.hasHeartbeat ? stampOf(suspect.job.heartbeatAt, suspect, now) : null;
  const startedAt = stampOf(suspect.job.startedAt, suspect, now);
  return at && startedAt && at < startedAt ? null : at;
}

/** A try that has just begun may not have beaten yet. */
function clockOffOf({ job, hasHeartbeat, writtenAt, limits }: Suspect): number | null {
  // Nobody expects one that waits, or was stopped on purpose, to beat.
  if (!hasHeartbeat || job.state !== 'running' || !job.heartbeatAt) return null;
  if (wasTakenBack(job.added, { writtenAt })) return null;
  const ms = writtenAt.getTime() - job.heartbeatAt.getTime();
  const limitMs = limits.staleAfterMs + limits.graceMs;
  if (ms < -CLOCK_SKEW_MS) return ms;
  const isYoung =
    job.startedAt !== null && job.heartbeatAt < job.startedAt && since(job.startedAt, writtenAt) <= limitMs;
  // One that may be silent for so long is allowed to.
  return ms >= CLOCK_OFF_MS && ms > limitMs && !isYoung ? ms : null;
}

function begunAt(suspect: Suspect, now: Date): Date | null {
  const { job, writtenAt } = suspect;
  const [createdAt, updatedAt] = [job.createdAt, job.updatedAt].map((at) => stampOf(at, suspect, now));
  if (job.state !== 'queued') return stampOf(job.startedAt, suspect, now) ?? createdAt ?? null;
  // One that ran before was queued again, which only a change of its record can date.
  const isOff = !updatedAt || since(updatedAt, writtenAt) >= CLOCK_OFF_MS;
  if (job.startedAt || job.heartbeatAt) return isOff ? writtenAt : updatedAt;
  return latest([createdAt, updatedAt]) ?? writtenAt;
}

function overdueAt(suspect: Suspect, now: Date): Date | null {
  const { job, truth, jobTruth, limits } = suspect;
  const running = truth?.state === 'running';
  // The clock of one that is suspended stands still.
  if ((truth ?? jobTruth)?.state === 'suspended') return null;
  if (job.state !== 'running' && !(job.state === 'queued' && running)) return null;
  const told = running ? usable(truth.startedAt, now) : null;
  const startedAt = latest([stampOf(job.startedAt, suspect, now), told]);
  if (!startedAt) return null;
  const limit = addMs(startedAt, limits.maxRuntimeMs);
  return limit < now ? limit : null;
}

/** When an execution was written whose clock may be in another zone, and not by us: it is not over for as long as it says. */
function zonedWrite({ writtenAt, endedAt, heartbeatAt, added }: Execution): Date | null {
  const last = endedAt ?? heartbeatAt;
  if (!last || added.evidence || wasTakenBack(added, { writtenAt })) return null;
  return isZoned(since(last, writtenAt)) ? writtenAt : null;
}

/** Whether the last write of a record was ours, when a person took a verdict back. */
export function wasTakenBack({ earlier }: AddedToJob, { writtenAt }: Pick<Suspect, 'writtenAt'>): boolean {
  const at = earlier.at(-1)?.takenBack?.at;
  return at !== undefined && writtenAt <= addMs(at, CLOCK_SKEW_MS);
}

function timesOf({ createdAt, startedAt, heartbeatAt, endedAt }: Job, now: Date): (Date | null)[] {
  return [createdAt, startedAt, heartbeatAt, endedAt].map((at) => usable(at, now));
}
