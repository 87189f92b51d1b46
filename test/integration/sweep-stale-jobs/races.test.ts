import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { pooledMap } from '../../../functions/shared/concurrency.ts';
import { sized } from '../../support/soak.ts';
import { sweeper } from '../../support/sweeper.ts';

describe('a job that finishes while it is swept', () => {
  test('stays as it finished, and is counted', async (t) => {
    const RACES = sized(16, 1_000);
    const world = sweeper(t);
    await world.settle();
    const ids = Array.from({ length: RACES }, (_, index) => `job-${String(index).padStart(4, '0')}`);
    await world.stand(
      Object.fromEntries(
        [...ids, 'dead'].map((id) => [
          id,
          { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(60) },
        ]),
      ),
    );
    const endedAt = Timestamp.fromDate(world.now());
    // Each finishes at some moment between being read and being written.
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        for await (const page of store.pages(query, which, options)) {
          const finish = { status: 'completed', endedAt, steps: 7 };
          const racers = page.seen.filter(({ path }) => path !== 'jobs/dead');
          await Promise.all(racers.map(({ path }) => world.db.doc(path).update(finish)));
          yield page;
        }
      },
    }));
    const { summary, outcome } = await world.deliver();
    const { skippedRace, lost, scanned } = summary;
    assert.deepEqual(
      { skippedRace, lost, scanned, outcome },
      { skippedRace: RACES, lost: 1, scanned: RACES + 1, outcome: 'succeeded' },
    );
    const { docs } = await world.db.collection('jobs').get();
    const overwritten = docs.filter(
      (document) =>
        document.id !== 'dead' &&
        (document.get('status') !== 'completed' || document.get('nightshift') || document.get('steps') !== 7),
    );
    assert.equal(overwritten.length, 0);
    assert.equal((await world.job('dead')).status, 'failed');
  });

  test('in the midst of the writing wins, whichever comes first', async (t) => {
    const JOBS = sized(120, 1_000);
    const world = sweeper(t);
    await world.settle();
    const ids = Array.from({ length: JOBS }, (_, index) => `job-${String(index).padStart(4, '0')}`);
    await world.stand(
      Object.fromEntries(
        ids.map((id) => [id, { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(60) }]),
      ),
    );
    // What a job does at its end: it says so, unless somebody has said otherwise. They begin with what is swept last.
    const finish = (id: string) =>
      world.db.runTransaction(async (transaction) => {
        const ref = world.db.doc(`jobs/${id}`);
        const isRunning = (await transaction.get(ref)).get('status') === 'running';
        if (isRunning) transaction.update(ref, { status: 'completed', endedAt: world.now() });
        return isRunning;
      });
    let finishing: Promise<boolean[]> | undefined;
    world.replaceStores((store) => ({
      ...store,
      async *pages(...how) {
        for await (const page of store.pages(...how)) {
          finishing ??= pooledMap(ids.toReversed(), 2, finish);
          yield page;
        }
      },
    }));
    const { summary } = await world.deliver();
    const finished = (await finishing) ?? [];
    const won = finished.filter(Boolean).length;
    const { docs } = await world.db.collection('jobs').get();
    const by = (status: string) => docs.filter((document) => document.get('status') === status);
    t.diagnostic(
      `${won} finished in time, ${String(summary.lost)} were ended, ${String(summary.skippedRace)} races`,
    );
    assert.deepEqual([by('completed').length, by('failed').length], [won, JOBS - won]);
    assert.equal(summary.lost, JOBS - won);
    assert.ok(by('completed').every((document) => document.get('nightshift') === undefined));
  });
});
