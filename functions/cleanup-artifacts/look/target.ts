import type { CloudObjects, ListOptions, StoredObject } from '../../shared/cloud/storage/objects.ts';
import type { Place, Prefix } from '../../shared/model/artifact/artifact.ts';

/** A place to delete: everything in a folder, or one object, whose name is `path`. */
export interface Target extends Prefix {
  isObject: boolean;
}

interface Limits {
  limitMs: number;
  signal: AbortSignal;
}

/** Returns everything that a place may mean: each folder, and the object of its name, which counts where the folder is empty. */
export function targetsAt({ bucket, folders, objects }: Place): { folder: Target; object: Target | null }[] {
  return folders.map(({ path }) => ({
    folder: { bucket, path, isObject: false },
    object: objects.includes(path.slice(0, -1)) ? { bucket, path: path.slice(0, -1), isObject: true } : null,
  }));
}

/** Parses a target that `uriOf` wrote. */
export function targetOf(uri: string): Target {
  const [, bucket = '', path = ''] = /^gs:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (path === '') throw new Error(`Cannot delete what lies at ${uri}: it is no place in a bucket`);
  return { bucket, path, isObject: !path.endsWith('/') };
}

/** Calls `onPage` with the objects of a target, page by page. */
export async function listTarget(
  objects: CloudObjects,
  target: Target,
  onPage: (objects: StoredObject[]) => Promise<void>,
  limits: Limits,
  selection: ListOptions = {},
): Promise<void> {
  if (!target.isObject) return objects.list(target, onPage, limits, selection);
  // Ends the list soon: an exclamation mark sorts before the usual characters of a longer name.
  const own = { ...selection, endOffset: `${target.path}!` };
  const onOwn = (page: StoredObject[]) => onPage(page.filter(({ name }) => name === target.path));
  return objects.list(target, onOwn, limits, own);
}
