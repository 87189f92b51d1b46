import { chunksOf, pooledMap } from '../shared/concurrency.ts';
import { RUNS_PER_TASK } from '../shared/model/run/retention.ts';
import type { Found, RetentionTask } from '../shared/store/own/retention.ts';
import { count, type PruneTools, type Rules, removeTogether } from './prune.ts';
import { beyondLimit, type KeptRun, readRun, type TaskFacts, whyRunStays } from './rules/retention.ts';

const READS_AT_ONCE = 4;
const RUNS_PER_COMMIT = 200;

/** What decides about runs, by the task. */
export type TaskCache = (task: string) => Promise<TaskFacts>;

/** Looks up each task once. */
export function taskCache(
  tasks: ReadonlyMap<string, RetentionTask>,
  { store, account }: PruneTools,
): TaskCache {
  const known = new Map<string, Promise<TaskFacts>>();
  const lookUp = async (task: string): Promise<TaskFacts> => ({
    newestRunId: await store.newestRunId(task, account.tally),
    watchedUntil: tasks.get(task)?.watchedUntil ?? null,
  });
  return (task) => {
    const facts = known.get(task) ?? lookUp(task);
    known.set(task, facts);
    return facts;
  };
}

/** The rules for a page of runs. */
export async function runRules(page: readonly Found[], factsOf: TaskCache, now: Date): Promise<Rules> {
  const names = new Set(page.flatMap(({ id, fields }) => tryReadRun(id, fields)?.task ?? []));
  const facts = new Map(
    await pooledMap([...names], READS_AT_ONCE, async (task) => [task, await factsOf(task)] as const),
  );
  return {
    keepReason({ id, fields }) {
      const run = readRun(id, fields);
      const known = facts.get(run.task);
      if (!known) throw new Error(`Cannot judge ${id}: nothing is known of ${run.task}`);
      return whyRunStays(run, known, now);
    },
    remove: removeTogether,
  };
}

/** Prunes, of each task that has more runs than are kept, those beyond. */
export async function pruneBeyondLimit(
  tasks: Iterable<string>,
  factsOf: TaskCache,
  tools: PruneTools,
): Promise<void> {
  const { run, store, account, isTimeUp } = tools;
  for (const task of tasks) {
    if ((await store.countRuns(task)) <= RUNS_PER_TASK) continue;
    const found = new Map<string, Found>();
    const runs: KeptRun[] = [];
    const onRun = (each: Found) => {
      const read = tryReadRun(each.id, each.fields);
      if (!read) return;
      found.set(each.id, each);
      runs.push(read);
    };
    await store.runsOf(task, onRun, account.tally, run.signal);
    const going = beyondLimit(runs, await factsOf(task), run.startedAt).flatMap(
      ({ id }) => found.get(id) ?? [],
    );
    for (const some of chunksOf(going, RUNS_PER_COMMIT)) {
      if (isTimeUp()) account.remaining.runs += some.length;
      else await count('runs', some, removeTogether, tools);
    }
  }
}

function tryReadRun(id: string, fields: unknown): KeptRun | undefined {
  try {
    return readRun(id, fields);
  } catch {
    // It stays; once it has expired, whoever prunes it tells that nobody can read it.
    return undefined;
  }
}
