import { z } from 'zod';
import { HOUR_MS, MINUTE_MS } from '../../dates.ts';

/** How long a job may be silent, run and wait before the sweep looks at it. */

const minutes = z
  .number()
  .positive()
  .max(7 * 24 * 60);
const hours = z
  .number()
  .positive()
  .max(365 * 24);

/** The limits of one type of job, which replace those of its source. */
const typeLimits = {
  staleAfterMinutes: minutes.optional(),
  graceMinutes: z
    .number()
    .min(0)
    .max(24 * 60)
    .optional(),
  maxRuntimeHours: hours.optional(),
  maxQueuedHours: hours.optional(),
  stalledAfterMinutes: minutes.optional(),
};

/** The limits of a source, as settings.json has them. */
export const sweepSchema = z.strictObject({
  /** A job without a heartbeat for this long, and the grace after it, is stale. */
  staleAfterMinutes: minutes.default(10),
  graceMinutes: typeLimits.graceMinutes.unwrap().default(5),
  maxRuntimeHours: hours.default(24),
  /** How long a job may be queued; for ever unless set. */
  maxQueuedHours: typeLimits.maxQueuedHours,
  /** How long the progress that a live job reports may stay the same before an alarm; for ever unless set. */
  stalledAfterMinutes: typeLimits.stalledAfterMinutes,
  /** Other limits, by the value of the mapped field `type`. */
  types: z.record(z.string().min(1), z.strictObject(typeLimits)).default({}),
  /** After how many hours a job is long-running in `jobHealth`; more than `jobs` such jobs raise an alarm, where it is set. */
  longRunning: z.strictObject({ hours: hours.default(1), jobs: z.int().min(0).optional() }).prefault({}),
});
export type SweepSettings = z.infer<typeof sweepSchema>;

/** The limits of one job. */
export interface SweepLimits {
  /** A job that is silent for longer than this and the grace together is stale. */
  staleAfterMs: number;
  graceMs: number;
  maxRuntimeMs: number;
  /** `null` where a job may wait for ever. */
  maxQueuedMs: number | null;
  /** `null` where the progress of a live job may stay the same for ever. */
  stalledAfterMs: number | null;
}

/** Returns the limits of a job of that type. */
export function limitsOf(settings: SweepSettings, type: string): SweepLimits {
  const own = Object.hasOwn(settings.types, type) ? settings.types[type] : undefined;
  const queued = own?.maxQueuedHours ?? settings.maxQueuedHours;
  const stalled = own?.stalledAfterMinutes ?? settings.stalledAfterMinutes;
  return {
    staleAfterMs: (own?.staleAfterMinutes ?? settings.staleAfterMinutes) * MINUTE_MS,
    graceMs: (own?.graceMinutes ?? settings.graceMinutes) * MINUTE_MS,
    maxRuntimeMs: (own?.maxRuntimeHours ?? settings.maxRuntimeHours) * HOUR_MS,
    maxQueuedMs: queued === undefined ? null : queued * HOUR_MS,
    stalledAfterMs: stalled === undefined ? null : stalled * MINUTE_MS,
  };
}

/** Returns every set of limits that a job of the source can have: queries go by the tightest. */
export function allLimits(settings: SweepSettings): SweepLimits[] {
  return [limitsOf(settings, ''), ...Object.keys(settings.types).map((type) => limitsOf(settings, type))];
}
