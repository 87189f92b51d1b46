import { chunksOf } from '../shared/concurrency.ts';
import { RUNS_PER_TASK } from '../shared/model/run/retention.ts';
import type { Found, RetentionTask } from '../shared/store/own/retention.ts';
import { type PruneTools, type Rules, removeAndCount, removeTogether } from './prune.ts';
import { beyondLimit, type KeptRun, readRun, type TaskFacts, whyRunStays } from './rules/retention.ts';

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

/** The rules for runs that have expired. */
export function runRules(factsOf: TaskCache, now: Date): Rules<KeptRun> {
  return {
    read: ({ id, fields }) => readRun(id, fields),
    keepReason: async (run) => whyRunStays(run, await factsOf(run.task), now),
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
      const read = tryReadRun(each);
      if (!read) return;
      found.set(each.id, each);
      runs.push(read);
    };
    await store.runsOf(task, onRun, account.tally, run.signal);
    const beyond = beyondLimit(runs, await factsOf(task), run.startedAt);
    const targets = beyond.flatMap(({ id }) => found.get(id) ?? []);
    for (const some of chunksOf(targets, RUNS_PER_COMMIT)) {
      if (isTimeUp()) account.remaining.runs += some.length;
      else await removeAndCount('runs', some, removeTogether, tools);
    }
  }
}

/** Returns nothing for a run that cannot be read: it stays, and once it has expired it is reported as a problem. */
function tryReadRun({ id, fields }: Found): KeptRun | undefined {
  try {
    return readRun(id, fields);
  } catch {
    return undefined;
  }
}
