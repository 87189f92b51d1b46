import { messageOf } from '../../errors.ts';
import { type Health, healthSchema } from '../../model/run/health.ts';
import { decode } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

/** The health records of all tasks that ever ran, by task. */
export interface HealthRead {
  records: Map<string, Health>;
  /** Why a record cannot be read; it is not absent. */
  unreadable: Map<string, string>;
}

/** Read-only: health is written by lifecycle.ts and its terms; a person who settles a conflict closes its alarm there, too. */
export function healthStore({ tasks }: Collections) {
  return {
    async all(): Promise<HealthRead> {
      const read: HealthRead = { records: new Map(), unreadable: new Map() };
      for (const document of (await tasks.get()).docs)
        try {
          read.records.set(document.id, decode(healthSchema, document));
        } catch (error) {
          read.unreadable.set(document.id, messageOf(error).replace(/\s+/g, ' '));
        }
      return read;
    },
  };
}
