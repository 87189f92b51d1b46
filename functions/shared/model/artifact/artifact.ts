import { type Reading, read, unreadable } from '../reading/reading.ts';
import { locatorIn } from './locator.ts';

/**
 * Where artifacts lie. One place may be written in many ways (locator.ts), and some of them leave open which objects are
 * meant: `gs://runs/a%2Fb` may be the folder `a%2Fb` or the folder `a/b`. What has to stay is kept by everything that its
 * text may name; what goes must be named without doubt. Names are compared as Cloud Storage compares them, byte for byte.
 */

/** A folder of a bucket: `path` ends in `/`, or is empty for the whole bucket. */
export interface Prefix {
  bucket: string;
  path: string;
}

/** A place in a bucket, as a text names it. */
export interface Place {
  bucket: string;
  /** Every folder that the text may name, the likeliest first. */
  folders: readonly Prefix[];
  /** Names of single objects that it may name instead; none where it ends in a slash. */
  objects: readonly string[];
  /** Why nothing may be deleted there, in words; `null` where it may. */
  fault: string | null;
  /** All that has to be kept where this place has to be. */
  reach: readonly Prefix[];
}

/** Longer names do not exist: https://docs.cloud.google.com/storage/docs/objects#naming. */
const LONGEST_NAME_BYTES = 1024;

/** A host of Google's, where an address was taken for a URI. */
const GOOGLE_HOST = /(?:^|\.)(?:googleapis|cloud\.google)\.com$/;

const WHOLE_BUCKET = 'it names a whole bucket';

/** Whether a bucket can have this name: https://docs.cloud.google.com/storage/docs/buckets#naming. */
export function isBucketName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(text) && !GOOGLE_HOST.test(text);
}

/**
 * Reads a place in Cloud Storage in any of its spellings. What is none of them is unreadable; what is one and yet names
 * nothing that could be deleted is read, and its `fault` is why.
 */
export function readPlace(text: string | null): Reading<Place> {
  if (text === null || text.trim() === '') return { is: 'absent' };
  const locator = locatorIn(text);
  if (!locator) return unreadable(text, 'a place in Cloud Storage such as gs://bucket/folder/');
  const bucket = locator.bucket.toLowerCase();
  const noBucket = `no bucket can be named ${JSON.stringify(locator.bucket)}`;
  if (!isBucketName(bucket)) return { is: 'unreadable', why: noBucket };
  const paths = [...new Set(locator.names.map((name) => (name && !name.endsWith('/') ? `${name}/` : name)))];
  if (locator.isMount && paths.some(leadsOut)) return unreadable(text, 'a path within one bucket');
  const faults = [
    // In the name of a host, case means nothing.
    locator.bucket === bucket || locator.isHost ? undefined : noBucket,
    locator.fault,
    ...paths.map(faultOf),
  ];
  const folders = paths.map((path) => ({ bucket, path }));
  const reach = new Set(paths.flatMap((path) => (faultOf(path) ? aroundOf(path) : [path])));
  const isPlain = paths.every((path) => faultOf(path) === undefined);
  return read({
    bucket,
    folders,
    objects: locator.names.filter((name) => name !== '' && !name.endsWith('/')),
    fault: faults.find((fault) => fault !== undefined) ?? null,
    reach: isPlain ? folders : [...reach].map((path) => ({ bucket, path })),
  });
}

/** What a text names of which artifacts may be deleted, or why there is none. */
export type ReadUri = { ok: true; place: Place } | { ok: false; why: string };

/** Reads the URI of a job's artifacts as something to delete. */
export function readArtifactUri(text: string | null): ReadUri {
  const place = readPlace(text);
  if (place.is === 'absent') return refused('it is empty');
  if (place.is === 'unreadable') return refused(place.why);
  if (isWholeBucket(place.value)) return refused(WHOLE_BUCKET);
  return place.value.fault === null ? { ok: true, place: place.value } : refused(place.value.fault);
}

/** Whether a place is a bucket and no folder in it. */
export function isWholeBucket({ folders }: Place): boolean {
  return folders.some(({ path }) => path === '');
}

/** The one way to write a prefix: `gs://bucket/path/`. */
export function uriOf({ bucket, path }: Prefix): string {
  return `gs://${bucket}/${path}`;
}

/** Whether one lies in the other, or both are the same. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return a.bucket === b.bucket && (a.path.startsWith(b.path) || b.path.startsWith(a.path));
}

function faultOf(path: string): string | undefined {
  if (path === '') return undefined;
  const segments = segmentsOf(path);
  if (segments.includes('')) return 'it has an empty folder name';
  if (segments.some(isDots)) return 'it has a . or .. for a folder name';
  if (segments.some(hasWildcard)) return 'it has a wildcard';
  if (segments.some(hasPlaceholder)) return 'it has a placeholder';
  if (segments.some(hasControl)) return 'it has a control character';
  return isTooLong(path) ? `it is longer than ${LONGEST_NAME_BYTES} bytes` : undefined;
}

/**
 * All that a path may mean which cannot be taken at its word: the folder above whatever is odd in it, and what is left when
 * empty names and dots are followed as in a file system.
 */
function aroundOf(path: string): string[] {
  if (leadsOut(path)) return [''];
  const segments = segmentsOf(path);
  return [soundFolder(segments), soundFolder(followed(segments))];
}

/** The folder that the first of `segments` make up, as far as nothing is odd. */
function soundFolder(segments: readonly string[]): string {
  const sound: string[] = [];
  for (const segment of segments) {
    const isOdd = segment === '' || isDots(segment) || ODD_SIGNS.some((has) => has(segment));
    if (isOdd || isTooLong(folderOf([...sound, segment]))) break;
    sound.push(segment);
  }
  return folderOf(sound);
}

/** Segments without empty ones and dots; `..` goes one up. */
function followed(segments: readonly string[]): string[] {
  const way: string[] = [];
  for (const segment of segments)
    if (segment === '..') way.pop();
    else if (segment !== '' && segment !== '.') way.push(segment);
  return way;
}

/** Whether `..` leads out of the bucket. */
function leadsOut(path: string): boolean {
  let depth = 0;
  for (const segment of segmentsOf(path)) {
    if (segment === '..') depth -= 1;
    else if (segment !== '' && segment !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function segmentsOf(path: string): string[] {
  return path.slice(0, -1).split('/');
}

function folderOf(segments: readonly string[]): string {
  return segments.map((segment) => `${segment}/`).join('');
}

function isDots(segment: string): boolean {
  return segment === '.' || segment === '..';
}

function hasWildcard(segment: string): boolean {
  return /[*?[\]]/.test(segment);
}

/** Whether something was to be put in its place: `{run_id}`, `${RUN}`, `$RUN`, `%(run)s`, `<run>`; or quotes were left. */
function hasPlaceholder(segment: string): boolean {
  return /[{}<>"]|\$[A-Za-z_(]|%\(/.test(segment);
}

function hasControl(segment: string): boolean {
  // Those that nobody sees, too, but for the joiners of scripts and emoji.
  return /\p{Cc}|[\u200b\u2060\ufeff]/u.test(segment);
}

const ODD_SIGNS = [hasWildcard, hasPlaceholder, hasControl];

function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > LONGEST_NAME_BYTES;
}

function refused(why: string): { ok: false; why: string } {
  return { ok: false, why };
}
