import { pooledMap } from '../../shared/concurrency.ts';
import { isGoing } from '../../shared/model/artifact/artifact-life.ts';
import type { PlannedJob } from '../plan/decision.ts';
import type { CleanupTools, Session } from '../session.ts';
import { type JobDeleter, jobDeleter, type PlacedJob } from './job-deleter.ts';
import type { SecondLook } from './second-look.ts';

const MARKS_AT_ONCE = 16;
const GROUPS_AT_ONCE = 16;

/** The deletions of a plan. */
export interface Order {
  planId: string;
  /** In the order in which they are deleted. */
  targets: readonly PlacedJob[];
  /** Plans again from all records as they are now; `unmarked` holds why jobs could not be marked. */
  secondLook(unmarked: ReadonlyMap<string, string>): Promise<SecondLook>;
}

/**
 * Deletes the artifacts of jobs, beginning with those whose deletion began in an earlier run. A job that fails does not stop
 * the others. Rejects where nothing more may be deleted at all, once everything under way has ended.
 *
 * 1. All jobs are marked.
 * 2. Every record is read once more. A change that was committed before the mark keeps the job; a program that comes later
 *    finds the mark.
 * 3. Jobs that depend on each other are listed again right before their first object is deleted: what was written since the
 *    plan keeps all of them.
 */
export async function carryOut(order: Order, tools: CleanupTools, session: Session): Promise<void> {
  const { account, isTimeUp } = session;
  const jobs = order.targets.map(({ job }) => job).sort((a, b) => Number(!isGoing(a)) - Number(!isGoing(b)));
  const byName = new Map(jobs.map((job) => [job.name, job]));
  if (isTimeUp()) {
    account.remaining.push(...byName.keys());
    return;
  }
  const stop = new AbortController();
  const deleter = jobDeleter(order, tools, stoppedBy(stop.signal, session), await tools.journal.unfinished());
  const { staying, groups } = await order.secondLook(await markAll(jobs, deleter));
  await pooledMap([...staying], MARKS_AT_ONCE, async ([name, because]) => {
    const job = byName.get(name);
    if (job) await deleter.keep(job, because);
  });
  await pooledMap(inTurn(groups, jobs), GROUPS_AT_ONCE, async (group) => {
    try {
      if (!stop.signal.aborted) await deleter.deleteGroup(group);
    } catch (error) {
      stop.abort(error);
    }
  });
  stop.signal.throwIfAborted();
  const done = new Set([
    ...account.deletedJobs,
    ...account.nothingThere,
    ...account.keptAfterAll.map(({ job }) => job),
  ]);
  account.remaining.push(...jobs.map(({ name }) => name).filter((name) => !done.has(name)));
}

/** Returns the session with a signal that also aborts with `stop`. */
function stoppedBy(stop: AbortSignal, session: Session): Session {
  const signal = AbortSignal.any([session.run.signal, stop]);
  return { ...session, run: { ...session.run, signal }, options: { ...session.options, signal } };
}

/** Marks all jobs; returns why some could not be marked, by their names. */
async function markAll(jobs: readonly PlannedJob[], deleter: JobDeleter): Promise<Map<string, string>> {
  const unmarked = new Map<string, string>();
  await deleter.proveLease();
  await pooledMap(jobs, MARKS_AT_ONCE, async (job) => {
    const because = await deleter.mark(job);
    if (because !== undefined) unmarked.set(job.name, because);
  });
  return unmarked;
}

/** Returns the jobs of each group. Both the groups, by their first job, and the jobs in them keep the order of `jobs`. */
function inTurn(groups: SecondLook['groups'], jobs: readonly PlannedJob[]): PlannedJob[][] {
  const groupOf = new Map(groups.flatMap((names) => names.map((name) => [name, names] as const)));
  const grouped = jobs.filter(({ name }) => groupOf.has(name));
  return [...Map.groupBy(grouped, ({ name }) => groupOf.get(name)).values()];
}
