import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keep, keepers, NothingKept } from '../../../../functions/status/cache/keep.ts';
import { sinceWhen } from '../../../../functions/status/cache/since-when.ts';
import { at } from '../../../support/health.ts';
import { handClock } from '../../../support/status.ts';

/** A value that is read in so many ms of real time; `fails` makes the next readings fail. */
function kept(lifeMs = 4_000) {
  const clock = handClock(at(0));
  const tally = { documents: 0 };
  const state = { readings: 0, fails: false, version: 0 };
  const keeper = keep({
    clock,
    tally,
    lifeMs: () => lifeMs,
    version: () => state.version,
    async read(before: number | undefined, cost) {
      state.readings += 1;
      cost.documents += 3;
      await Promise.resolve();
      if (state.fails) throw new Error('out of reach');
      return (before ?? 0) + 1;
    },
  });
  return { clock, tally, state, keeper };
}

describe('what is kept', () => {
  test('is read once for all who ask at once, and again only when it is old', async () => {
    const { clock, tally, state, keeper } = kept();
    const all = await Promise.all(Array.from({ length: 50 }, keeper));
    assert.deepEqual(new Set(all.map(({ value }) => value)), new Set([1]));
    clock.pass(3_999);
    await keeper();
    assert.equal(state.readings, 1);
    clock.pass(1);
    assert.deepEqual(await keeper(), { value: 2, readAt: at(4), error: null });
    assert.deepEqual([state.readings, tally.documents], [2, 6]);
  });

  test('stays with its age and the error while it cannot be read, and is not asked for at once again', async () => {
    const { clock, state, keeper } = kept(60_000);
    await keeper();
    state.fails = true;
    clock.pass(60_000);
    const old = { value: 1, readAt: at(0), error: 'out of reach' };
    assert.deepEqual(await keeper(), old);
    clock.pass(3_999);
    assert.deepEqual([await keeper(), state.readings], [old, 2]);
    state.fails = false;
    clock.pass(1);
    assert.deepEqual(await keeper(), { value: 2, readAt: at(64), error: null });
  });

  test('is old as soon as something has happened to it', async () => {
    const { state, keeper } = kept();
    await keeper();
    state.version += 1;
    assert.equal((await keeper()).value, 2);
    assert.equal((await keeper()).value, 2);
  });

  test('is nothing before the first reading that succeeds', async () => {
    const { state, keeper } = kept();
    state.fails = true;
    await assert.rejects(keeper(), NothingKept);
    state.fails = false;
    assert.equal((await keeper()).value, 1);
  });

  test('of many things is only so much: the one that was asked for longest ago is dropped', async () => {
    const opened: string[] = [];
    const get = keepers(2, (key) => {
      opened.push(key);
      return kept().keeper;
    });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key)();
    assert.deepEqual(opened, ['a', 'b', 'c', 'b']);
  });
});

describe('sinceWhen()', () => {
  test('is the instant at which the answer was first the same, for each question', () => {
    const since = sinceWhen();
    assert.deepEqual(since('q', 'x', at(0)), at(0));
    assert.deepEqual(since('q', 'x', at(4)), at(0));
    assert.deepEqual(since('other', 'x', at(8)), at(8));
    assert.deepEqual(since('q', 'y', at(12)), at(12));
    assert.deepEqual(since('q', 'x', at(16)), at(16));
  });
});
