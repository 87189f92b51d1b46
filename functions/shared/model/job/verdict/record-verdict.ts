import { addMs } from '../../../dates.ts';
import type { Verdict } from '../sweep.ts';
import { CLOCK_OFF_MS, type Liveness, mayBeZoned, since, stampOf } from './liveness.ts';
import { keep, lost, silence, unknown } from './verdicts.ts';
import { instant, lasting } from './words.ts';

/** Verdicts from a record alone, for a job that no backend can be asked about. */
export function byRecord(liveness: Liveness): Verdict {
  const { job, hasHeartbeat } = liveness.suspect;
  if (job.state === 'suspended')
    return keep(liveness, 'suspended', 'it was stopped on purpose: its silence proves nothing');
  const verdict =
    job.state === 'queued' ? whileQueued(liveness) : hasHeartbeat ? byHeartbeat(liveness) : byAge(liveness);
  return unlessRewritten(liveness, verdict);
}

/** `verdict`, unless it ends a job whose record was written since the last sweep: that may be a sign of life. */
export function unlessRewritten(liveness: Liveness, verdict: Verdict): Verdict {
  const { sighting } = liveness.suspect;
  if (!('state' in verdict) || !sighting || sighting.stillSince) return verdict;
  return unknown(
    liveness,
    'still-written',
    `${verdict.because}; but something has written its record since the last sweep`,
  );
}

/** Leaves a job whose silence proves nothing: a clock of it is off, or something has just written its record. */
export function whileWritten(liveness: Liveness): Verdict | undefined {
  const { stale, silent, now, clockOffMs } = liveness;
  const { writtenAt, limits } = liveness.suspect;
  const isFresh = addMs(writtenAt, limits.staleAfterMs + limits.graceMs) >= now;
  if (clockOffMs !== null && isFresh)
    return unknown(liveness, 'clock-off', clockOff(writtenAt, clockOffMs, now));
  if (!stale || silent) return undefined;
  const written = `something wrote its record ${lasting(since(writtenAt, now))} ago`;
  return unknown(liveness, 'still-written', `${silence(liveness)}; but ${written}`);
}

function whileQueued(liveness: Liveness): Verdict {
  const { suspect, now, begunAt, heartbeatAt, stale } = liveness;
  const { maxQueuedMs } = suspect.limits;
  const queuedAt = begunAt ?? suspect.writtenAt;
  const waits = `it is queued since ${instant(queuedAt)}`;
  if (maxQueuedMs === null) return keep(liveness, 'queued', `${waits}, and may be for ever`);
  const brokenAt = addMs(queuedAt, maxQueuedMs);
  const allowed = `at most ${lasting(maxQueuedMs)} allowed`;
  const alive = heartbeatAt !== null && !stale;
  if (brokenAt >= now || alive) return keep(liveness, 'queued', `${waits}, ${allowed}`);
  const because = `${waits}, for ${lasting(since(queuedAt, now))}, ${allowed}; it was never handed to a backend`;
  return lostUnconfirmed(liveness, 'max-queued', because, brokenAt);
}

function byHeartbeat(liveness: Liveness): Verdict {
  const { stale, silentAt, heartbeatAt, seenAt, now } = liveness;
  const written = whileWritten(liveness);
  if (written) return written;
  if (!stale) {
    const age = `the last sign of life is ${lasting(since(seenAt, now))} old`;
    return heartbeatAt
      ? keep(liveness, 'beating', age)
      : keep(liveness, 'not-beating-yet', `no usable heartbeat; ${age}`);
  }
  const rule = heartbeatAt ? 'silent' : 'no-heartbeat';
  return lostUnconfirmed(liveness, rule, `${silence(liveness)}; there is no backend to ask`, silentAt);
}

/** Leaves a job whose clock is off or whose record is written by several programs: something has just written it. */
export function clockOff(writtenAt: Date, offMs: number, now: Date): string {
  const ago = `its record was written ${lasting(since(writtenAt, now))} ago`;
  const where = offMs > 0 ? `${lasting(offMs)} before that` : `${lasting(-offMs)} after that`;
  return `${ago}, but the heartbeat in it lies ${where}: a clock is off, or in another zone`;
}

/** The verdict on a job without heartbeats: only its age can show that it should be over. */
function byAge(liveness: Liveness): Verdict {
  const { suspect, now, startedAt, reportedAt } = liveness;
  const { job, writtenAt, limits } = suspect;
  const createdAt = stampOf(job.createdAt, suspect, now);
  const [from, what] = startedAt
    ? createdAt && since(startedAt, createdAt) >= CLOCK_OFF_MS
      ? [createdAt, `it started ${instant(startedAt)} by a clock that may be off: it was created`]
      : [startedAt, 'it started']
    : job.startedAt
      ? [writtenAt, `its start, ${instant(job.startedAt)}, lies after the write that brought it, which was`]
      : job.createdAt && stampOf(job.createdAt, suspect, now)
        ? [job.createdAt, 'its start is not known, it was created']
        : [writtenAt, 'neither start nor creation is known, its record was written'];
  const limit = addMs(from, limits.maxRuntimeMs);
  const time = `${what} ${instant(from)}, ${lasting(since(from, now))} ago, at most ${lasting(limits.maxRuntimeMs)} allowed`;
  if (limit >= now) return keep(liveness, 'within-max-runtime', time);
  if (reportedAt && addMs(reportedAt, limits.staleAfterMs + limits.graceMs) >= now)
    return keep(liveness, 'reporting', `it reported ${lasting(since(reportedAt, now))} ago that it lives`);
  if (mayBeZoned(from, writtenAt) && addMs(writtenAt, limits.maxRuntimeMs) >= now) {
    const words = `its record was written ${lasting(since(from, writtenAt))} after that: perhaps by a clock in another zone, and not for that long`;
    return unknown(liveness, 'clock-off', `${time}; but ${words}`);
  }
  const because = `${time}; there is neither a heartbeat nor a backend that could tell more`;
  return lostUnconfirmed(liveness, 'max-runtime', because, limit);
}

/** Lost, for want of signs of life in its record. */
function lostUnconfirmed(liveness: Liveness, rule: string, because: string, brokenAt: Date): Verdict {
  const foundSince = liveness.suspect.sighting?.stillSince ?? null;
  return lost(liveness, { rule, because, brokenAt, endedAt: null, foundSince, unconfirmed: true });
}
