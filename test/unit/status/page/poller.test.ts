import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  LONGEST_WAIT_MS,
  PATIENCE_MS,
  type Poller,
  poller,
  type Timers,
} from '../../../../functions/status/page/client/live/poller.ts';

const INTERVAL_MS = 5_000;

/** Timers that move only when told, so that a minute takes no time. */
function fakeTimers(random = 0.5) {
  let now = 0;
  let waiting: { at: number; run: () => void }[] = [];
  const timers: Timers = {
    after(ms, run) {
      const it = { at: now + ms, run };
      waiting.push(it);
      return () => {
        waiting = waiting.filter((other) => other !== it);
      };
    },
    random: () => random,
  };
  return {
    timers,
    waiting: () => waiting.map(({ at }) => at - now),
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = waiting.toSorted((a, b) => a.at - b.at)[0];
        if (!next || next.at > end) break;
        now = next.at;
        waiting = waiting.filter((other) => other !== next);
        next.run();
        await turn();
      }
      now = end;
      await turn();
    },
  };
}

describe('the poller of a panel', () => {
  let world: ReturnType<typeof fakeTimers>;
  let poll: Poller;
  /** Of each question how to end it, in order. */
  let asked: { signal: AbortSignal; answer(): void; refuse(why: string): void }[];
  let heard: [string | null, number][];
  let answersAtOnce: 'well' | 'badly' | 'never';

  beforeEach(() => {
    world = fakeTimers();
    asked = [];
    heard = [];
    answersAtOnce = 'well';
    poll = poller(
      {
        intervalMs: INTERVAL_MS,
        ask(signal) {
          const { promise, resolve, reject } = Promise.withResolvers<void>();
          asked.push({ signal, answer: resolve, refuse: (why) => reject(new Error(why)) });
          if (answersAtOnce === 'well') resolve();
          if (answersAtOnce === 'badly') reject(new Error('HTTP 503'));
          return promise;
        },
        settled: (failure, tries) => heard.push([failure instanceof Error ? failure.message : null, tries]),
      },
      world.timers,
    );
  });

  test('asks at once, and then once an interval', async () => {
    poll.setActive(true);
    await world.pass(0);
    assert.equal(asked.length, 1);
    await world.pass(3 * INTERVAL_MS);
    assert.equal(asked.length, 4);
  });

  test('waits twice as long after each failure, at most a minute, and as before after an answer', async () => {
    answersAtOnce = 'badly';
    poll.setActive(true);
    await world.pass(0);
    const waits = [];
    for (let failures = 1; failures <= 6; failures += 1) {
      const [wait = 0] = world.waiting();
      waits.push(wait);
      await world.pass(wait);
    }
    assert.deepEqual(waits, [10_000, 20_000, 40_000, LONGEST_WAIT_MS, LONGEST_WAIT_MS, LONGEST_WAIT_MS]);
    assert.deepEqual(heard.at(-1), ['HTTP 503', 7]);
    answersAtOnce = 'well';
    await world.pass(LONGEST_WAIT_MS);
    assert.deepEqual(heard.at(-1), [null, 0]);
    assert.deepEqual(world.waiting(), [INTERVAL_MS]);
  });

  for (const [random, factor] of [
    [0, 0.8],
    [1, 1.2],
  ] as const)
    test(`waits ${factor} intervals where chance says ${random}, so that viewers do not ask in step`, async () => {
      world = fakeTimers(random);
      const other = poller({ intervalMs: INTERVAL_MS, ask: async () => {}, settled: () => {} }, world.timers);
      other.setActive(true);
      await world.pass(0);
      assert.deepEqual(world.waiting().map(Math.round), [INTERVAL_MS * factor]);
    });

  test('asks nothing while paused or hidden, and at once when seen again', async () => {
    poll.setActive(true);
    await world.pass(0);
    poll.setActive(false);
    await world.pass(10 * INTERVAL_MS);
    assert.equal(asked.length, 1);
    poll.setActive(true);
    assert.equal(asked.length, 2);
  });

  test('asks when told to, also while paused, and does not go on by itself then', async () => {
    void poll.refresh();
    await world.pass(10 * INTERVAL_MS);
    assert.equal(asked.length, 1);
  });

  test('has one question under way at most', async () => {
    answersAtOnce = 'never';
    poll.setActive(true);
    void poll.refresh();
    void poll.refresh();
    assert.equal(asked.length, 1);
  });

  test('gives up after 8 s, and says so', async () => {
    answersAtOnce = 'never';
    poll.setActive(true);
    await world.pass(PATIENCE_MS);
    assert.ok(asked[0]?.signal.aborted);
    assert.deepEqual(heard, [['no answer within 8 s', 1]]);
  });

  test('drops the answer to a question that has changed', async () => {
    answersAtOnce = 'never';
    poll.setActive(true);
    poll.restart();
    assert.ok(asked[0]?.signal.aborted);
    asked[0]?.answer();
    await world.pass(0);
    assert.deepEqual(heard, []);
    asked[1]?.answer();
    await world.pass(0);
    assert.deepEqual(heard, [[null, 0]]);
  });

  test('leaves no timer behind once stopped', async () => {
    poll.setActive(true);
    await world.pass(0);
    poll.stop();
    assert.deepEqual(world.waiting(), []);
  });
});
