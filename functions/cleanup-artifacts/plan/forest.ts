import { type Prefix, uriOf } from '../../shared/model/artifact/artifact.ts';
import { type PrefixIndex, prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import { disjointSets } from './disjoint-sets.ts';
import type { Candidate } from './rules.ts';

/** Jobs whose folders are nested, all below the same topmost ones. What keeps one of them keeps all. */
export type Family = readonly Candidate[];

/** The candidates whose artifacts may be deleted, by the nesting of their folders. */
export interface Forest {
  familyOf: ReadonlyMap<Candidate, Family>;
  /** A candidate whose folder contains that of the given one, which may be the same. */
  topOf: ReadonlyMap<Candidate, Candidate>;
  /** Returns the candidates whose folder overlaps `prefix`, grouped by folder. */
  overlapping: (prefix: Prefix) => Family[];
  /** Returns the families of the candidates whose folder overlaps `prefix`. */
  familiesAt: (prefix: Prefix) => Iterable<Family>;
}

/** Arranges the candidates. Groups and families keep their order. */
export function forestOf(candidates: readonly Candidate[], places: PrefixIndex): Forest {
  const groups = new Map<string, Candidate[]>();
  const tops = new Map<string, Prefix>();
  const unions = disjointSets<string>();
  const topOf = new Map<Candidate, Candidate>();
  for (const candidate of candidates)
    for (const folder of candidate.place?.folders ?? []) {
      const group = groups.get(uriOf(folder));
      if (group) group.push(candidate);
      else groups.set(uriOf(folder), [candidate]);
    }
  const placed = candidates.flatMap((candidate) => {
    const own = (candidate.place?.folders ?? []).map((folder) => places.topmost(folder) ?? folder);
    for (const top of own) tops.set(uriOf(top), top);
    const [first] = own;
    if (!first) return [];
    // A place that may mean two folders joins the families of both.
    for (const other of own) unions.join(uriOf(first), uriOf(other));
    const top = groups.get(uriOf(first))?.[0];
    if (top) topOf.set(candidate, top);
    return [{ candidate, tree: uriOf(first) }];
  });
  const byTree = Map.groupBy(placed, ({ tree }) => unions.leaderOf(tree));
  const families = new Map([...byTree].map(([tree, all]) => [tree, all.map(({ candidate }) => candidate)]));
  const familyAt = (tree: string): Family => families.get(unions.leaderOf(tree)) ?? [];
  const topIndex = prefixIndex(tops.values());
  return {
    familyOf: new Map(placed.map(({ candidate, tree }) => [candidate, familyAt(tree)])),
    topOf,
    overlapping: (prefix) => places.allOverlapping(prefix).map((folder) => groups.get(uriOf(folder)) ?? []),
    familiesAt: (prefix) => new Set(topIndex.allOverlapping(prefix).map((top) => familyAt(uriOf(top)))),
  };
}
