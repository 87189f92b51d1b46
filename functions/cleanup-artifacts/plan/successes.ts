import type { PlannedJob } from './decision.ts';

/** A completed job that has artifacts, as far as is known. */
interface Success {
  job: PlannedJob;
  end: Date;
}

/** How the successes of each source, project and model rank by their ends; those that ended together rank alike. */
export interface Successes {
  /** Since when as many newer ones exist as are kept; `null` while the job is one of the newest itself. */
  outdoneSince(job: PlannedJob, end: Date): Date | null;
  /** The newest of the job's kind: as long as they have artifacts, others may go. */
  newestOf(job: PlannedJob): PlannedJob[];
}

/**
 * Ranks completed jobs. One whose deletion has begun is no success to fall back on, nor is one without artifacts, so
 * neither may be among `successes`: it takes no other's place.
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
    newestOf: (job) => (groups.get(kindOf(job)) ?? []).slice(0, count).map((it) => it.job),
  };
}

function kindOf({ source, project, model }: PlannedJob): string {
  return JSON.stringify([source, project, model]);
}

/** How many of `newestFirst` ended after `end`. */
function newerThan(newestFirst: readonly Success[], end: Date): number {
  let [low, high] = [0, newestFirst.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((newestFirst[middle] as Success).end > end) low = middle + 1;
    else high = middle;
  }
  return low;
}
