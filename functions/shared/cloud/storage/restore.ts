import { z } from 'zod';
import type { ApiOptions } from '../rest/rest.ts';
import { type BatchedCalls, batchedCalls } from './batched-calls.ts';
import { type Generation, type ObjectCall, targetOf } from './object-call.ts';

/** Cloud Storage, objects.restore (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/restore). */

/** `already-there`: another object of that name is live. `gone`: the time to restore it is over. */
export type RestoreResult = 'restored' | 'already-there' | 'gone';

/** A soft-deleted generation. */
export interface Restorable extends Generation {
  /** The live generation that it may replace; by default `0`, which means that no object of that name may be live. */
  over?: string | undefined;
}

const answerSchema = z.object({ generation: z.string() });

const RESTORE: ObjectCall<Restorable, RestoreResult> = {
  operation: 'objects.restore',
  permission: 'storage.objects.restore',
  done: 'restored',
  callOf: (bucket, { over = '0', ...item }) => ({
    verb: 'POST',
    // On this condition alone: what was written since then stays.
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

/** Makes the `restore` of CloudObjects. */
export function objectRestore(options: ApiOptions): BatchedCalls<Restorable, RestoreResult>['run'] {
  return batchedCalls(RESTORE, options).run;
}
