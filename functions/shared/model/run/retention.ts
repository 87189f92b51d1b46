import { DAY_MS, HOUR_MS } from '../../dates.ts';

/** How long our own records are kept; daily metrics are kept for ever, and jobs are not ours. */

const KEPT_MS = 90 * DAY_MS;

/** Records that expire: `keptMs` after the instant in `field`; those without that instant do not. */
export const EXPIRING = {
  /** The instant is computed when a run ends, from its outcome. */
  runs: { field: 'expireAt', keptMs: 0 },
  alarms: { field: 'closedAt', keptMs: KEPT_MS },
  plans: { field: 'createdAt', keptMs: KEPT_MS },
  /** From when it is known what became of the objects: Cloud Storage can bring none back that was deleted so long ago. */
  journal: { field: 'doneAt', keptMs: KEPT_MS },
} as const;

export type ExpiringKind = keyof typeof EXPIRING;
export const EXPIRING_KINDS = Object.keys(EXPIRING) as ExpiringKind[];

/** Runs kept of each task, whatever they expire at. */
export const RUNS_PER_TASK = 500;

/** What is so far past its expiry raises an alarm. */
export const LAG_MS = 48 * HOUR_MS;
