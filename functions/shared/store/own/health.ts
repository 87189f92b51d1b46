import { type Health, healthSchema } from '../../model/run/health.ts';
import { decode } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

/** Read-only: health is written by lifecycle.ts and its terms; a person who settles a conflict closes its alarm there, too. */
export function healthStore({ tasks }: Collections) {
  return {
    /** The health record of every task that ever ran, by task. */
    async all(): Promise<Map<string, Health>> {
      const found = await tasks.get();
      return new Map(found.docs.map((document) => [document.id, decode(healthSchema, document)]));
    },
  };
}
