import type { Surroundings } from './closure.ts';
import { disjointSets } from './disjoint-sets.ts';
import { type Candidate, isEmptied } from './rules.ts';

/**
 * Groups the jobs that stay or go together: those whose artifacts overlap, and those that began from one another, also by way
 * of jobs of which nothing is left. Groups, and the jobs in them, keep the order of `targets`.
 */
export function connectedGroups(
  targets: readonly Candidate[],
  { forest, parents }: Pick<Surroundings, 'forest' | 'parents'>,
): string[][] {
  const groups = disjointSets<Candidate>();
  for (const candidate of targets) {
    const [first] = forest.familyOf.get(candidate) ?? [];
    if (first) groups.join(first, candidate);
  }
  const isTarget = new Set(targets);
  // Grows by the links of chains, each once.
  const children = new Set(targets);
  for (const child of children)
    for (const parent of parents.of(child)) {
      const isLink = isEmptied(parent);
      if (!isTarget.has(parent) && !isLink) continue;
      groups.join(parent, child);
      if (isLink) children.add(parent);
    }
  const connected = Map.groupBy(targets, (candidate) => groups.leaderOf(candidate));
  return [...connected.values()].map((all) => all.map(({ job }) => job.name));
}
