import { earlierOf } from '../shared/dates.ts';
import { EXPIRING_KINDS, type ExpiringKind } from '../shared/model/run/retention.ts';
import type { RunProblem } from '../shared/model/run/run.ts';

/** What a run of prune-records removed, kept and left. */
export interface PruneStats {
  pruned: Record<ExpiringKind, number>;
  /** Parts of plans that were never stored whole. */
  prunedStrays: number;
  /** Records that changed while they were to be removed: they stay. */
  skippedRace: number;
  /** Due, or beyond the limit of their task, and left for lack of time. */
  remaining: Record<ExpiringKind, number>;
  /** How many stay by rule, by kind and reason. */
  kept: Map<string, { kind: ExpiringKind; reason: string; count: number }>;
  /** Records that cannot be read. */
  problems: RunProblem[];
  /** When the oldest record expired that should be gone and is not; `null` where none is left. */
  oldestLeft: Date | null;
  tally: { documents: number };
}

export function newAccount(): PruneStats {
  const none = () =>
    Object.fromEntries(EXPIRING_KINDS.map((kind) => [kind, 0])) as Record<ExpiringKind, number>;
  return {
    pruned: none(),
    prunedStrays: 0,
    skippedRace: 0,
    remaining: none(),
    kept: new Map(),
    problems: [],
    oldestLeft: null,
    tally: { documents: 0 },
  };
}

/** Counts records that stay by rule. */
export function countKept({ kept }: PruneStats, kind: ExpiringKind, reason: string, count = 1): void {
  const key = `${kind}: ${reason}`;
  kept.set(key, { kind, reason, count: (kept.get(key)?.count ?? 0) + count });
}

/** Notes a record that expired at `expiredAt` and stays though no rule keeps it. */
export function noteOverdue(account: PruneStats, expiredAt: Date): void {
  account.oldestLeft = account.oldestLeft ? earlierOf(account.oldestLeft, expiredAt) : expiredAt;
}
