import { mapPool, serialQueue } from '../shared/concurrency.ts';
import { MINUTE_MS } from '../shared/dates.ts';
import { DeadlineExceeded, RecordChanged, UpstreamError } from '../shared/errors.ts';
import { readArtifactUri } from '../shared/model/artifact.ts';
import type { Journal } from '../shared/model/cleanup.ts';
import type { Job } from '../shared/model/job.ts';
import type { ArtifactPolicy } from '../shared/model/policy.ts';
import type { ArtifactJobStore } from '../shared/store/artifact-jobs.ts';
import type { Keepers, RootQuery } from '../shared/store/keepers.ts';
import type { BucketBook } from './buckets.ts';
import { type DeleteTools, deleteJob } from './delete-job.ts';
import { lineagesOf } from './lineages.ts';

const LINEAGES_AT_ONCE = 16;

/** What deletions of whole jobs work with. */
export interface CarryOutTools extends DeleteTools {
  stores: readonly ArtifactJobStore[];
  /** Every job, by name. */
  jobs: ReadonlyMap<string, Job>;
  rootQueries: readonly RootQuery[];
  bucketOf: BucketBook;
  policy: ArtifactPolicy;
}

/** Which jobs' artifacts go, by their names. */
export interface Order {
  planId: string;
  /** In the order in which they go. */
  names: readonly string[];
  /** Of those that stay, what nothing keeps but a plan's length. */
  later: readonly string[];
}

/** One order, and what is common to all jobs of it. */
interface Work extends CarryOutTools {
  planId: string;
  keepers: Keepers;
  /** Marks are written one after the other: transactions that look for what keeps them hold each other up. */
  inTurn: ReturnType<typeof serialQueue>;
  /** What runs before this one left open, by the job. */
  open: ReadonlyMap<string, Journal[]>;
}

/**
 * Deletes the artifacts of jobs, those first whose deletion had begun before. One that fails blocks no other. Rejects when
 * nothing more may be deleted at all, once everything under way has ended.
 */
export async function carryOut({ planId, names, later }: Order, tools: CarryOutTools): Promise<void> {
  const { account, run, journal, stores, rootQueries, policy } = tools;
  const jobsOf = (some: readonly string[]) => some.flatMap((name) => tools.jobs.get(name) ?? []);
  const jobs = jobsOf(names).sort((a, b) => Number(!a.added.tombstone) - Number(!b.added.tombstone));
  const stop = new AbortController();
  const work: Work = {
    ...tools,
    planId,
    inTurn: serialQueue(),
    run: { ...run, signal: AbortSignal.any([run.signal, stop.signal]) },
    open: Map.groupBy(await journal.unfinished(), ({ job }) => job),
    keepers: {
      ...{ stores, roots: rootQueries, buckets: policy.buckets, at: run.startedAt },
      going: new Set(names),
      later: new Map(jobsOf(later).map((job) => [job.name, job])),
    },
  };
  await mapPool(lineagesOf(jobs), LINEAGES_AT_ONCE, async (lineage) => {
    try {
      if (!stop.signal.aborted) await deleteLineage(lineage, work);
    } catch (error) {
      stop.abort(error);
    }
  });
  stop.signal.throwIfAborted();
  const done = new Set([...account.deletedJobs, ...account.keptAfterAll.map(({ job }) => job)]);
  account.remaining.push(...names.filter((name) => !done.has(name)));
}

/** First marks every job of a lineage, for one that stays keeps all of them; then deletes them one after the other. */
async function deleteLineage(lineage: readonly Job[], work: Work): Promise<void> {
  if (!(await mark(lineage, work))) return;
  for (const job of lineage) {
    if (work.isTimeUp()) return;
    await orTell(job, work, () => deleteOne(job, work));
  }
}

/** Resolves to whether every job is marked now. */
async function mark(lineage: readonly Job[], work: Work): Promise<boolean> {
  const { planId, run, keepers, isTimeUp } = work;
  const tombstone = { planId, runId: run.runId, at: run.startedAt };
  for (const [index, job] of lineage.entries()) {
    if (isTimeUp()) return false;
    run.signal.throwIfAborted();
    const because = await orTell(job, work, async () => {
      const kept = await work.inTurn(() => storeOf(job, work).entomb(job, tombstone, keepers));
      return kept ?? 'marked';
    });
    if (because === undefined) return false;
    if (because === 'marked') continue;
    for (const each of lineage)
      keep(each, each === job ? because : `${job.name}, which stays, has to do with it`, work);
    // Of these, nothing is deleted yet; what an earlier run marked may have lost something, and tells so.
    for (const each of lineage.slice(0, index))
      if (!each.added.tombstone) await orTell(each, work, () => storeOf(each, work).unmark(each.name));
    return false;
  }
  return true;
}

async function deleteOne(job: Job, work: Work): Promise<void> {
  const { account, policy, run } = work;
  const read = readArtifactUri(job.artifactUri);
  const bucket = read.ok && (await work.bucketOf(read.prefix.bucket));
  if (!bucket || !job.endedAt) throw new Error(`Cannot delete the artifacts of ${job.name}: it has none`);
  const left = await deleteJob(
    {
      ...{ job: job.name, planId: work.planId, prefix: read.prefix, bucket },
      last: new Date(job.endedAt.getTime() + policy.lateWriteGraceMinutes * MINUTE_MS),
      open: work.open.get(job.name) ?? [],
    },
    work,
  );
  if (left === 0 && (await storeOf(job, work).markDeleted(job.name, run.runId, run.startedAt)))
    account.deletedJobs.push(job.name);
  if (!left) return;
  const failure = account.failure ? ` (such as: ${account.failure})` : '';
  account.problems.push({
    path: job.name,
    message: `${left} of its objects are left: written after its end or since the plan, held, or failed${failure}`,
  });
}

function keep(job: Job, because: string, { account }: Work): void {
  account.keptAfterAll.push({ job: job.name, because });
  const problem = strandedProblem(job, because);
  if (problem) account.problems.push(problem);
}

/** What has to be told of a job that stays though its deletion had begun. */
export function strandedProblem({ name, added }: Job, because: string) {
  const { tombstone, deletedAt } = added;
  if (!tombstone || deletedAt) return undefined;
  const { runId } = tombstone;
  const undo = `npm run -s ops -- cleanup undo ${runId}`;
  return {
    path: name,
    message: `It stays (${because}), but ${runId} had begun to delete it; what is gone comes back by: ${undo}`,
  };
}

/** Does something for one job. What concerns no other becomes a problem, and resolves to nothing. */
async function orTell<T>(job: Job, { run, account }: Work, action: () => Promise<T>): Promise<T | undefined> {
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

function storeOf(job: Job, { stores }: Work): ArtifactJobStore {
  const store = stores.find(({ holds }) => holds(job.name));
  if (!store) throw new Error(`Cannot delete the artifacts of ${job.name}: no source has it`);
  return store;
}
