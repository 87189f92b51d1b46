import { DAY_MS } from '../shared/dates.ts';
import type { CleanupPlan, PlanLine } from '../shared/model/cleanup/cleanup.ts';
import { cutText } from '../shared/model/cleanup/plan-texts.ts';
import type { Summary } from '../shared/model/run/run.ts';
import type { DeletionStats } from './account.ts';

/** The most entries of a list that a summary holds. */
export const LIST_LENGTH = 20;

/** The words about a job's URI may quote all of it. */
const LONGEST_WORDS = 300;

/** What a summary is made from, besides the account of the run. */
export interface SummaryInput {
  record: CleanupPlan;
  /** The first of the decisions to keep a job because its URI cannot be used. */
  badUris: readonly PlanLine[];
  /** The decisions to delete. */
  deletes: readonly PlanLine[];
  now: Date;
  documentsRead: number;
  /** By bucket, how fast objects may be deleted by now, in objects a second, and how often that was too fast. */
  pace: Record<string, { rate: number; halvings: number }>;
}

/** Sums up a run: what was planned, what was done and what is left. Bytes in soft delete are not free yet. */
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
    /** Decisions to delete in sources that are only observed. */
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
    badUris: badUris.map(({ job, because }) => ({ job, because: cutText(because, LONGEST_WORDS) })),
    /** Roots of which it is not certain what they name; the plan waits for those whose `keeps` is empty. */
    oddRoots: record.oddRoots.slice(0, LIST_LENGTH),
    tripped: record.tripped,
    pace,
    documentsRead,
  };
}

/** Returns for how many days the oldest of `left` could have been deleted; `null` where nothing is left. */
function oldestAgeDays(left: readonly PlanLine[], now: Date): number | null {
  const instants = left.flatMap(({ eligibleSince }) => (eligibleSince ? [eligibleSince.getTime()] : []));
  if (instants.length === 0) return null;
  return Math.round(((now.getTime() - Math.min(...instants)) / DAY_MS) * 10) / 10;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
