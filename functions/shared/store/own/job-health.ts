import type { WriteBatch } from '@google-cloud/firestore';
import { type JobHealth, jobHealthSchema } from '../../model/job/sweep.ts';
import { decode } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

/** How the jobs of each source stand, as the last sweep found them. Written only inside a run's commits. */
export interface JobHealthStore {
  /** The health of every source that was swept, by the source's name. */
  all(): Promise<JobHealth[]>;

  /** Adds to `batch` how they stand now. */
  put(batch: WriteBatch, health: JobHealth): void;
}

export function jobHealthStore({ jobHealth }: Collections): JobHealthStore {
  return {
    async all() {
      const { docs } = await jobHealth.orderBy('source').get();
      return docs.map((document) => decode(jobHealthSchema, document));
    },

    put(batch, health) {
      batch.set(jobHealth.doc(health.source), health);
    },
  };
}
