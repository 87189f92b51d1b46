import { SECOND_MS } from '../../functions/shared/dates.ts';
import { fieldsOf } from '../shared/objects.ts';
import { cut } from './columns.ts';
import { type Entry, lineWidth, wrapped } from './entries.ts';
import { duration, figure, plural, sameTimes, stamp } from './figures.ts';
import { inWords } from './plain.ts';
import { any, entry, entryLines, type SummaryTold } from './summary.ts';
import { table } from './table.ts';
import { oneLine, paint, terminalWidth } from './terminal.ts';

type Fields = Record<string, unknown>;

const LISTED = 3;
const LONGEST_SAYING = 40;
const LONGEST_LINE = 110;

/** Keys of the summary that its lines tell, or that nobody needs to be told. */
const TOLD = [
  ...['scanned', 'kept', 'finished', 'lost', 'failed', 'unknown', 'held', 'observed', 'skippedRace'],
  ...['executionsFixed', 'missedSlots', 'expiredLeases', 'scheduleDrift', 'hitLimit', 'oldestBacklogSeconds'],
  ...['detectionSeconds', 'unmapped', 'overdue', 'falseLost', 'verdicts', 'verdictsOmitted'],
  ...['ended', 'endedOmitted'],
  ...['documentsRead', 'auditDocumentsRead'],
];

/** The lines for the summary of a sweep: job by job where it tells them, then what it comes to. */
export function sweepInWords(summary: Fields, { dryRun }: Fields, indent: number): SummaryTold {
  const verdicts = (Array.isArray(summary.verdicts) ? summary.verdicts : []).map(fieldsOf);
  return {
    lines: [
      ...verdictLines(verdicts, indent),
      ...(any(summary.verdictsOmitted) ? [paint.dim(`and ${jobs(summary.verdictsOmitted)} more`)] : []),
      ...(verdicts.length > 0 ? [''] : []),
      headline(summary, dryRun === true),
      ...entryLines(entriesOf(summary), indent),
    ],
    rest: Object.fromEntries(Object.entries(summary).filter(([key]) => !TOLD.includes(key))),
    problems: [],
  };
}

/** The lines for the summary of a run that took back what was said of a job. */
export function takeBackInWords(summary: Fields, { dryRun }: Fields): SummaryTold {
  const lines = takenBackInWords(summary);
  const head = `${dryRun === true ? 'would take back' : 'taken back'}: ${plural(lines.length, 'record')}`;
  return { lines: [head, ...lines.map((line) => `  ${line}`)], rest: {}, problems: [] };
}

/** `14 records looked at, ended 4: 2 finished, 1 lost, 1 execution`. */
function headline({ scanned, executionsFixed, ...summary }: Fields, dryRun: boolean): string {
  if (!any(scanned)) return 'no job is silent or over its limits';
  const looked = `${plural(Number(scanned), 'record')} looked at`;
  const kinds = ['finished', 'failed', 'lost'].flatMap((kind) =>
    any(summary[kind])
      ? [{ count: Number(summary[kind]), words: `${figure(Number(summary[kind]))} ${kind}` }]
      : [],
  );
  if (any(executionsFixed))
    kinds.push({ count: Number(executionsFixed), words: plural(Number(executionsFixed), 'execution') });
  if (kinds.length === 0) return `${looked}, none of them to end`;
  const ended = kinds.reduce((sum, { count }) => sum + count, 0);
  const how = kinds.map(({ words }) => words).join(', ');
  return `${looked}, ${dryRun ? 'would end' : 'ended'} ${figure(ended)}: ${how}`;
}

function entriesOf(summary: Fields): Entry[] {
  const { yellow, red } = paint;
  const { kept, unknown, held, observed, overdue, skippedRace, unmapped } = summary;
  const { missedSlots, expiredLeases, hitLimit, oldestBacklogSeconds: behind, falseLost } = summary;
  return [
    endedEntry(summary),
    entry('Kept', any(kept) && `${jobs(kept)}, as they are`),
    entry(
      'Overdue',
      any(overdue) && `${jobs(overdue)} past the longest that they may run: see ops alarms`,
      yellow,
    ),
    entry(
      'Held',
      any(held) && `${jobs(held)} that nothing but silence speaks against: the next sweep decides`,
      yellow,
    ),
    entry('Found alive', any(falseLost) && `${jobs(falseLost)} that a sweep had ended: see ops alarms`, red),
    entry('Unknown', any(unknown) && `${jobs(unknown)}, of which nobody can tell`, yellow),
    entry('Observed', any(observed) && `${jobs(observed)} of sources in mode observe, left as they are`),
    entry('Moved', any(skippedRace) && `${jobs(skippedRace)}, while they were looked at: left alone`),
    unmappedOf(unmapped),
    entry('Found', foundAfter(summary.detectionSeconds)),
    entry('Our tasks', ourTasks(missedSlots, expiredLeases), red),
    entry('Schedules', drift(summary.scheduleDrift), red),
    entry(
      'Left',
      hitLimit === true && `more than there was time for; the oldest waits for ${seconds(behind)}`,
      yellow,
    ),
  ];
}

/** What was ended, job by job; of many only the first. */
function endedEntry({ ended, endedOmitted }: Fields): Entry {
  const all = endedInWords({ ended });
  const more = all.length - LISTED + Number(endedOmitted ?? 0);
  return {
    label: 'Ended',
    lines: [
      ...all.slice(0, LISTED).map((line) => cut(line, LONGEST_LINE)),
      ...(more > 0 ? [`and ${figure(more)} more: see ops runs`] : []),
    ],
  };
}

/** A line for each job and execution that a run says that it ended: `jobs resnet-1: lost, no heartbeat for 40 min`. */
export function endedInWords({ ended, verdicts }: Fields): string[] {
  const written = (Array.isArray(verdicts) ? verdicts.map(fieldsOf) : []).filter(
    (row) => row.written === 'yes',
  );
  const rows = Array.isArray(ended) ? ended.map(fieldsOf) : written;
  return rows.map(({ source, job, execution, verdict, because }) => {
    const name = `${inWords(source)} ${inWords(job)}${execution ? `, execution ${inWords(execution)}` : ''}`;
    return oneLine(`${name}: ${PAST[String(verdict)] ?? inWords(verdict)}, ${inWords(because)}`);
  });
}

/** A line for each record that was taken back to what it was. */
export function takenBackInWords({ takenBack }: Fields): string[] {
  return (Array.isArray(takenBack) ? takenBack.map(fieldsOf) : []).map(
    ({ source, job, path, was, is, because }) => {
      const name = `${inWords(source)} ${inWords(job)} (${inWords(path)})`;
      return oneLine(`${name}: ${inWords(is)} again; it was ${inWords(was)} because: ${inWords(because)}`);
    },
  );
}

/** How Cloud Scheduler goes by something else than the catalogue. */
function drift(told: unknown): string | false {
  const lines = Array.isArray(told) ? told.map((line) => oneLine(String(line))) : [];
  return lines.length > 0 && `${lines.join('; ')}: see ops schedules`;
}

/** How long after the broken limits the jobs were found. */
function foundAfter(detection: unknown): string | false {
  const { p50, p95, max } = fieldsOf(detection);
  return (
    typeof max === 'number' &&
    `half within ${seconds(p50)} of the broken limit, 95 % within ${seconds(p95)}, the last after ${seconds(max)}`
  );
}

function ourTasks(missed: unknown, expired: unknown): string | false {
  const parts = [
    ...(any(missed) ? [`${plural(Number(missed), 'slot')} missed`] : []),
    ...(any(expired) ? [`${plural(Number(expired), 'run')} lost`] : []),
  ];
  return parts.length > 0 && parts.join(', ');
}

function unmappedOf(unmapped: unknown): Entry {
  const all = (Array.isArray(unmapped) ? unmapped : []).map(fieldsOf);
  const told = all
    .slice(0, LISTED)
    .map(
      ({ source, status, count }) => `${inWords(source)}: ${jobs(count)} with status "${inWords(status)}"`,
    );
  const more = all.length - told.length;
  return {
    label: 'Unmapped',
    lines: [...told, ...(more > 0 ? [`and ${figure(more)} more statuses`] : [])],
    tone: paint.yellow,
  };
}

const VERDICTS: Record<string, { rank: number; color: (text: string) => string }> = {
  lost: { rank: 0, color: paint.red },
  fail: { rank: 1, color: paint.red },
  finish: { rank: 2, color: paint.green },
  unknown: { rank: 3, color: paint.yellow },
  keep: { rank: 4, color: paint.dim },
};

const PAST: Record<string, string> = { finish: 'finished', fail: 'failed' };

const WRITTEN: Record<string, string> = {
  yes: 'ended',
  'dry run': 'would be ended',
  observe: 'only observed',
  held: 'held',
  race: 'moved meanwhile',
  no: '',
};

/** The verdicts as a table, each with its reason below. */
function verdictLines(verdicts: readonly Fields[], indent: number): string[] {
  if (verdicts.length === 0) return [];
  const sorted = verdicts.toSorted((a, b) => rankOf(a) - rankOf(b));
  const width = lineWidth() - indent;
  const isTerminal = terminalWidth() !== undefined;
  return table(
    [
      { title: 'VERDICT' },
      { title: 'SOURCE' },
      { title: 'JOB', whole: true },
      { title: 'RECORD SAYS' },
      { title: 'BACKEND SAYS', drop: 1 },
      { title: 'END', drop: 2 },
      { title: '' },
    ],
    sorted.map(rowOf),
    {
      width: isTerminal ? width : undefined,
      below: sorted.map(({ because, rule }) =>
        wrapped(sameTimes(`${inWords(because)} (${inWords(rule)})`), width - 2).map((line) =>
          paint.dim(`  ${line}`),
        ),
      ),
    },
  );
}

function rowOf({
  source,
  job,
  execution,
  recordSays,
  backendSays,
  verdict,
  written,
  endedAt,
}: Fields): string[] {
  const word = inWords(verdict);
  const end = typeof endedAt === 'string' ? new Date(endedAt) : null;
  return [
    VERDICTS[word]?.color(word) ?? word,
    inWords(source),
    `${inWords(job)}${execution ? `, execution ${inWords(execution)}` : ''}`,
    inWords(recordSays),
    backendSays ? cut(oneLine(String(backendSays)), LONGEST_SAYING) : '-',
    stamp(end),
    WRITTEN[String(written)] ?? inWords(written),
  ];
}

function rankOf({ verdict }: Fields): number {
  return VERDICTS[String(verdict)]?.rank ?? 0;
}

function jobs(count: unknown): string {
  return plural(Number(count), 'job');
}

function seconds(count: unknown): string {
  return duration(Number(count) * SECOND_MS);
}
