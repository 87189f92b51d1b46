import { checksOf } from '../../functions/collect-metrics/checks.ts';
import { figuresOf } from '../../functions/collect-metrics/figures.ts';
import { type Circumstances, type Revised, revise } from '../../functions/collect-metrics/revise.ts';
import type { DailyMetrics, Figures } from '../../functions/shared/model/day.ts';
import type { Job } from '../../functions/shared/model/job.ts';
import { jobOf, utc } from './jobs.ts';

/** The day that figures are made of. */
export const DATE = '2026-03-09';

/** Figures of 9 March with `count` jobs of two hours each. */
export function figuresWith(count: number, over: Partial<Job> = {}): Figures {
  const jobs = Array.from({ length: count }, (_, index) => jobOf({ id: `job-${index}`, ...over }));
  return figuresOf(DATE, jobs, utc('2026-03-10T02:00'));
}

/** What `revise` makes of a collection at `at`; text in place of figures is the source's error. */
export function revised(
  stored: DailyMetrics | null,
  at: string,
  brought: Figures | string,
  circumstances: Partial<Circumstances> = {},
): Revised {
  const figures = typeof brought === 'string' ? null : brought;
  return revise(
    stored,
    { at: utc(at), durationMs: 5, figures, error: typeof brought === 'string' ? brought : null },
    { date: DATE, runId: `run at ${at}`, before: null, cause: undefined, vanished: [], ...circumstances },
  );
}

/** A stored day of `count` jobs, collected once on the morning after. */
export function storedDay(count = 1, over: Partial<DailyMetrics> = {}): DailyMetrics {
  return { ...revised(null, '2026-03-10T02:00', figuresWith(count)).day, ...over };
}

/** The statuses of both checks of `figures` against the day before. */
export function checkWords(figures: Figures, before: Figures | null): string {
  const { inFlight, hoursUsed } = checksOf(figures, before);
  return `${inFlight.status} ${hoursUsed.status}`;
}
