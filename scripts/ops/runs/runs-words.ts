import type { Run } from '../../../functions/shared/model/run/run.ts';
import { cleanupCommand } from '../../words/cleanup.ts';
import { cut } from '../../words/columns.ts';
import { duration, plural, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { outcomeWord } from '../../words/outcomes.ts';
import { whyPartial } from '../../words/partial.ts';
import { endedInWords, takenBackInWords } from '../../words/sweep.ts';
import { table } from '../../words/table.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';

/** The most jobs of a run that are shown. */
const JOBS_SHOWN = 5;

/** The runs as a table, with the first line of the error or the summary in short, and below each what it did to which jobs. */
export function runsInWords(runs: readonly Run[], now: Date): string[] {
  return table(
    [
      { title: 'STARTED' },
      { title: '', drop: 2 },
      { title: 'OUTCOME' },
      { title: 'TOOK', align: 'right' },
      { title: 'TRIGGER', drop: 3 },
      { title: 'TRY', align: 'right', drop: 1 },
      { title: 'REPEATS', align: 'right', drop: 4 },
      { title: 'RUN', whole: true },
    ],
    runs.map((run) => [
      stamp(run.startedAt),
      paint.dim(relative(run.startedAt, now)),
      outcomeWord(run.outcome),
      duration(run.durationMs),
      `${run.trigger}${run.dryRun ? ', dry' : ''}${run.arrivedLate ? ', late' : ''}`,
      String(run.attempt),
      String(run.duplicates),
      oneLine(run.runId),
    ]),
    { below: runs.map((run) => [`  ${whatOf(run)}`, ...jobsOf(run.summary), ...undoOf(run)]) },
  );
}

/** How to bring back what a clean-up deleted. */
function undoOf({ runId, summary }: Run): string[] {
  return Number(summary.objectsDeleted) > 0
    ? [paint.dim(`  undo it: ${cleanupCommand(`undo ${runId}`)}`)]
    : [];
}

/** What a sweep ended, or took back; of much only the first. */
function jobsOf(summary: Run['summary']): string[] {
  const all = [...endedInWords(summary), ...takenBackInWords(summary)];
  const more = all.length - JOBS_SHOWN + Number(summary.endedOmitted ?? 0);
  return [
    ...all.slice(0, JOBS_SHOWN).map((line) => paint.dim(`  ${firstLine(line)}`)),
    ...(more > 0 ? [paint.dim(`  and ${plural(more, 'job')} more; --json lists them`)] : []),
  ];
}

function whatOf(run: Run): string {
  if (run.error) return paint.red(firstLine(run.error.message));
  if (run.outcome === 'partial') return paint.yellow(whyPartial(run));
  return summaryInShort(run.summary) || UNKNOWN;
}

/** A summary as `key value` pairs: no maps and nothing empty, long lists by their length. */
export function summaryInShort(summary: Record<string, unknown>): string {
  const parts = Object.entries(summary).flatMap(([key, value]) => {
    const text = inShort(value);
    return text === '' ? [] : [`${key} ${text}`];
  });
  return cut(oneLine(parts.join(', ')), 200);
}

function inShort(value: unknown): string {
  if (value instanceof Date) return stamp(value);
  if (Array.isArray(value)) {
    const words = value.length > 3 ? [] : value.map(inShort).filter((word) => word !== '');
    return words.length > 0 ? words.join(' ') : String(value.length || '');
  }
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value);
}
