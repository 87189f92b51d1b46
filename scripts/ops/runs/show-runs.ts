import { loadCatalog } from '../../../functions/shared/catalog.ts';
import type { Outcome } from '../../../functions/shared/model/run/outcomes.ts';
import { type Run, runSchema } from '../../../functions/shared/model/run/run.ts';
import { nearest } from '../../../functions/shared/problems.ts';
import { printJson } from '../../words/terminal.ts';
import { type Connection, connect } from '../shared/connect.ts';
import { findById } from '../shared/find-id.ts';
import { oneOf, type Since, sinceAt } from '../shared/options.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { environmentHere, placeOf } from '../shared/target.ts';
import { showOrWatch, type WatchOptions } from '../shared/watching.ts';
import { runInWords } from './run-words.ts';
import { runsInWords } from './runs-words.ts';

const SHOWN = 20;
/** With --since, all of them unless --limit says less. */
const MOST = 500;

interface RunsOptions extends WatchOptions {
  outcome?: Outcome;
  since?: Since;
  limit?: number;
}

/** Shows the newest runs of all tasks or of one, or one run whole. */
export async function showRuns(given: string | undefined, options: RunsOptions): Promise<void> {
  const tasks = Object.keys(loadCatalog(environmentHere()));
  const task = given === undefined ? undefined : taskOf(given, tasks);
  if (given !== undefined && task === undefined) return showRun(given, tasks, options);
  const connection = await connect();
  const wanted = task === undefined ? tasks : [task];
  if (options.json) return printJson(await newest(wanted, options, connection));
  await showOrWatch(options, async () => {
    const runs = await newest(wanted, options, connection);
    if (runs.length > 0) return runsInWords(runs, connection.clock.now());
    const { outcome } = options;
    return [`No ${outcome ? `${outcome} ` : ''}run of ${task ?? 'any task'} on record`];
  });
}

/** The task that a word names, whole or by its beginning; `undefined` for what may be the id of a run. */
function taskOf(given: string, tasks: readonly string[]): string | undefined {
  const [one, other] = tasks.filter((task) => task === given || task.startsWith(given));
  if (one !== undefined && other === undefined) return one;
  if (!given.includes('@') && nearest(given, tasks) !== undefined) return oneOf('task', given, tasks);
  return undefined;
}

async function newest(
  tasks: readonly string[],
  { outcome, since, limit = since === undefined ? SHOWN : MOST }: RunsOptions,
  { collections, ask, clock }: Connection,
): Promise<Run[]> {
  const { runStore } = await import('../../../functions/shared/store/own/runs.ts');
  const store = runStore(collections);
  const now = clock.now();
  const each = await ask(
    `reading the runs of ${tasks.join(', ')}`,
    Promise.all(tasks.map((task) => store.newest(task, { limit, outcome }, now))),
  );
  const from = since === undefined ? undefined : sinceAt(since, now);
  return each
    .flat()
    .filter(({ startedAt }) => from === undefined || startedAt >= from)
    .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
    .slice(0, limit);
}

async function showRun(given: string, tasks: readonly string[], options: RunsOptions): Promise<void> {
  if (options.outcome !== undefined || options.since !== undefined || options.limit !== undefined)
    throw usage('Cannot use --outcome, --since or --limit beside a run: it is shown whole');
  const connection = await connect();
  const look = async () => readRun(given, tasks, connection);
  if (options.json) return printJson(await look());
  await showOrWatch(options, async () => runInWords(await look(), connection.clock.now()));
}

/** The run of that id, which may be shortened and lack its task. */
async function readRun(given: string, tasks: readonly string[], connection: Connection): Promise<Run> {
  const { collections, target } = connection;
  const beginnings = given.includes('@')
    ? [given]
    : [given, ...tasks.flatMap((task) => [`${task}@${given}`, `${task}@manual-${given}`])];
  const found = await findById('run', collections.taskRuns, beginnings, connection);
  if (!found)
    throw new OpsProblem(
      `There is no run ${given} in ${placeOf(target)}, and no such task (known: ${tasks.join(', ')})`,
    );
  const { decode } = await import('../../../functions/shared/store/firestore/firestore.ts');
  return decode(runSchema, found);
}
