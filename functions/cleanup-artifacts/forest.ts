import { type Prefix, prefixIndex, uriOf } from '../shared/model/artifact.ts';
import type { Candidate } from './rules.ts';

/** Jobs whose prefixes lie in one another, in the end all in the topmost one. What keeps one of them keeps all. */
export interface Family {
  /** One that holds the topmost prefix. */
  top: Candidate;
  members: Candidate[];
}

/** The candidates that have a prefix, by how these lie in one another. */
export interface Forest {
  familyOf: ReadonlyMap<Candidate, Family>;
  /** All whose prefix overlaps `prefix`, those with the same prefix together. */
  overlapping: (prefix: Prefix) => Candidate[][];
}

/** Arranges the candidates; in every group and family they stay in the order in which they came. */
export function forestOf(candidates: readonly Candidate[]): Forest {
  const groups = Map.groupBy(candidates, ({ prefix }) => prefix && uriOf(prefix));
  const groupAt = (prefix: Prefix) => groups.get(uriOf(prefix)) ?? [];
  const index = prefixIndex(candidates.flatMap(({ prefix }) => prefix ?? []));

  const families = new Map<Candidate, Family>();
  const familyOf = new Map<Candidate, Family>();
  for (const candidate of candidates) {
    const highest = candidate.prefix && index.topmost(candidate.prefix);
    const top = highest && groupAt(highest)[0];
    if (!top) continue;
    const family = families.get(top) ?? { top, members: [] };
    family.members.push(candidate);
    families.set(top, family);
    familyOf.set(candidate, family);
  }
  return { familyOf, overlapping: (prefix) => index.allOverlapping(prefix).map(groupAt) };
}
