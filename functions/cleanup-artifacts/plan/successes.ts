import type { PlannedJob } from './decision.ts';

/** A completed job that has artifacts, as far as it is known. */
interface Success {
  job: PlannedJob;
  end: Date;
}

/** The successes of each source, project and model, ranked by their ends. Those that ended together rank alike. */
export interface Successes {
  /** Returns since when there are as many newer successes as are kept; `null` while the job is one of the newest. */
  outdoneSince(job: PlannedJob, end: Date): Date | null;
  /** Returns the newest successes of the job's source, project and model: while they have artifacts, older ones may go. */
  newestOf(job: PlannedJob): PlannedJob[];
}

/**
 * Ranks completed jobs. A job whose deletion has begun, or without artifacts, is nothing to fall back on: `successes` must not
 * hold it, because it would take the place of another.
 */
export function successesOf(successes: readonly Success[], count: number): Successes {
  const groups = Map.groupBy(successes, ({ job }) => kindOf(job));
  for (const group of groups.values())
    group.sort((a, b) => b.end.getTime() - a.end.getTime() || (a.job.name < b.job.name ? -1 : 1));
  return {
    outdoneSince(job, end) {
      const group = groups.get(kindOf(job)) ?? [];
      const newer = newerThan(group, end);
      return newer < count ? null : (group[newer - count] as Success).end;
    },
    newestOf: (job) => (groups.get(kindOf(job)) ?? []).slice(0, count).map((success) => success.job),
  };
}

function kindOf({ source, project, model }: PlannedJob): string {
  return JSON.stringify([source, project, model]);
}

/** Counts those of `newestFirst` that ended after `end`. */
function newerThan(newestFirst: readonly Success[], end: Date): number {
  let [low, high] = [0, newestFirst.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((newestFirst[middle] as Success).end > end) low = middle + 1;
    else high = middle;
  }
  return low;
}
