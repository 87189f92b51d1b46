import { overlaps, type Prefix, uriOf } from '../../shared/model/artifact/artifact.ts';
import { prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { Kept } from './decision.ts';
import type { Family, Forest } from './forest.ts';
import type { Naming } from './naming.ts';
import type { Parents } from './parents.ts';
import { asParent, type Candidate, isEmptied } from './rules.ts';

/** The candidates that are kept, and why. */
export interface Closure {
  kept: ReadonlyMap<Candidate, Kept>;
  /** The candidates for whose sake others are kept. */
  keepers: readonly Candidate[];
}

/** What a closure is computed from. */
export interface Surroundings {
  forest: Forest;
  naming: Naming;
  parents: Parents;
  protectedPrefixes: readonly Prefix[];
}

/**
 * Computes which candidates are kept, and why: those that a rule keeps, and, until nothing more is added, their parents and
 * every candidate that overlaps them. A parent of which nothing is left is a link of a chain: it keeps what it began from in
 * turn, and what lies at its place by now. Each explanation names a job that was kept before, so none is circular.
 */
export function closureOf(candidates: readonly Candidate[], around: Surroundings): Closure {
  const { forest, naming, parents, protectedPrefixes } = around;
  const kept = new Map<Candidate, Kept>();
  const keepers = growingList<Candidate>();
  const keep = (candidate: Candidate, why: Kept) => {
    if (!kept.has(candidate)) kept.set(candidate, why);
    // A job without artifacts does not need those of others.
    if (!isEmptied(candidate)) keepers.add(candidate);
  };

  const standIns = new Map<Candidate, Candidate>();
  const keepParent = (parent: Candidate, child: Candidate) => {
    keep(parent, keptFor(child));
    if (!isEmptied(parent) || standIns.has(parent)) return;
    const standIn = parent.protectsParents ? parent : asParent(parent, naming);
    standIns.set(parent, standIn);
    keepers.add(standIn);
  };
  const parentsOf = parents.finder();
  const askedForParents = keepers.reader();
  const keepParents = () => {
    for (const child of askedForParents()) for (const parent of parentsOf(child)) keepParent(parent, child);
  };

  const spread = new Set<Family | string>();
  const askedForFamily = keepers.reader();
  const familiesOf = (keeper: Candidate, reach: readonly Prefix[]): Family[] => {
    const own = forest.familyOf.get(keeper);
    const untold = reach.filter((prefix) => !spread.has(uriOf(prefix)));
    for (const prefix of untold) spread.add(uriOf(prefix));
    return [...(own ? [own] : []), ...untold.flatMap((prefix) => [...forest.familiesAt(prefix)])];
  };
  const settle = () => {
    keepParents();
    for (const keeper of askedForFamily()) {
      const { held, beyond } = reachOf(keeper, around);
      for (const family of familiesOf(keeper, beyond)) {
        if (spread.has(family)) continue;
        spread.add(family);
        for (const member of family) keep(member, keptBeside(member, keeper, held, forest));
      }
      keepParents();
    }
  };

  for (const candidate of candidates) {
    if (!candidate.own) continue;
    kept.set(candidate, candidate.own);
    if (candidate.protects) keepers.add(candidate);
  }
  const children = candidates.filter(({ protectsParents }) => protectsParents);
  for (const child of children) for (const parent of parentsOf(child)) keepParent(parent, child);
  keepParents();
  const walls = prefixIndex(protectedPrefixes);
  for (const candidate of candidates) {
    const wall = candidate.place?.folders.map((folder) => walls.overlapping(folder)).find(Boolean);
    if (wall && !kept.has(candidate))
      keep(candidate, { reason: 'protected', because: `the policy protects ${uriOf(wall)}` });
  }

  // Jobs that are only observed stay in any case, so what they need has to stay, too.
  const observed = candidates.filter((candidate) => !candidate.job.enforced && !kept.has(candidate));
  const neededBy = parents.finder();
  for (const candidate of observed) {
    for (const parent of neededBy(candidate))
      if (parent.job.enforced || isEmptied(parent)) keepParent(parent, candidate);
    const { held, beyond } = reachOf(candidate, around);
    for (const family of [
      forest.familyOf.get(candidate) ?? [],
      ...beyond.flatMap((prefix) => [...forest.familiesAt(prefix)]),
    ])
      for (const member of family)
        if (member.job.enforced) keep(member, keptBeside(member, candidate, held, forest));
  }
  settle();
  // Children that only need their parents keep no place, so it does not matter what their URI means.
  const needing = children.map((child) => ({ ...child, meaning: undefined }));
  return { kept, keepers: [...new Set([...keepers.items, ...observed]), ...needing] };
}

/** A list of distinct items, and readers that each go on where they stopped once more items were added. */
function growingList<T>() {
  const items: T[] = [];
  const known = new Set<T>();
  return {
    items,
    add(item: T): void {
      if (known.has(item)) return;
      known.add(item);
      items.push(item);
    },
    reader(): () => Generator<T> {
      let at = 0;
      return function* () {
        for (; at < items.length; at++) yield items[at] as T;
      };
    },
  };
}

/** All that a keeper keeps, and the part of it that is not in its own family. */
function reachOf(
  keeper: Candidate,
  { forest, naming }: Surroundings,
): Record<'held' | 'beyond', readonly Prefix[]> {
  const { job, place, reach } = keeper;
  const besides = place ? naming.besides(job, place) : [];
  const held = besides.length > 0 ? [...reach, ...besides] : reach;
  return { held, beyond: forest.familyOf.has(keeper) ? besides : held };
}

function keptFor({ job }: Candidate): Kept {
  return { reason: 'parent', because: `${job.name}, which stays, resumes from it` };
}

/** Returns the better explanation why `member` stays: `keeper`, where that holds something of it, or the top of its family. */
function keptBeside(member: Candidate, keeper: Candidate, held: readonly Prefix[], { topOf }: Forest): Kept {
  const touching = held.find((a) => member.reach.some((b) => overlaps(a, b)));
  const { job, reach } = touching ? keeper : (topOf.get(member) ?? keeper);
  const prefix = touching ?? reach[0];
  const where = prefix ? ` in ${uriOf(prefix)}` : '';
  return { reason: 'overlap', because: `it overlaps the artifacts${where} of ${job.name}, which stays` };
}
