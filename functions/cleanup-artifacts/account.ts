import type { JournalEntry } from '../shared/model/cleanup/cleanup.ts';
import type { RunProblem } from '../shared/model/run/run.ts';

/** What a run did to the artifacts of jobs. */
export interface DeletionStats {
  /** Names of jobs whose artifacts are all deleted. */
  deletedJobs: string[];
  /** Names of jobs whose artifacts were gone already when it was their turn. */
  nothingThere: string[];
  /** Includes objects that an earlier run deleted, where this run ended the entries in the journal. */
  objectsDeleted: number;
  bytesDeleted: number;
  /** The part of `bytesDeleted` that soft delete still keeps, and until when it keeps the last of it. */
  bytesPendingSoftDelete: number;
  pendingUntil: Date | null;
  /** Objects that changed since the plan: newer ones, which are kept, and ones that are gone. */
  changedSincePlan: number;
  held: number;
  failed: number;
  /** Why the first of those failed. */
  failure: string | null;
  /** Jobs of the plan that are kept after all, by what came up since. */
  keptAfterAll: { job: string; because: string }[];
  /** Names of jobs that are left for the next run. */
  remaining: string[];
  /** Problems of single jobs. */
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

/** Adds the results of objects. `pendingUntil` is until when soft delete keeps them, `null` without soft delete. */
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
