import type { DailyMetrics } from '../../../functions/shared/model/day/day.ts';
import {
  PLATFORM_SOURCES,
  type PlatformSections,
  type PlatformSource,
} from '../../../functions/shared/model/day/platform.ts';
import { SECTION_WORDS } from '../../words/section.ts';
import type { SectionWords } from '../../words/sections/section-words.ts';
import type { MissingDay } from './days-table.ts';

type Cell = string | number | null | undefined;

/** The columns, each with the total it holds; sources are those that did not answer in full. */
const COLUMNS: Record<string, (day: DailyMetrics) => Cell> = {
  revision: ({ revision }) => revision,
  jobsStarted: ({ jobs }) => jobs?.started,
  jobsCompleted: ({ jobs }) => jobs?.completed,
  jobsFailed: ({ jobs }) => jobs?.failed,
  jobsCancelled: ({ jobs }) => jobs?.cancelled,
  jobsNeverStarted: ({ jobs }) => jobs?.neverStarted,
  jobsInFlight: ({ jobs }) => jobs?.inFlight,
  gpuHoursUsed: ({ gpu }) => gpu?.hoursUsed,
  gpuHoursCompleted: ({ gpu }) => gpu?.hoursCompleted,
  gpuHoursAccrued: ({ gpu }) => gpu?.hoursAccrued,
  etlStarted: ({ etl }) => etl?.started,
  etlCompleted: ({ etl }) => etl?.completed,
  etlFailed: ({ etl }) => etl?.failed,
  etlCancelled: ({ etl }) => etl?.cancelled,
  etlNeverStarted: ({ etl }) => etl?.neverStarted,
  etlInFlight: ({ etl }) => etl?.inFlight,
  ...Object.assign({}, ...PLATFORM_SOURCES.map(columnsOf)),
  projects: ({ jobs, projects }) => (jobs === null ? null : projects.length),
  sourcesFailing: ({ sources }) =>
    Object.entries(sources)
      .filter(([, { status }]) => status !== 'ok')
      .map(([name]) => name)
      .join(' '),
};

/** The columns of a metric source of the platform. */
function columnsOf<Source extends PlatformSource>(
  source: Source,
): Record<string, (day: DailyMetrics) => Cell> {
  const words: SectionWords<Source> = SECTION_WORDS[source];
  return Object.fromEntries(
    Object.entries(words.columns).map(([name, cell]) => [name, (day: PlatformSections) => cell(day[source])]),
  );
}

/**
 * The totals of each day as CSV (RFC 4180), a header first: exact figures, bytes as bytes, and nothing where a total is unknown.
 * No cell holds text of a record: nothing needs a quote, and no spreadsheet finds a formula.
 */
export function daysAsCsv(days: readonly (DailyMetrics | MissingDay)[]): string {
  const rows = days.map((day) => [
    day.date,
    day.status,
    ...Object.values(COLUMNS).map((cell) => (day.status === 'missing' ? '' : (cell(day) ?? ''))),
  ]);
  return [['date', 'status', ...Object.keys(COLUMNS)], ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}
