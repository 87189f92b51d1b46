import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { isOfEveryWrite } from '../../../functions/shared/store/firestore/firestore.ts';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import type { SeenJob } from '../../../functions/shared/store/sources/active-records.ts';
import type { ToEnd } from '../../../functions/sweep-stale-jobs/sweep/judge.ts';
import { type WriteTools, writeEndings } from '../../../functions/sweep-stale-jobs/sweep/write.ts';
import { ago, NOW, suspectOf } from '../../support/suspects.ts';

/** Records to end, and a database that keeps what is committed and refuses what `refusal` names an error for. */
function database(count: number, refusal: (paths: readonly string[]) => unknown = () => undefined) {
  const suspect = suspectOf({ heartbeatAt: ago(60) });
  const verdict = verdictOf(suspect, NOW);
  assert.ok('state' in verdict);
  const toEnd = Array.from({ length: count }, (_, nth): ToEnd => {
    const seen = { job: suspect.job, path: `jobs/${nth}` } as SeenJob;
    const candidate = { seen, isExecution: false, nth, at: { lookout: '', after: null } };
    return { candidate, suspect, verdict, word: 'failed', newlyStale: false };
  });
  const commits: string[][] = [];
  let put: string[] = [];
  const store: Pick<ActiveJobStore, 'ours' | 'grounds' | 'whyNoEnding' | 'putEnding' | 'failsAll'> = {
    ours: true,
    grounds: async () => new Map(),
    whyNoEnding: () => null,
    failsAll: isOfEveryWrite,
    putEnding: (_, { path }) => void put.push(path),
  };
  let tries = 0;
  const tools = {
    store,
    days: { markDirty: () => undefined },
    options: { tally: { documents: 0 } },
    run: {
      runId: 'run',
      signal: new AbortController().signal,
      async commit(build: (batch: unknown) => void) {
        put = [];
        tries += 1;
        build(null);
        const error = refusal(put);
        if (error !== undefined) throw error;
        commits.push(put);
      },
    },
    backend: null,
    by: null,
    now: NOW,
  };
  const paths = toEnd.map(({ candidate }) => candidate.seen.path);
  const write = (isTimeUp = () => false) =>
    writeEndings(toEnd, { ...(tools as unknown as WriteTools), isTimeUp });
  return { toEnd, paths, commits, write, tries: () => tries };
}

function grpcError(code: number): Error {
  return Object.assign(new Error(`${code}`), { code });
}

test('the ends of 1,200 records are written in commits of 500, none of which begins when the time is up', async () => {
  const { toEnd, paths, commits, write } = database(1_200);
  const { became, failure } = await write(() => commits.length === 2);
  assert.deepEqual(commits, [paths.slice(0, 500), paths.slice(500, 1_000)]);
  assert.deepEqual([[...became.keys()], failure], [toEnd.slice(0, 1_000), null]);
});

for (const [what, error] of [
  ['INVALID_ARGUMENT', grpcError(3)],
  ['UNKNOWN', grpcError(2)],
  ['OUT_OF_RANGE', grpcError(11)],
  ['the client itself', new TypeError('Value for argument "data" is not valid')],
] as const)
  test(`one end that ${what} refuses does not keep the others from being written`, async () => {
    const bad = ['jobs/0', 'jobs/77'];
    const { paths, commits, write } = database(100, (put) =>
      put.some((path) => bad.includes(path)) ? error : undefined,
    );
    const { became, unwritable, failure } = await write();
    assert.deepEqual(
      commits.flat(),
      paths.filter((path) => !bad.includes(path)),
    );
    assert.deepEqual([became.size, failure], [98, null]);
    assert.deepEqual(
      unwritable,
      bad.map((path) => ({ path, error })),
    );
  });

for (const [what, code, tries] of [
  ['cannot be reached', 14, 1],
  ['denies the right to', 7, 1],
  ['refuses all of for an unknown reason', 2, 13],
] as const)
  test(`what Firestore ${what} is not tried record by record`, async () => {
    const error = grpcError(code);
    const world = database(500, () => error);
    const { became, unwritable, failure } = await world.write();
    assert.deepEqual([became.size, unwritable, failure], [0, [], error]);
    assert.ok(world.tries() <= tries, String(world.tries()));
  });
