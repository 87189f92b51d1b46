import { exitWith } from '../../shared/shell.ts';
import { duration, figure, plural } from '../../words/figures.ts';
import { note, paint, paintError, print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { type Connection, connect, explain } from '../shared/connect.ts';
import { EXIT, OpsProblem, unreachable } from '../shared/problem.ts';
import { clockHere, placeOf } from '../shared/target.ts';
import { bringJobs, readRows } from './bring.ts';
import { openRows, type Rows } from './file/rows.ts';
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

/** Brings job history from a file into a source. */
export async function importFile(file: string, options: ImportOptions): Promise<void> {
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
    report(file, options, {
      tally,
      place,
      failure,
      missing: rows.missing(),
      ms: performance.now() - started,
    });
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

function report(file: string, options: ImportOptions, { tally, place, failure, missing, ms }: Result): void {
  const now = clockHere().now();
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
  if (imported === 0 || contradictions > 0 || tally.refused > 0) exitWith(EXIT.wrong);
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
    const problem = explain(error, 'writing the records', place, SILENCE_MS);
    if (!(problem instanceof OpsProblem)) throw problem;
    return unreachable(`${problem.message}. Import the file again: what is there already stays as it is`);
  } finally {
    progress.stop();
  }
}
