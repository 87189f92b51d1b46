import type { CloudObjects, ListOptions, StoredObject } from '../../shared/cloud/storage/objects.ts';
import type { Place, Prefix } from '../../shared/model/artifact/artifact.ts';

/** What may be deleted: all that lies in a folder, or one object, whose name `path` is then. */
export interface Target extends Prefix {
  isObject: boolean;
}

interface Limits {
  limitMs: number;
  signal: AbortSignal;
}

/** Everything that a place may be: each folder, and the object of its name where nothing lies in that. */
export function targetsAt({ bucket, folders, objects }: Place): { folder: Target; object: Target | null }[] {
  return folders.map(({ path }) => ({
    folder: { bucket, path, isObject: false },
    object: objects.includes(path.slice(0, -1)) ? { bucket, path: path.slice(0, -1), isObject: true } : null,
  }));
}

/** The target that `uriOf` wrote. */
export function targetOf(uri: string): Target {
  const [, bucket = '', path = ''] = /^gs:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (path === '') throw new Error(`Cannot delete what lies at ${uri}: it is no place in a bucket`);
  return { bucket, path, isObject: !path.endsWith('/') };
}

/** Hands the objects of a target to `onPage`, page by page. */
export async function listTarget(
  objects: CloudObjects,
  target: Target,
  onPage: (objects: StoredObject[]) => Promise<void>,
  limits: Limits,
  selection: ListOptions = {},
): Promise<void> {
  if (!target.isObject) return objects.list(target, onPage, limits, selection);
  // An exclamation mark sorts before all that a longer name usually goes on with.
  const own = { ...selection, endOffset: `${target.path}!` };
  const onOwn = (page: StoredObject[]) => onPage(page.filter(({ name }) => name === target.path));
  return objects.list(target, onOwn, limits, own);
}
