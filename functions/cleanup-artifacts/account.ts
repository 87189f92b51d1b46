import type { JournalEntry } from '../shared/model/cleanup/cleanup.ts';
import type { RunProblem } from '../shared/model/run/run.ts';

/** What a run did to objects, and of which jobs. */
export interface DeletionStats {
  /** Names of jobs of which nothing is left. */
  deletedJobs: string[];
  /** Names of jobs of which nothing was there any more when it was their turn. */
  nothingThere: string[];
  /** Deleted by this run, or by one before it whose entries of the journal it ended. */
  objectsDeleted: number;
  bytesDeleted: number;
  /** Of those bytes, what soft delete still keeps, and until when the last of it. */
  bytesPendingSoftDelete: number;
  pendingUntil: Date | null;
  /** Objects that changed since the plan: newer ones, which are kept, and those that are gone. */
  changedSincePlan: number;
  held: number;
  failed: number;
  /** Why the first of those failed. */
  failure: string | null;
  /** Jobs kept after all, because of what was marked between plan and deletion. */
  keptAfterAll: { job: string; because: string }[];
  /** Names of jobs that are not done. */
  remaining: string[];
  /** What is wrong with single jobs. */
  problems: RunProblem[];
}

export function newAccount(): DeletionStats {
  return {
    deletedJobs: [],
    nothingThere: [],
    objectsDeleted: 0,
    bytesDeleted: 0,
    bytesPendingSoftDelete: 0,
    pendingUntil: null,
    changedSincePlan: 0,
    held: 0,
    failed: 0,
    failure: null,
    keptAfterAll: [],
    remaining: [],
    problems: [],
  };
}

/** Adds what became of objects; `pendingUntil` is how long soft delete keeps them, `null` where there is none. */
export function addResults(
  account: DeletionStats,
  entries: readonly JournalEntry[],
  pendingUntil: Date | null,
): void {
  for (const { result, size, detail } of entries) {
    if (result === 'deleted') {
      account.objectsDeleted += 1;
      account.bytesDeleted += size;
      if (pendingUntil) account.bytesPendingSoftDelete += size;
      account.pendingUntil = pendingUntil ?? account.pendingUntil;
    }
    if (result === 'changed' || result === 'gone') account.changedSincePlan += 1;
    if (result === 'held') account.held += 1;
    if (result !== 'failed') continue;
    account.failed += 1;
    account.failure ??= detail;
  }
}
