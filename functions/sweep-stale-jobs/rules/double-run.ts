import { isTerminal, isUnreadable, type Job } from '../../shared/model/job/job.ts';
import type { SweepLimits } from '../../shared/model/job/sweep-limits.ts';
import { liveRivals } from '../../shared/model/report/stored.ts';

/**
 * Why two executions of a job do not run at once any more, in words; `null` while they may. `job` is `null` where it has no
 * record. Reports open the alarm, but after the last one of the job none comes that could close it.
 */
export function whyNotDoubled(
  job: Job | null,
  { staleAfterMs, graceMs }: SweepLimits,
  now: Date,
): string | null {
  if (!job) return 'the record of its job is gone';
  if (isUnreadable(job, 'report')) return null;
  const { report } = job.added;
  const endedAt = isTerminal(job.state) ? (report?.endReceivedAt ?? job.endedAt) : null;
  // An older execution that is heard of after the job's end runs on.
  const silentMs = staleAfterMs + graceMs;
  const rivals = liveRivals(report, now, silentMs).filter(
    ({ aliveAt }) => endedAt === null || aliveAt > endedAt,
  );
  if (rivals.length > 0) return null;
  if (isTerminal(job.state)) return 'its job has ended';
  // While nothing is heard of the other one either, that this one is silent proves nothing.
  const isHeard = report !== null && now.getTime() - report.receivedAt.getTime() <= silentMs;
  return isHeard ? 'only one execution of it is heard of' : null;
}
