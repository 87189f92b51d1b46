import type { ApiOptions } from '../rest/rest.ts';
import { batchedCalls } from './batched-calls.ts';
import { type Generation, type ObjectCall, targetOf } from './object-call.ts';

/** Cloud Storage, objects.delete (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/delete). */

/** A generation to delete; with a metageneration, only as long as its metadata are still those. */
export interface ObjectVersion extends Generation {
  metageneration?: string | undefined;
}

/**
 * `deleted`: by us. `gone`: by somebody else, before. `changed`: not as it was listed any more. `held`: by a hold or a
 * retention policy.
 */
export type DeletionResult = 'deleted' | 'gone' | 'changed' | 'held';

const DELETION: ObjectCall<ObjectVersion, DeletionResult> = {
  operation: 'objects.delete',
  permission: 'storage.objects.delete',
  done: 'deleted',
  callOf: (bucket, { metageneration, ...item }) => ({
    verb: 'DELETE',
    target: targetOf(bucket, item, {
      query: {
        ifGenerationMatch: item.generation,
        ...(metageneration !== undefined && { ifMetagenerationMatch: metageneration }),
      },
    }),
  }),
  settle(status, said, unsure) {
    const detail = said.words;
    if (status === 412) return { result: 'changed', detail };
    if (said.held) return { result: 'held', detail };
    if (status !== 404) return undefined;
    if (unsure === undefined) return { result: 'gone', detail };
    // It was there when it was listed, and a generation never comes back.
    return { result: 'deleted', detail: `Gone when tried again after ${unsure}: the earlier try deleted it` };
  },
};

/**
 * Deletes generations of objects, and never another one: for good or, where the bucket has soft deletion, until its time
 * is over. `rate` is where each bucket begins, in objects a second.
 */
export function objectDeletion(options: ApiOptions, { rate }: { rate?: number | undefined } = {}) {
  const { run, pace } = batchedCalls(DELETION, options, rate);
  return { delete: run, pace };
}

export type ObjectDeletion = ReturnType<typeof objectDeletion>;
