import { type Day, dayOf, earlierOf, HOUR_MS } from '../../dates.ts';
import { quoted } from '../reading/reading.ts';
import type { Job } from './job.ts';
import type { JobField, TimeField } from './source.ts';
import type { TerminalState } from './states.ts';

/** A clock in another zone may be so far ahead. A time further in the future is wrong. */
const LARGEST_OFFSET_MS = 14 * HOUR_MS;

/** When a job ran, by its record. */
export interface Life {
  kind: 'life';
  /** `null` as long as it has not started. */
  start: Date | null;
  /** `null` as long as it has not ended. */
  end: Date | null;
  /** Until when it used its GPUs: its end; while it is suspended, its last sign of use; else now. */
  usedUntil: Date;
  outcome: TerminalState | null;
  /** Whether its record has an end before its start: then it counts as if it started at its end. */
  skewed: boolean;
}

/** Why a record counts on no day. */
export interface Fault {
  kind: 'fault';
  fault: 'malformed' | 'unmapped';
  /** In words. */
  because: string;
  /**
   * The days that report it, which are those on which a query finds it: one day; every day from one on, for a job that
   * should be running and is not counted; or the day on which it is found, where its record names no day.
   */
  reported: { on: Day } | { from: Day } | 'when found';
}

/** Reads a job's life from its record. Contradictions and unreadable values are faults, and never treated as absent. */
export function lifeOf(job: Job, now: Date): Life | Fault {
  switch (job.state) {
    case 'unknown':
      return {
        kind: 'fault',
        fault: 'unmapped',
        because: unmappedBecause(job),
        reported: reportedOn(job, now),
      };
    case 'queued':
      // A job that was queued again counts as its latest attempt, which has not started.
      return endsAfterItsStart(job)
        ? malformed('queued with an end after its start', reportedOn(job, now))
        : { kind: 'life', start: null, end: null, usedUntil: now, outcome: null, skewed: false };
    case 'running':
    case 'suspended':
      return activeLife(job, now);
    default:
      return endedLife(job, job.state, now);
  }
}

/** Returns, in words, the unreadable fields that matter for the figures of a job that counts. */
export function unreadAmounts(job: Job): string[] {
  const signs: readonly JobField[] = job.state === 'suspended' ? ['heartbeatAt', 'updatedAt'] : [];
  const fields = ['project', 'gpus', 'artifactBytes', ...signs];
  return job.unreadable.filter(({ field }) => fields.includes(field)).map(inWords);
}

function activeLife(job: Job, now: Date): Life | Fault {
  const { state, startedAt: start } = job;
  const fault = (because: string) => malformed(because, reportedFrom(job, now));
  const unread = unreadTime(job);
  if (unread) return fault(unread);
  if (!start) return fault(`${state} without a start`);
  if (isAhead(start, now)) return fault(`${state} with a start in the future`);
  // An end before the start belongs to an earlier attempt, and is no fault.
  if (endsAfterItsStart(job)) return fault(`${state} with an end after its start`);
  const usedUntil = state === 'suspended' ? lastUse(job, start, now) : now;
  return { kind: 'life', start, end: null, usedUntil, outcome: null, skewed: false };
}

/** Returns the last sign that a suspended job used anything: a heartbeat, else the last change of its record. */
function lastUse({ heartbeatAt, updatedAt, writtenAt }: Job, start: Date, now: Date): Date {
  const sign = [heartbeatAt, updatedAt, writtenAt].find((at) => at && at >= start);
  return sign ? earlierOf(sign, now) : start;
}

function endedLife(job: Job, outcome: TerminalState, now: Date): Life | Fault {
  const { startedAt, endedAt: end } = job;
  const fault = (because: string) => malformed(because, reportedOn(job, now));
  const unread = unreadTime(job);
  if (unread) return fault(unread);
  if (!end) return fault(`${outcome} without an end`);
  if (isAhead(end, now)) return fault(`${outcome} with an end in the future`);
  const skewed = startedAt !== null && end < startedAt;
  return { kind: 'life', start: skewed ? end : startedAt, end, usedUntil: end, outcome, skewed };
}

function endsAfterItsStart({ startedAt, endedAt }: Job): boolean {
  return startedAt !== null && endedAt !== null && endedAt >= startedAt;
}

function isAhead(instant: Date, now: Date): boolean {
  return instant.getTime() > now.getTime() + LARGEST_OFFSET_MS;
}

function malformed(because: string, reported: Fault['reported']): Fault {
  return { kind: 'fault', fault: 'malformed', because, reported };
}

/** The day on which queries find a record: that of its end, else of its start, else of its creation. */
function reportedOn(job: Job, now: Date): Fault['reported'] {
  const day = firstDayOf(job, ['endedAt', 'startedAt', 'createdAt'], now);
  return day === undefined ? 'when found' : { on: day };
}

/** The days that report an active job: its record is read for every one of them. */
function reportedFrom(job: Job, now: Date): Fault['reported'] {
  const day = firstDayOf(job, ['startedAt', 'createdAt'], now);
  return day === undefined ? 'when found' : { from: day };
}

/** Returns the first day, up to today, that any of `fields` names. Unreadable text may name the day that it sorts into. */
function firstDayOf(job: Job, fields: readonly (TimeField & keyof Job)[], now: Date): Day | undefined {
  const days = fields.map((name) => {
    const instant = job[name];
    return instant ? dayOf(instant) : job.unreadable.find(({ field }) => field === name)?.day;
  });
  return days.find((day) => day !== undefined && day <= dayOf(now));
}

function unreadTime(job: Job): string | undefined {
  const unread = job.unreadable.filter(({ field }) => field === 'startedAt' || field === 'endedAt');
  return unread.length > 0 ? unread.map(inWords).join('; ') : undefined;
}

function unmappedBecause(job: Job): string {
  const unread = job.unreadable.find(({ field }) => field === 'status');
  if (unread) return inWords(unread);
  return job.status === '' ? 'no status' : `status ${quoted(job.status)} is not mapped`;
}

function inWords({ field, why }: Job['unreadable'][number]): string {
  return `${field} ${why}`;
}
