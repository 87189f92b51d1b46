import { batchedCalls } from './batched-calls.ts';
import { type Generation, type ObjectCall, targetOf } from './object-call.ts';
import type { ApiOptions } from './rest.ts';

/** Cloud Storage, objects.restore (https://docs.cloud.google.com/storage/docs/json_api/v1/objects/restore). */

/** `already-there`: some object of that name is live. `gone`: the time in which it could be restored is over. */
export type RestoreResult = 'restored' | 'already-there' | 'gone';

const RESTORE: ObjectCall<Generation, RestoreResult> = {
  operation: 'objects.restore',
  permission: 'storage.objects.restore',
  done: 'restored',
  callOf: (bucket, item) => ({
    verb: 'POST',
    // Without a live object of that name: whatever has been written since then stays.
    target: targetOf(bucket, item, {
      method: '/restore',
      query: { ifGenerationMatch: '0', fields: 'generation' },
    }),
  }),
  settle(status, said, unsure) {
    if (status === 404) return { result: 'gone', detail: said.words };
    if (status !== 412) return undefined;
    const detail =
      unsure === undefined ? said.words : `Perhaps by the earlier try, which ended with ${unsure}`;
    return { result: 'already-there', detail };
  },
};

/** Makes soft-deleted generations live again, each as a new generation, where no object of that name is live. */
export function objectRestore(options: ApiOptions) {
  return batchedCalls(RESTORE, options).run;
}
