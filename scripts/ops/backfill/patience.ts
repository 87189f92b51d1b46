import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { duration } from '../../words/figures.ts';

/** Before the second and the third try; there is no fourth. */
const PAUSES_MS = [2 * SECOND_MS, 5 * SECOND_MS];
/** How long in all a day waits for other runs to end: after that, one of them hangs, or another backfill runs. */
const LONGEST_WAIT_MS = 15 * MINUTE_MS;

/** A call that collected nothing: another run was live and wants to be waited for, or it failed. */
export type InVain = { busyMs: number } | { failure: string };
/** When to call again, or why not. */
export type Verdict = { pauseMs: number; why: string } | { givenUp: string };

/** How long one day is tried: live runs are waited for 15 min in all, and what fails is tried 3 times. */
export function newPatience(): (called: InVain) => Verdict {
  let waitedMs = 0;
  let failures = 0;
  return (called) => {
    if ('busyMs' in called) {
      if (waitedMs >= LONGEST_WAIT_MS)
        return { givenUp: `another run was live for ${duration(LONGEST_WAIT_MS)}` };
      const pauseMs = Math.min(Math.max(called.busyMs, SECOND_MS), LONGEST_WAIT_MS - waitedMs);
      waitedMs += pauseMs;
      return { pauseMs, why: `another run is live, trying again in ${duration(pauseMs)}` };
    }
    const pauseMs = PAUSES_MS[failures];
    failures += 1;
    if (pauseMs === undefined) return { givenUp: `tried ${failures} times, ${called.failure}` };
    const next = `try ${failures + 1} of ${PAUSES_MS.length + 1} in ${duration(pauseMs)}`;
    return { pauseMs, why: `${called.failure}; ${next}` };
  };
}
