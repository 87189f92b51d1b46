import { MINUTE_MS, SECOND_MS } from '../../dates.ts';

/**
 * Limits how fast a bucket is written to (https://docs.cloud.google.com/storage/docs/request-rate). Deletions count as
 * writes. A bucket takes about 1,000 a second at first, and more after a while at its limit.
 */

/** The rate that Google gives for a new bucket, in objects a second. */
export const START_RATE = 1_000;
const GROWTH = 1.5;
const FLOOR = 10;

/** How fast a bucket may be written to now. */
export interface Pace {
  /** Objects a second. */
  rate: number;
  /** How often the rate was halved, because Google refused requests as too fast. */
  halvings: number;
}

export interface RateLimiter {
  /**
   * Reserves the sending of so many objects and returns after how many milliseconds to send them. Returns `undefined`, and
   * reserves nothing, where that would be `patienceMs` or more.
   */
  take(objects: number, patienceMs: number): number | undefined;
  /** Notes that a request was refused as too fast; it was sent at `sentAt`, by the rate limiter's clock. */
  refused(sentAt: number): void;
  readonly pace: Pace;
}

/**
 * The rate grows by half after every minute in which it was the limit and nothing was refused, and is halved when a
 * request is refused. A `startRate` of `Infinity` is no limit. `now` returns milliseconds and never goes back.
 */
export function adaptiveRateLimiter(startRate: number, now: () => number): RateLimiter {
  let rate = startRate;
  let halvings = 0;
  /** When the next object may be sent. */
  let free = now();
  let cleanSince = free;
  let heldUp = false;
  let halvedAt = Number.NEGATIVE_INFINITY;

  return {
    take(objects, patienceMs) {
      const at = now();
      if (at - cleanSince >= MINUTE_MS) {
        // A rate that was never reached has not been tested, and does not grow.
        if (heldUp) rate *= GROWTH;
        heldUp = false;
        cleanSince = at;
      }
      const waitMs = Math.max(0, free - at);
      if (waitMs > 0) heldUp = true;
      if (waitMs >= patienceMs) return undefined;
      free = at + waitMs + (objects * SECOND_MS) / rate;
      return waitMs;
    },
    refused(sentAt) {
      cleanSince = now();
      // A request that was sent before the rate was halved does not judge the new rate.
      if (sentAt <= halvedAt) return;
      halvedAt = cleanSince;
      halvings += 1;
      rate = Math.max(FLOOR, rate / 2);
    },
    get pace() {
      return { rate, halvings };
    },
  };
}
