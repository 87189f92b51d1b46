/** How long to wait before another try. Pure: the dice are a parameter, in [0, 1). */

const FIRST_MS = 1_000;
const MOST_MS = 300_000;
const REFUSED_MS = 30_000;
const MOST_RETRY_AFTER_MS = 3_600_000;

/** Why a send did not get through: by the way, or by a word of the service that no second try soon will change. */
export interface Failure {
  reason: string;
  kind: 'unreachable' | 'refused';
  /** What the service asked for. */
  retryAfterMs: number;
}

/** The wait after the `failures`th failure in a row: full jitter, so that many who failed together do not return together. */
export function waitAfter(failure: Failure, failures: number, dice: number): number {
  const bound = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
  const wait =
    failure.kind === 'refused' ? REFUSED_MS + dice * Math.max(0, bound - REFUSED_MS) : dice * bound;
  return Math.max(wait, Math.min(failure.retryAfterMs, MOST_RETRY_AFTER_MS));
}

/** The wait before what others left is sent after an outage: every machine has some, and all notice its end at once. */
export function waitAfterOutage(outageMs: number, dice: number): number {
  return dice * Math.min(60_000, outageMs / 10);
}
