import type { ApiOptions, Limits } from '../rest/rest.ts';
import { batchedCalls } from './batched-calls.ts';
import { type Generation, type ItemResult, type ObjectCall, targetOf } from './object-call.ts';
import type { Pace } from './rate-limiter.ts';

/** Cloud Storage, objects.delete (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/delete). */

/** A generation to delete; with a metageneration, only while its metadata are unchanged. */
export interface ObjectVersion extends Generation {
  metageneration?: string | undefined;
}

/**
 * `deleted`: by us. `gone`: it was deleted before we came. `changed`: it is no longer as it was listed. `held`: a hold or
 * a retention policy keeps it.
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
    // It existed when it was listed, and a generation never comes back.
    return { result: 'deleted', detail: `Gone when tried again after ${unsure}: the earlier try deleted it` };
  },
};

export interface ObjectDeletion {
  /**
   * Deletes exactly the generations that are named, never another one of the same object. In a bucket with soft deletion
   * they can be restored until its time is over. Returns and rejects as `run` of BatchedCalls does.
   */
  delete(
    bucket: string,
    items: readonly ObjectVersion[],
    limits: Limits,
  ): Promise<ItemResult<DeletionResult>[]>;

  /** Returns how fast `bucket` may be written to now. */
  pace(bucket: string): Pace;
}

/** `rate` is where each bucket begins, in objects a second. */
export function objectDeletion(
  options: ApiOptions,
  { rate }: { rate?: number | undefined } = {},
): ObjectDeletion {
  const { run, pace } = batchedCalls(DELETION, options, rate);
  return { delete: run, pace };
}
