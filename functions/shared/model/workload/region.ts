import { z } from 'zod';
import { addMs, HOUR_MS } from '../../dates.ts';

/** How a place of a table stands: when it last answered, and why it does not. */

/** An API that is not enabled, or a region that is closed, is asked again after so long. */
const UNAVAILABLE_MS = 6 * HOUR_MS;
/** After so many timeouts in a row a region is asked only at every SELDOM-th refresh. */
const TIMEOUTS_IN_A_ROW = 2;
const SELDOM = 4;
const ERROR_LENGTH = 300;

export const REGION_STATES = ['ok', 'failed', 'skipped', 'unavailable'] as const;

export const regionSchema = z.object({
  /** When it was last asked and answered; `null` where it never did. Its rows are as old. */
  asOf: z.date().nullable(),
  /**
   * `failed`: it gave no answer, and keeps its rows. `skipped`: it did so again and again, and is asked seldom.
   * `unavailable`: the API is not enabled or the region is closed, which is no failure.
   */
  state: z.enum(REGION_STATES),
  error: z.string().nullable(),
  /** Since when it has been without an answer. */
  since: z.date().nullable(),
  /** How long the last call took. */
  ms: z.int().nullable(),
  /** Timeouts in a row. */
  timeouts: z.int(),
  /** It is not asked before this. */
  askAfter: z.date().nullable(),
  /** Whether it has more workloads than were read: counts are then at least so high. */
  more: z.boolean(),
});
export type Region = z.infer<typeof regionSchema>;

/** What a call to a region came to. */
export type RegionAnswer =
  | { kind: 'answered'; more: boolean }
  | { kind: 'failed'; error: string; timedOut: boolean }
  | { kind: 'unavailable'; error: string };

/** When a refresh asked, and how long it took. */
export interface AskedAt {
  at: Date;
  ms: number;
}

/** Whether a region is asked by the refresh of that number: all are, but those that are off or hang again and again. */
export function isDue(region: Region | undefined, { count, now }: { count: number; now: Date }): boolean {
  if (!region) return true;
  if (region.askAfter && now < region.askAfter) return false;
  return region.timeouts < TIMEOUTS_IN_A_ROW || count % SELDOM === 0;
}

/** How a region stands after it was asked. */
export function regionAfter(before: Region | undefined, answer: RegionAnswer, { at, ms }: AskedAt): Region {
  if (answer.kind === 'answered')
    return {
      asOf: at,
      state: 'ok',
      error: null,
      since: null,
      ms,
      timeouts: 0,
      askAfter: null,
      more: answer.more,
    };
  const timedOut = answer.kind === 'failed' && answer.timedOut;
  const timeouts = timedOut ? Math.min(TIMEOUTS_IN_A_ROW, (before?.timeouts ?? 0) + 1) : 0;
  return {
    asOf: before?.asOf ?? null,
    state:
      answer.kind === 'unavailable' ? 'unavailable' : timeouts < TIMEOUTS_IN_A_ROW ? 'failed' : 'skipped',
    error: answer.error.slice(0, ERROR_LENGTH),
    since: before?.since ?? at,
    ms,
    timeouts,
    askAfter: answer.kind === 'unavailable' ? addMs(at, UNAVAILABLE_MS) : null,
    more: before?.more ?? false,
  };
}

/** An error without what differs from try to try: where it was, and numbers. */
function alike(error: string | null): string | undefined {
  return error?.replace(/\([^()]*\)|\d+/g, '');
}

/** Whether two states of a region differ in more than when and how fast it answered. */
export function hasMoved(before: Region | undefined, after: Region): boolean {
  return (
    before === undefined ||
    before.state !== after.state ||
    alike(before.error) !== alike(after.error) ||
    before.timeouts !== after.timeouts ||
    before.more !== after.more ||
    before.askAfter?.getTime() !== after.askAfter?.getTime()
  );
}
