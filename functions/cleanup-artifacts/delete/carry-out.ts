import { pooledMap } from '../../shared/concurrency.ts';
import { addMs, MINUTE_MS } from '../../shared/dates.ts';
import { DeadlineExceeded, RecordChanged, UpstreamError } from '../../shared/errors.ts';
import { uriOf } from '../../shared/model/artifact/artifact.ts';
import { isDeleted, isGoing, type Life } from '../../shared/model/artifact/artifact-life.ts';
import type { Journal } from '../../shared/model/cleanup/cleanup.ts';
import type { ArtifactJobStore } from '../../shared/store/sources/artifact-jobs.ts';
import { type Found, type LookTools, lookAt } from '../look/look.ts';
import type { Target } from '../look/target.ts';
import type { PlannedJob } from '../plan/decision.ts';
import { type DeleteTools, deleteJob, stillMine } from './delete-job.ts';

const MARKS_AT_ONCE = 16;
const LINEAGES_AT_ONCE = 16;

/** What deletions of whole jobs work with. */
export interface CarryOutTools extends DeleteTools, LookTools {
  /** Plans again from what all records say now. `unmarked` tells of jobs that could not be marked why. */
  secondLook(unmarked: ReadonlyMap<string, string>): Promise<SecondLook>;
}

/** What a plan comes to when it is made again at the last moment. */
export interface SecondLook {
  /** Why jobs stay after all, by their names. */
  staying: ReadonlyMap<string, string>;
  /** Names of jobs that go, those together that have to do with each other. */
  groups: readonly (readonly string[])[];
}

/** A job whose artifacts go, and where they are. */
export interface ObjectVersion {
  job: PlannedJob;
  target: Target;
}

/** What goes. */
export interface Order {
  planId: string;
  /** In the order in which they go. */
  doomed: readonly ObjectVersion[];
}

/** One order, and what is common to all jobs of it. */
interface Work extends CarryOutTools {
  planId: string;
  targets: ReadonlyMap<string, Target>;
  /** What runs before this one left open, by the job. */
  open: ReadonlyMap<string, Journal[]>;
}

/**
 * Deletes the artifacts of jobs, those first whose deletion had begun before. One that fails blocks no other. Rejects when
 * nothing more may be deleted at all, once everything under way has ended.
 *
 * All of them are marked first; then every record is read once more, in whatever way it names what it needs. So what was
 * committed before a mark keeps the job, and whoever comes after it finds the mark. Last, before the first object of jobs
 * that have to do with each other goes, all of them are listed again, for what was written since the plan keeps them, too.
 */
export async function carryOut({ planId, doomed }: Order, tools: CarryOutTools): Promise<void> {
  const { account, run, journal } = tools;
  const jobs = doomed.map(({ job }) => job).sort((a, b) => Number(!isGoing(a)) - Number(!isGoing(b)));
  const byName = new Map(jobs.map((job) => [job.name, job]));
  if (tools.isTimeUp()) return void account.remaining.push(...byName.keys());
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const work: Work = {
    ...tools,
    planId,
    targets: new Map(doomed.map(({ job, target }) => [job.name, target])),
    run: { ...run, signal },
    options: { ...tools.options, signal },
    open: Map.groupBy(await journal.unfinished(), ({ job }) => job),
  };
  const { staying, groups } = await work.secondLook(await markAll(jobs, work));
  await pooledMap([...staying], MARKS_AT_ONCE, async ([name, because]) => {
    const job = byName.get(name);
    if (job) await keep(job, because, work);
  });
  await pooledMap(inTurn(groups, jobs), LINEAGES_AT_ONCE, async (lineage) => {
    try {
      if (!stop.signal.aborted) await deleteLineage(lineage, work);
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

/** Lineages as the jobs in them come, with what is known of these. */
function inTurn(groups: SecondLook['groups'], jobs: readonly PlannedJob[]): PlannedJob[][] {
  const leaders = new Map(groups.flatMap((names) => names.map((name) => [name, names] as const)));
  const going = jobs.filter(({ name }) => leaders.has(name));
  return [...Map.groupBy(going, ({ name }) => leaders.get(name)).values()];
}

/** Marks all jobs; resolves to why some could not be, by their names. */
async function markAll(jobs: readonly PlannedJob[], work: Work): Promise<Map<string, string>> {
  const { planId, run } = work;
  const unmarked = new Map<string, string>();
  await stillMine(run);
  await pooledMap(jobs, MARKS_AT_ONCE, async (job) => {
    run.signal.throwIfAborted();
    const tombstone = { planId, runId: run.runId, at: run.now(), life: lifeOf(job, work) };
    const marked = await orTell(
      job,
      work,
      async () => (await storeOf(job, work).writeTombstone(job, tombstone)) ?? 'marked',
    );
    if (marked !== 'marked') unmarked.set(job.name, marked ?? 'it could not be marked');
  });
  return unmarked;
}

/** Deletes jobs that have to do with each other one after the other, unless one of them stays: that keeps all of them. */
async function deleteLineage(lineage: readonly PlannedJob[], work: Work): Promise<void> {
  const found = new Map<PlannedJob, Found>();
  for (const job of lineage) {
    if (work.isTimeUp()) return;
    const now = await orTell(job, work, () => lookAt(job, work));
    if (!now) return;
    found.set(job, now);
    const because = keeperIn(now, targetFor(job, work));
    if (!because) continue;
    for (const each of lineage)
      await keep(each, each === job ? because : `${job.name}, which stays, has to do with it`, work);
    return;
  }
  for (const [job, { objects }] of found) {
    if (work.isTimeUp()) return;
    await orTell(job, work, () => deleteOne(job, objects > 0, work));
  }
}

/** Why a job stays, by what lies now where its artifacts are. */
function keeperIn({ kept, target }: Found, planned: Target): string | undefined {
  // What was there and is gone is no reason to keep anything: the deletion finds nothing and says so.
  if (kept && kept.reason !== 'nothing-there') return kept.because;
  const isThere = !target || uriOf(target) === uriOf(planned);
  return isThere ? undefined : `its artifacts lie at ${uriOf(target)} now, not at ${uriOf(planned)}`;
}

/** `wasThere` tells whether anything lay there just now; a job that shares its folder may have taken it since. */
async function deleteOne(job: PlannedJob, wasThere: boolean, work: Work): Promise<void> {
  const { account, policy, run, journal } = work;
  const target = targetFor(job, work);
  const bucket = await work.bucketOf(target.bucket);
  if (!bucket || !job.endedAt) throw new Error(`Cannot delete the artifacts of ${job.name}: it has none`);
  const life = lifeOf(job, work);
  const done = await deleteJob(
    {
      job: job.name,
      planId: work.planId,
      life,
      target,
      bucket,
      last: addMs(job.endedAt, policy.lateWriteGraceMinutes * MINUTE_MS),
      open: work.open.get(job.name) ?? [],
    },
    work,
  );
  if (!done) return;
  const store = storeOf(job, work);
  if (done.left > 0) {
    const failure = account.failure ? ` (such as: ${account.failure})` : '';
    account.problems.push({
      path: job.name,
      message: `${done.left} of its objects are left: written after its end or since the plan, held, or failed${failure}`,
    });
  } else if (wasThere || done.seen > 0 || (await journal.hasDeleted(job.name, life))) {
    const deleted = { at: run.now(), life };
    if (await store.markDeleted(job, run.runId, deleted)) account.deletedJobs.push(job.name);
  } else {
    await store.unmark(job, (tombstone) => tombstone?.runId === run.runId);
    account.nothingThere.push(job.name);
  }
}

/** Tells that a job stays, and takes its mark away unless it may have lost something before. */
async function keep(job: PlannedJob, because: string, work: Work): Promise<void> {
  const { account, run } = work;
  account.keptAfterAll.push({ job: job.name, because });
  const problem = strandedProblem(job, because);
  if (problem) account.problems.push(problem);
  else
    await orTell(job, work, () =>
      storeOf(job, work).unmark(job, (tombstone) => tombstone?.runId === run.runId),
    );
}

/** What has to be told of a job that stays though its deletion had begun. */
export function strandedProblem(job: PlannedJob, because: string) {
  const { tombstone } = job.added;
  if (!tombstone || !isGoing(job) || isDeleted(job)) return undefined;
  const { runId } = tombstone;
  const undo = `npm run -s ops -- cleanup undo ${runId}`;
  return {
    path: job.name,
    message: `It stays (${because}), but ${runId} had begun to delete it; what is gone comes back by: ${undo}`,
  };
}

/** Does something for one job. What concerns no other becomes a problem, and resolves to nothing. */
async function orTell<T>(
  job: PlannedJob,
  { run, account }: Work,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    run.signal.throwIfAborted();
    const own = [UpstreamError, DeadlineExceeded, RecordChanged].some((kind) => error instanceof kind);
    // Without a permission, no other job fares better.
    const denied = error instanceof UpstreamError && error.status === 403;
    if (!own || denied || !(error instanceof Error)) throw error;
    account.problems.push({ path: job.name, message: `${error.message}; the next run goes on with it` });
    return undefined;
  }
}

function lifeOf(job: PlannedJob, work: Work): Life {
  const { name, endedAt } = job;
  if (!endedAt) throw new Error(`Cannot delete the artifacts of ${name}: nobody can tell when it ended`);
  return { uri: uriOf(targetFor(job, work)), endedAt };
}

function targetFor({ name }: PlannedJob, { targets }: Work): Target {
  const target = targets.get(name);
  if (!target) throw new Error(`Cannot delete the artifacts of ${name}: nobody looked where they are`);
  return target;
}

function storeOf(job: PlannedJob, { stores }: Work): ArtifactJobStore {
  const store = stores.find(({ name }) => name === job.source);
  if (!store) throw new Error(`Cannot delete the artifacts of ${job.name}: no source has it`);
  return store;
}
