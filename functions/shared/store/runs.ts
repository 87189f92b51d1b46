import { type Outcome, type Run, runSchema } from '../model/run.ts';
import type { Collections } from './collections.ts';
import { decode } from './firestore.ts';

/** Read-only: runs are written by lifecycle.ts and its terms. */
export function runStore({ taskRuns }: Collections) {
  return {
    /** The newest runs of `task`, newest first; at most `limit`. */
    async newest(task: string, options: { limit: number; outcome?: Outcome | undefined }): Promise<Run[]> {
      let query = taskRuns.where('task', '==', task);
      if (options.outcome) query = query.where('outcome', '==', options.outcome);
      const found = await query.orderBy('startedAt', 'desc').limit(options.limit).get();
      return found.docs.map((document) => decode(runSchema, document));
    },
  };
}
