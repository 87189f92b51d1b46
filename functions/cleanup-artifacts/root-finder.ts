import { type Prefix, prefixIndex, uriOf } from '../shared/model/artifact.ts';
import type { Pin, Root } from './decision.ts';

/** Finds the nearest model that overlaps a prefix; of those with the same prefix, the first by name. */
export function modelFinder(models: readonly Root[]): (prefix: Prefix) => Root | undefined {
  return finder(models.toSorted((a, b) => compare(a.by, b.by)));
}

/** Finds the nearest pin that overlaps a prefix; of those with the same prefix, the one that lasts longest. */
export function pinFinder(pins: readonly Pin[]): (prefix: Prefix) => Pin | undefined {
  const until = ({ keepUntil }: Pin) => keepUntil?.getTime() ?? Number.MAX_VALUE;
  const words = ({ owner, reason }: Pin) => JSON.stringify([owner, reason]);
  return finder(pins.toSorted((a, b) => until(b) - until(a) || compare(words(a), words(b))));
}

function finder<R extends { prefix: Prefix }>(roots: readonly R[]): (prefix: Prefix) => R | undefined {
  // Of equal keys the last entry stays.
  const byUri = new Map(roots.toReversed().map((root) => [uriOf(root.prefix), root]));
  const index = prefixIndex(roots.map(({ prefix }) => prefix));
  return (prefix) => {
    const found = index.overlapping(prefix);
    return found && byUri.get(uriOf(found));
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
