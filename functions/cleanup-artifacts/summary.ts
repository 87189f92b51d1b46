import { DAY_MS } from '../shared/dates.ts';
import type { CleanupPlan, PlanLine } from '../shared/model/cleanup/cleanup.ts';
import type { Summary } from '../shared/model/run/run.ts';
import type { DeletionStats } from './account.ts';

/** Of a list, so many are in a summary. */
export const LIST_LENGTH = 20;

/** What a summary is made from, besides the account of the run. */
export interface SummaryInput {
  record: CleanupPlan;
  /** The first of those whose URI cannot be used. */
  badUris: readonly PlanLine[];
  /** What it may delete of them. */
  deletes: readonly PlanLine[];
  now: Date;
  documentsRead: number;
  /** How fast objects may be deleted by now, and how often that was too fast, by bucket. */
  pace: Record<string, { rate: number; halvings: number }>;
}

/** The summary of a run: what was planned, what was done and what is left; bytes in soft delete are not free yet. */
export function summaryOf(
  { record, badUris, deletes, now, documentsRead, pace }: SummaryInput,
  account: DeletionStats,
): Summary {
  const done = new Set(account.deletedJobs);
  const left = deletes.filter(({ job, enforced }) => enforced && !done.has(job));
  const { bytesDeleted, bytesPendingSoftDelete, pendingUntil } = account;
  return {
    planId: record.planId,
    planStatus: record.status,
    considered: record.considered,
    eligibleJobs: deletes.length,
    deletedJobs: account.deletedJobs.length,
    keptJobs: record.kept,
    keptByReason: record.keptByReason,
    /** Decided, but of sources that are only observed. */
    observedJobs: deletes.filter(({ enforced }) => !enforced).length,
    objectsPlanned: sum(deletes.map(({ objects }) => objects ?? 0)),
    objectsDeleted: account.objectsDeleted,
    bytesPlanned: sum(deletes.map(({ bytes }) => bytes ?? 0)),
    bytesDeleted,
    bytesPendingSoftDelete,
    pendingUntil,
    bytesFree: bytesDeleted - bytesPendingSoftDelete,
    changedSincePlan: account.changedSincePlan,
    keptAfterAll: account.keptAfterAll.slice(0, LIST_LENGTH),
    nothingThere: account.nothingThere.length,
    held: account.held,
    failed: account.failed,
    remaining: account.remaining.length,
    oldestEligibleAgeDays: oldestAgeDays(left, now),
    badUris: badUris.map(({ job, because }) => ({ job, because })),
    /** Roots that cannot be taken at their word; the plan waits for those whose `keeps` is empty. */
    oddRoots: record.oddRoots.slice(0, LIST_LENGTH),
    tripped: record.tripped,
    pace,
    documentsRead,
  };
}

/** How long the oldest of `left` could have been gone; `null` when nothing is left. */
function oldestAgeDays(left: readonly PlanLine[], now: Date): number | null {
  const instants = left.flatMap(({ eligibleSince }) => (eligibleSince ? [eligibleSince.getTime()] : []));
  if (instants.length === 0) return null;
  return Math.round(((now.getTime() - Math.min(...instants)) / DAY_MS) * 10) / 10;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
