import type { JobHealth } from '../shared/model/sweep.ts';
import type { Sweep } from './sweep-source.ts';

/** How many jobs of a source run for long, and how many are new. */
export type Ages = Pick<JobHealth, 'longRunning' | 'recent24h'>;

/** How the jobs of a source stand after a sweep: what it ended counts no more. */
export function healthAfter(
  { longRunning, recent24h }: Ages,
  { source, active, judged, left }: Pick<Sweep, 'source' | 'active' | 'judged' | 'left'>,
  longSince: Date,
  at: Date,
): JobHealth {
  const jobs = judged.filter(({ found }) => !found.isExecution);
  const ended = jobs.filter(({ written }) => written === 'yes').map(({ suspect }) => suspect.job);
  const standing = jobs.filter(({ written }) => written !== 'yes').map(({ verdict }) => verdict);
  const without = (count: number, isOne: (job: (typeof ended)[number]) => boolean) =>
    Math.max(0, count - ended.filter(isOne).length);
  const unknown = standing.filter(({ kind }) => kind === 'unknown').length;
  const lying = standing.filter(
    (verdict) => 'state' in verdict || (verdict.kind === 'keep' && verdict.brokenAt),
  );
  return {
    source,
    running: without(active.running, ({ state }) => state === 'running'),
    scheduled: without(active.queued, ({ state }) => state === 'queued'),
    longRunning: without(
      longRunning,
      ({ state, startedAt }) => state === 'running' && startedAt !== null && startedAt < longSince,
    ),
    recent24h,
    stale: unknown + lying.length + left.filter(({ isExecution }) => !isExecution).length,
    unknown,
    at,
  };
}
