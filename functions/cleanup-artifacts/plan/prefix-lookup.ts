import { type Prefix, uriOf } from '../../shared/model/artifact/artifact.ts';
import { prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { PlannedJob, Said } from './decision.ts';
import type { Naming } from './naming.ts';

/** A root that keeps a job. */
export interface FoundRoot<R> {
  root: R;
  /** The prefix that it keeps; `undefined` where it names the job itself. */
  prefix: Prefix | undefined;
}

/**
 * Finds the root that keeps a job: one that names it, else the nearest that overlaps its prefixes. Where several are equally
 * near, it is the one that lasts longest, and among these always the same one.
 */
export type PrefixLookup<R> = (job: PlannedJob, reach: readonly Prefix[]) => FoundRoot<R> | undefined;

interface AnyRoot {
  said: Said;
  keepUntil?: Date | null;
}

/** Makes the lookup among `roots`, whose texts `naming` interprets. */
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
