import { overlaps, type Prefix, prefixIndex, reachOf, uriOf } from '../shared/model/artifact.ts';
import type { Kept } from './decision.ts';
import type { Family, Forest } from './forest.ts';
import type { Candidate } from './rules.ts';

/**
 * All candidates that are kept, and why: those that are kept by themselves, and to a fixed point their parents and
 * whatever overlaps them. No explanation runs in a circle: each rests on a job that was kept before.
 */
export function keptOf(
  candidates: readonly Candidate[],
  forest: Forest,
  protectedPrefixes: readonly Prefix[],
): Map<Candidate, Kept> {
  const kept = new Map<Candidate, Kept>();
  /** Those for whose sake others are kept, in the order in which they were kept. */
  const keepers: Candidate[] = [];
  const keep = (candidate: Candidate, why: Kept) => {
    if (kept.has(candidate)) return;
    kept.set(candidate, why);
    if (candidate.protects) keepers.push(candidate);
  };

  const parentsOf = parentFinder(candidates, forest);
  let askedForParents = 0;
  const keepParents = () => {
    for (; askedForParents < keepers.length; askedForParents++) {
      const child = keepers[askedForParents] as Candidate;
      for (const parent of parentsOf(child)) keep(parent, keptFor(child));
    }
  };

  const spread = new Set<Family>();
  let askedForFamily = 0;
  const settle = () => {
    for (keepParents(); askedForFamily < keepers.length; askedForFamily++, keepParents()) {
      const keeper = keepers[askedForFamily] as Candidate;
      const family = forest.familyOf.get(keeper);
      if (!family || spread.has(family)) continue;
      spread.add(family);
      for (const member of family.members) keep(member, keptBeside(overlap(member, keeper) ?? family.top));
    }
  };

  for (const candidate of candidates) if (candidate.own) keep(candidate, candidate.own);
  keepParents();
  const walls = prefixIndex(protectedPrefixes);
  for (const candidate of candidates) {
    const wall = candidate.prefix && walls.overlapping(candidate.prefix);
    if (wall) keep(candidate, { reason: 'protected', because: `the policy protects ${uriOf(wall)}` });
  }

  // What is only observed stays whatever is decided, so nothing that it needs may go.
  const observed = candidates.filter((candidate) => !candidate.job.enforced && !kept.has(candidate));
  const neededBy = parentFinder(candidates, forest);
  for (const candidate of observed) {
    for (const parent of neededBy(candidate)) if (parent.job.enforced) keep(parent, keptFor(candidate));
    const family = forest.familyOf.get(candidate);
    const others = family?.top === candidate ? family.members : [family?.top];
    for (const other of others) if (other?.job.enforced) keep(other, keptBeside(candidate));
  }
  settle();
  return kept;
}

/** `other`, if it overlaps `candidate`. */
function overlap({ prefix }: Candidate, other: Candidate): Candidate | undefined {
  return prefix && other.prefix && overlaps(prefix, other.prefix) ? other : undefined;
}

function keptFor({ job }: Candidate): Kept {
  return { reason: 'parent', because: `${job.name}, which stays, resumes from it` };
}

function keptBeside({ job, prefix }: Candidate): Kept {
  const where = prefix ? ` in ${uriOf(prefix)}` : '';
  return { reason: 'overlap', because: `it overlaps the artifacts${where} of ${job.name}, which stays` };
}

/**
 * Finds the jobs that a child resumes from: those of its source with the id that it names, and those that overlap the
 * URI that it names. What was found for one child is not found again for another.
 */
function parentFinder(
  candidates: readonly Candidate[],
  forest: Forest,
): (child: Candidate) => Generator<Candidate> {
  const byId = Map.groupBy(candidates, ({ job }) => `${job.source}:${job.id}`);
  const asked = new Set<string>();
  const found = new Set<Candidate[]>();
  return function* ({ job: { source, resumedFrom } }) {
    if (!resumedFrom) return;
    const named = byId.get(`${source}:${resumedFrom}`);
    const reach = reachOf(resumedFrom);
    const uri = reach && uriOf(reach);
    const overlapping = uri && !asked.has(uri) ? forest.overlapping(reach) : [];
    if (uri) asked.add(uri);
    for (const group of named ? [named, ...overlapping] : overlapping) {
      if (found.has(group)) continue;
      found.add(group);
      yield* group;
    }
  };
}
