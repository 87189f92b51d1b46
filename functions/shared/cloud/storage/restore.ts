import { z } from 'zod';
import type { ApiOptions } from '../rest/rest.ts';
import { type BatchedCalls, batchedCalls } from './batched-calls.ts';
import { type Generation, type ObjectCall, targetOf } from './object-call.ts';

/** Cloud Storage, objects.restore (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/restore). */

/**
 * `already-there`: what is live is not what was named as `over`, and no try of ours made it. `perhaps`: the same, but an
 * earlier try may have made it, whose answer is lost. `gone`: the time to restore it is over.
 */
export type RestoreResult = 'restored' | 'already-there' | 'perhaps' | 'gone';

/** A soft-deleted generation. */
export interface Restorable extends Generation {
  /**
   * The live generation that it may replace, as long as its metadata are as they were when it was made; by default `0`,
   * which means that no object of that name may be live.
   */
  over?: string | undefined;
}

const answerSchema = z.object({ generation: z.string() });

const RESTORE: ObjectCall<Restorable, RestoreResult> = {
  operation: 'objects.restore',
  permission: 'storage.objects.restore',
  done: 'restored',
  callOf: (bucket, { over = '0', ...item }) => ({
    verb: 'POST',
    // On these conditions alone: what was written since then stays.
    target: targetOf(bucket, item, {
      method: '/restore',
      query: {
        ifGenerationMatch: over,
        // What was restored is written once. Who changed its metadata since has written it, too.
        ...(over !== '0' && { ifMetagenerationMatch: '1' }),
        fields: 'generation',
      },
    }),
  }),
  madeIn: (text) => answerSchema.parse(JSON.parse(text)).generation,
  settle(status, said, unsure) {
    if (status === 404) return { result: 'gone', detail: said.words };
    if (status !== 412) return undefined;
    if (unsure === undefined) return { result: 'already-there', detail: said.words };
    return { result: 'perhaps', detail: `Perhaps by the earlier try, which ended with ${unsure}` };
  },
};

/** Makes the `restore` of CloudObjects. */
export function objectRestore(options: ApiOptions): BatchedCalls<Restorable, RestoreResult>['run'] {
  return batchedCalls(RESTORE, options).run;
}
