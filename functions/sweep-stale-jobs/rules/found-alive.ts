import { isTerminal, type Job } from '../../shared/model/job/job.ts';
import type { EndedRecord } from '../../shared/model/job/sweep-checkpoint.ts';
import { instant } from '../../shared/model/job/verdict/words.ts';

/** Finds records that show life after a sweep has ended them: the error rate that the sweep publishes. */

/** A record that a sweep ended, as it is now; `undefined` where it does not exist any more. */
export type Again = Job | undefined;

/**
 * What shows that a job which a sweep ended is alive, or was when it was ended, in words; `null` where nothing does. A new
 * try does not, nor does an end that another program wrote because nothing ran any more.
 */
export function lifeAfter(left: EndedRecord, job: Again): string | null {
  if (!job) return null;
  const { heartbeatAt, startedAt, endedAt, state, status, added } = job;
  if (startedAt?.getTime() !== left.startedAt?.getTime()) return null;
  if (heartbeatAt && heartbeatAt.getTime() !== left.heartbeatAt?.getTime())
    return `its heart beats: ${instant(heartbeatAt)}`;
  const aliveAt = added.report?.aliveAt;
  if (aliveAt && aliveAt > left.endedAt) return `it reported that it lives: ${instant(aliveAt)}`;
  if (state === 'completed' && endedAt && endedAt > left.endedAt)
    return `its record says ${status} now, ${instant(endedAt)}`;
  const isOurs = added.evidence?.runId === left.runId;
  if (isOurs && !isTerminal(state) && state !== 'queued' && state !== 'unknown')
    return `its record says ${status} again`;
  return null;
}

/** The ended records with what is known of them now; a record that was ended wrongly once counts for good. */
export function watchedAgain(ended: readonly EndedRecord[], jobs: ReadonlyMap<string, Job>): EndedRecord[] {
  return ended.map((left) => {
    const job = jobs.get(left.path);
    return {
      ...left,
      alive: left.alive ?? lifeAfter(left, job),
      corrected: left.corrected || (job !== undefined && isCorrected(left, job)),
    };
  });
}

/** Whether its own execution has told how a job really ended that a sweep had called lost. */
function isCorrected({ startedAt }: EndedRecord, { startedAt: now, added, state }: Job): boolean {
  return isTerminal(state) && added.report?.falseLost === true && now?.getTime() === startedAt?.getTime();
}
