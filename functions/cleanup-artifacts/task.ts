import { randomUUID } from 'node:crypto';
import type { CloudObjects } from '../shared/cloud/objects.ts';
import type { CleanupPlan, PlanLine } from '../shared/model/cleanup.ts';
import type { Job } from '../shared/model/job.ts';
import type { ArtifactPolicy } from '../shared/model/policy.ts';
import type { RunProblem } from '../shared/model/run.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { ArtifactJobStore } from '../shared/store/artifact-jobs.ts';
import type { CleanupPlanStore } from '../shared/store/cleanup-plans.ts';
import type { ReadOptions } from '../shared/store/jobs.ts';
import type { JournalStore } from '../shared/store/journal.ts';
import type { Seen } from '../shared/store/records.ts';
import { type Account, newAccount } from './account.ts';
import { bucketBook } from './buckets.ts';
import { type CarryOutTools, carryOut, strandedProblem } from './carry-out.ts';
import type { PlannedJob } from './decision.ts';
import { guardsTripped, isAboutRoots } from './guard.ts';
import { type CleanupInput, cleanupInput } from './input.ts';
import { joinedCommits } from './joined-commits.ts';
import { planAndMeasure } from './measure.ts';
import { inBoth, isDeletion, isReleased, planRecord, waitingWords } from './plan-record.ts';
import { type RootSources, readRoots } from './read-roots.ts';
import { beginPlan, endPlan, holdPlan, type ThisPlan } from './settle-plan.ts';
import { summaryOf } from './summary.ts';
import { undo } from './undo.ts';

/** Past this share of the budget nothing further is begun: what is left is told as `remaining`, and is next run's. */
const BUDGET_SHARE = 0.8;

/** What cleanup-artifacts is built from. */
export interface CleanupTools {
  stores: readonly ArtifactJobStore[];
  roots: RootSources;
  plans: CleanupPlanStore;
  journal: JournalStore;
  objects: CloudObjects;
  policy: ArtifactPolicy;
  policyHash: string;
}

/** Deletes the artifacts of jobs that nobody needs, after a plan and its guards. */
export function cleanupArtifacts(tools: CleanupTools): Task<CleanupInput> {
  return { name: 'cleanup-artifacts', input: () => cleanupInput, run: (run) => cleanUp(run, tools) };
}

async function cleanUp(run: RunContext<CleanupInput>, tools: CleanupTools): Promise<TaskResult> {
  const { stores, roots: sources, plans, policy, policyHash, objects } = tools;
  const options = { tally: { documents: 0 }, signal: run.signal };
  const now = run.startedAt;
  const jobs = await readJobs(stores, options);
  const account = newAccount();
  const work = workOf(run, account, jobs, tools);
  if (run.input.undo !== undefined) return undo(run.input.undo, { ...work, pins: sources.pins });

  // 1. What must stay, whole or not at all; then the plan, with everything listed that it would delete.
  const { roots, counts } = await readRoots(sources, policy, now, options);
  const lines = await planAndMeasure({
    jobs: jobs.map((job) => plannedOf(job, stores)),
    ...{ roots, policy, now, objects, bucketOf: work.bucketOf, signal: run.signal },
  });

  // 2. Which plan: the one that is named, else one that was begun or approved, else a new one.
  const state = await plans.state();
  const open = await plans.open();
  const stored = await storedPlan(run, plans, open, policyHash);
  const released = stored !== null && isReleased(stored.data, policyHash, now);
  const deletes = stored ? inBoth(lines, await plans.lines(stored.data.planId)) : lines.filter(isDeletion);

  // 3. The guards, on all of it, before the first deletion.
  const judged = guardsTripped(
    {
      deletes: deletes.map((line) => ({ ...line, objects: line.objects ?? 0, bytes: line.bytes ?? 0 })),
      ...{ decisions: lines, policyHash, rootCounts: counts },
      approvedPolicyHash: state.data.approvedPolicyHash,
      appliedRootCounts: released ? stored.data.rootCounts : state.data.appliedRootCounts,
    },
    policy,
  );
  // What a person let go on is judged only by what has become of the roots since.
  const tripped = released ? judged.filter(isAboutRoots) : judged;
  const status = run.dryRun ? 'proposed' : tripped.length > 0 ? 'waiting' : 'applying';
  const made = { planId: stored?.data.planId ?? `plan-${randomUUID()}`, runId: run.runId, at: now };
  const record = planRecord({ ...made, status, policyHash, rootCounts: counts, tripped, lines });
  const plan: ThisPlan = { record, seen: stored, lines, open };
  const told = (status = record.status) => ({
    ...{ record: { ...record, status }, lines, deletes, now, documentsRead: options.tally.documents },
    pace: Object.fromEntries(policy.buckets.map((bucket) => [bucket, work.deletion.pace(bucket)])),
  });
  account.problems.push(...linesToTell(lines, work));
  if (run.dryRun) {
    if (!stored) {
      await plans.writeLines(record.planId, lines);
      await plans.create(record);
    }
    return { ...outcomeOf(account), summary: summaryOf(told(), account) };
  }
  if (tripped.length > 0) {
    await holdPlan(plan, run, plans);
    account.problems.unshift({ path: 'plan', message: waitingWords(record.planId, tripped) });
    return { ...outcomeOf(account), summary: summaryOf(told(), account) };
  }

  // 4. Delete.
  await beginPlan(plan, run, plans);
  const names = deletes.filter(({ enforced }) => enforced).map(({ job }) => job);
  const later = lines.filter(({ reason }) => reason === 'later').map(({ job }) => job);
  await carryOut({ planId: record.planId, names, later }, work);
  const whole = !work.isTimeUp() || account.remaining.length === 0;
  if (whole) await endPlan(plan, run, plans);

  // 5. Tell the truth.
  provesWork(names, account, work);
  return { ...outcomeOf(account), summary: summaryOf(told(whole ? 'applied' : 'applying'), account) };
}

/** Every job of every source, whatever it is. */
async function readJobs(stores: readonly ArtifactJobStore[], options: ReadOptions): Promise<Job[]> {
  const jobs: Job[] = [];
  await Promise.all(stores.map((store) => store.all(options, (job) => jobs.push(job))));
  return jobs;
}

function plannedOf(job: Job, stores: readonly ArtifactJobStore[]): PlannedJob {
  const store = stores.find(({ holds }) => holds(job.name));
  return {
    ...job,
    source: store?.name ?? '',
    enforced: store?.source.mode === 'enforce',
  };
}

function workOf(
  run: RunContext<CleanupInput>,
  account: Account,
  jobs: readonly Job[],
  { stores, roots, objects, journal, policy }: CleanupTools,
): CarryOutTools {
  return {
    ...{ run, account, stores, objects, journal, policy },
    jobs: new Map(jobs.map((job) => [job.name, job])),
    rootQueries: [...roots.models.map(({ query }) => query), roots.pins.query],
    bucketOf: bucketBook(objects, run.signal),
    deletion: objects.deletion(),
    commit: joinedCommits(run),
    isTimeUp: () => run.budgetUsed() > BUDGET_SHARE,
  };
}

/** The plan that this run goes on with; `null` for a new one. Throws for one that cannot be gone on with. */
async function storedPlan(
  { input, startedAt }: RunContext<CleanupInput>,
  plans: CleanupPlanStore,
  open: readonly (Seen<CleanupPlan> & { data: CleanupPlan })[],
  policyHash: string,
): Promise<(Seen<CleanupPlan> & { data: CleanupPlan }) | null> {
  if (input.planId === undefined) {
    const released = open.filter(({ data }) => isReleased(data, policyHash, startedAt));
    return released.sort((a, b) => a.data.createdAt.getTime() - b.data.createdAt.getTime())[0] ?? null;
  }
  const seen = await plans.load(input.planId);
  if (!seen.data) throw new Error(`Cannot apply ${input.planId}: there is no such plan`);
  if (seen.data.status === 'superseded')
    throw new Error(`Cannot apply ${input.planId}: a newer plan has taken its place`);
  return { ...seen, data: seen.data };
}

/** What a plan says that a person should look at: prefixes that cannot be listed, and jobs that stay half deleted. */
function linesToTell(lines: readonly PlanLine[], { jobs }: CarryOutTools): RunProblem[] {
  return lines
    .filter((line) => !isDeletion(line))
    .flatMap(({ job, reason, because }) => {
      const record = jobs.get(job);
      const stranded = record && strandedProblem(record, because);
      return stranded ?? (reason === 'unlisted' ? { path: job, message: because } : []);
    });
}

/** Throws when artifacts were to be deleted, and for no reason that is known none were. */
function provesWork(names: readonly string[], account: Account, { isTimeUp }: CarryOutTools): void {
  const { deletedJobs, objectsDeleted, keptAfterAll, changedSincePlan, held, problems } = account;
  const did = deletedJobs.length + objectsDeleted + keptAfterAll.length + changedSincePlan + held;
  if (names.length === 0 || did > 0 || isTimeUp()) return;
  const why = problems.find(({ path }) => names.includes(path))?.message ?? 'nobody knows why';
  throw new Error(`Nothing was deleted of ${names.length} eligible jobs: ${why}`);
}

function outcomeOf({ remaining, problems, failed }: Account): Pick<TaskResult, 'outcome' | 'problems'> {
  const whole = remaining.length === 0 && problems.length === 0 && failed === 0;
  return { outcome: whole ? 'succeeded' : 'partial', problems };
}
