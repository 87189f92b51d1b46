import { addMs } from '../../../dates.ts';
import { isTerminal, type Job } from '../job.ts';
import type { JobField, Source } from '../source.ts';
import type { Suspect } from '../sweep.ts';
import { allLimits, limitsOf, type SweepLimits } from '../sweep-limits.ts';
import { livenessOf } from './liveness.ts';
import { unreadableOf } from './unreadable.ts';

/** Which records become candidates. */

/** A record as it was read. */
export interface Reading {
  job: Job;
  writtenAt: Date;
  rewrittenAt: Date | null;
  isExecution: boolean;
}

/** A suspect of which only its own record is known. */
export function suspectOf(
  { job, writtenAt, rewrittenAt, isExecution }: Reading,
  source: Source,
  parent: Job | null,
): Suspect {
  const fields = isExecution && source.executions ? source.executions.fields : source.fields;
  const hasHeartbeat = fields.heartbeatAt !== undefined;
  return {
    job,
    writtenAt,
    rewrittenAt,
    parent,
    limits: isExecution && !parent ? tightestLimits(source) : limitsOf(source.sweep, (parent ?? job).type),
    hasHeartbeat,
    timed: tellsTimes(source),
    vital: vitalOf(source, hasHeartbeat),
    executions: null,
    truth: null,
    jobTruth: null,
    backendKnown: false,
    channel: null,
    sighting: null,
    endedBefore: null,
  };
}

/** Whether the answers of a source's backend hold times: an HTTP endpoint's do only where the settings map them. */
function tellsTimes({ backend }: Source): boolean {
  return backend?.kind !== 'http' || backend.startedAt !== undefined || backend.endedAt !== undefined;
}

/** The fields by which a record of a source is judged: its name at the backend only where there is one to ask. */
function vitalOf({ backend, sweep }: Source, hasHeartbeat: boolean): JobField[] {
  return [
    'status',
    'startedAt',
    'endedAt',
    ...(hasHeartbeat ? (['heartbeatAt'] as const) : []),
    ...(backend ? (['backendId'] as const) : []),
    // Types may have limits of their own.
    ...(Object.keys(sweep.types).length > 0 ? (['type'] as const) : []),
  ];
}

/** Whether a job or execution may not be what its record says, and was silent for at least `olderThanMs`. */
export function isSuspicious(reading: Reading, source: Source, now: Date, olderThanMs = 0): boolean {
  const liveness = livenessOf(suspectOf(reading, source, null), now);
  const { job, limits, hasHeartbeat, writtenAt } = liveness.suspect;
  if (olderThanMs > 0 && addMs(liveness.seenAt, olderThanMs) > now) return false;
  if (liveness.stalledAt || (job.state === 'running' && job.added.report?.goneAt)) return true;
  if (liveness.clockOffMs !== null || (!isTerminal(job.state) && unreadableOf(liveness.suspect))) return true;
  const isPast = (at: Date, ms: number | null) => ms !== null && addMs(at, ms) < now;
  const askable = source.backend !== undefined && job.backendId !== null;
  if (job.state === 'suspended') return true;
  if (job.state === 'queued')
    return isPast(liveness.begunAt ?? writtenAt, limits.maxQueuedMs) || (askable && liveness.stale);
  if (liveness.overdueAt || (!hasHeartbeat && isPast(liveness.seenAt, limits.maxRuntimeMs))) return true;
  return liveness.stale && (hasHeartbeat || askable || reading.isExecution);
}

/** The tightest limits of a source, for an execution whose job, and so its type, is not known yet. */
function tightestLimits({ sweep }: Source): SweepLimits {
  const all = allLimits(sweep);
  const least = (of: (limits: SweepLimits) => number) => Math.min(...all.map(of));
  const queued = all.flatMap(({ maxQueuedMs }) => maxQueuedMs ?? []);
  const stalled = all.flatMap(({ stalledAfterMs }) => stalledAfterMs ?? []);
  return {
    staleAfterMs: least(({ staleAfterMs }) => staleAfterMs),
    graceMs: least(({ graceMs }) => graceMs),
    maxRuntimeMs: least(({ maxRuntimeMs }) => maxRuntimeMs),
    maxQueuedMs: queued.length > 0 ? Math.min(...queued) : null,
    stalledAfterMs: stalled.length > 0 ? Math.min(...stalled) : null,
  };
}
