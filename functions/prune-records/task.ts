import { addMs, DAY_MS } from '../shared/dates.ts';
import { type AlarmChanges, isAlarmOfKind } from '../shared/model/run/alarm.ts';
import { LAG_MS } from '../shared/model/run/retention.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { Found, RetentionStore } from '../shared/store/own/retention.ts';
import { countKept, newAccount, type PruneStats } from './account.ts';
import { type PruneInput, pruneInput } from './input.ts';
import { pruneStrays, removePlans } from './plans.ts';
import { type PruneTools, pruneDue, REMOVE_ALL } from './prune.ts';
import { type KeptPlan, readPlan, whyPlanStays } from './rules/retention.ts';
import { pruneBeyondLimit, runRules, taskCache } from './runs.ts';
import { summaryOf } from './summary.ts';

const TASK = 'prune-records';
/** Past this share of the budget nothing further is begun: what is left is counted as `remaining`, for the next run. */
const BUDGET_SHARE = 0.8;
/** A record without an end is reported once it is this old. */
const ENDLESS_AFTER_MS = 2 * DAY_MS;

/** Removes those of our own records whose time is over. It reads no source, so it can remove no job's record. */
export function pruneRecords(store: RetentionStore): Task<PruneInput> {
  return { name: TASK, input: () => pruneInput, run: (run) => prune(run, store) };
}

async function prune(run: RunContext<PruneInput>, store: RetentionStore): Promise<TaskResult> {
  const account = newAccount();
  const now = run.startedAt;
  const tools: PruneTools = { run, store, account, isTimeUp: () => run.budgetUsed() > BUDGET_SHARE };
  const tasks = await store.tasks(account.tally);
  const factsOf = taskCache(tasks, tools);

  // 1. Remove what has expired, and of each task the runs beyond its limit.
  await pruneDue('runs', runRules(factsOf, now), tools);
  await pruneBeyondLimit(tasks.keys(), factsOf, tools);
  await pruneDue('alarms', REMOVE_ALL, tools);
  const planRules = {
    read: ({ fields }: Found) => readPlan(fields),
    keepReason: async (plan: KeptPlan) => whyPlanStays(plan, now),
    remove: removePlans,
  };
  await pruneDue('plans', planRules, tools);
  await pruneDue('journal', REMOVE_ALL, tools);
  await pruneDue('ends', REMOVE_ALL, tools);
  await pruneStrays(tools);

  // 2. Count what never expires because it has no end.
  await countUnfinished(now, tools);

  // 3. Raise an alarm when pruning does not keep up.
  if (!run.dryRun) await updateLagAlarm(tasks.get(TASK)?.openAlarms ?? [], account, run);
  const isWhole = Object.values(account.remaining).every((count) => count === 0);
  return {
    outcome: isWhole && account.problems.length === 0 ? 'succeeded' : 'partial',
    summary: summaryOf(account, { now, dryRun: run.dryRun }),
    problems: account.problems,
  };
}

/** Counts old records that say that they are under way, so that the summary shows them; they stay. */
async function countUnfinished(now: Date, { store, account }: PruneTools): Promise<void> {
  const before = addMs(now, -ENDLESS_AFTER_MS);
  for (const kind of ['runs', 'journal'] as const) {
    const count = await store.countUnfinished(kind, before, account.tally);
    if (count > 0) countKept(account, kind, 'it has not ended', count);
  }
}

/** Raises an alarm when a record is overdue by more than `LAG_MS`, and closes it when none is. */
async function updateLagAlarm(
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
