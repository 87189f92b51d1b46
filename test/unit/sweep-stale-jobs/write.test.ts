import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import type { SeenJob } from '../../../functions/shared/store/sources/active-records.ts';
import type { ToEnd } from '../../../functions/sweep-stale-jobs/sweep/judge.ts';
import { type WriteTools, writeEndings } from '../../../functions/sweep-stale-jobs/sweep/write.ts';
import { ago, NOW, suspectOf } from '../../support/suspects.ts';

test('the ends of 1,200 records are written in commits of 500, none of which begins when the time is up', async () => {
  const suspect = suspectOf({ heartbeatAt: ago(60) });
  const verdict = verdictOf(suspect, NOW);
  assert.ok('state' in verdict);
  const toEnd = Array.from({ length: 1_200 }, (_, nth): ToEnd => {
    const seen = { job: suspect.job, path: `jobs/${nth}` } as SeenJob;
    const candidate = { seen, isExecution: false, nth, at: { lookout: '', after: null } };
    return { candidate, suspect, verdict, word: 'failed', newlyStale: false };
  });
  const commits: string[][] = [];
  const store: Pick<ActiveJobStore, 'ours' | 'grounds' | 'whyNoEnding' | 'putEnding'> = {
    ours: true,
    grounds: async () => new Map(),
    whyNoEnding: () => null,
    putEnding: (_, { path }) => void commits.at(-1)?.push(path),
  };
  const tools = {
    store,
    days: { markDirty: () => undefined },
    options: { tally: { documents: 0 } },
    run: {
      runId: 'run',
      signal: new AbortController().signal,
      async commit(build: (batch: unknown) => void) {
        commits.push([]);
        build(null);
      },
    },
    backend: null,
    by: null,
    now: NOW,
    isTimeUp: () => commits.length === 2,
  };
  const { became, failure } = await writeEndings(toEnd, tools as unknown as WriteTools);
  const paths = toEnd.map(({ candidate }) => candidate.seen.path);
  assert.deepEqual(commits, [paths.slice(0, 500), paths.slice(500, 1_000)]);
  assert.deepEqual([[...became.keys()], failure], [toEnd.slice(0, 1_000), null]);
});
