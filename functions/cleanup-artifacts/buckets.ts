import type { BucketFacts, CloudObjects } from '../shared/cloud/storage/objects.ts';
import { MINUTE_MS } from '../shared/dates.ts';
import { UpstreamError } from '../shared/errors.ts';

const LIMIT_MS = MINUTE_MS;

/** Returns the facts of a bucket; `null` for one that does not exist. Each bucket is asked about once. */
export type BucketCache = (name: string) => Promise<BucketFacts | null>;

export function bucketCache(objects: CloudObjects, signal: AbortSignal): BucketCache {
  const asked = new Map<string, Promise<BucketFacts | null>>();

  async function ask(name: string): Promise<BucketFacts | null> {
    try {
      return await objects.bucket(name, { limitMs: LIMIT_MS, signal });
    } catch (error) {
      if (error instanceof UpstreamError && error.status === 404) return null;
      throw error;
    }
  }

  return (name) => {
    const facts = asked.get(name) ?? ask(name);
    asked.set(name, facts);
    return facts;
  };
}
