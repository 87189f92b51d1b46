import type { Command } from 'commander';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import { plural } from '../../words/figures.ts';
import { note, oneLine, paintError, print, printJson } from '../../words/terminal.ts';
import { type Connection, connect, SILENT, uncounted } from '../shared/connect.ts';
import { oneOf, wholeUpTo } from '../shared/options.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { activeRows, type Rows } from './active-rows.ts';
import { executionRow } from './job-row.ts';
import { executionsInWords, jobsInWords } from './job-words.ts';

const HELP = `
What is wrong is judged by the records alone; what the backends say is asked by a
dry run of the sweep.

Examples:
  npm run -s ops -- jobs --stale
  npm run -s ops -- jobs --executions JOB
  npm run -s ops -- sweep --dry-run`;

interface JobsOptions {
  stale?: true;
  source?: string;
  executions?: string;
  limit: number;
  json?: true;
}

/** Adds `jobs`: the active jobs, those of them that are stale, or the executions of one. */
export function addJobs(program: Command): void {
  program
    .command('jobs')
    .description('the jobs that say of themselves that they run or wait')
    .option('--stale', 'only those that are silent or over their limits')
    .option('--source <source>', 'only the jobs of one source')
    .option('--executions <job>', 'the newest executions of this job instead, newest first')
    .option('--limit <number>', 'how many of each source, at most 1000', wholeUpTo(1000), 50)
    .option('--json', 'print the jobs as JSON')
    .addHelpText('after', HELP)
    .action(showJobs);
}

async function showJobs(options: JobsOptions): Promise<void> {
  if (options.stale && options.executions !== undefined)
    throw usage('Cannot use --stale: the executions of a job are shown all');
  const connection = await connect();
  const all = Object.keys(connection.settings.sources);
  const names = options.source === undefined ? all : [oneOf('source', options.source, all)];
  const { activeJobStore } = await import('../../../functions/shared/store/sources/active-jobs.ts');
  const stores = names.map((name) => {
    const source = connection.settings.sources[name] as Source;
    return activeJobStore(name, source, { db: connection.openSource(source), ours: false }, SILENT);
  });
  if (options.executions !== undefined) await showExecutions(options.executions, stores, options, connection);
  else await showActive(stores, options, connection);
}

/** Waits for a call about a source. */
function askAbout<T>({ name, source }: ActiveJobStore, call: Promise<T>, connection: Connection): Promise<T> {
  return connection.ask(`reading the jobs of ${name}`, call, placeOf(connection.target, source));
}

async function showActive(
  stores: readonly ActiveJobStore[],
  { stale = false, limit, json }: Omit<JobsOptions, 'stale'> & { stale?: boolean },
  connection: Connection,
): Promise<void> {
  const now = connection.clock.now();
  const found = await Promise.all(
    stores.map((store) => {
      const rows = activeRows(store, { stale, limit, now }, uncounted());
      return askAbout(store, rows, connection);
    }),
  );
  const rows = found.flatMap((one) => one.rows);
  if (json) printJson(rows);
  else if (rows.length > 0) print(...jobsInWords(rows, now));
  else print(stale ? 'No job is silent or over its limits' : 'No job runs or waits');
  for (const [index, one] of found.entries()) tellLimits(stores[index]?.name ?? '', one);
}

/** Says beside the result what is not in it. */
function tellLimits(source: string, { cut, unreadable }: Rows): void {
  if (cut) note(paintError.yellow(`${source}: ${cut}, there may be more`));
  const [first] = unreadable;
  if (first !== undefined)
    note(
      paintError.yellow(
        `${source}: ${plural(unreadable.length, 'job')} cannot be read, such as ${oneLine(first)}`,
      ),
    );
}

async function showExecutions(
  jobId: string,
  stores: readonly ActiveJobStore[],
  { limit, json }: JobsOptions,
  connection: Connection,
): Promise<void> {
  const found = await Promise.all(
    stores.map(async (store) => ({
      store,
      seen: await askAbout(store, store.named(jobId, uncounted()), connection),
    })),
  );
  const [one, other] = found.flatMap(({ store, seen }) => (seen ? [{ store, seen }] : []));
  if (!one) throw new OpsProblem(`There is no job ${jobId} in ${placeOf(connection.target)}`);
  if (other)
    throw usage(`Several sources have a job ${jobId}: add --source ${one.store.name} or ${other.store.name}`);
  const { store, seen } = one;
  if (!store.executions) throw new OpsProblem(`The source ${store.name} maps no executions`);
  const executions = await askAbout(store, store.executions.of(seen.path, uncounted()), connection);
  const now = connection.clock.now();
  const rows = executions.slice(0, limit).map((job) => executionRow(store, { job, parent: seen.job, now }));
  if (json) return printJson(rows);
  if (rows.length === 0) return print(`${jobId} has no executions`);
  print(...executionsInWords(rows, now));
  if (executions.length > limit)
    note(paintError.yellow(`There are older executions: only ${limit} are shown`));
}
