import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import { type ObserveInput, observeInput } from './input.ts';
import { type RefreshTools, refresh } from './refresh/refresh.ts';
import { problemsOf, summaryOf, summaryOfOther } from './summary.ts';

/**
 * Refreshes the workload tables. Unlike other tasks it does not write through the commits of its run: a viewer's refresh has no
 * run, so that tables and ends are guarded by the lease of the refresh itself, which both have.
 */
export function observeWorkloads(tools: RefreshTools): Task<ObserveInput> {
  return { name: 'observe-workloads', input: () => observeInput, run: (run) => observe(run, tools) };
}

async function observe(run: RunContext<ObserveInput>, tools: RefreshTools): Promise<TaskResult> {
  const { now, signal } = run;
  const refreshed = await refresh({ by: 'schedule', now, signal }, run.dryRun ? dry(tools) : tools);
  if ('until' in refreshed) return { outcome: 'succeeded', summary: summaryOfOther(refreshed) };
  const problems = problemsOf(refreshed);
  return {
    outcome: problems.length === 0 ? 'succeeded' : 'partial',
    summary: summaryOf(refreshed),
    problems,
  };
}

/** The same tools, but nothing is written, and no log is read: those of a minute are counted in what is written. */
function dry(tools: RefreshTools): RefreshTools {
  const { settings, store } = tools;
  return {
    ...tools,
    settings: { ...settings, logReadsPerMinute: 0 },
    store: { ...store, begin: (_, now) => store.look(now) },
  };
}
