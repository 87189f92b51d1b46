import type { Command } from 'commander';
import { exitWith } from '../../shared/shell.ts';
import { duration, figure, plural } from '../../words/figures.ts';
import { note, paint, paintError, print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { type Connection, connect, explain } from '../shared/connect.ts';
import { commaList } from '../shared/options.ts';
import { OpsProblem } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { bringJobs, readRows } from './bring.ts';
import { openRows, type Rows } from './file/rows.ts';
import { fieldPairs, statusPairs } from './flags/pairs.ts';
import { type ImportFlags, type ImportPlan, planImport } from './flags/plan.ts';
import { showProgress } from './progress.ts';
import { examplesAsJson, examplesInWords, keptInWords, outcomesInWords, rejectedInWords } from './report.ts';
import { openSpool, type Spool } from './spool.ts';
import { collectCommand, newTally, type Tally } from './tally.ts';
import { recordWriter } from './write.ts';

interface ImportOptions extends ImportFlags {
  source: string;
  delimiter?: string;
  format?: string;
  dryRun?: true;
  yes?: true;
  json?: true;
}

/** Rejected rows that are kept in memory; all are counted. */
const REJECTIONS_KEPT = 100_000;
const HELP = `
FIELD is one of ours (id, status, createdAt, startedAt, endedAt, gpus, project ...), COLUMN one of the file's header,
in NDJSON a key or a JMESPath such as 'metadata.labels."app.kubernetes.io/name"'; STATE is queued, running, suspended,
completed, failed or cancelled. A VALUE with * is a pattern: 'CANCELLED by *=cancelled'. A comma may stand in a COLUMN
or a VALUE; in double quotes, anything may.
TYPE is iso (text, the default), http, seconds, millis or micros (since 1970); --zone is that of text without one.

Each row is about the job of its id. Only the mapped columns are written, and of these only what differs: the same file
twice changes nothing. Of several rows of one id the latest state counts; where they contradict each other, none does,
and the exit code is 1. A record that has ended, or is further on than the file, keeps what it says, and an empty cell
overwrites nothing, unless --overwrite is given. What Nightshift added to a record is never touched.

Example:
  npm run -s ops -- import jobs.csv --source jobs \\
    --map id=name,status=phase,startedAt=start,endedAt=end,gpus=num_gpu \\
    --status Succeeded=completed,Failed=failed,Running=running --dry-run`;

/** Adds `import FILE`: brings job history from a file into a source. */
export function addImport(program: Command): void {
  program
    .command('import')
    .description('bring job history from a CSV or NDJSON file into a source')
    .argument(
      '<file>',
      'a file ending in .csv, .ndjson or .jsonl, each also with .gz, or - for standard input',
    )
    .requiredOption('--source <name>', 'the source of the settings to import into')
    .requiredOption('--map <FIELD=COLUMN,...>', 'which column holds which field; may be repeated', fieldPairs)
    .requiredOption(
      '--status <VALUE=STATE,...>',
      'what their status words mean; may be repeated',
      statusPairs,
    )
    .option(
      '--time <[FIELD=]TYPE,...>',
      'how times are written, of one field or of all; may be repeated',
      commaList,
    )
    .option('--zone <zone>', 'the zone of times that name none: UTC, +02:00, Europe/Berlin')
    .option(
      '--seconds-since <instant>',
      'times are seconds since this instant, where --time tells nothing else',
    )
    .option(
      '--delimiter <character>',
      "what separates the columns of CSV: ',' unless given; tab is a word for it",
    )
    .option('--format <format>', 'csv or ndjson, where the ending does not tell')
    .option('--overwrite', 'write over endings, later states and what the file leaves empty')
    .option('--dry-run', 'show what would be done, with the first of each kind, and write nothing')
    .option('--yes', 'write to a real project without asking')
    .option('--json', 'print the result as JSON, with every rejected row')
    .addHelpText('after', HELP)
    .action(importFile);
}

async function importFile(file: string, options: ImportOptions): Promise<void> {
  const connection = await connect();
  const plan = planImport(options.source, connection.settings.sources, options);
  const rows = await openRows(file, options, plan.columns);
  const place = `collection ${plan.source.collection} of ${placeOf(connection.target, {
    googleProject: plan.source.googleProject,
    database: plan.source.database ?? connection.environment.FIRESTORE_DATABASE,
  })}`;
  const what = `This imports ${file} into ${place}`;
  if (options.dryRun) note(paintError.dim(`${what}: a dry run, nothing is written`));
  else await confirmWrite(connection.target.kind === 'real', what, options.yes);

  const started = performance.now();
  const tally = newTally(REJECTIONS_KEPT);
  const spool = openSpool();
  try {
    await readAll(rows, plan, spool, tally);
    const failure = await bringAll(spool, plan, connection, tally, place, options.dryRun === true);
    tell(file, options, { tally, place, failure, missing: rows.missing(), ms: performance.now() - started });
    if (failure) throw failure;
  } finally {
    rows.close();
    await spool.close();
  }
}

interface Result {
  tally: Tally;
  place: string;
  failure: OpsProblem | undefined;
  missing: string[];
  ms: number;
}

function tell(file: string, options: ImportOptions, { tally, place, failure, missing, ms }: Result): void {
  const now = new Date();
  // Half an import covers no day: what is missing would be collected as if it had never been.
  const days = failure ? null : tally.days(now);
  const collect = collectCommand(days, now);
  const { rows, imported, outcomes, rejected, contradictions, rejections } = tally;
  const dryRun = options.dryRun === true;
  if (missing.length > 0)
    note(paintError.yellow(`No row has ${missing.join(', ')}: nothing is written for it.`));
  if (options.json)
    printJson({
      source: options.source,
      file,
      dryRun,
      rows,
      imported,
      ...outcomes,
      keptBecause: Object.fromEntries(tally.reasons),
      rejected,
      contradictions,
      rejections,
      ...(dryRun && { examples: examplesAsJson(tally.examples) }),
      days,
      collect,
      failure: failure?.message ?? null,
    });
  else
    print(
      `${paint.bold(options.source)}: ${dryRun ? 'would import' : 'imported'} ${plural(imported, 'job')} of ${plural(rows, 'row')} into ${place} in ${duration(ms)}: ${outcomesInWords(tally)}`,
      ...(dryRun ? examplesInWords(tally.examples) : []),
      ...keptInWords(tally),
      ...rejectedInWords(tally),
      ...(days
        ? [`days covered: ${days.from} to ${days.to}${collect && !dryRun ? '; collect them with:' : ''}`]
        : []),
      ...(collect && !dryRun ? [`  ${paint.cyan(collect)}`] : []),
    );
  if (imported === 0 || contradictions > 0 || tally.refused > 0) exitWith(1);
}

async function readAll(rows: Rows, plan: ImportPlan, spool: Spool, tally: Tally): Promise<void> {
  const progress = showProgress({
    total: rows.totalBytes,
    done: rows.bytesRead,
    words: () => `${figure(tally.rows)} rows read, ${figure(tally.rejected)} rejected`,
  });
  try {
    await readRows(rows.rows, plan, spool, tally);
  } finally {
    progress.stop();
  }
}

/** Brings what was read into the records; returns what stopped it before its end, if anything did. */
async function bringAll(
  spool: Spool,
  plan: ImportPlan,
  { target, openSource, ask }: Connection,
  tally: Tally,
  place: string,
  dryRun: boolean,
): Promise<OpsProblem | undefined> {
  const db = openSource(plan.source);
  // Asked before the first write: BulkWriter would try for minutes to reach a server that is not there.
  // One document, for an emulator looks through a whole collection to find its first.
  const anyRecord = db.collection(plan.source.collection).doc('any');
  await ask(`reading ${plan.source.collection}`, anyRecord.get(), place);
  const { recordFinder, SILENCE_MS } = await import('./records.ts');
  const finder = recordFinder(plan.name, plan.source, db);
  // An emulator needs no ramp; a real project warms up at 500 writes a second, 50 % more every 5 minutes.
  const writer = dryRun
    ? null
    : recordWriter(db, { throttling: target.kind === 'real', silenceMs: SILENCE_MS });
  const progress = showProgress({
    total: tally.rows - tally.rejected,
    done: () => tally.imported,
    words: () =>
      `${figure(tally.imported)} jobs ${dryRun ? 'looked at' : 'brought in'}, ${figure(tally.rejected)} rows rejected`,
  });
  try {
    await bringJobs(spool, plan, finder, writer, tally);
    await writer?.close();
    return undefined;
  } catch (error) {
    const told = explain(error, 'writing the records', place, SILENCE_MS);
    if (!(told instanceof OpsProblem)) throw told;
    return new OpsProblem(`${told.message}. Import the file again: what is there already stays as it is`);
  } finally {
    progress.stop();
  }
}
