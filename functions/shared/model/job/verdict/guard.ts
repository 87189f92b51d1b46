import { addMs, earlierOf } from '../../../dates.ts';
import type { Truth } from '../backend.ts';
import type { Verdict } from '../sweep.ts';
import { since } from './liveness.ts';
import { instant, lasting } from './words.ts';

/** Whether the sweep finds enough jobs alive to believe that the others are not. */

/** A share of fewer jobs means little. */
const FEWEST_FOR_A_SHARE = 5;
/** After so many intervals without a full sweep, silence may have begun at any time. */
const INTERVALS_TO_MISS = 3;

/** Two sweeps of the schedule are never exactly an interval apart. */
const SHARE_OF_INTERVAL = 0.9;

/** When a source was last swept in full; `null` if it never was. */
export interface SweepClock {
  sweptAt: Date | null;
  now: Date;
  /** Between two sweeps, by the schedule. */
  intervalMs: number;
}

/** How many jobs of a source one sweep finds silent, of how many. */
export interface SilenceCounts extends SweepClock {
  /** How many verdicts are `isNewlyStale`. */
  newlyStale: number;
  /** All active jobs; where not `complete`, those of them that were read. */
  active: number;
  /** Whether every candidate could be read. */
  complete: boolean;
}

/** Why no unconfirmed verdict at all is carried out in this sweep, in words; `null` where they are. */
export function selfPreservation(counts: SilenceCounts): string | null {
  const { sweptAt, now, intervalMs, newlyStale, active, complete } = counts;
  if (!sweptAt) return 'this is the first sweep of all';
  if (since(sweptAt, now) > INTERVALS_TO_MISS * intervalMs)
    return `the last full sweep was ${instant(sweptAt)}, ${lasting(since(sweptAt, now))} ago`;
  if (newlyStale < FEWEST_FOR_A_SHARE || 2 * newlyStale < active) return null;
  const of = `${active} active jobs${complete ? '' : ' that could be read'}`;
  return `${newlyStale} of the ${of} fell silent since ${instant(newSince(counts, sweptAt))}`;
}

/**
 * The same before any candidate is judged; `undefined` where it depends on the candidates. While over half of all active
 * jobs show life, fewer than half can have fallen silent.
 */
export function selfPreservationSoFar(
  clock: SweepClock,
  active: number,
  alive: number,
): string | null | undefined {
  const because = selfPreservation({ ...clock, newlyStale: 0, active, complete: true });
  return because ?? (2 * alive > active ? null : undefined);
}

/**
 * Whether a verdict is held for a later sweep. While `preservation` gives a reason, nothing unconfirmed is carried out.
 * Outages begin and end gradually, so a sweep in the middle of one sees only a few silent jobs and no share can catch it:
 * every newly stale job waits one interval. And the evidence of an unconfirmed verdict has to be found unchanged by two
 * sweeps an interval apart: a heartbeat that moves in between is life, however old it is.
 */
export function isHeld(verdict: Verdict, clock: SweepClock, preservation: string | null): boolean {
  if (!('unconfirmed' in verdict) || !verdict.unconfirmed) return false;
  return preservation !== null || isNewlyStale(verdict, clock) || !isSecondLook(verdict.foundSince, clock);
}

/** Measured in time, not in sweeps: a person may call two in a row. */
function isSecondLook(foundSince: Date | null, { now, intervalMs }: SweepClock): boolean {
  return foundSince !== null && since(foundSince, now) >= SHARE_OF_INTERVAL * intervalMs;
}

/**
 * Whether a limit was broken since the last full sweep, or within one interval where that sweep is more recent, for a
 * reason that is not known. A job that runs too long and shows life is not silent.
 */
export function isNewlyStale(verdict: Verdict, clock: SweepClock): boolean {
  const { brokenAt } = verdict;
  const unexplained = 'unconfirmed' in verdict ? verdict.unconfirmed : !verdict.overdue && !verdict.stalled;
  if (!unexplained || !brokenAt) return false;
  return !clock.sweptAt || brokenAt > newSince(clock, clock.sweptAt);
}

/** Why this sweep believes no 404 of a backend, in words; `null` where it does. */
export function tooManyGone(truths: Iterable<Truth>): string | null {
  const answers = [...truths].filter(({ state }) => state !== 'unknown');
  const gone = answers.filter(({ state }) => state === 'gone').length;
  if (gone < FEWEST_FOR_A_SHARE || 2 * gone <= answers.length) return null;
  return `it says of ${gone} of ${answers.length} jobs at once that there are none`;
}

/** Since when a broken limit is new: a sweep right after another knows no more than that one. */
function newSince({ now, intervalMs }: SweepClock, sweptAt: Date): Date {
  return earlierOf(sweptAt, addMs(now, -intervalMs));
}
