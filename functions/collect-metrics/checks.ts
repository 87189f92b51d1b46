import { type Check, type DailyMetrics, endedOf, type Figures } from '../shared/model/day.ts';

/** Hours that rounding may cost. */
const TOLERANCE_HOURS = 0.01;

/** The part of a stored day that the next one is checked against. */
export type DayBefore = Pick<DailyMetrics, 'jobs' | 'gpu'> | null;

/**
 * Proves a day's figures against the *stored* day before: jobs in flight must be those in flight before, plus the
 * started, less the ended that had started; hours used must be what is completed and accrued beyond what was accrued.
 * A job that was missed or counted twice, or a record changed or gone since, breaks them. `unknown` without a day before.
 */
export function checksOf(
  figures: Pick<Figures, 'jobs' | 'gpu'>,
  before: DayBefore,
): { inFlight: Check; hoursUsed: Check } {
  const { jobs, gpu } = figures;
  return {
    inFlight: check(
      jobs.inFlight,
      before?.jobs ? before.jobs.inFlight + jobs.started - (endedOf(jobs) - jobs.neverStarted) : null,
      0,
    ),
    hoursUsed: check(
      gpu.hoursUsed,
      before?.gpu ? gpu.hoursCompleted + gpu.hoursAccrued - before.gpu.hoursAccrued : null,
      TOLERANCE_HOURS,
    ),
  };
}

function check(actual: number, expected: number | null, tolerance: number): Check {
  if (expected === null) return { status: 'unknown', expected: null, actual };
  const rounded = Math.round(expected * 1e6) / 1e6;
  return { status: Math.abs(actual - rounded) <= tolerance ? 'holds' : 'broken', expected: rounded, actual };
}
