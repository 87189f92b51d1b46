import { addMs, earlierOf, HOUR_MS, laterOf, MINUTE_MS, SECOND_MS } from '../../../dates.ts';
import type { AddedToJob, Job } from '../job.ts';
import type { Execution, Suspect } from '../sweep.ts';

/** Which signs of life a record shows, and which of its limits are broken. */

/** Clocks may differ by so much; a time further in the future is not usable. */
export const CLOCK_SKEW_MS = 5 * MINUTE_MS;
/** A heartbeat so long before the write that brought it comes from a clock in another zone, or another program wrote. */
export const CLOCK_OFF_MS = HOUR_MS;
/** No time zone is further behind UTC; zones differ by multiples of `ZONE_STEP_MS`. */
const LARGEST_BEHIND_MS = 12 * HOUR_MS;
const ZONE_STEP_MS = 15 * MINUTE_MS;
/** A reported time reaches the record within so long. */
const LONGEST_WAY_MS = MINUTE_MS;

/** A suspect, and the signs of life that its record shows. */
export interface Liveness {
  suspect: Suspect;
  now: Date;
  /** `null` where the record has no usable one. */
  startedAt: Date | null;
  /** The last heartbeat of this try, in its record or reported; `null` where there is no usable one. */
  heartbeatAt: Date | null;
  /** When this try last reported that it lives, by our clock; `null` where it did not. */
  reportedAt: Date | null;
  /** When this try was started or, for a queued job, queued; `null` where that is not known. */
  begunAt: Date | null;
  /** The last sign of life. */
  seenAt: Date;
  /** When its silence breaks its limit. */
  staleAt: Date;
  stale: boolean;
  /** When neither a sign of life nor a write to the record was within the limit any more. */
  silentAt: Date;
  silent: boolean;
  /** When it broke `maxRuntime`; `null` while it has not. */
  overdueAt: Date | null;
  /** When its progress had stayed the same for too long although it shows life; `null` where it has not. */
  stalledAt: Date | null;
  /** By how many ms its heartbeat lies before (negative: after) the last write; `null` where a correct clock explains it. */
  clockOffMs: number | null;
}

/** The liveness of a suspect at `now`. */
export function livenessOf(suspect: Suspect, now: Date): Liveness {
  const { job, writtenAt, limits, hasHeartbeat, executions, sighting } = suspect;
  const startedAt = stampOf(job.startedAt, suspect, now);
  const reportedAt = reportedOf(suspect, now);
  const heartbeatAt = latest([heartbeatOf(suspect, now), reportedAt]);
  const clockOffMs = clockOffOf(suspect, reportedAt);
  const isOff = clockOffMs !== null && (clockOffMs < 0 || isZoned(clockOffMs));
  const written = heartbeatAt === null || isOff ? writtenAt : null;
  // Without heartbeats, nothing after the start could show life.
  const own = hasHeartbeat
    ? (latest([heartbeatAt, written]) ?? writtenAt)
    : (startedAt ?? stampOf(job.createdAt, suspect, now) ?? writtenAt);
  const begun = begunAt(suspect, now);
  const [newest] = executions ?? [];
  const below = (executions ?? []).flatMap((it) => timesOf(it, now));
  const others = [reportedAt, sighting?.movedAt, sighting?.resumedAt, newest && zonedWrite(newest)];
  const seenAt = latest([own, begun, ...others, ...below]) ?? own;
  const staleAt = addMs(seenAt, limits.staleAfterMs + limits.graceMs);
  // A write after the last heartbeat may be a sign of life, such as a resumed job: who wrote is not known.
  const rewrittenAt = wasTakenBack(job.added, suspect) ? null : suspect.rewrittenAt;
  const silentAt = addMs(latest([seenAt, rewrittenAt]) ?? seenAt, limits.staleAfterMs + limits.graceMs);
  return {
    suspect,
    now,
    startedAt,
    heartbeatAt,
    reportedAt,
    seenAt,
    staleAt,
    begunAt: begun,
    stale: staleAt < now,
    silentAt,
    silent: silentAt < now,
    overdueAt: overdueAt(suspect, now),
    stalledAt: stalledAt(suspect, heartbeatAt, now),
    clockOffMs,
  };
}

/** `at`, unless it is too far in the future to be true. */
export function usable(at: Date | null, now: Date): Date | null {
  return at && at <= addMs(now, CLOCK_SKEW_MS) ? at : null;
}

/** A time from a record, unless it is ahead of the write that brought it, as no correct clock is. */
export function stampOf(at: Date | null, { writtenAt }: Pick<Suspect, 'writtenAt'>, now: Date): Date | null {
  return usable(at, earlierOf(now, writtenAt));
}

/** Whether a time may be as recent as the last write, but by a clock in another zone. */
export function mayBeZoned(at: Date, writtenAt: Date): boolean {
  const ms = since(at, writtenAt);
  return ms >= CLOCK_OFF_MS && ms <= LARGEST_BEHIND_MS;
}

/** Whether a difference of `ms` between a time and its write is one that a clock in another zone makes. */
export function isZoned(ms: number): boolean {
  return (
    ms >= CLOCK_OFF_MS && ms <= LARGEST_BEHIND_MS + LONGEST_WAY_MS && ms % ZONE_STEP_MS <= LONGEST_WAY_MS
  );
}

/** How long ago `at` was, in ms; 0 for a time to come. */
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

/** When this try last showed life, by its record, its executions, its backend or sweeps before: the end of a lost job. */
export function lastLifeOf({ suspect, startedAt, heartbeatAt, now }: Liveness): Date | null {
  const { sighting, executions } = suspect;
  const { movedAt, heardAt, resumedAt } = sighting ?? {};
  // By the clock that wrote its start: what others saw is moved back as far as its heartbeat was behind when it moved.
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

/** A heartbeat from before the start belongs to an earlier try. */
function heartbeatOf(suspect: Suspect, now: Date): Date | null {
  const at = suspect.hasHeartbeat ? stampOf(suspect.job.heartbeatAt, suspect, now) : null;
  const startedAt = stampOf(suspect.job.startedAt, suspect, now);
  return at && startedAt && at < startedAt ? null : at;
}

/** What an execution tells of itself is dated by our clock. A report from before the start belongs to an earlier try. */
function reportedOf(suspect: Suspect, now: Date): Date | null {
  const { report } = suspect.job.added;
  const at = stampOf(report?.aliveAt ?? null, suspect, now);
  const startedAt = stampOf(suspect.job.startedAt, suspect, now);
  return at && startedAt && at < startedAt ? null : at;
}

/** See `stalledAt`. */
function stalledAt({ job, limits }: Suspect, heartbeatAt: Date | null, now: Date): Date | null {
  const { staleAfterMs, graceMs, stalledAfterMs } = limits;
  const movedAt = usable(job.added.report?.progressAt ?? null, now);
  if (stalledAfterMs === null || job.state !== 'running' || !movedAt || !heartbeatAt) return null;
  // Progress from before the start belongs to an earlier try.
  if (job.startedAt && movedAt < job.startedAt) return null;
  const limit = addMs(movedAt, stalledAfterMs);
  return limit < now && addMs(heartbeatAt, staleAfterMs + graceMs) >= now ? limit : null;
}

/** See `clockOffMs`. A try that has just begun may not have sent a heartbeat yet. */
function clockOffOf(
  { job, hasHeartbeat, writtenAt, limits }: Suspect,
  reportedAt: Date | null,
): number | null {
  // A queued or suspended job is not expected to send heartbeats.
  if (!hasHeartbeat || job.state !== 'running' || !job.heartbeatAt) return null;
  if (wasTakenBack(job.added, { writtenAt })) return null;
  const ms = writtenAt.getTime() - job.heartbeatAt.getTime();
  const limitMs = limits.staleAfterMs + limits.graceMs;
  // A report is dated by our clock: it is the heartbeat itself, also one that came late; or it explains the write.
  if (reportedAt && (isNear(reportedAt, job.heartbeatAt) || since(reportedAt, writtenAt) <= limitMs))
    return null;
  if (ms < -CLOCK_SKEW_MS) return ms;
  const isYoung =
    job.startedAt !== null && job.heartbeatAt < job.startedAt && since(job.startedAt, writtenAt) <= limitMs;
  // A difference within the limit of its silence is allowed.
  return ms >= CLOCK_OFF_MS && ms > limitMs && !isYoung ? ms : null;
}

/** Whether two times are the same, as stored in whatever type. */
function isNear(a: Date, b: Date): boolean {
  return Math.abs(a.getTime() - b.getTime()) <= SECOND_MS;
}

function begunAt(suspect: Suspect, now: Date): Date | null {
  const { job, writtenAt } = suspect;
  const [createdAt, updatedAt] = [job.createdAt, job.updatedAt].map((at) => stampOf(at, suspect, now));
  if (job.state !== 'queued') return stampOf(job.startedAt, suspect, now) ?? createdAt ?? null;
  // A job that ran before was queued again, which only a change of its record can date.
  const isOff = !updatedAt || since(updatedAt, writtenAt) >= CLOCK_OFF_MS;
  if (job.startedAt || job.heartbeatAt) return isOff ? writtenAt : updatedAt;
  // One that was written again without saying when may have been queued again then.
  return latest([createdAt, updatedAt ?? suspect.rewrittenAt]) ?? writtenAt;
}

function overdueAt(suspect: Suspect, now: Date): Date | null {
  const { job, parent, truth, jobTruth, limits } = suspect;
  const running = truth?.state === 'running';
  // While it is suspended, or its job is, its runtime does not grow.
  const said = (truth ?? jobTruth)?.state;
  if (said === 'suspended' || (parent?.state === 'suspended' && said !== 'running')) return null;
  if (job.state !== 'running' && !(job.state === 'queued' && running)) return null;
  const told = running ? usable(truth.startedAt, now) : null;
  const startedAt = latest([stampOf(job.startedAt, suspect, now), told]);
  if (!startedAt) return null;
  const limit = addMs(startedAt, limits.maxRuntimeMs);
  return limit < now ? limit : null;
}

/** When an execution was written, if not by us and its clock may be in another zone: it ended later than it says. */
function zonedWrite({ writtenAt, endedAt, heartbeatAt, added }: Execution): Date | null {
  const last = endedAt ?? heartbeatAt;
  if (!last || added.evidence || wasTakenBack(added, { writtenAt })) return null;
  return isZoned(since(last, writtenAt)) ? writtenAt : null;
}

/** Whether the last write to a record was ours, when a person took a verdict back. */
export function wasTakenBack({ earlier }: AddedToJob, { writtenAt }: Pick<Suspect, 'writtenAt'>): boolean {
  const at = earlier.at(-1)?.takenBack?.at;
  return at !== undefined && writtenAt <= addMs(at, CLOCK_SKEW_MS);
}

function timesOf({ createdAt, startedAt, heartbeatAt, endedAt, added }: Job, now: Date): (Date | null)[] {
  const aliveAt = added.report?.aliveAt ?? null;
  return [createdAt, startedAt, heartbeatAt, endedAt, aliveAt].map((at) => usable(at, now));
}
