import { type Day, endOfDay } from '../../../functions/shared/dates.ts';
import type { DailyMetrics, ProjectRow, SourceState } from '../../../functions/shared/model/day/day.ts';
import { checksInWords, namedFaults, namesInWords, vanishedInWords, verdictOf } from '../../words/checks.ts';
import { cut } from '../../words/columns.ts';
import { type Entry, entriesInWords, lineWidth } from '../../words/entries.ts';
import { bytes, figure, plural, stamp, UNKNOWN } from '../../words/figures.ts';
import { sectionsInWords } from '../../words/section.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';
import { type MissingDay, STATUS_COLORS, settlement } from './days-table.ts';

const VERDICT_COLORS = { broken: paint.red, unknown: paint.dim, holds: paint.green };

/**
 * Everything that is stored of one day, as a block of labelled lines; `-` for what is unknown. `rows` are those of
 * the projects that used the most GPU-hours.
 */
export function dayInWords(
  day: DailyMetrics | MissingDay,
  rows: readonly ProjectRow[],
  width: number = lineWidth(),
): string[] {
  const head = `${paint.bold(day.date)}  ${STATUS_COLORS[day.status](day.status)}`;
  if (day.status === 'missing')
    return [
      head,
      '',
      '  nobody collected it; do it with:',
      `    ${paint.cyan(`npm run -s ops -- run collect-metrics --date ${day.date}`)}`,
    ];
  const entries = [
    ...conflictEntries(day),
    ...sectionsInWords(day, day.sources),
    ...projectEntries(day, rows),
    {
      label: 'Checks',
      lines: [checksInWords(day.checks)],
      tone: VERDICT_COLORS[verdictOf(day.checks)],
    },
    ...faultEntries(day),
    sourcesEntry(day),
  ];
  return [
    `${head}, revision ${day.revision}, collected ${collectedAt(day)}`,
    '',
    ...entriesInWords(entries, width),
  ];
}

/** What is to know of a day of which nothing is stored and which is not over yet. */
export function dayToComeInWords(date: Day): string[] {
  return [
    `${paint.bold(date)}  ${STATUS_COLORS.missing('missing')}`,
    '',
    '  the day is not over yet; its figures come with the night after it',
  ];
}

function collectedAt({ date, collectedAt, settledSince }: DailyMetrics): string {
  const early = collectedAt < endOfDay(date) && settledSince === null;
  return `${stamp(collectedAt)}${early ? ", before the day's end" : ''}`;
}

function conflictEntries({ date, conflict }: DailyMetrics): Entry[] {
  if (!conflict) return [];
  const names = namesInWords(conflict.vanished, conflict.vanished.length);
  return [
    {
      label: 'Conflict',
      lines: [`${vanishedInWords(conflict)}: ${names}`, settlement(date)],
      tone: paint.red,
    },
  ];
}

function projectEntries(day: DailyMetrics, rows: readonly ProjectRow[]): Entry[] {
  const label = 'Projects';
  if (day.jobs === null) return day.sources.jobs ? [{ label, lines: [UNKNOWN], tone: paint.yellow }] : [];
  const hidden = day.projects.length - rows.length;
  return [
    {
      label,
      lines: [day.projects.length === 0 ? 'none updated' : `${figure(day.projects.length)} updated`],
      rows:
        rows.length === 0
          ? []
          : [['', 'completed', 'failed', 'GPU-hours', 'artifacts'], ...rows.map(cellsOf)],
      more: hidden > 0 ? `and ${plural(hidden, 'more project', 'more projects')}` : undefined,
    },
  ];
}

function cellsOf({ project, jobs, gpu, artifactBytes }: ProjectRow): string[] {
  return [
    cut(oneLine(project), 60) || UNKNOWN,
    figure(jobs.completed),
    figure(jobs.failed),
    figure(gpu.hoursUsed, 1),
    bytes(artifactBytes),
  ];
}

function faultEntries({ checks }: DailyMetrics): Entry[] {
  const lines = [
    ...namedFaults(checks),
    ...(checks.etl ? namedFaults(checks.etl).map((fault) => `ETL: ${fault}`) : []),
  ];
  return lines.length > 0 ? [{ label: 'Records', lines, tone: paint.yellow }] : [];
}

function sourcesEntry(day: DailyMetrics): Entry {
  const label = 'Sources';
  const all = Object.entries(day.sources);
  if (all.length === 0) return { label, lines: [UNKNOWN] };
  const bad = all.filter(([, { status }]) => status !== 'ok');
  if (bad.length === 0) return { label, lines: ['all ok'], tone: paint.green };
  return { label, lines: bad.map(([name, state]) => sourceInWords(name, state)), tone: paint.yellow };
}

/** Describes a source that is not ok. Where it never answered for the day, its section has the reason. */
function sourceInWords(name: string, { status, error, collectedAt, failingSince }: SourceState): string {
  const since = failingSince ? ` since ${stamp(failingSince)}` : '';
  if (status === 'failed') return `${name} failed${since}`;
  const asOf = status === 'stale' ? `, as of ${stamp(collectedAt)}${since && `, failing${since}`}` : '';
  return `${name} ${status}${asOf}${error ? `: ${firstLine(error)}` : ''}`;
}
