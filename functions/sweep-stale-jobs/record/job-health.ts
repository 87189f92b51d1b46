import type { JobHealth } from '../../shared/model/job/sweep.ts';
import type { EndedRecord } from '../../shared/model/job/sweep-checkpoint.ts';
import type { ReportChannel } from '../../shared/model/report/channel.ts';
import type { CandidateResult } from '../sweep/results.ts';
import type { SweepResult } from '../sweep/sweep-result.ts';
import { isWrong } from './checkpoint.ts';

/** How many jobs of a source run for long, and how many are new. */
export type Ages = Pick<JobHealth, 'longRunning' | 'recent24h'>;

/** How many jobs of a source are in which state after a sweep; those that it ended are taken off. */
export function healthAfter(
  { longRunning, recent24h, ended: watched }: Ages & { ended: readonly EndedRecord[] },
  {
    source,
    active,
    results,
    left,
    channel,
  }: Pick<SweepResult, 'source' | 'active' | 'results' | 'left' | 'channel'>,
  longSince: Date,
  at: Date,
): JobHealth {
  const jobs = results.each.filter(({ isExecution }) => !isExecution);
  const ended = jobs.filter(({ disposition }) => disposition === 'yes');
  const standing = jobs.filter(({ disposition }) => disposition !== 'yes');
  const without = (count: number, isOne: (job: CandidateResult) => boolean) =>
    Math.max(0, count - ended.filter(isOne).length);
  const unknown = standing.filter(({ kind }) => kind === 'unknown').length;
  const lying = standing.filter(({ kind, brokenAt }) => kind !== 'unknown' && (kind !== 'keep' || brokenAt));
  return {
    source,
    running: without(active.running, ({ state }) => state === 'running'),
    suspended: without(active.suspended, ({ state }) => state === 'suspended'),
    scheduled: without(active.queued, ({ state }) => state === 'queued'),
    longRunning: without(
      longRunning,
      ({ state, startedAt }) => state === 'running' && startedAt !== null && startedAt < longSince,
    ),
    recent24h,
    stale: unknown + lying.length + left.jobs,
    unknown,
    watched: watched.length,
    falseLost: watched.filter(isWrong).length,
    reports: channel?.record ? figuresOf(channel.record) : null,
    at,
  };
}

function figuresOf({ accepted, falseLost, lastAcceptedAt }: ReportChannel): JobHealth['reports'] {
  return { accepted, falseLost, lastAcceptedAt };
}
