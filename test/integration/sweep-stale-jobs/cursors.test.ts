import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import {
  beating,
  beginnings,
  brokenOff,
  dead,
  EXECUTIONS,
  inSmallPages,
  live,
  sweeper,
} from '../../support/sweeper.ts';

/** Where a look ends, and where the next one goes on. */

/** A page of it is as much as a sweep may read. */
function full(store: ActiveJobStore): ActiveJobStore {
  return {
    ...store,
    async *pages(...how) {
      for await (const page of store.pages(...how)) yield { ...page, read: 25_000 };
    },
  };
}

describe('a look', { concurrency: 4 }, () => {
  test('that broke off goes on behind the last page, and reads nothing before it again', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ mode: 'observe' }) } });
    await world.settle();
    await world.stand(dead(world, 60));
    world.replaceStores((store) => brokenOff(inSmallPages(store)));
    assert.equal((await world.deliver()).summary.observed, 50);
    const begun = beginnings(world);
    assert.deepEqual([(await world.next()).summary.observed, begun], [10, ['jobs/job-0049']]);
  });

  test('that goes on somewhere comes to all the others from their heads', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    await world.stand(dead(world, 3));
    world.replaceStores(full);
    assert.equal((await world.deliver()).summary.hitLimit, true);
    const over = { status: 'completed', startedAt: world.ago(200), endedAt: world.ago(100) };
    await world.stand({ over });
    await world.stand({ 1: { status: 'running', startedAt: world.ago(150) } }, 'jobs/over/executions');
    const begun = beginnings(world);
    assert.deepEqual([(await world.next()).summary.executionsFixed, begun], [1, ['jobs/job-0002']]);
  });

  test('that has read as much as it may goes on in the same place', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 3));
    world.replaceStores(full);
    const { summary } = await world.deliver();
    assert.deepEqual([summary.lost, summary.hitLimit], [3, true]);
    const begun = beginnings(world);
    assert.deepEqual([(await world.next()).summary.hitLimit, begun], [false, ['jobs/job-0002']]);
  });

  test('asks for jobs without a time only where the others are not all that run', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand({ ...dead(world, 2), ...live(world, 1) });
    let asked = 0;
    world.replaceStores((store) => ({
      ...store,
      hasAny(...how) {
        asked += 1;
        return store.hasAny(...how);
      },
    }));
    await world.deliver();
    assert.equal(asked, 0);
    await world.stand({ mute: { status: 'running', startedAt: world.ago(120) } });
    await world.deliver();
    assert.equal(asked, 1);
  });
});
