import type { Day } from '../../functions/shared/dates.ts';
import type { Checks, DailyMetrics } from '../../functions/shared/model/day.ts';
import { table } from './table.ts';
import { paint } from './terminal.ts';
import { figure, plural, UNKNOWN } from './words.ts';

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

/** At most so many vanished records are named on a day. */
const VANISHED_LISTED = 100;

const STATUS_COLORS = {
  final: paint.green,
  provisional: paint.cyan,
  conflict: paint.red,
  missing: paint.yellow,
};

/** The days as a table, `-` for whatever nobody knows, and what to do about conflicts below it. */
export function daysInWords(days: readonly (DailyMetrics | MissingDay)[]): string[] {
  const conflicts = days.filter((day) => day.status === 'conflict');
  return [
    ...table(COLUMNS, days.map(cellsOf)),
    ...conflicts.map(({ date }) =>
      paint.red(`records of ${date} vanished; settle it with: npm run -s ops -- days accept ${date}`),
    ),
  ];
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
    checksInWords(day.checks),
    sourcesInWords(day.sources),
    notesOf(day),
  ];
}

function checksInWords({ inFlight, hoursUsed }: Checks): string {
  if (inFlight.status === 'broken' || hoursUsed.status === 'broken') return paint.red('broken');
  if (inFlight.status === 'unknown' || hoursUsed.status === 'unknown') return paint.dim('unknown');
  return paint.green('ok');
}

function sourcesInWords(sources: DailyMetrics['sources']): string {
  const names = Object.keys(sources);
  if (names.length === 0) return UNKNOWN;
  const bad = Object.entries(sources).filter(([, { status }]) => status !== 'ok');
  if (bad.length === 0) return paint.green('ok');
  return paint.yellow(bad.map(([name, { status }]) => `${name} ${status}`).join(', '));
}

function notesOf({ checks, conflict }: DailyMetrics): string {
  const broken = Object.entries({ 'in flight': checks.inFlight, 'GPU hours': checks.hoursUsed })
    .filter(([, { status }]) => status === 'broken')
    .map(([what, { expected, actual }]) => `${what} ${amount(actual)}, not ${amount(expected)}`);
  const faults = (['skewed', 'malformed', 'unmapped'] as const)
    .filter((fault) => checks.totals[fault] > 0)
    .map((fault) => `${figure(checks.totals[fault])} ${fault}`);
  // The list is cut, so a full one says only how many there are at least.
  const gone = conflict?.vanished.length ?? 0;
  const vanished = conflict
    ? [`${gone >= VANISHED_LISTED ? 'at least ' : ''}${plural(gone, 'record')} vanished`]
    : [];
  return [...vanished, ...broken, ...faults].join('; ');
}

function amount(value: number | null): string {
  return figure(value, value === null || Number.isInteger(value) ? 0 : 1);
}
