import { addMs, HOUR_MS, MINUTE_MS } from '../../../dates.ts';
import type { Truth } from '../backend.ts';
import {
  CLOCK_OFF_MS,
  CLOCK_SKEW_MS,
  isZoned,
  type Liveness,
  latest,
  mayBeZoned,
  since,
  wasTakenBack,
} from './liveness.ts';
import { instant, lasting } from './words.ts';

/** A process writes its last change to its record within so long. */
const LAST_WRITE_MS = MINUTE_MS;

/** So much longer than its limit the record of a program is silent whose start the backend tells long before its own. */
const SLOW_START_MS = HOUR_MS;

/** Why an end from a backend is not believed. */
export interface Doubt {
  rule: string;
  because: string;
}

/**
 * Why an end from a backend is not proven to be that of the try which the record shows; `null` where it is. A job number
 * may be used again, and a record may still name the try before: a missing time proves nothing.
 */
export function whichTry(liveness: Liveness, truth: Truth): Doubt | null {
  const { startedAt, endedAt } = truth;
  if (!endedAt) return withoutEnd(liveness, truth);
  if (startedAt && startedAt > endedAt)
    return { rule: 'backend-contradicts', because: `it says, too, that it started ${instant(startedAt)}` };
  if (endedAt > addMs(liveness.now, CLOCK_SKEW_MS))
    return { rule: 'backend-contradicts', because: 'that has not come yet' };
  return (
    ofTryBefore(liveness, truth, endedAt) ??
    ofAnotherTry(liveness, endedAt) ??
    ofNoCertainTry(liveness, truth, endedAt) ??
    perhapsOfAnother(liveness, truth, endedAt)
  );
}

/**
 * Why it may be the end of a try which began long before that of the record, and was still going down when that began. Of a
 * program that only takes long to begin, the end is believed once its record was silent for longer.
 */
function ofTryBefore(liveness: Liveness, { startedAt }: Truth, endedAt: Date): Doubt | null {
  const { suspect, begunAt, seenAt, now } = liveness;
  const { job, limits } = suspect;
  if (!startedAt || !begunAt || startedAt >= addMs(begunAt, -limits.graceMs)) return null;
  const limitMs = limits.staleAfterMs + limits.graceMs;
  const isSoon = endedAt < addMs(begunAt, limitMs) && now < addMs(seenAt, limitMs + SLOW_START_MS);
  if (job.state !== 'queued' && !isSoon) return null;
  const began = `${job.state === 'queued' ? 'was queued' : 'started'} ${instant(begunAt)}`;
  return {
    rule: 'another-try',
    because: `that started ${instant(startedAt)}, and by its record it ${began}: that was a try before`,
  };
}

/** Why an end cannot be that of the try which the record shows. */
function ofAnotherTry({ suspect, begunAt, heartbeatAt, clockOffMs }: Liveness, endedAt: Date): Doubt | null {
  const { job, writtenAt, sighting } = suspect;
  // A start that was written before that end is not a later start, whatever its clock says.
  const isBefore = (at: Date | null) => at !== null && endedAt < at && at <= writtenAt;
  if (isBefore(job.createdAt))
    return { rule: 'another-try', because: 'its record was created after that: that was a job before' };
  const isLater = begunAt && endedAt < begunAt && endedAt < writtenAt;
  if (isLater && !isAhead(clockOffMs)) {
    const since = `${job.state === 'queued' ? 'was queued' : 'started'} ${instant(begunAt)}`;
    return { rule: 'another-try', because: `by its record it ${since}: that was a try before` };
  }
  const late = addMs(endedAt, CLOCK_SKEW_MS);
  // A time ahead of the write that brought it is no sign of a later try.
  if (heartbeatAt && late < heartbeatAt && writtenAt > late)
    return { rule: 'another-try', because: `its heart still beat ${instant(heartbeatAt)}: another try runs` };
  const aliveAt = latest([sighting?.movedAt, sighting?.resumedAt]);
  if (aliveAt && aliveAt > late)
    return {
      rule: 'another-try',
      because: `a sweep saw that it lived ${instant(aliveAt)}: another try runs`,
    };
  return null;
}

/** Why it cannot be decided which try ended. */
function ofNoCertainTry(liveness: Liveness, truth: Truth, endedAt: Date): Doubt | null {
  const { begunAt, suspect } = liveness;
  const { job, writtenAt } = suspect;
  // A record that was last written before that end belongs to that try, whatever its clocks say.
  if (writtenAt <= addMs(endedAt, LAST_WRITE_MS)) return null;
  const written = `its record was written ${instant(writtenAt)}: that may be a try before`;
  if (!begunAt)
    return { rule: 'which-try', because: `neither a start nor a creation is known, and ${written}` };
  const off = clockDoubt(liveness, begunAt, truth);
  if (off) return { rule: 'clock-off', because: `${off}, and ${written}` };
  if (job.state === 'queued') return { rule: 'which-try', because: `it is queued, and ${written}` };
  if (job.startedAt || isSoon(truth.startedAt, liveness)) return null;
  return {
    rule: 'which-try',
    because: `no start is known, only that it was created ${instant(begunAt)}, and ${written}`,
  };
}

/** Why it may be the end of an earlier try, which was still ending when this one began. */
function perhapsOfAnother(liveness: Liveness, { startedAt }: Truth, endedAt: Date): Doubt | null {
  const { stale, heartbeatAt, seenAt, now } = liveness;
  const isOfThisTry = (!heartbeatAt || heartbeatAt <= endedAt) && isSoon(startedAt ?? endedAt, liveness);
  if (stale || isOfThisTry) return null;
  return {
    rule: 'perhaps-another-try',
    because: `that may be a try before, and the last sign of life is only ${lasting(since(seenAt, now))} old`,
  };
}

/** Whether a heartbeat lies after the write that brought it, and its clock is ahead. */
function isAhead(clockOffMs: number | null): boolean {
  return clockOffMs !== null && clockOffMs < 0;
}

/** Whether a time is not earlier than the start of this try. */
function isSoon(at: Date | null, { begunAt, suspect }: Liveness): boolean {
  return at !== null && (!begunAt || at >= addMs(begunAt, -suspect.limits.graceMs));
}

/** An end without a time is proven by its start; where the backend has no times at all, by silence. */
function withoutEnd(liveness: Liveness, { startedAt }: Truth): Doubt | null {
  const { begunAt, stale, suspect, seenAt, now } = liveness;
  const { timed, job } = suspect;
  const isOfThisTry = begunAt !== null && isSoon(startedAt, liveness);
  const ranBefore = job.state === 'queued' && (job.startedAt !== null || job.heartbeatAt !== null);
  if (!isOfThisTry && (timed || ranBefore)) {
    const told = startedAt ? `only that it started ${instant(startedAt)}` : 'not when that was';
    return { rule: 'which-try', because: `it tells ${told}: that may be a try before` };
  }
  if (stale) return null;
  return {
    rule: 'perhaps-another-try',
    because: `it does not say when, and the last sign of life is only ${lasting(since(seenAt, now))} old`,
  };
}

/** Why a clock of the record is wrong by hours, in words; `null` where all may be right. */
function clockDoubt(liveness: Liveness, begunAt: Date, truth: Truth): string | null {
  const { suspect, startedAt, heartbeatAt, clockOffMs } = liveness;
  const { job, hasHeartbeat, writtenAt } = suspect;
  if (isAhead(clockOffMs)) return 'the heartbeat in its record lies after the write that brought it';
  if (job.startedAt && !startedAt)
    return `its record says that it started ${instant(job.startedAt)}, after the write that brought it`;
  if (job.state === 'queued' && mayBeZoned(begunAt, writtenAt))
    return `its record says that it was queued ${instant(begunAt)}`;
  const fresh = freshlyZoned(liveness);
  if (fresh) return fresh;
  const heartbeat = hasHeartbeat ? (heartbeatAt ?? job.heartbeatAt) : null;
  const own = heartbeat ?? startedAt;
  if (!own || !truth.startedAt || own >= addMs(truth.startedAt, -CLOCK_OFF_MS)) return null;
  const what = heartbeat ? 'heartbeat' : 'start';
  return `the ${what} in its record lies ${lasting(since(own, truth.startedAt))} before the start that its backend tells`;
}

/**
 * Why the last write may come from a try that has just begun, or just sent a heartbeat, by a clock in another zone. It does
 * not once the record has not been written for as long as that may last.
 */
function freshlyZoned({ suspect, startedAt, heartbeatAt, now }: Liveness): string | null {
  const { writtenAt, limits } = suspect;
  const last = heartbeatAt ?? startedAt;
  const isFresh = addMs(writtenAt, limits.staleAfterMs + limits.graceMs) >= now;
  // Our own writes say nothing about its clock.
  const isOurs = wasTakenBack(suspect.job.added, suspect);
  if (!last || !isFresh || isOurs || !isZoned(since(last, writtenAt))) return null;
  const what = heartbeatAt ? 'heartbeat' : 'start';
  return `the ${what} in its record lies as long before its last write as one of another zone`;
}
