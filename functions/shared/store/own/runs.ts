import type { Outcome } from '../../model/run/outcomes.ts';
import { type Run, runSchema } from '../../model/run/run.ts';
import { decode } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

/** Read-only: runs are written by lifecycle.ts and its terms. */
export function runStore({ taskRuns }: Collections) {
  return {
    /** The newest runs of `task`, newest first, at most `limit`. A run that waits to be pruned is left out, but for the newest of all. */
    async newest(
      task: string,
      { limit, outcome }: { limit: number; outcome?: Outcome | undefined },
      now: Date = new Date(),
    ): Promise<Run[]> {
      let query = taskRuns.where('task', '==', task);
      if (outcome) query = query.where('outcome', '==', outcome);
      query = query.orderBy('startedAt', 'desc').limit(limit);
      const runs: Run[] = [];
      // Not part of the query: a second range would need an index of its own.
      for (let page = query; ; ) {
        const { docs } = await page.get();
        const shown = docs.map((document) => decode(runSchema, document));
        const isNewest = (index: number) => page === query && index === 0 && !outcome;
        runs.push(
          ...shown.filter(({ expireAt }, index) => expireAt === null || expireAt > now || isNewest(index)),
        );
        if (runs.length >= limit || docs.length < limit) return runs.slice(0, limit);
        page = query.startAfter(docs.at(-1));
      }
    },
  };
}
