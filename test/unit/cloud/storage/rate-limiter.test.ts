import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { adaptiveRateLimiter, START_RATE } from '../../../../functions/shared/cloud/storage/rate-limiter.ts';

const PATIENT = Number.POSITIVE_INFINITY;
const MINUTE = 60_000;

function setup(rate = START_RATE) {
  const clock = { ms: 5_000 };
  const pacing = adaptiveRateLimiter(rate, () => clock.ms);
  return {
    clock,
    pacing,
    /** Sends batches of 100, each at its time, for so long. */
    sendFor(ms: number) {
      const until = clock.ms + ms;
      while (clock.ms < until) clock.ms += Math.max(pacing.take(100, PATIENT) ?? 0, 1);
    },
  };
}

describe('a rate limiter', () => {
  test('lets through what its rate allows, the first at once', () => {
    const { clock, pacing } = setup();
    const waits = [100, 100, 50, 100].map((objects) => pacing.take(objects, PATIENT));
    assert.deepEqual(waits, [0, 100, 200, 250]);
    clock.ms += 300;
    assert.equal(pacing.take(100, PATIENT), 50);
    clock.ms += 10_000;
    // Time in which nothing was sent is not saved up.
    assert.deepEqual([pacing.take(100, PATIENT), pacing.take(100, PATIENT)], [0, 100]);
  });

  test('books nothing for those who would not wait so long', () => {
    const { pacing } = setup();
    pacing.take(1_000, PATIENT);
    assert.equal(pacing.take(100, 1_000), undefined);
    assert.equal(pacing.take(100, 1_001), 1_000);
  });

  test('never lets more through in any time than its rate, and a batch', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ pause: fc.nat(500), objects: fc.integer({ min: 1, max: 100 }) }), {
          maxLength: 80,
        }),
        (steps) => {
          const { clock, pacing } = setup();
          const sent = steps.map(({ pause, objects }) => {
            clock.ms += pause;
            return { at: clock.ms + (pacing.take(objects, PATIENT) ?? 0), objects };
          });
          for (const [first, { at: from }] of sent.entries()) {
            let sum = 0;
            for (const { at, objects } of sent.slice(first)) {
              assert.ok(sum <= ((at - from) * START_RATE) / 1_000 + 1e-6, `${sum} in ${at - from} ms`);
              sum += objects;
            }
          }
        },
      ),
    ));

  test('grows by half with every clean minute in which it was the limit', () => {
    const { pacing, sendFor } = setup();
    sendFor(MINUTE - 200);
    assert.equal(pacing.pace.rate, 1_000);
    sendFor(400);
    assert.equal(pacing.pace.rate, 1_500);
    sendFor(MINUTE);
    assert.deepEqual(pacing.pace, { rate: 2_250, halvings: 0 });
  });

  test('does not grow while nobody reaches it', () => {
    const { clock, pacing } = setup();
    for (let second = 0; second < 300; second += 1) {
      assert.equal(pacing.take(100, PATIENT), 0);
      clock.ms += 1_000;
    }
    assert.equal(pacing.pace.rate, 1_000);
  });

  test('halves at a refusal, and needs a clean minute from then on', () => {
    const { clock, pacing, sendFor } = setup();
    sendFor(MINUTE / 2);
    pacing.refused(clock.ms);
    assert.deepEqual(pacing.pace, { rate: 500, halvings: 1 });
    sendFor(MINUTE - 1_000);
    assert.equal(pacing.pace.rate, 500);
    sendFor(2_000);
    assert.equal(pacing.pace.rate, 750);
  });

  test('halves once for all that was under way together', () => {
    const { clock, pacing, sendFor } = setup();
    const sentAt = [clock.ms, clock.ms + 50, clock.ms + 100];
    clock.ms += 120;
    for (const at of sentAt) pacing.refused(at);
    assert.deepEqual(pacing.pace, { rate: 500, halvings: 1 });
    // Late refusals of that time leave the rate, but the minute is not clean.
    sendFor(MINUTE - 1_000);
    pacing.refused(sentAt[2] ?? 0);
    sendFor(2_000);
    assert.deepEqual(pacing.pace, { rate: 500, halvings: 1 });
    pacing.refused(clock.ms - 1);
    assert.deepEqual(pacing.pace, { rate: 250, halvings: 2 });
  });

  test('never goes below ten a second', () => {
    const { clock, pacing } = setup();
    for (let refusal = 0; refusal < 20; refusal += 1) {
      clock.ms += 1_000;
      pacing.refused(clock.ms);
    }
    assert.deepEqual(pacing.pace, { rate: 10, halvings: 20 });
    pacing.take(100, PATIENT);
    assert.equal(pacing.take(100, PATIENT), 10_000);
  });

  test('holds nothing up when it is lifted', () => {
    const { clock, pacing } = setup(Number.POSITIVE_INFINITY);
    pacing.refused(clock.ms);
    for (let batch = 0; batch < 100; batch += 1) assert.equal(pacing.take(100, PATIENT), 0);
  });
});
