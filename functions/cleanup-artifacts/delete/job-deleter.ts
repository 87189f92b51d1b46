import { addMs, MINUTE_MS } from '../../shared/dates.ts';
import { DeadlineExceeded, RecordChanged, UpstreamError } from '../../shared/errors.ts';
import { uriOf } from '../../shared/model/artifact/artifact.ts';
import { isDeleted, isGoing, isSameLife, type Life } from '../../shared/model/artifact/artifact-life.ts';
import { type Journal, undoCommand } from '../../shared/model/cleanup/cleanup.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { ArtifactJobStore } from '../../shared/store/sources/artifact-jobs.ts';
import { type Found, looker } from '../look/look.ts';
import type { Target } from '../look/target.ts';
import type { PlannedJob } from '../plan/decision.ts';
import type { CleanupTools, Session } from '../session.ts';
import { objectDeleter, stillMine } from './delete-job.ts';

/** A job whose artifacts are to be deleted, and where they are. */
export interface PlacedJob {
  job: PlannedJob;
  target: Target;
}

/** Marks, keeps and deletes the jobs of one plan. A failure that concerns one job becomes a problem in the account. */
export interface JobDeleter {
  /** Throws LeaseLost unless the run is provably still the task's. */
  proveLease(): Promise<void>;
  /** Marks that the deletion of a job has begun; returns why it could not be marked, and `undefined` where it was. */
  mark(job: PlannedJob): Promise<string | undefined>;
  /** Notes that a job stays, and removes its mark, unless an earlier run may have deleted something of it. */
  keep(job: PlannedJob, because: string): Promise<void>;
  /** Deletes jobs that depend on each other, one after the other. Where one of them has to stay, all of them stay. */
  deleteGroup(group: readonly PlannedJob[]): Promise<void>;
}

/** A job to delete, the place of its artifacts, and the store of its record. */
interface Doomed {
  job: PlannedJob;
  target: Target;
  life: Life;
  store: ArtifactJobStore;
}

/** Makes the deleter of a plan. `unfinished` are the journal entries that earlier runs left open. */
export function jobDeleter(
  { planId, targets }: { planId: string; targets: readonly PlacedJob[] },
  tools: CleanupTools,
  session: Session,
  unfinished: readonly Journal[],
): JobDeleter {
  const { stores, journal, policy } = tools;
  const { run, account, bucketOf, isTimeUp } = session;
  const { lookAt } = looker(tools, session);
  const { deleteJob, abandon } = objectDeleter(tools, session);
  const open = Map.groupBy(unfinished, ({ job }) => job);
  const doomed = new Map(targets.map((placed) => [placed.job.name, doomedOf(placed, stores)]));

  const detailsOf = ({ name }: PlannedJob): Doomed => {
    const details = doomed.get(name);
    if (!details) throw new Error(`Cannot delete the artifacts of ${name}: they are not part of the plan`);
    return details;
  };

  /** Does something for one job. A failure that concerns no other job becomes a problem, and returns nothing. */
  async function attempt<T>(job: PlannedJob, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      run.signal.throwIfAborted();
      const own = [UpstreamError, DeadlineExceeded, RecordChanged].some((kind) => error instanceof kind);
      // A missing permission concerns every job.
      const denied = error instanceof UpstreamError && error.status === 403;
      if (!own || denied || !(error instanceof Error)) throw error;
      account.problems.push({ path: job.name, message: `${error.message}; the next run goes on with it` });
      return undefined;
    }
  }

  const unmark = ({ job, store }: Doomed) => store.unmark(job, (tombstone) => tombstone?.runId === run.runId);

  async function mark(job: PlannedJob): Promise<string | undefined> {
    run.signal.throwIfAborted();
    const { store, life } = detailsOf(job);
    const tombstone = { planId, runId: run.runId, at: run.now(), life };
    const refused = await attempt(job, async () => ({ because: await store.writeTombstone(job, tombstone) }));
    return refused ? refused.because : 'it could not be marked';
  }

  async function keep(job: PlannedJob, because: string): Promise<void> {
    account.keptAfterAll.push({ job: job.name, because });
    const problem = strandedProblem(job, because);
    if (problem) account.problems.push(problem);
    else await attempt(job, () => unmark(detailsOf(job)));
  }

  /** `wasThere`: whether its place held objects just now. A job with the same folder may have deleted them since. */
  async function deleteOne(details: Doomed, wasThere: boolean): Promise<void> {
    const { job, target, life, store } = details;
    const bucket = await bucketOf(target.bucket);
    if (!bucket) throw new Error(`Cannot delete the artifacts of ${job.name}: there is no bucket`);
    const last = addMs(life.endedAt, policy.lateWriteGraceMinutes * MINUTE_MS);
    const { own = [], others = [] } = Object.groupBy(open.get(job.name) ?? [], (entry) =>
      isOfLife(entry, life, target) ? 'own' : 'others',
    );
    // What another life of the job left open may be somebody else's by now: this plan decided nothing about it.
    await abandon(others);
    const done = await deleteJob({ job: job.name, planId, life, target, bucket, last, open: own });
    if (!done) return;
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
      await unmark(details);
      account.nothingThere.push(job.name);
    }
  }

  async function deleteGroup(group: readonly PlannedJob[]): Promise<void> {
    const found = new Map<PlannedJob, Found>();
    for (const job of group) {
      if (isTimeUp()) return;
      const now = await attempt(job, () => lookAt(job));
      if (!now) return;
      found.set(job, now);
      const because = keepReasonNow(now, detailsOf(job).target);
      if (!because) continue;
      for (const each of group)
        await keep(each, each === job ? because : `${job.name}, which stays, has to do with it`);
      return;
    }
    for (const [job, { objects }] of found) {
      if (isTimeUp()) return;
      await attempt(job, () => deleteOne(detailsOf(job), objects > 0));
    }
  }

  return { proveLease: () => stillMine(run), mark, keep, deleteGroup };
}

function doomedOf({ job, target }: PlacedJob, stores: readonly ArtifactJobStore[]): Doomed {
  const { name, source, endedAt } = job;
  const store = stores.find((each) => each.name === source);
  if (!store) throw new Error(`Cannot delete the artifacts of ${name}: no source has it`);
  if (!endedAt) throw new Error(`Cannot delete the artifacts of ${name}: nobody can tell when it ended`);
  return { job, target, life: { uri: uriOf(target), endedAt }, store };
}

/** Whether an entry is of the very artifacts that the plan is about. */
function isOfLife(entry: Journal, life: Life, { bucket }: Target): boolean {
  return entry.life !== null && isSameLife(entry.life, life) && entry.bucket === bucket;
}

/** Returns why a job stays, by what its place holds now. */
function keepReasonNow({ kept, target }: Found, planned: Target): string | undefined {
  // Objects that are gone are no reason to keep the job: the deletion finds and reports that.
  if (kept && kept.reason !== 'nothing-there') return kept.because;
  const isThere = !target || uriOf(target) === uriOf(planned);
  return isThere ? undefined : `its artifacts lie at ${uriOf(target)} now, not at ${uriOf(planned)}`;
}

/** Returns the problem of a job that stays although its deletion had begun; `undefined` where it had not. */
export function strandedProblem(job: PlannedJob, because: string): RunProblem | undefined {
  const { tombstone } = job.added;
  if (!tombstone || !isGoing(job) || isDeleted(job)) return undefined;
  const { runId } = tombstone;
  return {
    path: job.name,
    message: `It stays (${because}), but ${runId} had begun to delete it; what is gone comes back by: ${undoCommand(runId)}`,
  };
}
