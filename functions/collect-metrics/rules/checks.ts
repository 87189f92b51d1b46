import {
  type Check,
  type Checks,
  type DailyMetrics,
  endedOf,
  type Figures,
  type JobFigures,
} from '../../shared/model/day/day.ts';

/** How many hours rounding may make a difference of. */
const TOLERANCE_HOURS = 0.01;

/** The part of a stored day that the next one is checked against. */
export type DayBefore = Pick<DailyMetrics, 'jobs' | 'gpu' | 'etl'> | null;

/**
 * Checks a day's figures against the *stored* day before.
 *
 * - Jobs in flight are those in flight before, plus those that started, less those that ended after they had started.
 * - Hours used are the hours completed and accrued, less the hours accrued before.
 *
 * A job that was missed or counted twice, or a record that changed or vanished since, breaks a check. Without a day before,
 * both are `unknown`.
 */
export function checksOf(
  { jobs, gpu }: Pick<Figures, 'jobs' | 'gpu'>,
  before: Omit<NonNullable<DayBefore>, 'etl'> | null,
): { inFlight: Check; hoursUsed: Check } {
  return {
    inFlight: inFlightCheck(jobs, before?.jobs),
    hoursUsed: check(
      gpu.hoursUsed,
      before?.gpu ? gpu.hoursCompleted + gpu.hoursAccrued - before.gpu.hoursAccrued : null,
      TOLERANCE_HOURS,
    ),
  };
}

/** Checks the jobs in flight, or the ETL runs, against those of the stored day before. */
export function inFlightCheck(figures: JobFigures, before: JobFigures | null | undefined): Check {
  const { inFlight, started, neverStarted } = figures;
  const expected = before ? before.inFlight + started - (endedOf(figures) - neverStarted) : null;
  return check(inFlight, expected, 0);
}

/** Makes the checks of a stored day anew, against the day before as it is now. */
export function recheck(day: DailyMetrics, before: DayBefore): Checks {
  const { jobs, gpu, etl, checks } = day;
  return {
    ...checks,
    ...(jobs && gpu ? checksOf({ jobs, gpu }, before) : {}),
    etl: etl && checks.etl ? { ...checks.etl, inFlight: inFlightCheck(etl, before?.etl) } : checks.etl,
  };
}

/** Whether a day does not add up by any of its checks. */
export function isBroken({ inFlight, hoursUsed, etl }: Checks): boolean {
  return [inFlight, hoursUsed, etl?.inFlight].some((each) => each?.status === 'broken');
}

function check(actual: number, expected: number | null, tolerance: number): Check {
  if (expected === null) return { status: 'unknown', expected: null, actual };
  const rounded = Math.round(expected * 1e6) / 1e6;
  return { status: Math.abs(actual - rounded) <= tolerance ? 'holds' : 'broken', expected: rounded, actual };
}
