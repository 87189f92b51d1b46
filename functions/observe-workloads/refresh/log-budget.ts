import { recentReads } from '../../shared/model/workload/refresh.ts';

/** How many logs may be read: so many a minute, over all refreshes and whatever fails. */
export interface LogBudget {
  /** Takes leave for one reading; `false` where a minute's are used up. */
  take(): boolean;
  /** When logs were read in the last minute, for the next refresh. */
  reads(): Date[];
}

export function logBudget(before: readonly Date[], perMinute: number, now: () => Date): LogBudget {
  let reads = [...before];
  return {
    take() {
      reads = recentReads(reads, now());
      if (reads.length >= perMinute) return false;
      reads.push(now());
      return true;
    },
    reads: () => reads,
  };
}
