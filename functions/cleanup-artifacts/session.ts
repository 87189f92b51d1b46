import type { ObjectDeletion } from '../shared/cloud/storage/deletion.ts';
import type { CloudObjects } from '../shared/cloud/storage/objects.ts';
import type { VertexModels } from '../shared/cloud/vertex-models.ts';
import type { ArtifactPolicy } from '../shared/model/cleanup/policy.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { ReadOptions } from '../shared/store/firestore/read-options.ts';
import type { CleanupPlanStore } from '../shared/store/own/cleanup-plans.ts';
import type { JournalStore } from '../shared/store/own/journal.ts';
import type { PinStore } from '../shared/store/own/pins.ts';
import type { ArtifactJobStore } from '../shared/store/sources/artifact-jobs.ts';
import type { ModelStore } from '../shared/store/sources/roots.ts';
import { type DeletionStats, newAccount } from './account.ts';
import { type BucketCache, bucketCache } from './buckets.ts';
import type { CleanupInput } from './input.ts';

/** After this share of the budget nothing further is begun: the rest is counted as `remaining`, for the next run. */
const BUDGET_SHARE = 0.8;

/** Where roots are read. */
export interface RootSources {
  models: readonly ModelStore[];
  /** `null` where Vertex AI is not asked. */
  vertex: VertexModels | null;
  pins: PinStore;
}

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

/** One run: its context, what it has done so far, and what it keeps until it ends. */
export interface Session {
  run: RunContext<CleanupInput>;
  account: DeletionStats;
  options: ReadOptions & { signal: AbortSignal };
  bucketOf: BucketCache;
  deletion: ObjectDeletion;
  /** Whether it is too late to begin anything further. */
  isTimeUp(): boolean;
}

export function sessionOf(run: RunContext<CleanupInput>, objects: CloudObjects): Session {
  return {
    run,
    account: newAccount(),
    options: { tally: { documents: 0 }, signal: run.signal },
    bucketOf: bucketCache(objects, run.signal),
    deletion: objects.deletion(),
    isTimeUp: () => run.budgetUsed() > BUDGET_SHARE,
  };
}
