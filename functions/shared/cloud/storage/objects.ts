import { z } from 'zod';
import type { Prefix } from '../../model/artifact/artifact.ts';
import { googleApi } from '../rest/google-api.ts';
import type { ApiOptions, Limits } from '../rest/rest.ts';
import { throughClient } from './client.ts';
import { type ObjectDeletion, objectDeletion } from './deletion.ts';
import { type GenerationsOf, generationsOf } from './generations.ts';
import type { ItemResult } from './object-call.ts';
import { objectList } from './object-list.ts';
import { objectRestore, type Restorable, type RestoreResult } from './restore.ts';

/** Objects of Cloud Storage (https://docs.cloud.google.com/storage/docs/json_api/v1/objects). */

/** The settings of a bucket that decide whether, and for how long, deleted objects can be restored. */
export interface BucketFacts {
  name: string;
  /** Such as `EU` or `EUROPE-WEST4`. */
  location: string;
  /** For how long a deleted object can be restored; 0 without soft deletion. */
  softDeleteSeconds: number;
  versioning: boolean;
  /** How old an object has to be before it can be deleted; 0 without a retention policy. */
  retentionSeconds: number;
}

export interface ListOptions {
  /** Also lists noncurrent generations. */
  versions?: boolean;
  /** Lists the objects that can be restored, and not those that exist. */
  softDeleted?: boolean;
  /** Only names from this one on. */
  startOffset?: string;
  /** Only names before this one. */
  endOffset?: string;
}

const wholeNumber = z.string().regex(/^\d+$/, 'a whole number as text');
const count = wholeNumber.transform(Number);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const maybeInstant = instant.nullable().default(null);

const bucketSchema = z
  .object({
    kind: z.literal('storage#bucket'),
    name: z.string(),
    location: z.string(),
    softDeletePolicy: z.object({ retentionDurationSeconds: count.default(0) }).optional(),
    versioning: z.object({ enabled: z.boolean().default(false) }).optional(),
    retentionPolicy: z.object({ retentionPeriod: count.default(0) }).optional(),
  })
  .transform(
    ({ name, location, softDeletePolicy, versioning, retentionPolicy }): BucketFacts => ({
      name,
      location,
      softDeleteSeconds: softDeletePolicy?.retentionDurationSeconds ?? 0,
      versioning: versioning?.enabled ?? false,
      retentionSeconds: retentionPolicy?.retentionPeriod ?? 0,
    }),
  );

const BUCKET_FIELDS =
  'kind,name,location,softDeletePolicy(retentionDurationSeconds),versioning(enabled),retentionPolicy(retentionPeriod)';

const objectSchema = z
  .object({
    name: z.string(),
    generation: wholeNumber,
    metageneration: wholeNumber,
    size: count,
    timeCreated: instant,
    updated: instant,
    temporaryHold: z.boolean().default(false),
    eventBasedHold: z.boolean().default(false),
    retentionExpirationTime: maybeInstant,
    timeDeleted: maybeInstant,
    softDeleteTime: maybeInstant,
    hardDeleteTime: maybeInstant,
  })
  .transform(({ name, generation, metageneration, size, temporaryHold, eventBasedHold, ...times }) => ({
    name,
    generation,
    metageneration,
    size,
    temporaryHold,
    eventBasedHold,
    createdAt: times.timeCreated,
    /** When its content or its metadata was last written. */
    updatedAt: times.updated,
    retainedUntil: times.retentionExpirationTime,
    /** Null while it is live. */
    noncurrentAt: times.timeDeleted,
    softDeletedAt: times.softDeleteTime,
    /** Until when it can be restored. */
    restorableUntil: times.hardDeleteTime,
  }));

/** A generation of an object as it is now. */
export type StoredObject = z.output<typeof objectSchema>;

const OBJECT_FIELDS = Object.keys(objectSchema.def.in.shape).join(',');

/** The objects of any bucket. Every member rejects as `get` of RestApi does. */
export interface CloudObjects {
  bucket(name: string, limits: Limits): Promise<BucketFacts>;

  /**
   * Calls `onPage` with the objects below a prefix, at most 1,000 at a time and in the order of their names, and waits for
   * it before more are asked for. The time limit is for each page.
   */
  list(
    prefix: Prefix,
    onPage: (objects: StoredObject[]) => Promise<void>,
    limits: Limits,
    selection?: ListOptions,
  ): Promise<void>;

  /** Opens a deletion that adapts to each bucket; `rate` is where each bucket begins, in objects a second. */
  deletion(pace?: { rate?: number }): ObjectDeletion;

  /**
   * Makes soft-deleted generations live again, each as a new generation, where no object of that name is live or the one
   * that it names as `over`. In a bucket with versions, that one becomes noncurrent. The results are in the order of
   * `items`.
   */
  restore(bucket: string, items: readonly Restorable[], limits: Limits): Promise<ItemResult<RestoreResult>[]>;

  /** Every generation of these names, with what tells its content from another. */
  generations: GenerationsOf;
}

export function cloudObjects(options: ApiOptions): CloudObjects {
  const { project } = options;
  const api = googleApi('storage', options, { transport: throughClient(project) });
  const pathOf = (bucket: string) => `/b/${encodeURIComponent(bucket)}`;

  return {
    bucket: (name, limits) =>
      api.get(
        {
          operation: 'buckets.get',
          path: pathOf(name),
          query: { fields: BUCKET_FIELDS },
          schema: bucketSchema,
          permission: 'storage.buckets.get',
        },
        limits,
      ),

    list: ({ bucket, path }, onPage, limits, selection = {}) =>
      api.list(
        objectList({
          bucket,
          query: { prefix: path, ...selection },
          fields: OBJECT_FIELDS,
          item: objectSchema,
        }),
        limits,
        // A page may be empty and not the last one.
        async ({ items }) => {
          if (items.length > 0) await onPage(items);
        },
      ),

    deletion: (pace) => objectDeletion(options, pace),
    restore: objectRestore(options),
    generations: generationsOf(api),
  };
}
