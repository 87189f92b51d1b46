import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import { plural } from '../../words/figures.ts';
import { note, oneLine, paintError, printJson } from '../../words/terminal.ts';
import { type Connection, connect, uncounted } from '../shared/connect.ts';
import { findJob, jobStores } from '../shared/find-job.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { showOrWatch, type WatchOptions } from '../shared/watching.ts';
import { activeRows, type Rows } from './active-rows.ts';
import { executionRow, type JobRow, jobRow } from './job-row.ts';
import { executionsInWords, jobInWords, jobsInWords } from './job-words.ts';

interface JobsOptions extends WatchOptions {
  stale?: true;
  source?: string;
  executions?: string;
  limit: number;
}

/** Shows the active jobs, one job whole, or the executions of one. */
export async function showJobs(job: string | undefined, options: JobsOptions): Promise<void> {
  const { stale, executions, source } = options;
  if (stale && executions !== undefined)
    throw usage('Cannot use --stale: the executions of a job are shown all');
  if (job !== undefined && (stale || executions !== undefined))
    throw usage('Cannot use --stale or --executions beside a job: it is shown whole');
  const connection = await connect();
  const stores = await jobStores(connection, source);
  if (executions !== undefined) return showExecutions(executions, stores, options, connection);
  if (job !== undefined) return showJob(job, stores, options, connection);
  return showActive(stores, options, connection);
}

/** Waits for a call about a source. */
function askAbout<T>({ name, source }: ActiveJobStore, call: Promise<T>, connection: Connection): Promise<T> {
  return connection.ask(`reading the jobs of ${name}`, call, placeOf(connection.target, source));
}

async function showActive(
  stores: readonly ActiveJobStore[],
  options: JobsOptions,
  connection: Connection,
): Promise<void> {
  const { stale = false, limit, json } = options;
  const now = () => connection.clock.now();
  const look = async (): Promise<JobRow[]> => {
    const found = await Promise.all(
      stores.map((store) => {
        const rows = activeRows(store, { stale, limit, now: now() }, uncounted());
        return askAbout(store, rows, connection);
      }),
    );
    for (const [index, one] of found.entries()) noteLimits(stores[index]?.name ?? '', one);
    return found.flatMap((one) => one.rows);
  };
  if (json) return printJson(await look());
  await showOrWatch(options, async () => {
    const rows = await look();
    if (rows.length > 0) return jobsInWords(rows, now());
    return [stale ? 'No job is silent or over its limits' : 'No job runs or waits'];
  });
}

/** Notes beside the result what is not in it. */
function noteLimits(source: string, { cut, unreadable }: Rows): void {
  if (cut) note(paintError.yellow(`${source}: ${cut}, there may be more`));
  const [first] = unreadable;
  if (first !== undefined)
    note(
      paintError.yellow(
        `${source}: ${plural(unreadable.length, 'job')} cannot be read, such as ${oneLine(first)}`,
      ),
    );
}

async function showJob(
  id: string,
  stores: readonly ActiveJobStore[],
  options: JobsOptions,
  connection: Connection,
): Promise<void> {
  const look = async () => {
    const now = connection.clock.now();
    const { store, seen } = await findJob(id, stores, connection);
    const writtenAt = seen.updateTime.toDate();
    return { now, path: seen.path, writtenAt, ...jobRow(store, { job: seen.job, writtenAt, now }) };
  };
  if (options.json) {
    const { now: _, ...job } = await look();
    return printJson(job);
  }
  await showOrWatch(options, async () => {
    const { now, ...job } = await look();
    return jobInWords(job, now);
  });
}

async function showExecutions(
  jobId: string,
  stores: readonly ActiveJobStore[],
  options: JobsOptions,
  connection: Connection,
): Promise<void> {
  const { limit, json } = options;
  const look = async (): Promise<JobRow[]> => {
    const { store, seen } = await findJob(jobId, stores, connection);
    if (!store.executions) throw new OpsProblem(`The source ${store.name} maps no executions`);
    const executions = await askAbout(store, store.executions.of(seen.path, uncounted()), connection);
    if (executions.length > limit)
      note(paintError.yellow(`There are older executions: only ${limit} are shown`));
    const now = connection.clock.now();
    return executions.slice(0, limit).map((job) => executionRow(store, { job, parent: seen.job, now }));
  };
  if (json) return printJson(await look());
  await showOrWatch(options, async () => {
    const rows = await look();
    return rows.length > 0 ? executionsInWords(rows, connection.clock.now()) : [`${jobId} has no executions`];
  });
}
