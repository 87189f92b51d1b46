import type { BucketFacts, CloudObjects } from '../../shared/cloud/storage/objects.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import { UpstreamError } from '../../shared/errors.ts';

const LIMIT_MS = MINUTE_MS;

/** Asks for each bucket once in a run; `null` for one that does not exist. */
export function bucketCache(objects: CloudObjects, signal: AbortSignal) {
  const asked = new Map<string, Promise<BucketFacts | null>>();

  async function ask(name: string): Promise<BucketFacts | null> {
    try {
      return await objects.bucket(name, { limitMs: LIMIT_MS, signal });
    } catch (error) {
      if (error instanceof UpstreamError && error.status === 404) return null;
      throw error;
    }
  }

  return (name: string): Promise<BucketFacts | null> => {
    const facts = asked.get(name) ?? ask(name);
    asked.set(name, facts);
    return facts;
  };
}

export type BucketBook = ReturnType<typeof bucketCache>;
