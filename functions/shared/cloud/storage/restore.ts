import { z } from 'zod';
import type { ApiOptions } from '../rest/rest.ts';
import { batchedCalls } from './batched-calls.ts';
import { type Generation, type ObjectCall, targetOf } from './object-call.ts';

/** Cloud Storage, objects.restore (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/restore). */

/** `already-there`: another object of that name is live. `gone`: the time in which it could be restored is over. */
export type RestoreResult = 'restored' | 'already-there' | 'gone';

/** A soft-deleted generation, and in whose place it may become live: `0` where no object of that name may be live. */
export interface Restorable extends Generation {
  over?: string | undefined;
}

const answerSchema = z.object({ generation: z.string() });

const RESTORE: ObjectCall<Restorable, RestoreResult> = {
  operation: 'objects.restore',
  permission: 'storage.objects.restore',
  done: 'restored',
  callOf: (bucket, { over = '0', ...item }) => ({
    verb: 'POST',
    // Over nothing else: whatever has been written since then stays.
    target: targetOf(bucket, item, {
      method: '/restore',
      query: { ifGenerationMatch: over, fields: 'generation' },
    }),
  }),
  madeIn: (text) => answerSchema.parse(JSON.parse(text)).generation,
  settle(status, said, unsure) {
    if (status === 404) return { result: 'gone', detail: said.words };
    if (status !== 412) return undefined;
    const detail =
      unsure === undefined ? said.words : `Perhaps by the earlier try, which ended with ${unsure}`;
    return { result: 'already-there', detail };
  },
};

/**
 * Makes soft-deleted generations live again, each as a new generation, where no object of that name is live or the one that
 * it names as `over`. In a bucket with versions, that one becomes noncurrent.
 */
export function objectRestore(options: ApiOptions) {
  return batchedCalls(RESTORE, options).run;
}
