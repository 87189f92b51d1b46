import { z } from 'zod';
import { googleApi } from '../rest/google-api.ts';
import type { ApiOptions, Limits } from '../rest/rest.ts';
import { throughClient } from './client.ts';

/** Cloud Storage, buckets.list (https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/list). */

/** A bucket as it is now. */
export interface BucketSeen {
  name: string;
  /** Such as `EU` or `EUROPE-WEST4`. */
  location: string;
  createdAt: Date;
}

export interface BucketsSeen {
  buckets: BucketSeen[];
  /** Names of buckets that Cloud Storage could not reach: they are not in the list. */
  missing: string[];
}

/** The most that Cloud Storage returns at once. */
const PAGE_SIZE = 1_000;

const pageSchema = z.object({
  // A project without buckets has no `items`; an answer that is no list of buckets must not pass for one without buckets.
  kind: z.literal('storage#buckets'),
  items: z
    .array(
      z.object({
        name: z.string(),
        location: z.string(),
        timeCreated: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
  unreachable: z.array(z.string()).default([]),
});

const FIELDS = 'kind,nextPageToken,unreachable,items(name,location,timeCreated)';

/** Cloud Storage of one project. */
export interface CloudStorage {
  /** Returns the buckets of all locations. Rejects as `get` of RestApi does. */
  buckets(limits: Limits): Promise<BucketsSeen>;
}

export function cloudStorage(options: ApiOptions): CloudStorage {
  const { project } = options;
  const api = googleApi('storage', options, { transport: throughClient(project) });

  return {
    async buckets(limits) {
      const buckets: BucketSeen[] = [];
      const missing = new Set<string>();
      await api.list(
        {
          operation: 'buckets.list',
          path: '/b',
          // Without returnPartialSuccess, one bucket that is out of reach fails the whole list.
          query: { project, maxResults: PAGE_SIZE, returnPartialSuccess: true, fields: FIELDS },
          schema: pageSchema,
          permission: 'storage.buckets.list',
          tokenParameter: 'pageToken',
          nextToken: (page) => page.nextPageToken,
        },
        limits,
        (page) => {
          // Such as `projects/_/buckets/NAME`.
          for (const unreached of page.unreachable) missing.add(unreached.split('/').at(-1) ?? unreached);
          for (const { timeCreated: createdAt, ...bucket } of page.items)
            buckets.push({ ...bucket, createdAt });
        },
      );
      return { buckets, missing: [...missing].sort() };
    },
  };
}
