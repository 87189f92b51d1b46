import { z } from 'zod';
import { pooledMap } from '../../concurrency.ts';
import { UpstreamError } from '../../errors.ts';
import type { Limits, RestApi } from '../rest/rest.ts';
import type { Generation } from './object-call.ts';
import { objectList } from './object-list.ts';

/** All that Cloud Storage has of a name (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list). */

/** A generation of an object: live, noncurrent, or one that can be restored. */
export interface SeenGeneration extends Generation {
  is: 'live' | 'noncurrent' | 'soft-deleted';
  metageneration: string;
  createdAt: Date;
  /** Its size and checksums, by which its content is told from another; null where Cloud Storage tells none. */
  content: string | null;
}

/**
 * Returns the generations of each name that has any, the oldest first. The time limit is for each page. Rejects as `get` of
 * RestApi does.
 */
export type GenerationsOf = (
  bucket: string,
  names: readonly string[],
  limits: Limits,
) => Promise<Map<string, SeenGeneration[]>>;

/** So many names are asked for one by one; of more, all that lies between the first and the last is listed. */
const ONE_BY_ONE = 20;
const AT_ONCE = 8;

/** How Cloud Storage refuses to list what is soft-deleted in a bucket that has no such policy. */
const NO_POLICY = [400, 412];

const itemSchema = z.object({
  name: z.string(),
  generation: z.string().regex(/^\d+$/),
  metageneration: z.string(),
  size: z.string(),
  timeCreated: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  timeDeleted: z.string().optional(),
  crc32c: z.string().optional(),
  md5Hash: z.string().optional(),
});
type Item = z.output<typeof itemSchema>;

const FIELDS = Object.keys(itemSchema.shape).join(',');

/** Names from the first to the last, the others between. */
interface Range {
  first: string;
  last: string;
}

/** Makes the `generations` of CloudObjects. */
export function generationsOf(api: RestApi): GenerationsOf {
  /** Calls `onItem` with everything in a range: what exists, or what can be restored. */
  function list(
    bucket: string,
    { first, last }: Range,
    softDeleted: boolean,
    onItem: (item: Item) => void,
    limits: Limits,
  ): Promise<void> {
    // Ends the list soon: an exclamation mark sorts before the usual characters of a longer name.
    const range = { prefix: sharedFolder(first, last), startOffset: first, endOffset: `${last}!` };
    const which = softDeleted ? { softDeleted } : { versions: true };
    return api.list(
      objectList({ bucket, query: { ...range, ...which }, fields: FIELDS, item: itemSchema }),
      limits,
      ({ items }) => items.forEach(onItem),
    );
  }

  return async (bucket, names, limits) => {
    const wanted = new Set(names);
    const found = new Map<string, SeenGeneration[]>();
    const note = (softDeleted: boolean) => (item: Item) => {
      if (!wanted.has(item.name)) return;
      const all = found.get(item.name) ?? [];
      found.set(item.name, all);
      all.push(seenOf(item, softDeleted));
    };
    await pooledMap(rangesOf([...wanted]), AT_ONCE, async (range) => {
      await list(bucket, range, true, note(true), limits).catch(unlessNoPolicy);
      // Last, so that what is told to be live is as new as can be.
      await list(bucket, range, false, note(false), limits);
    });
    for (const all of found.values()) all.sort(byGeneration);
    return found;
  };
}

function seenOf(item: Item, softDeleted: boolean): SeenGeneration {
  const { name, generation, metageneration, size, timeCreated: createdAt, crc32c, md5Hash = '' } = item;
  const exists = item.timeDeleted === undefined ? 'live' : 'noncurrent';
  const content = crc32c === undefined ? null : `${size} ${crc32c} ${md5Hash}`;
  return { name, generation, metageneration, createdAt, content, is: softDeleted ? 'soft-deleted' : exists };
}

/** What cannot be listed because nothing can be restored there is nothing. */
function unlessNoPolicy(error: unknown): void {
  if (!(error instanceof UpstreamError) || !NO_POLICY.includes(error.status ?? 0)) throw error;
}

function rangesOf(names: readonly string[]): Range[] {
  if (names.length <= ONE_BY_ONE) return names.map((name) => ({ first: name, last: name }));
  // As Cloud Storage sorts them: by their bytes.
  const sorted = names.map((name) => Buffer.from(name)).sort(Buffer.compare);
  return [{ first: String(sorted[0]), last: String(sorted.at(-1)) }];
}

/** Returns the innermost folder that both names lie in; every name between them lies there, too. */
function sharedFolder(first: string, last: string): string {
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  const shared = first.slice(0, length);
  return shared.slice(0, shared.lastIndexOf('/') + 1);
}

function byGeneration(a: SeenGeneration, b: SeenGeneration): number {
  return BigInt(a.generation) < BigInt(b.generation) ? -1 : 1;
}
