import { isTerminal, type Job } from '../../shared/model/job/job.ts';
import { usable } from '../../shared/model/job/verdict/liveness.ts';
import type { JobAnswer } from '../api/job-schemas.ts';

/** What the newest execution of a job has told of itself; `null` where nothing reported. */
export function reporterAnswer({ state, added: { report } }: Job): JobAnswer['reporter'] {
  if (!report) return null;
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  const { execution, host, progress, checkpoint, cause, exitCode, signal, receivedAt } = report;
  const isOver = report.state !== 'queued' && report.state !== 'running';
  return {
    execution,
    host,
    state: report.state,
    startedAt: iso(report.startedAt),
    seenAt: iso(report.aliveAt),
    receivedAt: receivedAt.toISOString(),
    progress,
    progressAt: iso(report.progressAt),
    checkpoint,
    cause,
    exitCode,
    signal,
    goneAt: iso(report.goneAt),
    waits: isOver && report.state !== 'gone' && !isTerminal(state),
    rivals: report.rivals.map(({ execution: other, host: its, aliveAt }) => ({
      execution: other,
      host: its,
      seenAt: aliveAt.toISOString(),
    })),
  };
}

/** When a job that a sweep has called lost reported after that that it lives; `null` where it did not. */
export function aliveAfterLost({ state, added }: Job, now: Date): Date | null {
  const { evidence, endInferred, report } = added;
  if (!isTerminal(state) || !endInferred || evidence?.verdict !== 'lost' || evidence.by !== null) return null;
  const at = usable(report?.aliveAt ?? null, now);
  return at && at > evidence.foundAt ? at : null;
}
