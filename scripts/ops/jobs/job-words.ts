import { cut } from '../../words/columns.ts';
import { entriesInWords, lineWidth } from '../../words/entries.ts';
import { duration, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { type Column, table } from '../../words/table.ts';
import { firstLine, oneLine, paint, shellQuoted } from '../../words/terminal.ts';
import type { JobRow } from './job-row.ts';
import { reportedShort, reportInWords } from './reporter-words.ts';

/** The longest text of a cell that is not the last. */
const LONGEST = 60;

interface JobColumn extends Column {
  of: (row: JobRow, now: Date) => string;
}

const JOB_COLUMNS: readonly JobColumn[] = [
  { title: 'SOURCE', drop: 1, of: ({ source }) => source },
  { title: 'JOB', whole: true, of: ({ job }) => paint.bold(oneLine(job)) },
  { title: 'PROJECT', drop: 3, of: ({ project }) => short(project) },
  { title: 'TYPE', drop: 4, of: ({ type }) => short(type) },
  { title: 'STATUS', of: ({ status }) => short(status) },
  { title: 'SINCE', of: ({ startedAt, createdAt }) => stamp(startedAt ?? createdAt) },
  { title: 'FOR', align: 'right', of: lastingOf },
  { title: 'HEARTBEAT', of: ({ heartbeatAt }, now) => relative(heartbeatAt, now) },
  { title: 'REPORTS', drop: 2, of: ({ reporter }) => short(reportedShort(reporter)) },
  { title: 'RUNS ON', whole: true, of: whereOf },
];

const EXECUTION_COLUMNS: readonly JobColumn[] = [
  { title: 'EXECUTION', whole: true, of: ({ job }) => paint.bold(oneLine(job)) },
  { title: 'STATUS', of: ({ status }) => short(status) },
  { title: 'STARTED', of: ({ startedAt }) => stamp(startedAt) },
  { title: 'ENDED', of: ({ endedAt }) => stamp(endedAt) },
  { title: 'FOR', align: 'right', of: lastingOf },
  { title: 'HEARTBEAT', of: ({ heartbeatAt }, now) => relative(heartbeatAt, now) },
  { title: 'RUNS ON', whole: true, of: whereOf },
];

/** One job whole, as its record alone shows it. */
export function jobInWords(row: JobRow & { path: string; writtenAt: Date }, now: Date): string[] {
  const { source, job, path, project, type, status, backend, backendId, writtenAt } = row;
  const since = (instant: Date | null) => instant && `${stamp(instant)}, ${relative(instant, now)}`;
  const facts: [label: string, text: string | null][] = [
    ['Record', `${path}, of source ${source}`],
    ['Project', project],
    ['Type', type],
    ['Created', since(row.createdAt)],
    ['Started', since(row.startedAt)],
    ['Heartbeat', since(row.heartbeatAt)],
    ['Ended', since(row.endedAt)],
    ['Written', since(writtenAt)],
    ['For', lastingOf(row, now)],
    ['Runs on', backendId && [backend, backendId].filter(Boolean).join(' ')],
    ...(row.reporter ? reportInWords(row.reporter, now) : []),
    ['Error', row.error],
  ];
  return [
    `${paint.bold(oneLine(job))}  ${oneLine(status)}`,
    '',
    ...entriesInWords(
      facts.flatMap(([label, text]) => (text ? [{ label, lines: [oneLine(text)], verbatim: true }] : [])),
      lineWidth(),
    ),
    ...detailsOf({ ...row, error: null }),
    '',
    `all that is known of it: ${paint.cyan(`npm run -s ops -- why ${shellQuoted(path)}`)}`,
  ];
}

/** Active jobs as a table, each with what is wrong below. */
export function jobsInWords(rows: readonly JobRow[], now: Date): string[] {
  return tableOf(JOB_COLUMNS, rows, now);
}

/** The executions of a job as a table, each with what is wrong, or how it failed, below. */
export function executionsInWords(rows: readonly JobRow[], now: Date): string[] {
  return tableOf(EXECUTION_COLUMNS, rows, now);
}

/** A table of those columns that have anything to say of any row. */
function tableOf(columns: readonly JobColumn[], rows: readonly JobRow[], now: Date): string[] {
  const cells = columns.map(({ of }) => rows.map((row) => of(row, now) || UNKNOWN));
  const isFilled = columns.map((_, index) => cells[index]?.some((cell) => cell !== UNKNOWN));
  const shown = columns.flatMap((column, index) =>
    isFilled[index] ? [{ column, cells: cells[index] }] : [],
  );
  return table(
    shown.map(({ column }) => column),
    rows.map((_, index) => shown.map(({ cells }) => cells?.[index] ?? '')),
    { below: rows.map(detailsOf) },
  );
}

function lastingOf({ startedAt, createdAt, endedAt }: JobRow, now: Date): string {
  const from = startedAt ?? createdAt;
  return from ? duration(Math.max(0, (endedAt ?? now).getTime() - from.getTime())) : UNKNOWN;
}

function whereOf({ backend, backendId }: JobRow): string {
  return backendId === null ? UNKNOWN : oneLine([backend, backendId].filter(Boolean).join(' '));
}

/** What is wrong, by what it was ended, and how it failed. */
function detailsOf({ wrong, evidence, error }: JobRow): string[] {
  return [
    ...wrong.map((words) => paint.yellow(`  ! ${oneLine(words)}`)),
    ...(evidence ? [`  ended by ${oneLine(`${evidence.runId}: ${evidence.because}`)}`] : []),
    ...(error ? [paint.dim(`  ${firstLine(error)}`)] : []),
  ];
}

function short(text: string): string {
  return cut(oneLine(text), LONGEST);
}
