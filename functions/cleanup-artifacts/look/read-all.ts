import type { PlannedJob } from '../plan/decision.ts';
import type { CleanupTools, Session } from '../session.ts';
import { readJobs } from './read-jobs.ts';
import { type RootsRead, readRoots } from './read-roots.ts';

/** Reads every job of every source, in any state, and every root. Rejects where any source of them fails. */
export async function readAll(
  { stores, roots: sources, policy }: CleanupTools,
  { run, options }: Session,
): Promise<RootsRead & { jobs: PlannedJob[] }> {
  const [jobs, roots] = await Promise.all([
    readJobs(stores, options),
    readRoots(sources, policy, run.startedAt, options),
  ]);
  return { jobs, ...roots };
}
