import type { Results } from '../../functions/collect-metrics/rules/accept.ts';
import { checksOf } from '../../functions/collect-metrics/rules/checks.ts';
import { figuresOf } from '../../functions/collect-metrics/rules/figures.ts';
import { type Circumstances, type Revised, revise } from '../../functions/collect-metrics/rules/revise.ts';
import { addDays, type Day } from '../../functions/shared/dates.ts';
import {
  type DailyMetrics,
  type Figures,
  METRIC_SOURCES,
  type MetricSource,
  type SourceState,
} from '../../functions/shared/model/day/day.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import { jobOf, utc } from './jobs.ts';

/** The day that figures are made of. */
export const DATE = '2026-03-09';

/** Figures of 9 March with `count` jobs of two hours each. */
export function figuresWith(count: number, over: Partial<Job> = {}): Figures {
  const jobs = Array.from({ length: count }, (_, index) => jobOf({ id: `job-${index}`, ...over }));
  return figuresOf(DATE, jobs, utc('2026-03-10T02:00'));
}

/** What `revise` makes of a collection of jobs alone at `at`; text in place of figures is the source's error. */
export function revised(
  stored: DailyMetrics | null,
  at: string,
  brought: Figures | string,
  circumstances: Partial<Circumstances> = {},
): Revised {
  const result = typeof brought === 'string' ? { error: brought } : { found: brought };
  return revisedBy(stored, at, { jobs: { durationMs: 5, ...result } }, circumstances);
}

/** What `revise` makes of what the sources brought at `at`; those that brought something are the configured ones. */
export function revisedBy(
  stored: DailyMetrics | null,
  at: string,
  results: Results,
  circumstances: Partial<Circumstances> = {},
): Revised {
  return revise(
    stored,
    { at: utc(at), results },
    {
      date: DATE,
      runId: `run at ${at}`,
      before: null,
      configured: Object.keys(results) as MetricSource[],
      failingSince: new Map(),
      cause: undefined,
      vanished: [],
      kept: [],
      ...circumstances,
    },
  );
}

/** A stored day of `count` jobs, collected once on the morning after. */
export function storedDay(count = 1, over: Partial<DailyMetrics> = {}): DailyMetrics {
  return { ...revised(null, '2026-03-10T02:00', figuresWith(count)).day, ...over };
}

/** A final day on which nothing happened: nothing more is expected of `sources` for it. */
export function quietDay(date: Day, sources: readonly MetricSource[] = METRIC_SOURCES): DailyMetrics {
  const day = quiet.get(date) ?? newQuietDay(date);
  quiet.set(date, day);
  const state = day.sources.jobs as SourceState;
  return { ...day, sources: Object.fromEntries(sources.map((source) => [source, state])) };
}

/** Many tests have the same ones. */
const quiet = new Map<Day, DailyMetrics>();

function newQuietDay(date: Day): DailyMetrics {
  const at = (days: number) => `${addDays(date, days)}T02:00`;
  const found = figuresOf(date, [], utc(at(1)));
  const results = { jobs: { durationMs: 5, found }, etl: { durationMs: 5, found } };
  const first = revisedBy(null, at(1), results, { date }).day;
  return revisedBy(first, at(2), results, { date }).day;
}

/** The statuses of both checks of `figures` against the day before. */
export function checkWords(figures: Figures, before: Figures | null): string {
  const { inFlight, hoursUsed } = checksOf(figures, before);
  return `${inFlight.status} ${hoursUsed.status}`;
}
