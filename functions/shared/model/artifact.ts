/**
 * Where artifacts lie: prefixes of object names, compared as Cloud Storage compares names, byte for byte. Nothing is
 * decoded, resolved or trimmed: `%2F`, `é` and a space stand for themselves, and what might mean something else to
 * another program (`..`, `//`, wildcards) is refused instead of interpreted.
 */

/** A folder of a bucket: `path` ends in `/`, or is empty for the whole bucket. */
export interface Prefix {
  bucket: string;
  path: string;
}

/** A URI as a prefix, or why it cannot be one. */
export type ReadUri = { ok: true; prefix: Prefix } | { ok: false; why: string };

/** Longer names do not exist: https://docs.cloud.google.com/storage/docs/objects#naming. */
const LONGEST_NAME_BYTES = 1024;

/** Whether a bucket can have this name: https://docs.cloud.google.com/storage/docs/buckets#naming. */
export function isBucketName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(text);
}

/** Reads the URI of a job's artifacts, with or without the `/` at its end. */
export function readArtifactUri(text: string | null): ReadUri {
  const read = readRootUri(text);
  return read.ok && read.prefix.path === '' ? refused('it names a whole bucket') : read;
}

/** Reads the URI of something to keep: a folder, a file (read as the folder of its name), or a whole bucket. */
export function readRootUri(text: string | null): ReadUri {
  if (!text) return refused('it is empty');
  const [, bucket = '', name = ''] = /^gs:\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  if (!text.startsWith('gs://')) return refused('it does not begin with gs://');
  if (!isBucketName(bucket)) return refused(`no bucket can be named ${JSON.stringify(bucket)}`);
  if (name === '') return { ok: true, prefix: { bucket, path: '' } };
  const path = name.endsWith('/') ? name : `${name}/`;
  const why = faultOf(path);
  return why ? refused(why) : { ok: true, prefix: { bucket, path } };
}

/**
 * All that a URI may name, for what must be kept in any case: its prefix, or the whole bucket where the rest cannot be
 * read. `undefined` when it names no bucket at all.
 */
export function reachOf(text: string | null): Prefix | undefined {
  const read = readRootUri(text);
  if (read.ok) return read.prefix;
  const bucket = /^gs:\/\/([^/]*)/.exec(text ?? '')?.[1] ?? '';
  return isBucketName(bucket) ? { bucket, path: '' } : undefined;
}

/** The one way to write a prefix: `gs://bucket/path/`. */
export function uriOf({ bucket, path }: Prefix): string {
  return `gs://${bucket}/${path}`;
}

/** Whether one lies in the other, or both are the same. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return a.bucket === b.bucket && (a.path.startsWith(b.path) || b.path.startsWith(a.path));
}

/** Every URI that names `prefix` or a folder above it, nearest first, each also as it is written without its last `/`. */
export function ancestorsOf({ bucket, path }: Prefix): string[] {
  return foldersOf(path)
    .map((folder) => uriOf({ bucket, path: folder }))
    .flatMap((uri) => [uri, uri.slice(0, -1)]);
}

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

/** `a/b/` as `a/b/`, `a/` and the empty path of the whole bucket. */
function foldersOf(path: string): string[] {
  const folders = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    folders.push(path.slice(0, at + 1));
  return folders.reverse();
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

function faultOf(path: string): string | undefined {
  const segments = path.slice(0, -1).split('/');
  if (segments.includes('')) return 'it has an empty folder name';
  if (segments.includes('.') || segments.includes('..')) return 'it has a . or .. for a folder name';
  if (/[*?[\]]/.test(path)) return 'it has a wildcard';
  if (/\p{Cc}/u.test(path)) return 'it has a control character';
  return Buffer.byteLength(path) > LONGEST_NAME_BYTES
    ? `it is longer than ${LONGEST_NAME_BYTES} bytes`
    : undefined;
}

function refused(why: string): ReadUri {
  return { ok: false, why };
}
