import { randomUUID } from 'node:crypto';
import type { CloudObjects } from '../shared/cloud/storage/objects.ts';
import type { CleanupPlan, PlanLine } from '../shared/model/cleanup/cleanup.ts';
import type { ArtifactPolicy } from '../shared/model/cleanup/policy.ts';
import type { RunProblem } from '../shared/model/run/run.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { CleanupPlanStore } from '../shared/store/own/cleanup-plans.ts';
import type { JournalStore } from '../shared/store/own/journal.ts';
import type { Stored } from '../shared/store/own/records.ts';
import type { ArtifactJobStore } from '../shared/store/sources/artifact-jobs.ts';
import { type DeletionStats, newAccount } from './account.ts';
import { carryOut, type ObjectVersion, strandedProblem } from './delete/carry-out.ts';
import type { DeleteTools } from './delete/delete-job.ts';
import { rememberEmpty } from './delete/empty-places.ts';
import { joinedCommits } from './delete/joined-commits.ts';
import { type FirstLook, lookAgain } from './delete/second-look.ts';
import { beginPlan, endPlan, holdPlan, type ThisPlan } from './delete/settle-plan.ts';
import { undo } from './delete/undo.ts';
import { type CleanupInput, cleanupInput } from './input.ts';
import { bucketCache } from './look/buckets.ts';
import type { LookTools } from './look/look.ts';
import { type MeasuredPlan, planAndMeasure } from './look/measure.ts';
import { readJobs } from './look/read-jobs.ts';
import { type RootSources, type RootsRead, readRoots } from './look/read-roots.ts';
import type { PlannedJob } from './plan/decision.ts';
import { guardsTripped, isAboutRoots, unreadableRoots } from './plan/guard.ts';
import { inBoth, isDeletion, isReleased, planRecord, waitingWords } from './plan/plan-record.ts';
import { LIST_LENGTH, summaryOf } from './summary.ts';

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

type Run = RunContext<CleanupInput>;
type StoredPlan = Stored<CleanupPlan>;

/** Deletes the artifacts of jobs that nobody needs, after a plan and its guards. */
export function cleanupArtifacts(tools: CleanupTools): Task<CleanupInput> {
  return {
    name: 'cleanup-artifacts',
    input: () => cleanupInput,
    async run(run) {
      const work = workOf(run, tools);
      const { input } = run;
      if (input.undo !== undefined)
        return undo(input.undo, {
          ...work,
          jobs: await readJobs(tools.stores, work.options),
          pins: tools.roots.pins,
        });
      const applied = input.planId === undefined ? null : await appliedPlan(input.planId, tools);
      return applied ?? cleanUp(run, tools, work);
    },
  };
}

async function cleanUp(run: Run, tools: CleanupTools, work: Work): Promise<TaskResult> {
  const { plans, policy } = tools;
  const { account, now, options } = work;
  const decided = await decide(run, tools, work);
  const { plan, targets, badUris, deletes, first } = decided;
  const summary = (status = plan.record.status) => {
    const pace = Object.fromEntries(policy.buckets.map((bucket) => [bucket, work.deletion.pace(bucket)]));
    const record = { ...plan.record, status };
    const documentsRead = options.tally.documents;
    return summaryOf({ record, badUris, deletes, now, documentsRead, pace }, account);
  };
  if (plan.record.status !== 'applying') return { ...outcomeOf(account), summary: summary() };

  await carryOut(
    { planId: plan.record.planId, doomed: targets },
    {
      ...work,
      secondLook: async (unmarked) =>
        lookAgain(first, unmarked, { ...work, ...(await readAll(tools, work)) }),
    },
  );
  const whole = !work.isTimeUp() || account.remaining.length === 0;
  if (whole) await endPlan(plan.record, run, plans);
  provesWork(first.going, account, work);
  return { ...outcomeOf(account), summary: summary(whole ? 'applied' : 'applying') };
}

/** What was decided, and stored as a plan. */
interface Decided {
  plan: Pick<ThisPlan, 'record'>;
  /** The decisions to delete, and of the others those whose URI cannot be used. */
  deletes: readonly PlanLine[];
  badUris: readonly PlanLine[];
  /** The jobs whose artifacts go, unless a second look keeps them. */
  targets: readonly ObjectVersion[];
  first: FirstLook;
}

/**
 * Reads everything, makes the plan, and stores that it is proposed, waits for a person or is being carried out. Of what was
 * read and decided it returns only what is needed further: before the first deletion all of it is read again, and the
 * memory of a function holds one reading, not two.
 */
async function decide(run: Run, tools: CleanupTools, work: Work): Promise<Decided> {
  const { plans, policy, policyHash } = tools;
  const { account, now } = work;

  // 1. What must stay, whole or not at all; then the plan, with everything looked at that it would delete.
  const { jobs, roots, counts } = await readAll(tools, work);
  const measured = await planAndMeasure({ ...work, jobs, roots });
  const { lines, oddRoots } = measured;

  // 2. Which plan: the one that is named, else one that was begun or approved, else a new one.
  const { data: state } = await plans.state();
  const open = await plans.open();
  const stored = await storedPlan(run, plans, open, policyHash);
  const released = stored !== null && isReleased(stored.data, policyHash, now);
  const deletes = stored ? inBoth(lines, await plans.lines(stored.data.planId)) : lines.filter(isDeletion);

  // 3. The guards, on all of it, before the first deletion.
  const unread = unreadableRoots(oddRoots, state.acceptedRoots);
  const judged = guardsTripped(
    {
      deletes: deletes.map((line) => ({ ...line, objects: line.objects ?? 0, bytes: line.bytes ?? 0 })),
      decisions: lines,
      policyHash,
      rootCounts: counts,
      approvedPolicyHash: state.approvedPolicyHash,
      appliedRootCounts: released ? stored.data.rootCounts : state.appliedRootCounts,
      unreadableRoots: unread,
    },
    policy,
  );
  // What a person let go on is judged only by what has become of the roots since.
  const tripped = released ? judged.filter(isAboutRoots) : judged;
  const record = planRecord({
    planId: stored?.data.planId ?? `plan-${randomUUID()}`,
    runId: run.runId,
    at: now,
    status: run.dryRun ? 'proposed' : tripped.length > 0 ? 'waiting' : 'applying',
    policyHash,
    rootCounts: counts,
    tripped,
    oddRoots: [...new Set([...unread, ...oddRoots])],
    lines,
  });
  account.problems.push(...linesToTell(lines, jobs));
  if (!run.dryRun) await rememberEmpty(lines, jobs, work);
  if (record.status === 'waiting')
    account.problems.unshift({ path: 'plan', message: waitingWords(record.planId, tripped) });
  await storePlan({ record, seen: stored, lines, open }, run, plans);

  const targets = doomedOf(deletes, jobs, measured);
  const going = targets.map(({ job }) => job.name);
  return {
    plan: { record },
    deletes,
    badUris: lines.filter(({ reason }) => reason === 'bad-uri').slice(0, LIST_LENGTH),
    targets,
    first: { found: measured.found, oddRoots, going, acceptedRoots: state.acceptedRoots },
  };
}

async function storePlan(plan: ThisPlan, run: Run, plans: CleanupPlanStore): Promise<void> {
  const { record, seen, lines } = plan;
  if (record.status === 'waiting') return holdPlan(plan, run, plans);
  if (record.status === 'applying') return beginPlan(plan, run, plans);
  if (seen) return;
  await plans.writeLines(record.planId, lines);
  await plans.create(record);
}

/** What a run works with, whatever it is to do. */
type Work = LookTools & DeleteTools;

function workOf(run: Run, { stores, objects, journal, policy }: CleanupTools): Work {
  return {
    run,
    account: newAccount(),
    stores,
    objects,
    journal,
    policy,
    now: run.startedAt,
    options: { tally: { documents: 0 }, signal: run.signal },
    bucketOf: bucketCache(objects, run.signal),
    deletion: objects.deletion(),
    commit: joinedCommits(run),
    isTimeUp: () => run.budgetUsed() > BUDGET_SHARE,
  };
}

/** Every job of every source, whatever it is, and every root. */
async function readAll(
  { stores, roots: sources, policy }: CleanupTools,
  { now, options }: Work,
): Promise<RootsRead & { jobs: PlannedJob[] }> {
  const [jobs, roots] = await Promise.all([
    readJobs(stores, options),
    readRoots(sources, policy, now, options),
  ]);
  return { jobs, ...roots };
}

/** The answer about a plan of which nothing is left to do; `null` for any other. */
async function appliedPlan(
  planId: string,
  { plans, journal }: Pick<CleanupTools, 'plans' | 'journal'>,
): Promise<TaskResult | null> {
  const { data } = await plans.load(planId);
  if (data?.status !== 'applied') return null;
  const runs = await journal.runsOf(planId);
  const done = { planId, planStatus: data.status, alreadyAppliedAt: data.appliedAt, runs };
  return { outcome: 'succeeded', summary: { ...done, deletedJobs: 0, objectsDeleted: 0 } };
}

/** The plan that this run goes on with; `null` for a new one. Throws for one that cannot be gone on with. */
async function storedPlan(
  { input, startedAt }: Run,
  plans: CleanupPlanStore,
  open: readonly StoredPlan[],
  policyHash: string,
): Promise<StoredPlan | null> {
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

/** The jobs of enforced sources that go, with where their artifacts were found. */
function doomedOf(
  deletes: readonly PlanLine[],
  jobs: readonly PlannedJob[],
  { found }: MeasuredPlan,
): ObjectVersion[] {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  return deletes.flatMap(({ job: name, enforced }) => {
    const [job, target] = [byName.get(name), found.get(name)?.target];
    return enforced && job && target ? [{ job, target }] : [];
  });
}

/** What a plan says that a person should look at: places that cannot be listed, and jobs that stay half deleted. */
function linesToTell(lines: readonly PlanLine[], jobs: readonly PlannedJob[]): RunProblem[] {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  return lines
    .filter((line) => !isDeletion(line))
    .flatMap(({ job, reason, because }) => {
      const record = byName.get(job);
      const stranded = record && strandedProblem(record, because);
      return stranded ?? (reason === 'unlisted' ? { path: job, message: because } : []);
    });
}

/** Throws when artifacts were to be deleted, and for no reason that is known none were. */
function provesWork(names: readonly string[], account: DeletionStats, { isTimeUp }: Work): void {
  const { deletedJobs, nothingThere, objectsDeleted, keptAfterAll, changedSincePlan, held, problems } =
    account;
  const jobs = deletedJobs.length + nothingThere.length + keptAfterAll.length;
  if (names.length === 0 || jobs + objectsDeleted + changedSincePlan + held > 0 || isTimeUp()) return;
  const why = problems.find(({ path }) => names.includes(path))?.message ?? 'nobody knows why';
  throw new Error(`Nothing was deleted of ${names.length} eligible jobs: ${why}`);
}

function outcomeOf({ remaining, problems, failed }: DeletionStats): Pick<TaskResult, 'outcome' | 'problems'> {
  const whole = remaining.length === 0 && problems.length === 0 && failed === 0;
  return { outcome: whole ? 'succeeded' : 'partial', problems };
}
