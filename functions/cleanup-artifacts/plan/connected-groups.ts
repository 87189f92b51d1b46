import { parentage, type Surroundings } from './closure.ts';
import type { PlannedJob } from './decision.ts';
import { disjointSets } from './disjoint-sets.ts';
import type { Candidate } from './rules.ts';

/**
 * Groups the jobs that stay or go together: those whose artifacts overlap, and those that began from one another. Groups, and
 * the jobs in them, keep the order of `targets`.
 */
export function connectedGroups(
  targets: readonly Candidate[],
  { forest, naming }: Pick<Surroundings, 'forest' | 'naming'>,
): string[][] {
  const isTarget = new Set(targets);
  const byJob = new Map<PlannedJob, Candidate>(targets.map((candidate) => [candidate.job, candidate]));
  const groups = disjointSets<Candidate>();
  for (const candidate of targets) {
    const [first] = forest.familyOf.get(candidate) ?? [];
    if (first) groups.join(first, candidate);
    const meaning = parentage(candidate, naming);
    for (const job of meaning?.jobs ?? []) {
      const parent = byJob.get(job);
      if (parent) groups.join(parent, candidate);
    }
    for (const prefix of meaning?.reach ?? [])
      for (const parent of forest.overlapping(prefix).flat())
        if (isTarget.has(parent)) groups.join(parent, candidate);
  }
  const connected = Map.groupBy(targets, (candidate) => groups.leaderOf(candidate));
  return [...connected.values()].map((all) => all.map(({ job }) => job.name));
}
