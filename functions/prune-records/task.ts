import { addMs, DAY_MS } from '../shared/dates.ts';
import { type AlarmChanges, isAlarmOfKind } from '../shared/model/run/alarm.ts';
import { LAG_MS } from '../shared/model/run/retention.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { RetentionStore } from '../shared/store/own/retention.ts';
import { keep, newAccount, type PruneStats } from './account.ts';
import { type PruneInput, pruneInput } from './input.ts';
import { pruneStrays, removePlans } from './plans.ts';
import { type PruneTools, pruneDue, removeTogether } from './prune.ts';
import { whyPlanStays } from './rules/retention.ts';
import { pruneBeyondLimit, runRules, taskCache } from './runs.ts';
import { summaryOf } from './summary.ts';

const TASK = 'prune-records';
/** Past this share of the budget nothing further is begun: what is left is told as `remaining`, and is next run's. */
const BUDGET_SHARE = 0.8;
/** What has no end after so long is not simply under way. */
const ENDLESS_AFTER_MS = 2 * DAY_MS;

/** Removes those of our own records whose time is over. It reads no source: no job's record is within its reach. */
export function pruneRecords(store: RetentionStore): Task<PruneInput> {
  return { name: TASK, input: () => pruneInput, run: (run) => prune(run, store) };
}

async function prune(run: RunContext<PruneInput>, store: RetentionStore): Promise<TaskResult> {
  const account = newAccount();
  const now = run.startedAt;
  const tools: PruneTools = { run, store, account, isTimeUp: () => run.budgetUsed() > BUDGET_SHARE };
  const tasks = await store.tasks(account.tally);
  const factsOf = taskCache(tasks, tools);
  const always = async () => ({ keepReason: () => null, remove: removeTogether });

  // 1. What has expired; then what is too much of a task.
  await pruneDue('runs', tools, (page) => runRules(page, factsOf, now));
  await pruneBeyondLimit(tasks.keys(), factsOf, tools);
  await pruneDue('alarms', tools, always);
  await pruneDue('plans', tools, async () => ({
    keepReason: ({ fields }) => whyPlanStays(fields, now),
    remove: removePlans,
  }));
  await pruneDue('journal', tools, always);
  await pruneStrays(tools);

  // 2. What never expires, for it has no end.
  await countUnfinished(now, tools);

  // 3. Tell, and raise an alarm when pruning does not keep up.
  if (!run.dryRun) await tellLag(tasks.get(TASK)?.openAlarms ?? [], account, run);
  const isWhole = Object.values(account.remaining).every((count) => count === 0);
  return {
    outcome: isWhole && account.problems.length === 0 ? 'succeeded' : 'partial',
    summary: summaryOf(account, { now, dryRun: run.dryRun }),
    problems: account.problems,
  };
}

/** Counts old records that say that they are under way: they stay, but somebody should know. */
async function countUnfinished(now: Date, { store, account }: PruneTools): Promise<void> {
  const before = addMs(now, -ENDLESS_AFTER_MS);
  for (const kind of ['runs', 'journal'] as const) {
    const count = await store.countUnfinished(kind, before, account.tally);
    if (count > 0) keep(account, kind, 'it has not ended', count);
  }
}

/** Raises an alarm when something should have gone long ago, and closes it when nothing is left of that. */
async function tellLag(
  openAlarms: readonly string[],
  { oldestLeft, problems, remaining }: PruneStats,
  run: RunContext<PruneInput>,
): Promise<void> {
  const opened = openAlarms.filter((id) => isAlarmOfKind(id, 'prune-lag'));
  const brokenAt = oldestLeft && addMs(oldestLeft, LAG_MS);
  const lags = brokenAt !== null && brokenAt <= run.startedAt;
  if (!lags && opened.length === 0) return;
  const left = Object.values(remaining).reduce((sum, count) => sum + count, 0);
  const message = `Records are due since ${oldestLeft?.toISOString()}: ${left} left for lack of time, ${problems.length} unreadable`;
  const changes: AlarmChanges = !lags
    ? { close: opened.map((id) => ({ id, because: `run ${run.runId} left nothing that is overdue` })) }
    : opened.length > 0
      ? { reword: opened.map((id) => ({ id, message })) }
      : { open: [{ subject: TASK, kind: 'prune-lag', brokenAt, message }] };
  await run.commit(() => undefined, changes);
}
