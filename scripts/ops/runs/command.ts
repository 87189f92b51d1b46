import type { Command } from 'commander';
import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { OUTCOMES, type Outcome, type Run } from '../../../functions/shared/model/run/run.ts';
import { cleanupCommand } from '../../words/cleanup.ts';
import { duration, minuteStamp, plural, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { outcomeWord } from '../../words/outcomes.ts';
import { endedInWords, takenBackInWords } from '../../words/sweep.ts';
import { table } from '../../words/table.ts';
import { cut, firstLine, oneLine, paint, print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { oneOf, wholeUpTo } from '../shared/options.ts';

/** Of the jobs of a run, so many are told. */
const JOBS_SHOWN = 5;

interface RunsOptions {
  outcome?: Outcome;
  limit: number;
  json?: true;
}

/** Adds `runs <task>`: the newest runs of a task. */
export function addRuns(program: Command): void {
  program
    .command('runs')
    .description('the newest runs of a task, newest first')
    .argument('<task>', 'a task of the catalogue')
    .option('--outcome <outcome>', `only runs that ended so: ${OUTCOMES.join(', ')}`, (word) =>
      oneOf('outcome', word, OUTCOMES),
    )
    .option('--limit <number>', 'how many, at most 500', wholeUpTo(500), 20)
    .option('--json', 'print the whole run records as JSON')
    .action(async (taskName: string, { outcome, limit, json }: RunsOptions) => {
      const { environment, collections, ask, clock } = await connect();
      const task = oneOf('task', taskName, Object.keys(loadCatalog(environment)));
      const { runStore } = await import('../../../functions/shared/store/own/runs.ts');
      const runs = await ask(
        `reading the runs of ${task}`,
        runStore(collections).newest(task, { limit, outcome }, clock.now()),
      );
      if (json) return printJson(runs);
      if (runs.length === 0) return print(`No ${outcome ? `${outcome} ` : ''}run of ${task} on record`);
      print(...runsInWords(runs, clock.now()));
    });
}

/** The runs as a table, with the first line of the error or the summary in short, and below each what it did to which jobs. */
export function runsInWords(runs: readonly Run[], now: Date): string[] {
  const [head = '', ...lines] = table(
    [
      { title: 'STARTED' },
      { title: '' },
      { title: 'TRIGGER' },
      { title: 'SLOT' },
      { title: 'TRY', align: 'right' },
      { title: 'OUTCOME' },
      { title: 'TOOK', align: 'right' },
      { title: 'REPEATS', align: 'right' },
      { title: 'RUN' },
      { title: 'WHAT' },
    ],
    runs.map((run) => [
      stamp(run.startedAt),
      paint.dim(relative(run.startedAt, now)),
      `${run.trigger}${run.dryRun ? ', dry' : ''}${run.arrivedLate ? ', late' : ''}`,
      minuteStamp(run.slot),
      String(run.attempt),
      outcomeWord(run.outcome),
      duration(run.durationMs),
      String(run.duplicates),
      run.runId,
      whatOf(run),
    ]),
  );
  return [
    head,
    ...runs.flatMap((run, index) => [lines[index] ?? '', ...jobsOf(run.summary), ...undoOf(run)]),
  ];
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
    ...(more > 0 ? [paint.dim(`  and ${plural(more, 'job')} more; --json tells of them`)] : []),
  ];
}

function whatOf(run: Run): string {
  if (run.error) return paint.red(firstLine(run.error.message));
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
