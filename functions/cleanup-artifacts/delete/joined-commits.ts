import type { WriteBatch } from '@google-cloud/firestore';
import type { RunContext } from '../../shared/run/task.ts';

/** Writes of one commit: Firestore takes 10 MiB, and a journal entry is at most half a megabyte. */
const WRITES_PER_COMMIT = 16;

interface Waiting {
  build: (batch: WriteBatch) => void;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Joins the writes of jobs that are worked on side by side into few commits of the run: whatever comes while one is
 * under way goes into the next one. Each resolves when its own write has landed.
 */
export function joinedCommits(run: Pick<RunContext<unknown>, 'commit'>) {
  let waiting: Waiting[] = [];
  let underWay = false;

  async function flush(): Promise<void> {
    if (underWay) return;
    underWay = true;
    while (waiting.length > 0) {
      const now = waiting.slice(0, WRITES_PER_COMMIT);
      waiting = waiting.slice(WRITES_PER_COMMIT);
      try {
        await run.commit((batch) => {
          for (const { build } of now) build(batch);
        });
        for (const { done } of now) done();
      } catch (error) {
        for (const { failed } of now) failed(error);
      }
    }
    underWay = false;
  }

  return (build: (batch: WriteBatch) => void): Promise<void> =>
    new Promise((done, failed) => {
      waiting.push({ build, done, failed });
      void flush();
    });
}
