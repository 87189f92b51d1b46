import { MINUTE_MS, SECOND_MS } from '../../dates.ts';

/**
 * How fast a bucket is written to (https://docs.cloud.google.com/storage/docs/request-rate): deletions count as writes, a
 * bucket begins at about 1,000 a second, and grows as long as nobody goes faster than it does.
 */

/** Google's own start, in objects a second. */
export const START_RATE = 1_000;
const GROWTH = 1.5;
const FLOOR = 10;

/** How fast a bucket may be written to now. */
export interface Pace {
  /** Objects a second. */
  rate: number;
  /** How often Google has said that it was too fast. */
  halvings: number;
}

export interface RateLimiter {
  /** Books the sending of so many objects, after so many milliseconds; books nothing that would wait `patienceMs` or more. */
  take(objects: number, patienceMs: number): number | undefined;
  /** Says that what was sent at `sentAt`, by the rate limiter's clock, came too fast. */
  refused(sentAt: number): void;
  readonly pace: Pace;
}

/**
 * Lets objects through at a rate that grows by half with every minute that it was the limit and nothing was refused, and
 * halves when something is; `Infinity` holds nothing up. `now` tells milliseconds and never goes back.
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
        // A rate that nobody has reached is not known to be good.
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
      // What was under way when the rate was halved says nothing about the new one.
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
