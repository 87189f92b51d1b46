import type { WriteBatch } from '@google-cloud/firestore';
import { type JobHealth, jobHealthSchema } from '../../model/job/sweep.ts';
import { decode } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

/** How the jobs of each source stand, as the last sweep found them. Written only inside a run's commits. */
export function jobHealthStore({ jobHealth }: Collections) {
  return {
    /** Of every source that was swept, by its name. */
    async all(): Promise<JobHealth[]> {
      const { docs } = await jobHealth.orderBy('source').get();
      return docs.map((document) => decode(jobHealthSchema, document));
    },

    /** Adds to `batch` how they stand now. */
    put(batch: WriteBatch, health: JobHealth): void {
      batch.set(jobHealth.doc(health.source), health);
    },
  };
}

export type JobHealthStore = ReturnType<typeof jobHealthStore>;
