import type { CleanupPlan } from '../shared/model/cleanup/cleanup.ts';
import type { Task, TaskResult } from '../shared/run/task.ts';
import type { DeletionStats } from './account.ts';
import { type Decided, decide } from './decide.ts';
import { carryOut } from './delete/carry-out.ts';
import { lookAgain } from './delete/second-look.ts';
import { endPlan } from './delete/settle-plan.ts';
import { undo } from './delete/undo.ts';
import { type CleanupInput, cleanupInput } from './input.ts';
import { looker } from './look/look.ts';
import { readAll } from './look/read-all.ts';
import { type CleanupTools, type Session, sessionOf } from './session.ts';
import { summaryOf } from './summary.ts';

/** Deletes the artifacts of jobs that no rule keeps, by a plan and after its guards. */
export function cleanupArtifacts(tools: CleanupTools): Task<CleanupInput> {
  return {
    name: 'cleanup-artifacts',
    input: () => cleanupInput,
    async run(run) {
      const { input } = run;
      const session = sessionOf(run, tools.objects);
      if (input.undo !== undefined) return undo(input.undo, tools, session);
      const applied = input.planId === undefined ? null : await appliedPlan(input.planId, tools);
      return applied ?? cleanUp(tools, session);
    },
  };
}

async function cleanUp(tools: CleanupTools, session: Session): Promise<TaskResult> {
  const { run, account, isTimeUp } = session;

  // 1. Decide what may be deleted, and store that as a plan.
  const decided = await decide(tools, session);
  const { record, rootCountsAfter, targets, first } = decided;
  if (record.status !== 'applying') return resultOf(decided, record.status, tools, session);

  // 2. Delete, after a second look at everything that may have changed since.
  const secondLook = async (unmarked: ReadonlyMap<string, string>) => {
    const { jobs, roots } = await readAll(tools, session);
    const planning = { jobs, roots, policy: tools.policy, now: run.startedAt };
    return lookAgain(first, unmarked, planning, looker(tools, session));
  };
  await carryOut({ planId: record.planId, targets, secondLook }, tools, session);

  // 3. Close the plan where nothing of it is left.
  const isWhole = !isTimeUp() || account.remaining.length === 0;
  if (isWhole) await endPlan({ planId: record.planId, rootCountsAfter }, run, tools.plans);
  provesWork(first.targets, account, session);
  return resultOf(decided, isWhole ? 'applied' : 'applying', tools, session);
}

/** Returns the answer for a plan that was applied before; `null` for any other. */
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

/** Throws where artifacts were to be deleted, and none were although nothing accounts for it. */
function provesWork(names: readonly string[], account: DeletionStats, { isTimeUp }: Session): void {
  const { deletedJobs, nothingThere, objectsDeleted, keptAfterAll, changedSincePlan, held, problems } =
    account;
  const jobs = deletedJobs.length + nothingThere.length + keptAfterAll.length;
  if (names.length === 0 || jobs + objectsDeleted + changedSincePlan + held > 0 || isTimeUp()) return;
  const why = problems.find(({ path }) => names.includes(path))?.message ?? 'nobody knows why';
  throw new Error(`Nothing was deleted of ${names.length} eligible jobs: ${why}`);
}

function resultOf(
  { record, badUris, deletes }: Decided,
  status: CleanupPlan['status'],
  { policy }: CleanupTools,
  { run, account, options, deletion }: Session,
): TaskResult {
  const { remaining, problems, failed } = account;
  const isWhole = remaining.length === 0 && problems.length === 0 && failed === 0;
  const pace = Object.fromEntries(policy.buckets.map((bucket) => [bucket, deletion.pace(bucket)]));
  const summary = summaryOf(
    {
      record: { ...record, status },
      badUris,
      deletes,
      now: run.startedAt,
      documentsRead: options.tally.documents,
      pace,
    },
    account,
  );
  return { outcome: isWhole ? 'succeeded' : 'partial', summary, problems };
}
