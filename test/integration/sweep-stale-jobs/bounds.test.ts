import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import type { Page } from '../../../functions/shared/store/sources/active-records.ts';
import {
  beating,
  brokenOff,
  dead,
  inSmallPages,
  live,
  lively,
  type Sweeper,
  silentSource,
  sweeper,
} from '../../support/sweeper.ts';

/** The job, but nobody can look at its heartbeat. */
function unjudgeable(job: Job): Job {
  return {
    ...job,
    get heartbeatAt(): Date {
      throw new TypeError('no such heartbeat');
    },
  };
}

/** Nothing of it can be read. */
async function* unreadable(because: string): AsyncGenerator<Page, void> {
  yield Promise.reject(new Error(because));
}

const running = async (world: Sweeper) =>
  Object.values(await world.statuses()).filter((status) => status === 'running').length;

describe('a sweep whose time is up', () => {
  test('goes on next time where it stopped, and never from the head', async (t) => {
    let spentMs = 0;
    const world = sweeper(t, { monotonicMs: () => spentMs });
    await world.settle();
    await world.stand(dead(world, 120));
    const begun: (string | null)[] = [];
    let endings = 0;
    world.replaceStores((store) => ({
      ...lively(store),
      pages(query, which, options) {
        if (query.name === 'jobs:silent') begun.push(which.after?.path ?? null);
        return inSmallPages(store).pages(query, which, options);
      },
      putEnding(...how) {
        // The budget is 450 s, of which each commit of 50 takes 200.
        if (endings++ % 50 === 0) spentMs += 200_000;
        return store.putEnding(...how);
      },
    }));
    const first = await world.deliver();
    const { hitLimit, lost, oldestBacklogSeconds, scanned } = first.summary;
    assert.deepEqual(
      { hitLimit, lost, scanned, outcome: first.outcome },
      { hitLimit: true, lost: 100, scanned: 100, outcome: 'partial' },
    );
    assert.equal(oldestBacklogSeconds, 3600 - 6);
    assert.equal(await running(world), 20);

    spentMs = 0;
    const second = await world.next();
    assert.deepEqual(
      [second.summary.lost, second.summary.hitLimit, second.outcome],
      [20, false, 'succeeded'],
    );
    assert.deepEqual(begun, [null, 'jobs/job-0099']);
    assert.equal(await running(world), 0);
    await world.next();
    assert.equal(begun.at(-1), null);
  });

  test('while it still asks leaves the rest for the next one', async (t) => {
    let spentMs = 0;
    const world = sweeper(t, { monotonicMs: () => spentMs });
    await world.settle();
    await world.stand(dead(world, 60));
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        for await (const page of store.pages(query, which, options)) {
          // Reading took longer than it may: nobody is asked about anything any more.
          spentMs += 300_000;
          yield page;
        }
      },
    }));
    const first = await world.deliver();
    assert.deepEqual([first.summary.scanned, first.summary.hitLimit, await running(world)], [0, true, 60]);
    world.replaceStores((store) => store);
    spentMs = 0;
    assert.deepEqual([(await world.next()).summary.lost, await running(world)], [60, 0]);
  });
});

describe('a sweep that cannot tell before its end whether it is blind', () => {
  /** Fewer than half show life, but those that do not have been silent for long. */
  async function doubtful(t: TestContext, monotonicMs?: () => number) {
    const world = sweeper(t, { ...(monotonicMs && { monotonicMs }) });
    await world.settle();
    const alive = { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(1) };
    await world.stand({ ...dead(world, 60), alive });
    return world;
  }

  test('writes nothing until everything is read, and then all', async (t) => {
    const world = await doubtful(t);
    const written: number[] = [];
    let endings = 0;
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        for await (const page of inSmallPages(store).pages(query, which, options)) yield page;
        written.push(endings);
      },
      putEnding(...how) {
        endings += 1;
        return store.putEnding(...how);
      },
    }));
    assert.equal((await world.deliver()).summary.lost, 60);
    assert.deepEqual([new Set(written), await running(world)], [new Set([0]), 1]);
  });

  test('leaves what waited to the next one when the time is up', async (t) => {
    let spentMs = 0;
    const world = await doubtful(t, () => spentMs);
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        yield* store.pages(query, which, options);
        // All was read, but nothing can be written any more.
        if (query.name === 'jobs:silent') spentMs += 400_000;
      },
    }));
    const first = await world.deliver();
    const { hitLimit, lost, scanned, oldestBacklogSeconds } = first.summary;
    assert.deepEqual([hitLimit, lost, scanned, oldestBacklogSeconds], [true, 0, 0, 3600]);
    assert.equal((await world.health()).stale, 60);
    world.replaceStores((store) => store);
    spentMs = 0;
    const second = await world.next();
    assert.deepEqual([second.summary.lost, await running(world)], [60, 1]);
  });
});

describe('one thing that goes wrong', { concurrency: 4 }, () => {
  test('a document that cannot be read, judged or written costs only itself', async (t) => {
    const world = sweeper(t);
    await world.settle();
    // One that no further byte fits into.
    const [full] = Object.values(dead(world, 1));
    await world.stand({ ...dead(world, 30), 'job-0007': { ...full, much: 'x'.repeat(1_048_200) } });
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        for await (const page of store.pages(query, which, options)) {
          const [poison] = page.seen.splice(3, 1);
          if (poison) page.seen.push({ ...poison, job: unjudgeable(poison.job) });
          yield { ...page, unreadable: [{ path: 'jobs/odd', error: new Error('no such type') }] };
        }
      },
    }));
    const { summary, problems, outcome } = await world.deliver();
    assert.deepEqual([summary.lost, outcome], [28, 'partial']);
    const paths = new Set(problems.map(({ path }) => path));
    assert.deepEqual(paths, new Set(['jobs:jobs/odd', 'jobs:jobs/job-0002', 'jobs:jobs/job-0007']));
    assert.equal(await running(world), 2);
  });

  test('a source that can be read no further keeps what was done, and goes on there', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand({ ...dead(world, 60), ...live(world, 61) });
    world.replaceStores((store) => brokenOff(inSmallPages(store)));
    const { outcome, summary, problems } = await world.deliver();
    assert.deepEqual([outcome, summary.lost, summary.hitLimit], ['partial', 50, true]);
    assert.deepEqual(problems, [{ path: 'jobs', message: 'Cannot sweep all of it: 14 UNAVAILABLE: gone' }]);
    world.replaceStores((store) => store);
    const second = await world.next();
    assert.deepEqual([second.summary.lost, second.summary.scanned], [10, 10]);
  });

  test('a source that cannot be read stops no other', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating(), etl: beating({ collection: 'etl' }) } });
    await world.settle();
    await world.stand(dead(world, 2));
    world.replaceStores((store) =>
      store.name === 'etl'
        ? { ...store, pages: () => unreadable('7 PERMISSION_DENIED: not for you') }
        : store,
    );
    const { outcome, summary, problems } = await world.deliver();
    assert.deepEqual([outcome, summary.lost], ['partial', 2]);
    assert.deepEqual(problems, [
      { path: 'etl', message: 'Cannot sweep it: 7 PERMISSION_DENIED: not for you' },
    ]);

    world.replaceStores((store) => ({
      ...store,
      pages: () => unreadable(`${store.name} is gone`),
    }));
    const all = await world.next();
    assert.equal(all.outcome, 'failed');
    assert.match(all.problems[0]?.message ?? '', /jobs: Cannot sweep it: jobs is gone; etl: /);
  });

  test('two sweeps at once: one is skipped', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 5));
    const reached = Promise.withResolvers<void>();
    const let1 = Promise.withResolvers<void>();
    world.replaceStores((store) => ({
      ...store,
      async *pages(...how) {
        reached.resolve();
        await let1.promise;
        yield* store.pages(...how);
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
      await world.stand({ ...live(world, alive), ...dead(world, stale) });
      const { summary } = await world.deliver();
      assert.equal(summary.lost, stale);
      return Number(summary.documentsRead);
    };
    const [few, many, stale] = [await reads(10, 10), await reads(60, 10), await reads(10, 30)];
    assert.deepEqual([many, stale], [few, few + 20]);
  });

  test('is everything that runs only where some job has no usable clock', async (t) => {
    const world = sweeper(t, { sources: { jobs: silentSource() } });
    await world.settle();
    const jobs = Array.from({ length: 50 }, (_, index) => [
      `j${index}`,
      { status: 'running', startedAt: world.ago(5) },
    ]);
    await world.stand(Object.fromEntries(jobs));
    const before = Number((await world.deliver()).summary.documentsRead);
    await world.stand({ odd: { status: 'running', startedAt: 'some time' } });
    const after = Number((await world.next()).summary.documentsRead);
    // And two counts, to be sure of it.
    assert.equal(after - before, 51 + 2);
  });
});
