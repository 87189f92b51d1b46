import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { follow, NOTHING_READ, type Reading, readOnce } from '../../../../../scripts/ops/watch/feed.ts';
import { noon } from '../../../../support/workloads.ts';

const tools = (read: (before: number | undefined) => Promise<number>, minutes = 0) => ({
  what: 'the figures',
  read,
  limitMs: 20,
  everyMs: 1,
  now: () => noon(minutes),
});
const never = () => new Promise<never>(() => undefined);

describe('readOnce()', () => {
  test('gives up on a reading that never answers, keeps what was read, and since when there is no answer', async () => {
    const read = await readOnce(
      NOTHING_READ,
      tools(async () => 1),
    );
    assert.deepEqual(read, { value: 1, readAt: noon(), failing: null });
    const first = await readOnce(read, tools(never, 1));
    const second = await readOnce(
      first,
      tools(() => Promise.reject(new Error('\u001b[2Jdenied\nfor ever')), 2),
    );
    assert.deepEqual([second.value, second.readAt], [1, noon()]);
    assert.equal(first.failing?.isSilent, true);
    assert.match(first.failing?.why ?? '', /reading the figures: no answer within 20 ms/);
    assert.deepEqual(second.failing, { since: noon(1), why: 'denied', isSilent: false });
    const again = await readOnce(
      second,
      tools(async (before) => (before ?? 0) + 1, 3),
    );
    assert.deepEqual(again, { value: 2, readAt: noon(3), failing: null });
  });
});

describe('follow()', () => {
  test('reads on after one that hung, until it is stopped', async () => {
    const stop = new AbortController();
    const seen: Reading<number>[] = [];
    let asked = 0;
    const read = () => {
      asked += 1;
      return asked === 2 ? never() : Promise.resolve(asked);
    };
    await follow(tools(read), stop.signal, (reading) => {
      seen.push(reading);
      if (seen.length === 3) stop.abort();
    });
    assert.deepEqual(
      seen.map(({ value, failing }) => [value, failing !== null]),
      [
        [1, false],
        [1, true],
        [3, false],
      ],
    );
  });
});
