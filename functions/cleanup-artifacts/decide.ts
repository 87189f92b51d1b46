import { randomUUID } from 'node:crypto';
import type { CleanupPlan, PlanLine } from '../shared/model/cleanup/cleanup.ts';
import type { RunProblem } from '../shared/model/run/run.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { CleanupPlanStore } from '../shared/store/own/cleanup-plans.ts';
import type { Seen } from '../shared/store/own/records.ts';
import { rememberEmpty } from './delete/empty-places.ts';
import { type PlacedJob, strandedProblem } from './delete/job-deleter.ts';
import type { FirstLook } from './delete/second-look.ts';
import { beginPlan, holdPlan, type ThisPlan } from './delete/settle-plan.ts';
import type { CleanupInput } from './input.ts';
import { looker } from './look/look.ts';
import { type MeasuredPlan, planAndMeasure } from './look/measure.ts';
import { readAll } from './look/read-all.ts';
import type { PlannedJob } from './plan/decision.ts';
import {
  type GuardInput,
  guardsTripped,
  isAboutRoots,
  rootCountsAfter,
  unreadableRoots,
} from './plan/guard.ts';
import { inBoth, isDeletion, isReleased, planRecord, waitingWords } from './plan/plan-record.ts';
import type { CleanupTools, Session } from './session.ts';
import { LIST_LENGTH } from './summary.ts';

/** The decisions of a run, stored as a plan. */
export interface Decided {
  record: CleanupPlan;
  /** The counts of roots that the next plan is judged by, once this one is carried out. */
  rootCountsAfter: Record<string, number>;
  /** The decisions to delete. */
  deletes: readonly PlanLine[];
  /** The first of the decisions to keep a job because its URI cannot be used. */
  badUris: readonly PlanLine[];
  /** The jobs whose artifacts are to be deleted, unless a second look keeps them. */
  targets: readonly PlacedJob[];
  first: FirstLook;
}

type StoredPlan = Seen<CleanupPlan> & { data: CleanupPlan };

/**
 * Reads everything, makes the plan, and stores it as proposed, waiting for a person or being carried out. It returns only
 * what is needed later, because everything is read again before the first deletion, and the memory of a function has no
 * room for two readings.
 */
export async function decide(tools: CleanupTools, session: Session): Promise<Decided> {
  const { plans, policy, policyHash } = tools;
  const { run, account, options } = session;

  // 1. Read all jobs and roots, or fail; make the plan, and list everything that it would delete.
  const now = run.startedAt;
  const { jobs, roots, counts } = await readAll(tools, session);
  const look = looker(tools, session);
  const measured = await planAndMeasure({ jobs, roots, policy, now }, look, options.signal);
  const { lines, oddRoots, found } = measured;

  // 2. Choose the plan to go on with: the one that is named, else one that was begun or approved, else a new one.
  const { data: state } = await plans.state();
  const open = await plans.open();
  const stored = await storedPlan(run, plans, open, policyHash);
  const released = stored !== null && isReleased(stored.data, policyHash, now);
  const deletes = stored ? inBoth(lines, await plans.lines(stored.data.planId)) : lines.filter(isDeletion);

  // 3. Ask the guards about all of it, before the first deletion.
  const unread = unreadableRoots(oddRoots, state.acceptedRoots);
  const judged: GuardInput = {
    deletes: deletes.map((line) => ({ ...line, objects: line.objects ?? 0, bytes: line.bytes ?? 0 })),
    decisions: lines,
    policyHash,
    rootCounts: counts,
    approvedPolicyHash: state.approvedPolicyHash,
    appliedRootCounts: released ? stored.data.rootCounts : state.appliedRootCounts,
    unreadableRoots: unread,
  };
  // A plan that was approved or begun is judged again only by the roots, which may have changed since.
  const tripped = guardsTripped(judged, policy).filter((guard) => !released || isAboutRoots(guard));

  // 4. Store its record, and report what needs a person.
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
  account.problems.push(...problemsIn(lines, jobs));
  if (!run.dryRun) await rememberEmpty(lines, jobs, tools.stores, session);
  await storePlan({ record, seen: stored, lines, open }, run, plans);
  if (record.status === 'waiting')
    account.problems.unshift({ path: 'plan', message: waitingWords(record.planId, tripped) });

  const targets = targetsOf(deletes, jobs, measured);
  const names = targets.map(({ job }) => job.name);
  return {
    record,
    rootCountsAfter: rootCountsAfter(judged),
    deletes,
    badUris: lines.filter(({ reason }) => reason === 'bad-uri').slice(0, LIST_LENGTH),
    targets,
    first: { targets: names, found, oddRoots, acceptedRoots: state.acceptedRoots },
  };
}

async function storePlan(
  plan: ThisPlan,
  run: RunContext<CleanupInput>,
  plans: CleanupPlanStore,
): Promise<void> {
  const { record, seen, lines } = plan;
  if (record.status === 'waiting') return holdPlan(plan, run, plans);
  if (record.status === 'applying') return beginPlan(plan, run, plans);
  if (seen) return;
  await plans.writeLines(record.planId, lines);
  await plans.create(record);
}

/** Finds the stored plan that this run goes on with; `null` for a new one. Throws where the named plan cannot be applied. */
async function storedPlan(
  { input, startedAt }: RunContext<CleanupInput>,
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

/** Returns the jobs to delete, of sources in enforce alone, with the place where their artifacts were found. */
function targetsOf(
  deletes: readonly PlanLine[],
  jobs: readonly PlannedJob[],
  { found }: MeasuredPlan,
): PlacedJob[] {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  return deletes.flatMap(({ job: name, enforced }) => {
    const job = byName.get(name);
    const target = found.get(name)?.target;
    return enforced && job && target ? [{ job, target }] : [];
  });
}

/** Returns the problems of a plan: places that cannot be listed, and jobs that stay half deleted. */
function problemsIn(lines: readonly PlanLine[], jobs: readonly PlannedJob[]): RunProblem[] {
  const byName = new Map(jobs.map((job) => [job.name, job]));
  return lines
    .filter((line) => !isDeletion(line))
    .flatMap(({ job, reason, because }) => {
      const record = byName.get(job);
      const stranded = record && strandedProblem(record, because);
      return stranded ?? (reason === 'unlisted' ? { path: job, message: because } : []);
    });
}
