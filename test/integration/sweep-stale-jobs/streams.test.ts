import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseLost } from '../../../functions/shared/errors.ts';
import type { Page } from '../../../functions/shared/store/sources/active-records.ts';
import { askedJobs } from '../../support/asked-jobs.ts';
import {
  beating,
  beginnings,
  brokenOff,
  dead,
  EXECUTIONS,
  inSmallPages,
  live,
  lively,
  MAPPING,
  named,
  type Sweeper,
  silentFor,
  sweeper,
} from '../../support/sweeper.ts';

/** Suspects on their way: they are judged and written while others are still being read. */

/** All of these at once, each as soon as the one before it is taken. */
async function* atOnce(pages: AsyncGenerator<Page, void>): AsyncGenerator<Page, void> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  yield* all;
}

const countOf = async (world: Sweeper, status: string) =>
  Object.values(await world.statuses()).filter((it) => it === status).length;

/** As Firestore throws it. */
const INTERNAL = Object.assign(new Error('13 INTERNAL: no'), { code: 13 });

describe('while over half of the jobs show life', { concurrency: 4 }, () => {
  test('a sweep writes what it has read before it has read everything', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 110));
    const ended: number[] = [];
    world.replaceStores((store) => ({
      ...lively(store),
      async *pages(query, which, options) {
        for await (const page of inSmallPages(store).pages(query, which, options)) {
          if (query.name === 'jobs:silent') ended.push(await countOf(world, 'failed'));
          yield page;
        }
      },
    }));
    assert.equal((await world.deliver()).summary.lost, 110);
    assert.equal(ended[0], 0);
    assert.ok(Number(ended[2]) > 0, String(ended));
  });

  test('a write that fails ends the writing, and the next sweep goes on with it', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 110));
    world.replaceStores((store) => ({
      ...lively(store),
      async *pages(query, which, options) {
        for await (const page of atOnce(inSmallPages(store).pages(query, which, options))) {
          const odd = page.seen.find(({ path }) => path.endsWith(named(70)));
          if (odd) await world.db.doc(odd.path).update({ note: 'moved' });
          yield page;
        }
      },
      async moved() {
        // The next page is on its way meanwhile.
        await sleep(200);
        throw new Error('14 UNAVAILABLE: gone');
      },
    }));
    const first = await world.deliver();
    const { lost, hitLimit, scanned, oldestBacklogSeconds } = first.summary;
    assert.deepEqual(
      { lost, hitLimit, scanned, oldestBacklogSeconds, outcome: first.outcome },
      { lost: 50, hitLimit: true, scanned: 50, oldestBacklogSeconds: 3600 - 3, outcome: 'partial' },
    );
    assert.deepEqual(first.problems, [
      { path: 'jobs', message: 'Cannot write the ends of its jobs: 14 UNAVAILABLE: gone' },
    ]);
    assert.equal((await world.health()).stale, 60);

    const begun = beginnings(world, lively);
    const second = await world.next();
    // Something has written the odd one since: it waits for another look.
    assert.deepEqual([begun, second.summary.lost], [[`jobs/${named(49)}`], 59]);
    assert.equal(await countOf(world, 'running'), 1);
  });

  test('nothing more is read once a write failed', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 60));
    const taken: number[] = [];
    world.replaceStores((store) => ({
      ...lively(store),
      async *pages(query, which, options) {
        for await (const page of inSmallPages(store).pages(query, which, options)) {
          yield page;
          taken.push(page.read);
        }
      },
      putEnding() {
        throw INTERNAL;
      },
    }));
    const { summary, outcome } = await world.deliver();
    assert.deepEqual([taken, summary.scanned, outcome], [[50], 0, 'partial']);
  });

  test('the next sweep goes on behind the last that was gone through, in the midst of what was read', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    await world.stand({ busy: world.silent('a', { heartbeatAt: world.ago(90) }), ...dead(world, 2) });
    world.backend.set('a', { state: 'busy' });
    world.replaceStores((store) => ({
      ...lively(store),
      putEnding() {
        throw INTERNAL;
      },
    }));
    assert.deepEqual((await world.deliver()).summary.scanned, 1);
    const begun = beginnings(world, lively);
    const { summary } = await world.next();
    assert.deepEqual([summary.lost, summary.scanned, begun], [2, 2, ['jobs/busy']]);
  });

  test('what was read when the time was up is counted as left, and was not gone through', async (t) => {
    let spentMs = 0;
    const world = sweeper(t, { monotonicMs: () => spentMs });
    await world.settle();
    await world.stand(dead(world, 60));
    world.replaceStores((store) => ({
      ...lively(store),
      async *pages(query, which, options) {
        for await (const page of atOnce(inSmallPages(store).pages(query, which, options))) {
          if (page.last.path.endsWith(named(59))) spentMs = 300_000;
          yield page;
        }
      },
    }));
    const { summary } = await world.deliver();
    assert.deepEqual([summary.lost, summary.scanned, summary.oldestBacklogSeconds], [50, 50, 3600 - 3]);
    assert.equal((await world.health()).stale, 10);
  });
});

describe('a sweep that can tell only at its end whether it is blind', { concurrency: 4 }, () => {
  test('goes by the jobs alone, not by their executions', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    // Kept by its executions alone: while a job beats, they are not ended.
    await world.stand({ ...dead(world, 6), ...live(world, 4), above: silentFor(world, 40) });
    // They broke their limit two minutes ago.
    const fresh = { status: 'running', startedAt: world.ago(24 * 60 + 2) };
    await world.stand({ 1: fresh, 2: fresh, 3: fresh, 4: fresh, 5: fresh }, 'jobs/above/executions');
    const { summary } = await world.deliver();
    assert.deepEqual([summary.lost, summary.held], [6, 5]);
  });

  test('goes by the jobs that it could read, where it could not read all', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    const mute = { status: 'running', startedAt: world.ago(2) };
    await world.stand({
      ...dead(world, 1),
      mute1: mute,
      mute2: mute,
      mute3: mute,
      mute4: mute,
      mute5: mute,
      ...live(world, 10),
      // Silent for five minutes more than they may.
      ...Object.fromEntries([1, 2, 3, 4, 5].map((it) => [`fresh-${it}`, silentFor(world, 20)])),
    });
    const going = { status: 'running', startedAt: world.ago(50) };
    const executions = Array.from({ length: 10 }, (_, index) => [String(index), going]);
    await world.stand(Object.fromEntries(executions), 'jobs/live-0/executions');
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        if (query.name === 'jobs:long') throw new Error('14 UNAVAILABLE: gone');
        yield* store.pages(query, which, options);
      },
    }));
    const { summary, problems } = await world.deliver();
    assert.deepEqual([summary.lost, summary.held], [0, 6]);
    assert.match(
      problems.map(({ message }) => message).join(),
      /5 of the 6 active jobs that could be read fell silent/,
    );
    // Not at the limit of the one that was doubted before.
    const alarm = (await world.alarms()).find(({ kind }) => kind === 'sweeper-blind');
    assert.deepEqual(alarm?.brokenAt, world.ago(5));
  });

  test('counts those that wait as well, where none may wait for ever', async (t) => {
    for (const [maxQueuedHours, held] of [
      [2, 5],
      [undefined, 6],
    ]) {
      const world = sweeper(t, { sources: { jobs: beating({ sweep: { maxQueuedHours } }) } });
      await world.settle();
      const waits = { status: 'queued', createdAt: world.ago(1) };
      await world.stand({
        ...dead(world, 1),
        w1: waits,
        w2: waits,
        w3: waits,
        w4: waits,
        w5: waits,
        ...Object.fromEntries([1, 2, 3, 4, 5].map((it) => [`fresh-${it}`, silentFor(world, 20)])),
      });
      assert.equal((await world.deliver()).summary.held, held);
    }
  });

  test('goes on next time with the first of all that had to wait, in the order they were read', async (t) => {
    const world = await askedJobs(t);
    const { silent } = world;
    await world.settle();
    await world.knowBackend();
    await world.stand({ gone: silent('nobody', { heartbeatAt: world.ago(90) }) });
    assert.equal((await world.deliver()).summary.unknown, 1);
    world.pass(10);
    await world.stand(dead(world, 8));
    world.replaceStores((store) => ({
      ...store,
      putEnding() {
        throw INTERNAL;
      },
    }));
    const { summary, problems } = await world.deliver();
    assert.deepEqual([summary.lost, summary.scanned, summary.hitLimit], [0, 0, true]);
    assert.deepEqual(problems, [
      { path: 'jobs', message: 'Cannot write the ends of its jobs: 13 INTERNAL: no' },
    ]);
    assert.equal((await world.health()).stale, 9);

    const begun: unknown[] = [];
    world.replaceStores((store) => ({
      ...store,
      pages(query, which, options) {
        if (query.name === 'jobs:silent') begun.push(which.after);
        return store.pages(query, which, options);
      },
    }));
    assert.deepEqual([(await world.next()).summary.lost, begun], [9, [null]]);
  });

  test('writes meanwhile what is beyond doubt', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    await world.stand({ done: world.silent('a'), ...dead(world, 8) });
    world.backend.set('a', { state: 'done', endedAt: world.ago(50).toISOString() });
    let meanwhile: Record<string, unknown> = {};
    world.replaceStores((store) => ({
      ...store,
      async *pages(query, which, options) {
        yield* store.pages(query, which, options);
        if (query.name !== 'jobs:submitted') return;
        for (let tries = 100; tries > 0 && meanwhile.done !== 'completed'; tries -= 1) {
          await sleep(20);
          meanwhile = await world.statuses();
        }
      },
    }));
    const { summary } = await world.deliver();
    assert.deepEqual([meanwhile.done, meanwhile[named(0)], summary.lost], ['completed', 'running', 8]);
  });

  test('tells in a dry run what would be held', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand({ ...dead(world, 2), fresh: silentFor(world, 20) });
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual([summary.lost, summary.held], [2, 1]);
  });

  test('may be blind where heartbeats are text, of which nobody can count those that are fresh', async (t) => {
    const heartbeatAt = { path: 'heartbeatAt', type: 'iso' };
    const world = sweeper(t, { sources: { jobs: beating({ fields: { ...MAPPING.fields, heartbeatAt } }) } });
    await world.settle();
    const silent = (minutes: number) => ({
      ...silentFor(world, minutes),
      heartbeatAt: world.ago(minutes).toISOString(),
    });
    const fresh = [1, 2, 3, 4, 5].map((it) => [`fresh-${it}`, silent(20)]);
    await world.stand({ old: silent(60), ...Object.fromEntries(fresh) });
    const { summary } = await world.deliver();
    assert.deepEqual([summary.held, summary.lost], [6, 0]);
  });

  test('counts each 404 once, and what it says of each once', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    await world.stand({ gone: world.silent('nobody'), ...dead(world, 8) });
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual([summary.scanned, summary.verdicts.length, summary.unknown, summary.lost], [9, 9, 1, 8]);
  });
});

describe('what cannot be read or written', { concurrency: 4 }, () => {
  test('of the executions of one job costs only that job', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    await world.stand(dead(world, 3));
    world.replaceStores((store) => ({
      ...store,
      executions: store.executions && {
        ...store.executions,
        of: async (path, options) => {
          if (path.endsWith(named(1))) throw INTERNAL;
          return store.executions?.of(path, options) ?? [];
        },
      },
    }));
    const { summary, problems, outcome } = await world.deliver();
    assert.deepEqual([summary.lost, outcome], [2, 'partial']);
    assert.deepEqual(problems, [
      { path: `jobs:jobs/${named(1)}`, message: 'Cannot judge or end it: 13 INTERNAL: no' },
    ]);
  });

  test('is not over before what is being written is', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 3));
    const told: string[] = [];
    world.replaceStores((store) => ({
      ...lively(store),
      async *pages(query, which, options) {
        for await (const page of store.pages(query, which, options)) {
          await world.db.doc(`jobs/${named(1)}`).update({ note: 'moved' });
          yield page;
          throw new LeaseLost('Cannot go on: the run was taken over');
        }
      },
      async moved(...how) {
        told.push('writes');
        await sleep(300);
        told.push('wrote');
        return store.moved(...how);
      },
    }));
    const { outcome, problems } = await world.deliver();
    assert.deepEqual([outcome, told], ['failed', ['writes', 'wrote']]);
    assert.match(problems[0]?.message ?? '', /^Cannot go on: the run was taken over/);
  });

  test('where nobody can count the jobs is told, and ends no process', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 3));
    world.replaceStores((store) => ({ ...store, alive: () => Promise.reject(new Error('9 no index')) }));
    const { outcome, problems } = await world.deliver();
    assert.deepEqual(
      [outcome, problems[0]?.message],
      ['failed', 'Cannot sweep any source: jobs: Cannot sweep it: 9 no index'],
    );
    assert.equal(await countOf(world, 'running'), 3);
  });

  test('for want of a word is counted', async (t) => {
    const statuses = { ...MAPPING.statuses, broken: 'failed', failed: 'failed' };
    const world = sweeper(t, { sources: { jobs: beating({ statuses }) } });
    await world.settle();
    await world.stand(dead(world, 3));
    const { problems } = await world.deliver();
    assert.match(problems[0]?.message ?? '', /: 3 records cannot be ended$/);
  });

  test('leaves what is younger than the last that was written', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await world.stand(dead(world, 60));
    world.replaceStores((store) => brokenOff(lively(inSmallPages(store))));
    const { summary } = await world.deliver();
    assert.deepEqual([summary.lost, summary.oldestBacklogSeconds], [50, 3600 - 3]);
  });

  test('of executions counts for no job', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    const over = { status: 'completed', startedAt: world.ago(200), endedAt: world.ago(100) };
    await world.stand({ over, ...dead(world, 2) });
    await world.stand({ 1: { status: 'running', startedAt: world.ago(150) } }, 'jobs/over/executions');
    world.replaceStores((store) => ({
      ...store,
      putEnding() {
        throw INTERNAL;
      },
    }));
    const { summary } = await world.deliver();
    assert.deepEqual([summary.scanned, summary.hitLimit], [0, true]);
    // Both jobs were read and left; the execution is none.
    assert.equal((await world.health()).stale, 2);
    world.replaceStores((store) => store);
    const second = await world.next();
    assert.deepEqual([second.summary.executionsFixed, second.summary.lost], [1, 2]);
  });
});

describe('what a backend said', { concurrency: 4 }, () => {
  test('is not asked for again by those that are read later', async (t) => {
    const world = await askedJobs(t);
    const jobs = Array.from({ length: 51 }, (_, index) => [named(index), world.silent('a')]);
    await world.stand(Object.fromEntries(jobs));
    world.backend.set('a', { state: 'busy' });
    world.replaceStores(inSmallPages);
    const { summary } = await world.deliver();
    assert.deepEqual([summary.kept, world.asked()], [51, 1]);
  });

  test('about an end is believed by later sweeps, too', async (t) => {
    const world = await askedJobs(t, { mode: 'observe' });
    await world.stand({ ran: world.silent('a') });
    world.backend.set('a', { state: 'done', endedAt: world.ago(50).toISOString() });
    await world.deliver();
    world.backend.clear();
    const { summary } = await world.deliver({ dryRun: true });
    assert.equal(summary.verdicts[0]?.rule, 'backend-ended');
  });
});

describe('what ended in a sweep', { concurrency: 4 }, () => {
  test('says nothing about a job in the same sweep', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    await world.stand({
      ...live(world, 3),
      // Silent for long, and once more beating soon.
      long: { status: 'running', startedAt: world.ago(26 * 60), heartbeatAt: world.ago(40) },
    });
    await world.stand({ 1: { status: 'running', startedAt: world.ago(25 * 60) } }, 'jobs/long/executions');
    const { summary } = await world.deliver();
    assert.deepEqual([summary.executionsFixed, (await world.job('long')).status], [1, 'running']);
  });
});

describe('records without a time', { concurrency: 4 }, () => {
  test('are found, too, where the heartbeats of the others are text', async (t) => {
    const heartbeatAt = { path: 'heartbeatAt', type: 'iso' };
    const world = sweeper(t, {
      sources: { jobs: beating({ fields: { ...MAPPING.fields, heartbeatAt } }) },
    });
    await world.settle();
    const beat = () => live(world, 3, { heartbeatAt: world.now().toISOString() });
    await world.stand({ ...beat(), mute: { status: 'running', startedAt: world.ago(120) } });
    world.pass(40);
    await world.stand(beat());
    await world.deliver();
    world.pass(10);
    await world.stand(beat());
    assert.deepEqual([(await world.deliver()).summary.lost, (await world.job('mute')).status], [1, 'failed']);
  });

  test('are found among the executions, too, whatever the jobs have', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    const over = { status: 'completed', startedAt: world.ago(200), endedAt: world.ago(100) };
    await world.stand({ over, ...live(world, 2) });
    await world.stand({ 1: { status: 'running' } }, 'jobs/over/executions');
    world.pass(60);
    await world.stand(live(world, 2));
    const { summary } = await world.deliver();
    assert.equal(summary.executionsFixed, 1);
  });
});
