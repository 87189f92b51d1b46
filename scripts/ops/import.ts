import type { Command } from 'commander';
import { confirmWrite } from './confirm.ts';
import { type Connection, connect, explain } from './connect.ts';
import { type ImportPlan, planImport } from './import/plan.ts';
import { showProgress } from './import/progress.ts';
import { toRecord } from './import/record.ts';
import { openRows, type Rows } from './import/rows.ts';
import { collectCommand, newTally, type Tally } from './import/tally.ts';
import { documentWriter, SILENCE_MS } from './import/write.ts';
import { commaList } from './options.ts';
import { OpsProblem } from './problem.ts';
import { placeOf } from './target.ts';
import { paint, print, printJson } from './terminal.ts';
import { duration, figure, plural } from './words.ts';

interface ImportOptions {
  source: string;
  map: string[];
  status: string[];
  secondsSince?: string;
  format?: string;
  yes?: true;
  json?: true;
}

const SHOWN = 20;
const HELP = `
FIELD is one of ours (id, status, createdAt, startedAt, endedAt, gpus, project ...), COLUMN one of the file's,
in NDJSON a dotted path; STATE is queued, running, completed, failed or cancelled. Each row becomes the document
of its id, replacing one that is there, so that importing the same file twice changes nothing.

Example:
  npm run -s ops -- import jobs.csv --source jobs \\
    --map id=name,status=phase,startedAt=start,endedAt=end,gpus=num_gpu \\
    --status Succeeded=completed,Failed=failed,Running=running`;

/** Adds `import FILE`: brings job history from a file into a source. */
export function addImport(program: Command): void {
  program
    .command('import')
    .description('bring job history from a CSV or NDJSON file into a source')
    .argument('<file>', 'a file ending in .csv, .ndjson or .jsonl, or - for standard input')
    .requiredOption('--source <name>', 'the source of the settings to import into')
    .requiredOption('--map <FIELD=COLUMN,...>', 'which column holds which field; may be repeated', commaList)
    .requiredOption('--status <VALUE=STATE,...>', 'what their status words mean; may be repeated', commaList)
    .option('--seconds-since <instant>', 'times are seconds since this instant, not ISO 8601 text')
    .option('--format <format>', 'csv or ndjson, where the ending does not tell')
    .option('--yes', 'write to a real project without asking')
    .option('--json', 'print the result as JSON, with every rejected row')
    .addHelpText('after', HELP)
    .action(importFile);
}

async function importFile(file: string, options: ImportOptions): Promise<void> {
  const connection = await connect();
  const plan = planImport(options.source, connection.settings.sources, options);
  const rows = await openRows(file, options.format, [...plan.columns.values()]);
  const place = `collection ${plan.source.collection} of ${placeOf(connection.target, {
    googleProject: plan.source.googleProject,
    database: plan.source.database ?? connection.environment.FIRESTORE_DATABASE,
  })}`;
  await confirmWrite(connection.target, `This imports ${file} into ${place}`, options.yes);

  const started = performance.now();
  const tally = newTally(options.json ? Number.POSITIVE_INFINITY : SHOWN);
  const failure = await writeRows(rows, plan, connection, tally, place);
  const now = new Date();
  // Half an import covers no day: what is missing would be collected as if it had never been.
  const days = failure ? null : tally.days(now);
  const collect = collectCommand(days, now);
  const { imported, rejected, rejections } = tally;
  if (options.json)
    printJson({
      source: options.source,
      file,
      imported,
      rejected,
      rejections,
      days,
      collect,
      failure: failure?.message ?? null,
    });
  else
    print(
      `${paint.bold(options.source)}: imported ${plural(imported, 'row')} into ${place} in ${duration(performance.now() - started)}`,
      ...rejectedInWords(tally),
      ...(days ? [`days covered: ${days.from} to ${days.to}${collect ? '; collect them with:' : ''}`] : []),
      ...(collect ? [`  ${paint.cyan(collect)}`] : []),
    );
  if (failure) throw failure;
  if (imported === 0) process.exitCode = 1;
}

/** Writes every good row; returns what stopped the writing before the end of the file, if anything did. */
async function writeRows(
  { rows, totalBytes, bytesRead }: Rows,
  plan: ImportPlan,
  { target, openSource, ask }: Connection,
  tally: Tally,
  place: string,
): Promise<OpsProblem | undefined> {
  const db = openSource(plan.source);
  // Asked before the first write: BulkWriter would try for minutes to reach a server that is not there.
  await ask(`reading ${plan.source.collection}`, db.collection(plan.source.collection).limit(1).get(), place);
  const writer = documentWriter(db, plan.source.collection, {
    // An emulator needs no ramp; a real project warms up at 500 writes a second, 50 % more every 5 minutes.
    throttling: target.kind === 'real',
    onWritten: () => tally.countImported(),
    onRefused: (line, reason) => {
      tally.reject(line, `Firestore refused it: ${reason}`);
      process.exitCode = 1;
    },
  });
  const lineOfId = new Map<string, number>();
  const progress = showProgress({ totalBytes, bytesRead }, tally);
  try {
    for await (const row of rows) {
      const record = 'reason' in row ? row : toRecord(plan, row.cell);
      if ('reason' in record) {
        tally.reject(row.line, record.reason);
        continue;
      }
      const before = lineOfId.get(record.id);
      if (before !== undefined) {
        tally.reject(row.line, `id ${JSON.stringify(record.id)} is in line ${before} already`);
        continue;
      }
      lineOfId.set(record.id, row.line);
      tally.cover(record);
      await writer.write(row.line, record);
    }
    await writer.close();
    return undefined;
  } catch (error) {
    const told = explain(error, 'writing the records', place, SILENCE_MS);
    if (!(told instanceof OpsProblem)) throw told;
    return new OpsProblem(`${told.message}. Import the file again: what is there already stays as it is`);
  } finally {
    progress.stop();
  }
}

function rejectedInWords({ rejected, rejections }: Tally): string[] {
  if (rejected === 0) return [];
  const more = rejected - Math.min(rejected, SHOWN);
  return [
    paint.yellow(`rejected ${plural(rejected, 'row')}:`),
    ...rejections.slice(0, SHOWN).map(({ line, reason }) => `  line ${line}: ${reason}`),
    ...(more > 0 ? [paint.dim(`  and ${figure(more)} more; --json lists all`)] : []),
  ];
}
