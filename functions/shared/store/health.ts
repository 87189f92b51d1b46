import { type Health, healthSchema } from '../model/health.ts';
import type { Collections } from './collections.ts';
import { decode } from './firestore.ts';

/** Read-only: lifecycle.ts is the only writer of health. */
export function healthStore({ tasks }: Collections) {
  return {
    /** The health record of every task that ever ran, by task. */
    async all(): Promise<Map<string, Health>> {
      const found = await tasks.get();
      return new Map(found.docs.map((document) => [document.id, decode(healthSchema, document)]));
    },
  };
}
