import { pooledMap } from '../../shared/concurrency.ts';
import { isGoing } from '../../shared/model/artifact/artifact-life.ts';
import type { PlannedJob } from '../plan/decision.ts';
import type { CleanupTools, Session } from '../session.ts';
import { type JobDeleter, jobDeleter, type PlacedJob } from './job-deleter.ts';
import type { SecondLook } from './second-look.ts';

const MARKS_AT_ONCE = 16;
const GROUPS_AT_ONCE = 16;

/** What is to be deleted. */
export interface Order {
  planId: string;
  /** In the order in which they are deleted. */
  targets: readonly PlacedJob[];
  /** Plans again from what all records say now; `unmarked` holds why jobs could not be marked. */
  secondLook(unmarked: ReadonlyMap<string, string>): Promise<SecondLook>;
}

/**
 * Deletes the artifacts of jobs, those first whose deletion had begun before. One that fails blocks no other. Rejects when
 * nothing more may be deleted at all, once everything under way has ended.
 *
 * All of them are marked first; then every record is read once more, in whatever way it names what it needs. So what was
 * committed before a mark keeps the job, and whoever comes after it finds the mark. Last, before the first object of jobs
 * that have to do with each other is deleted, all of them are listed again: what was written since the plan keeps them, too.
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

/** The session, stopped as soon as nothing more may be deleted. */
function stoppedBy(stop: AbortSignal, session: Session): Session {
  const signal = AbortSignal.any([session.run.signal, stop]);
  return { ...session, run: { ...session.run, signal }, options: { ...session.options, signal } };
}

/** Marks all jobs; resolves to why some could not be, by their names. */
async function markAll(jobs: readonly PlannedJob[], deleter: JobDeleter): Promise<Map<string, string>> {
  const unmarked = new Map<string, string>();
  await deleter.proveLease();
  await pooledMap(jobs, MARKS_AT_ONCE, async (job) => {
    const because = await deleter.mark(job);
    if (because !== undefined) unmarked.set(job.name, because);
  });
  return unmarked;
}

/** The jobs of each group; jobs, and groups by their first job, in the order of `jobs`. */
function inTurn(groups: SecondLook['groups'], jobs: readonly PlannedJob[]): PlannedJob[][] {
  const groupOf = new Map(groups.flatMap((names) => names.map((name) => [name, names] as const)));
  const grouped = jobs.filter(({ name }) => groupOf.has(name));
  return [...Map.groupBy(grouped, ({ name }) => groupOf.get(name)).values()];
}
