import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  chunksWithin,
  overlap,
  prefetch,
  serialQueue,
  sleep,
  withDeadline,
} from '../../../functions/shared/concurrency.ts';
import { DeadlineExceeded } from '../../../functions/shared/errors.ts';

/** Timers that move only when told to. */
function stoppedClock(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return (ms: number) => t.mock.timers.tick(ms);
}

/** What has become of `promise` once everything that is ready has run. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'pending';
  promise.then(
    () => (state = 'resolved'),
    () => (state = 'rejected'),
  );
  await new Promise(setImmediate);
  return state;
}

const never = new Promise<never>(() => {});

test('chunksWithin() keeps the order, and goes beyond its bytes for a single item alone', () => {
  const most = { items: 3, bytes: 10 };
  const chunks = chunksWithin([4, 6, 1, 20, 1, 1, 1, 1], most, (bytes) => bytes);
  assert.deepEqual(chunks, [[4, 6], [1], [20], [1, 1, 1], [1]]);
  assert.deepEqual(
    chunksWithin([], most, () => 0),
    [],
  );
});

describe('sleep()', () => {
  test('resolves at its time and not before', async (t) => {
    const tick = stoppedClock(t);
    const slept = sleep(1000);
    tick(999);
    assert.equal(await stateOf(slept), 'pending');
    tick(1);
    assert.equal(await stateOf(slept), 'resolved');
  });

  test('rejects with the reason as soon as the signal aborts', async () => {
    const stop = new AbortController();
    const slept = sleep(60_000, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await assert.rejects(slept, reason);
  });

  test('does not begin when the signal has aborted', () =>
    assert.rejects(sleep(60_000, AbortSignal.abort(new Error('before'))), { message: 'before' }));

  test('leaves no listener on a signal that outlives it', async (t) => {
    const { signal } = new AbortController();
    const removed = t.mock.method(signal, 'removeEventListener');
    await sleep(1, signal);
    assert.equal(removed.mock.callCount(), 1);
  });
});

describe('withDeadline()', () => {
  test('hands over what the work returns or throws', async () => {
    assert.equal(await withDeadline(Promise.resolve(5), 1000, 'a call'), 5);
    await assert.rejects(withDeadline(Promise.reject(new Error('no')), 1000, 'a call'), { message: 'no' });
  });

  test('gives up at the limit and not before, naming the call', async (t) => {
    const tick = stoppedClock(t);
    const bounded = withDeadline(never, 5000, 'claim of duty@1');
    tick(4999);
    assert.equal(await stateOf(bounded), 'pending');
    tick(1);
    await assert.rejects(bounded, (error) => {
      assert.ok(error instanceof DeadlineExceeded);
      assert.equal(error.message, 'Cannot finish claim of duty@1: no answer within 5000 ms');
      return true;
    });
  });

  test('gives up with the reason when the signal aborts, or has', async () => {
    const stop = new AbortController();
    const bounded = withDeadline(never, 60_000, 'a call', { signal: stop.signal });
    stop.abort(new Error('lost'));
    await assert.rejects(bounded, { message: 'lost' });
    await assert.rejects(withDeadline(never, 60_000, 'a call', { signal: stop.signal }), { message: 'lost' });
  });

  test('hands a late error to onLate, and ends no process', async (t) => {
    const tick = stoppedClock(t);
    const { promise: work, reject } = Promise.withResolvers<void>();
    const late: unknown[] = [];
    const bounded = withDeadline(work, 10, 'a call', { onLate: (error) => late.push(error) });
    tick(10);
    await assert.rejects(bounded, DeadlineExceeded);
    reject(new Error('connection reset'));
    await new Promise(setImmediate);
    assert.equal(String(late), 'Error: connection reset');
  });

  test('an error in time is no late one', async () => {
    const late: unknown[] = [];
    const failing = Promise.reject(new Error('no'));
    await assert.rejects(withDeadline(failing, 1000, 'a call', { onLate: (error) => late.push(error) }));
    await new Promise(setImmediate);
    assert.deepEqual(late, []);
  });
});

describe('serialQueue()', () => {
  test('runs one job at a time, in the order they came, past one that fails', async () => {
    const queue = serialQueue();
    const told: string[] = [];
    const job =
      (name: string, fails = false) =>
      async () => {
        told.push(`${name} begins`);
        await new Promise(setImmediate);
        told.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([queue(job('a')), queue(job('b', true)), queue(job('c'))]);
    assert.deepEqual(
      told,
      ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
    assert.deepEqual(
      results.map((it) => (it.status === 'fulfilled' ? it.value : String(it.reason))),
      ['a', 'Error: b', 'c'],
    );
  });

  test('a job that throws at once fails alone', async () => {
    const queue = serialQueue();
    const failing = queue(() => {
      throw new Error('at once');
    });
    await assert.rejects(failing, { message: 'at once' });
    assert.equal(await queue(async () => 5), 5);
  });
});

describe('prefetch()', () => {
  const told: string[] = [];
  async function* items() {
    try {
      for (const item of [1, 2, 3]) {
        told.push(`made ${item}`);
        yield item;
      }
    } finally {
      told.push('ended');
    }
  }

  test('fetches the first at once, and each other when it is asked for', async () => {
    told.length = 0;
    const eagerly = prefetch(items());
    assert.deepEqual(told, ['made 1']);
    for await (const item of eagerly) told.push(`took ${item}`);
    assert.deepEqual(told, ['made 1', 'took 1', 'made 2', 'took 2', 'made 3', 'took 3', 'ended']);
  });

  test('ends the items that nobody asked for, and those that were left', async () => {
    told.length = 0;
    await prefetch(items()).end();
    assert.deepEqual(told, ['made 1', 'ended']);
    const eagerly = prefetch(items());
    for await (const _ of eagerly) break;
    await eagerly.end();
    assert.deepEqual(told, ['made 1', 'ended', 'made 1', 'ended']);
  });

  test('tells a failure to whoever asks, and to nobody else', async () => {
    async function* broken(): AsyncGenerator<number, void> {
      yield Promise.reject(new Error('broken'));
    }
    const [asked, unasked] = [prefetch(broken()), prefetch(broken())];
    await new Promise(setImmediate);
    await assert.rejects(
      async () => {
        for await (const _ of asked);
      },
      { message: 'broken' },
    );
    await unasked.end();
  });
});

describe('overlap()', () => {
  test('begins a job once the one before is done, and does not wait for its end', async () => {
    const jobs = overlap();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await jobs.begin(() => first.promise);
    const begun = jobs.begin(() => second.promise);
    assert.equal(await stateOf(begun), 'pending');
    first.resolve();
    assert.equal(await stateOf(begun), 'resolved');
    assert.equal(await stateOf(jobs.done()), 'pending');
    second.resolve();
    assert.equal(await stateOf(jobs.done()), 'resolved');
  });

  test('tells the failure of a job to the next one, which is not begun', async () => {
    const jobs = overlap();
    await jobs.begin(() => Promise.reject(new Error('first')));
    await jobs.idle();
    const next = async () => assert.fail('It was begun');
    await assert.rejects(jobs.begin(next), { message: 'first' });
    await assert.rejects(jobs.done(), { message: 'first' });
  });
});
