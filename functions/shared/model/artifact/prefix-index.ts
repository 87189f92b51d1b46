import type { Prefix } from './artifact.ts';

/** Finds among many prefixes those that overlap another, without comparing it with each. */
export interface PrefixIndex {
  /** One that overlaps: the nearest that holds `prefix`, else the first of those in it. */
  overlapping(prefix: Prefix): Prefix | undefined;
  /** All that overlap, each once: those that hold `prefix`, nearest first, then those in it. */
  allOverlapping(prefix: Prefix): Prefix[];
  /** The highest that holds `prefix`, be it itself. */
  topmost(prefix: Prefix): Prefix | undefined;
}

/** An index of `prefixes`; equal ones count once. */
export function prefixIndex(prefixes: Iterable<Prefix>): PrefixIndex {
  const byBucket = Map.groupBy(prefixes, ({ bucket }) => bucket);
  const trees = new Map([...byBucket].map(([bucket, all]) => [bucket, treeOf(all.map(({ path }) => path))]));
  function* within({ bucket, path }: Prefix): Generator<Prefix> {
    const { paths } = trees.get(bucket) ?? NO_TREE;
    for (let at = lastUpTo(paths, path) + 1; paths[at]?.startsWith(path); at++)
      yield { bucket, path: paths[at] as string };
  }
  /** Nearest first. */
  function* holding({ bucket, path }: Prefix): Generator<Prefix> {
    const { paths, holders } = trees.get(bucket) ?? NO_TREE;
    for (let at = lastUpTo(paths, path); at >= 0; at = holders[at] as number)
      if (path.startsWith(paths[at] as string)) yield { bucket, path: paths[at] as string };
  }
  const first = (some: Generator<Prefix>): Prefix | undefined => some.next().value ?? undefined;
  return {
    overlapping: (prefix) => first(holding(prefix)) ?? first(within(prefix)),
    allOverlapping: (prefix) => [...holding(prefix), ...within(prefix)],
    topmost: (prefix) => [...holding(prefix)].at(-1),
  };
}

/** Paths of a bucket in order, and for each the place of the nearest other that holds it, -1 for none. */
interface Tree {
  paths: string[];
  holders: number[];
}

const NO_TREE: Tree = { paths: [], holders: [] };

/** Whatever stands between a path and one that holds it is held by the same, so the holder is found going back. */
function treeOf(all: readonly string[]): Tree {
  const paths = [...new Set(all)].sort();
  const holders: number[] = [];
  for (const [at, path] of paths.entries()) {
    let holder = at - 1;
    while (holder >= 0 && !path.startsWith(paths[holder] as string)) holder = holders[holder] as number;
    holders.push(holder);
  }
  return { paths, holders };
}

/** The place in `sorted` of the last text up to `text`, -1 for none. */
function lastUpTo(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) > text) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
