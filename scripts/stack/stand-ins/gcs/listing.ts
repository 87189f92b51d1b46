import type { Bucket } from './bucket.ts';
import { globPattern } from './glob.ts';
import type { ObjectVersion } from './object.ts';
import { flag, wholeNumber } from './parameters.ts';
import { badRequest } from './problem.ts';
import type { Key } from './sorted.ts';

/** The most that one page holds, and what it holds when nobody asks for less. */
export const PAGE_SIZE = 1_000;

/** A page of a list: its number, counted from 1, and the place from which it goes on. */
export interface Page {
  number: number;
  from: Key;
}

/** The page that a token asks for. Throws for a token that was never given out. */
export function pageAsked(token: string | null): Page {
  if (!token) return { number: 1, from: { name: '', generation: 0 } };
  try {
    const [number, name, generation] = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof name === 'string') return { number, from: { name, generation } };
  } catch {
    // Said below.
  }
  throw badRequest('Invalid value for pageToken');
}

/** The number of the page that a token asks for; 1 for a token that was never given out. */
export function pageNumber(token: string | null): number {
  try {
    return pageAsked(token).number;
  } catch {
    return 1;
  }
}

/** Tells a place, not a count: what is deleted or added meanwhile moves nothing else over the edge of a page. */
export function tokenOf({ number, from }: Page): string {
  return Buffer.from(JSON.stringify([number, from.name, from.generation])).toString('base64url');
}

/** How much a page may hold: as asked for, and no more than `most`. */
export function sizeAsked(query: URLSearchParams, most: number): number {
  return Math.min(most, wholeNumber(query, 'maxResults') || most);
}

export interface ObjectPage {
  items: ObjectVersion[];
  prefixes: string[];
  next: string | undefined;
}

/** A page of objects.list (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list). */
export function listObjects(bucket: Bucket, query: URLSearchParams, most: number): ObjectPage {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const end = query.get('endOffset');
  const glob = query.get('matchGlob');
  const pattern = glob ? globPattern(glob) : undefined;
  const page = pageAsked(query.get('pageToken'));
  const size = sizeAsked(query, most);
  const { list, shown } = selection(bucket, query);
  const items: ObjectVersion[] = [];
  const prefixes: string[] = [];
  let from = [
    page.from,
    { name: prefix, generation: 0 },
    { name: query.get('startOffset') ?? '', generation: 0 },
  ].reduce((a, b) => (b.name > a.name ? b : a));
  for (let more = true; more; ) {
    more = false;
    for (const version of list.from(from)) {
      const { name, generation } = version;
      if (!name.startsWith(prefix) || (end && name >= end)) break;
      if (!shown(version) || (pattern && !pattern.test(name))) continue;
      if (items.length + prefixes.length === size)
        return { items, prefixes, next: tokenOf({ number: page.number + 1, from }) };
      const cut = delimiter ? name.indexOf(delimiter, prefix.length) : -1;
      if (delimiter && cut >= 0) {
        const common = name.slice(0, cut + delimiter.length);
        prefixes.push(common);
        // Whatever else begins so is told by this one word.
        from = { name: successorOf(common), generation: 0 };
        more = true;
        break;
      }
      items.push(version);
      from = { name, generation: generation + 1 };
    }
  }
  return { items, prefixes, next: undefined };
}

function selection(
  bucket: Bucket,
  query: URLSearchParams,
): { list: Bucket['objects']; shown: (version: ObjectVersion) => boolean } {
  const versions = flag(query, 'versions');
  if (!flag(query, 'softDeleted'))
    return { list: bucket.objects, shown: ({ noncurrentAt }) => versions || noncurrentAt === null };
  if (versions) throw badRequest('The parameters versions and softDeleted cannot be used together.');
  return { list: bucket.softDeleted, shown: (version) => bucket.isRestorable(version) };
}

/** The first name after all those that begin with `prefix`. */
function successorOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
