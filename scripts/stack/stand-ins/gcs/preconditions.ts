import type { ObjectVersion } from './object.ts';
import { wholeNumber } from './parameters.ts';
import { preconditionFailed, StorageProblem } from './problem.ts';

/**
 * Checks what a request makes conditional on `object`, the one that it names or would replace
 * (https://docs.cloud.google.com/storage/docs/request-preconditions). Throws 412; of a request that only reads, 304 when
 * nothing has changed.
 */
export function checkPreconditions(
  query: URLSearchParams,
  object: ObjectVersion | undefined,
  { of = 'if', reads = false }: { of?: 'if' | 'ifSource'; reads?: boolean } = {},
): void {
  const actual = { Generation: object?.generation ?? 0, Metageneration: object?.metageneration };
  for (const [name, value] of Object.entries(actual)) {
    const match = wholeNumber(query, `${of}${name}Match`);
    if (match !== undefined && match !== value) throw preconditionFailed();
    const notMatch = wholeNumber(query, `${of}${name}NotMatch`);
    if (notMatch !== undefined && notMatch === value)
      throw reads ? new StorageProblem(304, 'notModified', 'Not Modified') : preconditionFailed();
  }
}
