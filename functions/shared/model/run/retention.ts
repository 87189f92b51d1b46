import { z } from 'zod';
import { addMs, DAY_MS, HOUR_MS } from '../../dates.ts';
import type { Outcome } from './outcomes.ts';

/** How long our own records are kept; daily metrics are kept for ever, and jobs are not ours. */

const KEPT_MS = 90 * DAY_MS;

/** Records that expire: `keptMs` after the instant in `field`; those without that instant do not. */
export const EXPIRING = {
  /** The instant is computed when a run ends, from its outcome: see `expireAtOf`. */
  runs: { field: 'expireAt', keptMs: 0 },
  alarms: { field: 'closedAt', keptMs: KEPT_MS },
  plans: { field: 'createdAt', keptMs: KEPT_MS },
  /** From when it is known what became of the objects: Cloud Storage can bring none back that was deleted so long ago. */
  journal: { field: 'doneAt', keptMs: KEPT_MS },
  /** The instant is written with the end of a workload: see `END_KEPT_MS`. */
  ends: { field: 'expireAt', keptMs: 0 },
} as const;

export type ExpiringKind = keyof typeof EXPIRING;
export const EXPIRING_KINDS = Object.keys(EXPIRING) as ExpiringKind[];

/** Runs kept of each task, whatever they expire at; the oldest successes go first. */
export const RUNS_PER_TASK = 500;

/** What is so far past its expiry raises an alarm. */
export const LAG_MS = 48 * HOUR_MS;

/**
 * `retention.runs` of settings.json: how long the record of a run is kept. The expiry of a run is fixed when it ends, so a
 * change holds for runs that end after it; those that are stored keep theirs.
 *
 * The shortest is a day: until then Cloud Scheduler may deliver a slot again, and has to find its result. The watch over our
 * tasks needs runs for much longer where no sweep came (`WATCHED_MS`), but not by their expiry: prune-records leaves a run
 * that is due until its slot is watched (`whyRunStays`).
 */
export const runRetentionSchema = z
  .strictObject({
    /** Runs that did not succeed, slow successes, and one success in every `sampleHours`. */
    days: z.int().min(1).max(400).default(30),
    /** The other successes, and deliveries that were skipped. */
    routineDays: z.int().min(1).max(400).default(2),
    /** One success of each task in so many hours is kept for `days`. */
    sampleHours: z.int().min(1).max(24).default(4),
    /** A success that took more than this many times the typical duration is slow. */
    slowFactor: z.number().min(1).default(2),
  })
  .superRefine(({ days, routineDays }, context) => {
    if (routineDays <= days) return;
    const expected = `at most days, which is ${days}`;
    context.addIssue({
      code: 'custom',
      path: ['routineDays'],
      message: `Cannot use ${routineDays}`,
      params: { expected },
    });
  });

/** How long runs are kept, as `retention.runs` says. */
export type RunRetention = z.infer<typeof runRetentionSchema>;

/** A run that ended, as far as its retention goes by it. */
export interface EndedRun {
  outcome: Outcome;
  endedAt: Date;
  durationMs: number;
}

/** What is known of a task's earlier successes. */
export interface SuccessHistory {
  lastSuccessAt: Date | null;
  /** `null` while nothing is typical. */
  typicalDurationMs: number | null;
}

/** Where a run is no success, nothing is compared. */
export const NO_HISTORY: SuccessHistory = { lastSuccessAt: null, typicalDurationMs: null };

/** When prune-records may delete the record of a run that ended. */
export function expireAtOf(run: EndedRun, history: SuccessHistory, retention: RunRetention): Date {
  const days = isKeptLong(run, history, retention) ? retention.days : retention.routineDays;
  return addMs(run.endedAt, days * DAY_MS);
}

function isKeptLong(
  { outcome, endedAt, durationMs }: EndedRun,
  { lastSuccessAt, typicalDurationMs }: SuccessHistory,
  { sampleHours, slowFactor }: RunRetention,
): boolean {
  if (outcome === 'skipped') return false;
  if (outcome !== 'succeeded') return true;
  const isSlow = typicalDurationMs !== null && durationMs > slowFactor * typicalDurationMs;
  const sampleOf = (instant: Date) => Math.floor(instant.getTime() / (sampleHours * HOUR_MS));
  return isSlow || lastSuccessAt === null || sampleOf(lastSuccessAt) !== sampleOf(endedAt);
}
