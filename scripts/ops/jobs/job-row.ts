import type { Evidence } from '../../../functions/shared/model/job/evidence.ts';
import { isTerminal, type Job } from '../../../functions/shared/model/job/job.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import type { Execution, Suspect } from '../../../functions/shared/model/job/sweep.ts';
import { CLOCK_SKEW_MS, livenessOf } from '../../../functions/shared/model/job/verdict/liveness.ts';
import { clockOff } from '../../../functions/shared/model/job/verdict/record-verdict.ts';
import { suspectOf } from '../../../functions/shared/model/job/verdict/suspicion.ts';
import { silence, unmoved } from '../../../functions/shared/model/job/verdict/verdicts.ts';
import type { StoredReport } from '../../../functions/shared/model/report/stored.ts';
import { duration } from '../../words/figures.ts';

/** A job, or an execution of one, as its record alone shows it. */
export interface JobRow {
  source: string;
  job: string;
  project: string;
  type: string;
  /** Their word. */
  status: string;
  createdAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  heartbeatAt: Date | null;
  /** The kind of the system where it really runs, and its name there. */
  backend: string | null;
  backendId: string | null;
  error: string | null;
  /** What its newest execution has told of itself; `null` where nothing reported. */
  reporter: StoredReport | null;
  /** What is wrong with it, each in a few words. */
  wrong: string[];
  /** What a sweep, or a person through it, ended it by. */
  evidence: Evidence | null;
}

/** The source that a record is of. */
interface Named {
  name: string;
  source: Source;
}

/** The row of a job, whose record was last written at `writtenAt`. */
export function jobRow(
  { name, source }: Named,
  { job, writtenAt, now }: { job: Job; writtenAt: Date; now: Date },
): JobRow {
  const suspect = suspectOf({ job, writtenAt, rewrittenAt: null, isExecution: false }, source, null);
  return rowOf({ name, source }, job, wrongOf(suspect, now));
}

/** The row of an execution of `parent`. */
export function executionRow(
  { name, source }: Named,
  { job, parent, now }: { job: Execution; parent: Job; now: Date },
): JobRow {
  const stuck = isTerminal(parent.state) && !isTerminal(job.state) ? [`its job is ${parent.status}`] : [];
  const suspect = suspectOf(
    { job, writtenAt: job.writtenAt, rewrittenAt: null, isExecution: true },
    source,
    parent,
  );
  return rowOf({ name, source }, job, [...stuck, ...wrongOf(suspect, now)]);
}

function rowOf({ name, source }: Named, job: Job, wrong: string[]): JobRow {
  const { id, project, type, status, createdAt, startedAt, endedAt, heartbeatAt, backendId, error } = job;
  return {
    source: name,
    job: id,
    project,
    type,
    status,
    createdAt,
    startedAt,
    endedAt,
    heartbeatAt,
    backend: backendId === null ? null : (source.backend?.kind ?? null),
    backendId,
    error,
    reporter: job.added.report,
    wrong,
    evidence: job.added.evidence,
  };
}

/** Returns what is wrong with the record of an active job, as far as the record itself shows it. */
function wrongOf(suspect: Suspect, now: Date): string[] {
  const { job, limits, hasHeartbeat } = suspect;
  if (isTerminal(job.state)) return [];
  const liveness = livenessOf(suspect, now);
  const ahead = hasHeartbeat && job.heartbeatAt ? job.heartbeatAt.getTime() - now.getTime() : 0;
  const queuedMs = now.getTime() - (liveness.begunAt ?? now).getTime();
  const { maxQueuedMs, maxRuntimeMs } = limits;
  return [
    ...(job.state === 'unknown' ? ['nobody mapped its status'] : []),
    ...(ahead > CLOCK_SKEW_MS ? [`its heartbeat lies ${duration(ahead)} in the future`] : []),
    ...(job.state === 'running' && hasHeartbeat && liveness.stale ? [silence(liveness)] : []),
    ...(!liveness.stale && liveness.clockOffMs !== null && liveness.clockOffMs > 0
      ? [clockOff(suspect.writtenAt, liveness.clockOffMs, now)]
      : []),
    ...(liveness.overdueAt
      ? [
          `runs for ${duration(now.getTime() - liveness.overdueAt.getTime() + maxRuntimeMs)}, ${atMost(maxRuntimeMs)}`,
        ]
      : []),
    ...(liveness.stalledAt ? [unmoved(suspect, liveness.stalledAt, now)] : []),
    ...(job.state === 'queued' && maxQueuedMs !== null && queuedMs > maxQueuedMs
      ? [`queued for ${duration(queuedMs)}, ${atMost(maxQueuedMs)}`]
      : []),
    ...job.unreadable.map(({ field, why }) => `${field} cannot be read: ${why}`),
  ];
}

function atMost(ms: number): string {
  return `at most ${duration(ms)} allowed`;
}
