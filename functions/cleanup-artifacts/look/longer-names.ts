import type { ListOptions, StoredObject } from '../../shared/cloud/storage/objects.ts';
import type { Place } from '../../shared/model/artifact/artifact.ts';
import type { Target } from './target.ts';

/**
 * Finds the objects of which a URI is only the beginning. TensorFlow names a checkpoint by what its files begin with:
 * `model.ckpt-1000` for `model.ckpt-1000.index` (https://www.tensorflow.org/guide/checkpoint), and programs do so with
 * `part-` for `part-00000-of-00002`.
 */

/** An object whose name goes on where a URI ends. */
export interface LongerName {
  name: string;
  /** Whether the URI means it beyond doubt; else it may be the neighbour of a place that is empty. */
  isCertain: boolean;
}

/** Returns the first page of what a target holds; empty where it holds nothing. */
export type FirstPage = (target: Target, selection: ListOptions) => Promise<readonly StoredObject[]>;

/** In more folders whose names go on, too, nothing is looked for. Then a place counts as one with which names may begin. */
const MOST_FOLDERS = 50;

/** Returns the first object whose name goes on where the URI of a place ends. */
export async function longerNameAt(
  { bucket, objects }: Place,
  firstPage: FirstPage,
): Promise<LongerName | undefined> {
  for (const path of objects) {
    const found = await longerNameOf({ bucket, path, isObject: false }, firstPage);
    if (found) return found;
  }
  return undefined;
}

async function longerNameOf(target: Target, firstPage: FirstPage): Promise<LongerName | undefined> {
  const { path } = target;
  let from: string | undefined = path;
  let last = '';
  for (let folders = 0; from !== undefined; folders += 1) {
    // Where names go on in so many ways, nobody can tell what the URI means.
    if (folders > MOST_FOLDERS) return { name: last, isCertain: false };
    const page = await firstPage(target, { startOffset: from });
    const longer = page.flatMap(({ name }) => longerName(name, path) ?? []);
    const found = longer.find(({ isCertain }) => isCertain) ?? longer[0];
    if (found) return found;
    last = page.at(-1)?.name ?? '';
    from = page.length > 0 ? behind(last, path) : undefined;
  }
  return undefined;
}

/** Reads a name that begins with `path`; `undefined` where it is in a folder, or of another number: `run-10` for `run-1`. */
export function longerName(name: string, path: string): LongerName | undefined {
  const rest = name.slice(path.length);
  if (rest === '' || rest.includes('/') || isOtherNumber(path, rest)) return undefined;
  return { name, isCertain: /^[.-]/.test(rest) || /[^\p{L}\p{N}]$/u.test(path) };
}

/**
 * Returns from where on to look further when `name` is the last of a page without a longer name: behind the folder that it is
 * in, or behind all numbers that begin alike. `undefined` where it is the path itself, and so the only one.
 */
export function behind(name: string, path: string): string | undefined {
  const rest = name.slice(path.length);
  // A colon sorts next to the digits, and 0 next to the slash.
  if (isOtherNumber(path, rest)) return `${path}:`;
  const slash = rest.indexOf('/');
  return slash < 0 ? undefined : `${path}${rest.slice(0, slash)}0`;
}

function isOtherNumber(path: string, rest: string): boolean {
  return /\d$/.test(path) && /^\d/.test(rest);
}
