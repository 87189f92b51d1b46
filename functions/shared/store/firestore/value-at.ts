import type { DocumentSnapshot } from '@google-cloud/firestore';
import { isMap, plainOf } from './firestore.ts';

/** What a document holds where a path leads. */
export interface ValueAt {
  /** As `plainOf` gives it; `undefined` where nothing is there. */
  value: unknown;
  /** Whether the path leads on through the value, which is no map: what it was to find may be in there. */
  isAbove: boolean;
}

/**
 * Returns the value at a path. Where a list, a text or the like stands in its way, that is returned: a document with
 * `{versions: [{uri: ...}]}` holds something at `versions.uri`, although Firestore finds nothing there.
 */
export function valueAt(document: Pick<DocumentSnapshot, 'get'>, path: string): ValueAt {
  const value = plainOf(document.get(path));
  if (value !== undefined) return { value, isAbove: false };
  const segments = path.split('.');
  for (let length = segments.length - 1; length > 0; length -= 1) {
    const above = plainOf(document.get(segments.slice(0, length).join('.')));
    if (above === undefined) continue;
    return isMap(above) || above === null
      ? { value: undefined, isAbove: false }
      : { value: above, isAbove: true };
  }
  return { value: undefined, isAbove: false };
}

/** The path that a query selects so that `valueAt` finds whatever stands in the way of `path`. */
export function wholeField(path: string): string {
  return path.split('.', 1)[0] ?? path;
}

/** Returns the paths without those that lie below another one: no query may select both. */
export function topmostPaths(paths: readonly string[]): string[] {
  const all = [...new Set(paths)];
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}.`)));
}
