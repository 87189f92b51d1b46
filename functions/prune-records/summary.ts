import { HOUR_MS } from '../shared/dates.ts';
import type { Summary } from '../shared/model/run/run.ts';
import type { PruneStats } from './account.ts';

/** The summary of a run of prune-records; of a dry run, it counts what would be removed. */
export function summaryOf(account: PruneStats, { now, dryRun }: { now: Date; dryRun: boolean }): Summary {
  const { pruned, prunedStrays, skippedRace, remaining, kept, oldestLeft, tally } = account;
  return {
    prunedRuns: pruned.runs,
    prunedAlarms: pruned.alarms,
    prunedPlans: pruned.plans,
    prunedJournal: pruned.journal,
    prunedEnds: pruned.ends,
    prunedStrays,
    skippedRace,
    remaining,
    kept: [...kept.values()],
    oldestOverdueHours: oldestLeft ? hours(now.getTime() - oldestLeft.getTime()) : 0,
    documentsRead: tally.documents,
    dryRun,
  };
}

function hours(ms: number): number {
  return Math.round((ms / HOUR_MS) * 10) / 10;
}
