import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Job } from '../../../functions/shared/model/job.ts';
import { beating, type Sweeper, silentSource, sweeper } from '../../support/sweeper.ts';

/** Jobs that began two hours ago and fell silent one after the other, the first the longest ago. */
function dead(world: Sweeper, count: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `job-${String(index).padStart(4, '0')}`,
      { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(60 - index / 1_000) },
    ]),
  );
}

/** The job, but nobody can look at its heartbeat. */
function unjudgeable(job: Job): Job {
  return {
    ...job,
    get heartbeatAt(): Date {
      throw new TypeError('no such heartbeat');
    },
  };
}

const running = async (world: Sweeper) =>
  Object.values(await world.statuses()).filter((status) => status === 'running').length;

describe('a sweep whose time is up', () => {
  test('goes on next time where it stopped, and never from the head', async (t) => {
    let spentMs = 0;
    const world = sweeper(t, { monotonicMs: () => spentMs });
    await world.settle();
    await world.write(dead(world, 900));
    const pages: (string | null)[] = [];
    let commits = 0;
    world.replaceStores((store) => ({
      ...store,
      page(lookout, which, options) {
        if (lookout.name === 'jobs:silent') pages.push(which.after?.path ?? null);
        return store.page(lookout, which, options);
      },
      putEnding(...how) {
        // The budget is 450 s, of which each commit of 200 takes 200.
        if (commits++ % 200 === 0) spentMs += 200_000;
        return store.putEnding(...how);
      },
    }));
    const first = await world.deliver();
    const { hitLimit, lost, oldestBacklogSeconds, scanned } = first.summary;
    assert.deepEqual(
      { hitLimit, lost, scanned, outcome: first.outcome },
      { hitLimit: true, lost: 400, scanned: 400, outcome: 'partial' },
    );
    assert.equal(oldestBacklogSeconds, Math.round(3600 - 0.4 * 60));
    assert.equal(await running(world), 500);

    const second = await world.next();
    assert.deepEqual([second.summary.lost, second.summary.hitLimit], [400, true]);
    const third = await world.next();
    assert.deepEqual([third.summary.lost, third.summary.hitLimit, third.outcome], [100, false, 'succeeded']);
    assert.deepEqual(pages, [null, 'jobs/job-0399', 'jobs/job-0799']);
    assert.equal(await running(world), 0);
    await world.next();
    assert.equal(pages.at(-1), null);
  });

  test('while it still asks leaves the rest for the next one', async (t) => {
    let spentMs = 0;
    const world = sweeper(t, { monotonicMs: () => spentMs });
    await world.settle();
    await world.write(dead(world, 600));
    world.replaceStores((store) => ({
      ...store,
      async page(lookout, which, options) {
        const page = await store.page(lookout, which, options);
        // Reading took longer than it may: nobody is asked about anything any more.
        if (lookout.name === 'jobs:silent') spentMs += 300_000;
        return page;
      },
    }));
    const first = await world.deliver();
    assert.deepEqual([first.summary.scanned, first.summary.hitLimit, await running(world)], [0, true, 600]);
    world.replaceStores((store) => store);
    spentMs = 0;
    assert.deepEqual([(await world.next()).summary.lost, await running(world)], [600, 0]);
  });
});

describe('one thing that goes wrong', { concurrency: 4 }, () => {
  test('a document that cannot be read, judged or written costs only itself', async (t) => {
    const world = sweeper(t);
    await world.settle();
    // One that no further byte fits into.
    const [full] = Object.values(dead(world, 1));
    await world.write({ ...dead(world, 30), 'job-0007': { ...full, much: 'x'.repeat(1_048_200) } });
    world.replaceStores((store) => ({
      ...store,
      async page(lookout, which, options) {
        const page = await store.page(lookout, which, options);
        const [poison] = page.seen.splice(3, 1);
        if (poison) page.seen.push({ ...poison, job: unjudgeable(poison.job) });
        return { ...page, unreadable: [{ path: 'jobs/odd', error: new Error('no such type') }] };
      },
    }));
    const { summary, problems, outcome } = await world.deliver();
    assert.deepEqual([summary.lost, outcome], [28, 'partial']);
    const paths = new Set(problems.map(({ path }) => path));
    assert.deepEqual(paths, new Set(['jobs:jobs/odd', 'jobs:jobs/job-0002', 'jobs:jobs/job-0007']));
    assert.equal(await running(world), 2);
  });

  test('a source that cannot be read stops no other', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating(), etl: beating({ collection: 'etl' }) } });
    await world.settle();
    await world.write(dead(world, 2));
    world.replaceStores((store) =>
      store.name === 'etl'
        ? { ...store, page: () => Promise.reject(new Error('7 PERMISSION_DENIED: not for you')) }
        : store,
    );
    const { outcome, summary, problems } = await world.deliver();
    assert.deepEqual([outcome, summary.lost], ['partial', 2]);
    assert.deepEqual(problems, [
      { path: 'etl', message: 'Cannot sweep it: 7 PERMISSION_DENIED: not for you' },
    ]);

    world.replaceStores((store) => ({
      ...store,
      page: () => Promise.reject(new Error(`${store.name} is gone`)),
    }));
    const all = await world.next();
    assert.equal(all.outcome, 'failed');
    assert.match(all.problems[0]?.message ?? '', /jobs: Cannot sweep it: jobs is gone; etl: /);
  });

  test('two sweeps at once: one is skipped', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.write(dead(world, 5));
    const reached = Promise.withResolvers<void>();
    const let1 = Promise.withResolvers<void>();
    world.replaceStores((store) => ({
      ...store,
      async page(...how) {
        reached.resolve();
        await let1.promise;
        return store.page(...how);
      },
    }));
    const first = world.deliver();
    await reached.promise;
    assert.equal((await world.deliver()).outcome, 'skipped');
    let1.resolve();
    assert.deepEqual([(await first).summary.lost, await running(world)], [5, 0]);
  });
});

describe('what a sweep reads', () => {
  test('grows with the stale jobs, not with all that are active', async (t) => {
    const reads = async (alive: number, stale: number) => {
      const world = sweeper(t);
      await world.settle();
      const living = Array.from({ length: alive }, (_, index) => [
        `live-${index}`,
        { status: 'running', startedAt: world.ago(30), heartbeatAt: world.ago(1) },
      ]);
      await world.write({ ...Object.fromEntries(living), ...dead(world, stale) });
      const { summary } = await world.deliver();
      assert.equal(summary.lost, stale);
      return Number(summary.documentsRead);
    };
    const [few, many, stale] = [await reads(10, 10), await reads(500, 10), await reads(10, 60)];
    assert.deepEqual([many, stale], [few, few + 50]);
  });

  test('is everything that runs only where some job has no usable clock', async (t) => {
    const world = sweeper(t, { sources: { jobs: silentSource() } });
    await world.settle();
    const jobs = Array.from({ length: 50 }, (_, index) => [
      `j${index}`,
      { status: 'running', startedAt: world.ago(5) },
    ]);
    await world.write(Object.fromEntries(jobs));
    const before = Number((await world.deliver()).summary.documentsRead);
    await world.write({ odd: { status: 'running', startedAt: 'some time' } });
    const after = Number((await world.next()).summary.documentsRead);
    assert.equal(after - before, 51);
  });
});
