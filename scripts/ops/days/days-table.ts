import type { Day } from '../../../functions/shared/dates.ts';
import type { DailyMetrics } from '../../../functions/shared/model/day/day.ts';
import { brokenInWords, faultsInWords, vanishedInWords, verdictOf } from '../../words/checks.ts';
import { figure, UNKNOWN } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { paint } from '../../words/terminal.ts';

/** A day of the range that has no document. */
export interface MissingDay {
  date: Day;
  status: 'missing';
}

const COLUMNS = [
  { title: 'DAY' },
  { title: 'STATUS' },
  ...[
    'REV',
    'STARTED',
    'COMPLETED',
    'FAILED',
    'CANCELLED',
    'NEVER STARTED',
    'IN FLIGHT',
    'GPU-H USED',
    'GPU-H COMPLETED',
  ].map((title) => ({ title, align: 'right' as const })),
  { title: 'CHECKS' },
  { title: 'SOURCES' },
  { title: 'NOTES' },
];

/** The colour of a day's status. */
export const STATUS_COLORS = {
  final: paint.green,
  provisional: paint.cyan,
  conflict: paint.red,
  missing: paint.yellow,
};

const VERDICTS = {
  broken: paint.red('broken'),
  unknown: paint.dim('unknown'),
  holds: paint.green('ok'),
};

/** The days as a table, `-` for what is unknown, and what to do about conflicts below it. */
export function daysInWords(days: readonly (DailyMetrics | MissingDay)[]): string[] {
  const conflicts = days.filter((day) => day.status === 'conflict');
  return [
    ...table(COLUMNS, days.map(cellsOf)),
    ...conflicts.map(({ date }) => paint.red(`records of ${date} vanished; ${settlement(date)}`)),
  ];
}

/** What settles a conflict. */
export function settlement(date: Day): string {
  return `settle it with: npm run -s ops -- days accept ${date}`;
}

function cellsOf(day: DailyMetrics | MissingDay): string[] {
  const status = STATUS_COLORS[day.status](day.status);
  if (day.status === 'missing')
    return [day.date, status, ...Array.from({ length: COLUMNS.length - 3 }, () => UNKNOWN)];
  const { jobs, gpu } = day;
  const counts = [
    jobs?.started,
    jobs?.completed,
    jobs?.failed,
    jobs?.cancelled,
    jobs?.neverStarted,
    jobs?.inFlight,
  ].map((count) => figure(count));
  const hours = [gpu?.hoursUsed, gpu?.hoursCompleted].map((amount) => figure(amount, 1));
  return [
    day.date,
    status,
    String(day.revision),
    ...counts,
    ...hours,
    VERDICTS[verdictOf(day.checks)],
    sourcesInWords(day.sources),
    notesOf(day),
  ];
}

function sourcesInWords(sources: DailyMetrics['sources']): string {
  const names = Object.keys(sources);
  if (names.length === 0) return UNKNOWN;
  const bad = Object.entries(sources).filter(([, { status }]) => status !== 'ok');
  if (bad.length === 0) return paint.green('ok');
  return paint.yellow(bad.map(([name, { status }]) => `${name} ${status}`).join(', '));
}

function notesOf({ checks, conflict }: DailyMetrics): string {
  const faults = [
    ...faultsInWords(checks),
    ...(checks.etl ? faultsInWords(checks.etl).map((fault) => `ETL ${fault}`) : []),
  ];
  return [...(conflict ? [vanishedInWords(conflict)] : []), ...brokenInWords(checks), ...faults].join('; ');
}
