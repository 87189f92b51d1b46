import type {
  CleanupPlan,
  KeepReason,
  OddRoot,
  PlanLine,
  Tripped,
} from '../../shared/model/cleanup/cleanup.ts';
import { storedRoots } from '../../shared/model/cleanup/plan-texts.ts';
import { type AlarmToOpen, alarmId } from '../../shared/model/run/alarm.ts';

/** What a plan's record is made from. */
export interface NewPlan {
  planId: string;
  runId: string;
  at: Date;
  status: CleanupPlan['status'];
  policyHash: string;
  rootCounts: Record<string, number>;
  tripped: Tripped[];
  oddRoots: readonly OddRoot[];
  lines: readonly PlanLine[];
}

/** The record of a new plan. */
export function planRecord({ at, lines, oddRoots, ...plan }: NewPlan): CleanupPlan {
  const deletes = lines.filter(isDeletion);
  const alarm = alarmOf({ ...plan, createdAt: at });
  return {
    ...plan,
    createdAt: at,
    oddRoots: storedRoots(oddRoots),
    considered: lines.length,
    deletes: deletes.length,
    kept: lines.length - deletes.length,
    keptByReason: keptByReason(lines),
    objects: sum(deletes.map(({ objects }) => objects ?? 0)),
    bytes: sum(deletes.map(({ bytes }) => bytes ?? 0)),
    approvedAt: null,
    approvalEndsAt: null,
    appliedAt: null,
    alarmId: plan.status === 'waiting' ? alarmId(alarm) : null,
  };
}

/** The alarm of a plan that waits for a person. */
export function alarmOf({
  planId,
  createdAt,
  tripped,
}: Pick<CleanupPlan, 'planId' | 'createdAt' | 'tripped'>): AlarmToOpen {
  const onlyNew = tripped.every(({ guard }) => guard === 'new-policy');
  return {
    subject: 'cleanup-artifacts',
    kind: onlyNew ? 'approval' : 'guard',
    brokenAt: createdAt,
    message: `${waitingWords(planId, tripped)}`,
  };
}

/** Describes why a plan waits, and how to let it go on. */
export function waitingWords(planId: string, tripped: readonly Tripped[]): string {
  const why = tripped.map(({ words }) => words).join('; ');
  return `Nothing was deleted, the plan ${planId} waits: ${why}. Look at it: npm run -s ops -- cleanup plans ${planId}; let it go on: npm run -s ops -- cleanup approve ${planId}`;
}

/** Whether a plan of the same policy was begun, or its approval still holds: then its guards are not asked again. */
export function isReleased(plan: CleanupPlan, policyHash: string, at: Date): boolean {
  const { status, approvalEndsAt } = plan;
  if (plan.policyHash !== policyHash) return false;
  if (status === 'applying') return true;
  return status === 'approved' && approvalEndsAt !== null && at < approvalEndsAt;
}

/**
 * Returns the deletions that are decided now and in a stored plan: of the same artifacts of the same job, and no more of them.
 * What has come since is for a later plan, whose guards are asked about it.
 */
export function inBoth(now: readonly PlanLine[], stored: readonly PlanLine[]): PlanLine[] {
  const decided = new Map(stored.filter(isDeletion).map((line) => [`${line.job} ${line.uri}`, line]));
  return now.filter((line) => {
    const then = decided.get(`${line.job} ${line.uri}`);
    return isDeletion(line) && then !== undefined && !hasGrown(line, then);
  });
}

/** Whether there is more now than a plan had counted. */
function hasGrown(now: PlanLine, then: PlanLine): boolean {
  const isMore = (more: number | null, less: number | null) => less !== null && (more ?? 0) > less;
  return isMore(now.objects, then.objects) || isMore(now.bytes, then.bytes);
}

export function isDeletion({ decision }: PlanLine): boolean {
  return decision === 'delete';
}

/** Counts how many jobs are kept for each reason. */
export function keptByReason(lines: readonly PlanLine[]): Partial<Record<KeepReason, number>> {
  const counts: Partial<Record<KeepReason, number>> = {};
  for (const { reason } of lines) if (reason !== 'eligible') counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
