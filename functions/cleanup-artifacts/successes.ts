import type { PlannedJob } from './decision.ts';

/**
 * Ranks the completed jobs of each source, project and model by their end, and tells of each since when `count` newer
 * ones exist: `null` while it is one of the newest itself. One whose deletion has begun is no success to fall back on, so
 * it takes no other's place; of those that ended together, all rank alike.
 */
export function successesOf(
  ended: readonly { job: PlannedJob; end: Date }[],
  count: number,
): (job: PlannedJob, end: Date) => Date | null {
  const ends = new Map<string, number[]>();
  for (const { job, end } of ended) {
    if (job.added.tombstone) continue;
    const key = keyOf(job);
    const known = ends.get(key);
    if (known) known.push(end.getTime());
    else ends.set(key, [end.getTime()]);
  }
  for (const group of ends.values()) group.sort((a, b) => b - a);
  return (job, end) => {
    const group = ends.get(keyOf(job)) ?? [];
    const newer = newerThan(group, end.getTime());
    return newer < count ? null : new Date(group[newer - count] as number);
  };
}

function keyOf({ source, project, model }: PlannedJob): string {
  return JSON.stringify([source, project, model]);
}

/** How many of `newestFirst` are newer than `time`. */
function newerThan(newestFirst: readonly number[], time: number): number {
  let [low, high] = [0, newestFirst.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((newestFirst[middle] as number) > time) low = middle + 1;
    else high = middle;
  }
  return low;
}
