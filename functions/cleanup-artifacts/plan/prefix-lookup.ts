import { type Prefix, uriOf } from '../../shared/model/artifact/artifact.ts';
import { prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { PlannedJob, Said } from './decision.ts';
import type { Naming } from './naming.ts';

/** A root that keeps a job, and where; a job that is named by its own name has no `prefix`. */
export interface FoundRoot<R> {
  root: R;
  prefix: Prefix | undefined;
}

/**
 * Finds what keeps a job: the root that names it, else the one nearest to what it holds. Of several for the same place, the
 * one that lasts longest, then the first in the order of what they say.
 */
export type PrefixLookup<R> = (job: PlannedJob, reach: readonly Prefix[]) => FoundRoot<R> | undefined;

interface AnyRoot {
  said: Said;
  keepUntil?: Date | null;
}

/** A finder among roots, as they are understood. */
export function prefixLookup<R extends AnyRoot>(roots: readonly R[], naming: Naming): PrefixLookup<R> {
  const until = ({ keepUntil }: AnyRoot) => keepUntil?.getTime() ?? Number.MAX_VALUE;
  const words = (root: R) => JSON.stringify(root);
  const sorted = roots.toSorted((a, b) => until(b) - until(a) || compare(words(a), words(b)));
  const byJob = new Map<PlannedJob, R>();
  const byUri = new Map<string, R>();
  const prefixes: Prefix[] = [];
  for (const root of sorted) {
    const { reach, jobs } = naming.meaningOf(root.said);
    for (const job of jobs) if (!byJob.has(job)) byJob.set(job, root);
    for (const prefix of reach) {
      prefixes.push(prefix);
      if (!byUri.has(uriOf(prefix))) byUri.set(uriOf(prefix), root);
    }
  }
  const index = prefixIndex(prefixes);
  return (job, reach) => {
    const named = byJob.get(job);
    if (named) return { root: named, prefix: undefined };
    for (const each of reach) {
      const prefix = index.overlapping(each);
      const root = prefix && byUri.get(uriOf(prefix));
      if (root) return { root, prefix };
    }
    return undefined;
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
