import type { WriteBatch } from '@google-cloud/firestore';
import type { RunContext } from '../../shared/run/task.ts';

/** The most writes of one commit: Firestore takes 10 MiB, and a journal entry has at most half a megabyte. */
const WRITES_PER_COMMIT = 16;

interface Waiting {
  build: (batch: WriteBatch) => void;
  done: () => void;
  failed: (error: unknown) => void;
}

/** Resolves when the write is committed. */
export type JoinedCommit = (build: (batch: WriteBatch) => void) => Promise<void>;

/**
 * Joins the writes of jobs that are worked on side by side into few commits of the run: writes that come while one commit is
 * under way go into the next.
 */
export function joinedCommits(run: Pick<RunContext<unknown>, 'commit'>): JoinedCommit {
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

  return (build) =>
    new Promise((done, failed) => {
      waiting.push({ build, done, failed });
      void flush();
    });
}
