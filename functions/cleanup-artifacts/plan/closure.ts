import { overlaps, type Prefix, uriOf } from '../../shared/model/artifact/artifact.ts';
import { prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { Kept, PlannedJob } from './decision.ts';
import type { Family, Forest } from './forest.ts';
import type { Meaning, Naming } from './naming.ts';
import { type Candidate, isGone } from './rules.ts';
import { saidOf } from './standing.ts';

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
  protectedPrefixes: readonly Prefix[];
}

/**
 * Computes which candidates are kept, and why: those that a rule keeps, and, until nothing more is added, their parents and
 * every candidate that overlaps them. Each explanation names a job that was kept before, so none is circular.
 */
export function closureOf(candidates: readonly Candidate[], around: Surroundings): Closure {
  const { forest, protectedPrefixes } = around;
  const kept = new Map<Candidate, Kept>();
  const keepers = growingList<Candidate>();
  const keep = (candidate: Candidate, why: Kept) => {
    if (!kept.has(candidate)) kept.set(candidate, why);
    // A job without artifacts does not need those of others.
    if (!candidate.own || !isGone(candidate.own)) keepers.add(candidate);
  };

  const parentsOf = parentFinder(candidates, around);
  const askedForParents = keepers.reader();
  const keepParents = () => {
    for (const child of askedForParents())
      for (const parent of parentsOf(child)) keep(parent, keptFor(child));
  };

  const spread = new Set<Family | string>();
  const askedForFamily = keepers.reader();
  const familiesOf = (keeper: Candidate): Family[] => {
    const own = forest.familyOf.get(keeper);
    if (own) return [own];
    const untold = keeper.reach.filter((prefix) => !spread.has(uriOf(prefix)));
    for (const prefix of untold) spread.add(uriOf(prefix));
    return untold.flatMap((prefix) => [...forest.familiesAt(prefix)]);
  };
  const settle = () => {
    keepParents();
    for (const keeper of askedForFamily()) {
      for (const family of familiesOf(keeper)) {
        if (spread.has(family)) continue;
        spread.add(family);
        for (const member of family) keep(member, keptBeside(nearestTo(member, keeper, forest)));
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
  for (const child of children) for (const parent of parentsOf(child)) keep(parent, keptFor(child));
  keepParents();
  const walls = prefixIndex(protectedPrefixes);
  for (const candidate of candidates) {
    const wall = candidate.place?.folders.map((folder) => walls.overlapping(folder)).find(Boolean);
    if (wall && !kept.has(candidate))
      keep(candidate, { reason: 'protected', because: `the policy protects ${uriOf(wall)}` });
  }

  // Jobs that are only observed stay in any case, so what they need has to stay, too.
  const observed = candidates.filter((candidate) => !candidate.job.enforced && !kept.has(candidate));
  const neededBy = parentFinder(candidates, around);
  for (const candidate of observed) {
    for (const parent of neededBy(candidate)) if (parent.job.enforced) keep(parent, keptFor(candidate));
    for (const member of forest.familyOf.get(candidate) ?? [])
      if (member.job.enforced) keep(member, keptBeside(nearestTo(member, candidate, forest)));
  }
  settle();
  // Children that only need their parents keep no place, so it does not matter what their URI means.
  const needing = children.map((child) => ({ ...child, meaning: undefined }));
  return { kept, keepers: [...new Set([...keepers.items, ...observed]), ...needing] };
}

/** Returns what a job's `resumedFrom` means; `undefined` where it has none. */
export function parentage({ job }: Candidate, naming: Naming): Meaning | undefined {
  const said = saidOf(job, 'resumedFrom');
  return said && naming.meaningOf(said, { self: job, mayBeGone: true });
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

/** Returns the better explanation why `member` stays: `keeper`, or the top of its own family. */
function nearestTo(member: Candidate, keeper: Candidate, { topOf }: Forest): Candidate {
  const touches = keeper.reach.some((a) => member.reach.some((b) => overlaps(a, b)));
  return touches ? keeper : (topOf.get(member) ?? keeper);
}

function keptFor({ job }: Candidate): Kept {
  return { reason: 'parent', because: `${job.name}, which stays, resumes from it` };
}

function keptBeside({ job, reach: [prefix] }: Candidate): Kept {
  const where = prefix ? ` in ${uriOf(prefix)}` : '';
  return { reason: 'overlap', because: `it overlaps the artifacts${where} of ${job.name}, which stays` };
}

/** Finds the jobs that a child began from. Each parent is found once, for the first child that names it. */
function parentFinder(
  candidates: readonly Candidate[],
  { forest, naming }: Surroundings,
): (child: Candidate) => Generator<Candidate> {
  const byJob = new Map<PlannedJob, Candidate>(candidates.map((candidate) => [candidate.job, candidate]));
  const asked = new Set<string>();
  const found = new Set<Candidate>();
  const nameless = [...naming.nameless];
  return function* (child) {
    const meaning = parentage(child, naming);
    if (!meaning) return;
    const { jobs, reach, mayBeNameless } = meaning;
    const meant = mayBeNameless ? [...jobs, ...nameless.splice(0)] : jobs;
    const named = meant.flatMap((job) => byJob.get(job) ?? []);
    const untold = reach.filter((prefix) => !asked.has(uriOf(prefix)));
    for (const prefix of untold) asked.add(uriOf(prefix));
    for (const parent of [...named, ...untold.flatMap((prefix) => forest.overlapping(prefix).flat())]) {
      if (parent === child || found.has(parent)) continue;
      found.add(parent);
      yield parent;
    }
  };
}
