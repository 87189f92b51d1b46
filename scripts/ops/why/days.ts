import { figuresOf } from '../../../functions/collect-metrics/rules/figures.ts';
import { type Day, dayOf, daysBetween } from '../../../functions/shared/dates.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import { lifeOf } from '../../../functions/shared/model/job/life.ts';

/** The most days that are listed: the newest of a job that ran for longer. */
const MOST_DAYS = 400;

/** What a job adds to the figures of a day. */
export interface DayOfJob {
  date: Day;
  started: boolean;
  /** How it ended on the day; `null` where it did not. */
  ended: 'completed' | 'failed' | 'cancelled' | null;
  gpuHours: number;
}

/** The days that a job counts on, by the rules of collect-metrics; or why it counts on none. */
export function daysOf(job: Job, now: Date): { fault: string | null; each: DayOfJob[] } {
  const life = lifeOf(job, now);
  if (life.kind === 'fault') return { fault: `${life.fault}: ${life.because}`, each: [] };
  const { start, end } = life;
  const first = start ?? end;
  if (!first) return { fault: null, each: [] };
  const days = daysBetween(dayOf(first), dayOf(end ?? now)).slice(-MOST_DAYS);
  return { fault: null, each: days.map((date) => shareOf(date, job, now)) };
}

function shareOf(date: Day, job: Job, now: Date): DayOfJob {
  const { jobs, gpu } = figuresOf(date, [job], now);
  const ended = (['completed', 'failed', 'cancelled'] as const).find((outcome) => jobs[outcome] > 0) ?? null;
  return { date, started: jobs.started > 0, ended, gpuHours: gpu.hoursUsed };
}
