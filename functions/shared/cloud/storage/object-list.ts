import { z } from 'zod';
import type { RestList } from '../rest/rest.ts';

/** How objects are listed (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list). */

/** The most that Cloud Storage returns at once. */
const PAGE_SIZE = 1_000;
/** A hundred million objects: no list of ours is as long. */
const MAX_PAGES = 100_000;

/** What a list asks for. */
interface ObjectsAsked<Item> {
  bucket: string;
  query: Record<string, string | number | boolean | undefined>;
  /** The fields of an item, and how one is read. */
  fields: string;
  item: z.ZodType<Item>;
}

/** A page of a list. */
interface Page<Item> {
  items: Item[];
  nextPageToken?: string | undefined;
}

/** The call that lists objects of a bucket; its time limit is for each page. */
export function objectList<Item>({ bucket, query, fields, item }: ObjectsAsked<Item>): RestList<Page<Item>> {
  return {
    operation: 'objects.list',
    path: `/b/${encodeURIComponent(bucket)}/o`,
    query: { ...query, maxResults: PAGE_SIZE, fields: `kind,nextPageToken,items(${fields})` },
    schema: z.object({
      // A prefix without objects has no `items`; an answer that is no list of objects must not pass for one without objects.
      kind: z.literal('storage#objects'),
      items: z.array(item).default([]),
      nextPageToken: z.string().optional(),
    }),
    permission: 'storage.objects.list',
    tokenParameter: 'pageToken',
    nextToken: (page) => page.nextPageToken,
    maxPages: MAX_PAGES,
    timePerPage: true,
  };
}
