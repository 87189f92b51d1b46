import { z } from 'zod';
import { PLACED } from './backend.ts';
import type { Job } from './job.ts';
import { JOB_STATES } from './states.ts';

/** What earlier sweeps observed of a candidate, in its record and at its backend: evidence for the next sweep. */

/** A time, stored as a number: thousands of sightings are stored together. */
const instant = z.codec(z.int(), z.date(), {
  decode: (ms) => new Date(ms),
  encode: (at) => at.getTime(),
});
const maybe = instant.optional();

const truthSchema = z.object({
  state: z.enum([...JOB_STATES, 'gone', 'unknown']),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  unreadable: z.string().nullable(),
  placed: z.enum(PLACED),
  error: z.string().nullable(),
  askedAt: instant,
  said: z.string(),
});

/** A sighting is of one try of a job or of an execution: another start or another name at the backend is another try. */
export const sightingSchema = z.object({
  path: z.string(),
  startedAt: maybe,
  backendId: z.string().optional(),
  /** The heartbeat that the last sweep read. */
  heartbeatAt: maybe,
  /** Since when every sweep found the record unchanged; missing where it was written since the last sweep. */
  stillSince: maybe,
  /** When the last heartbeat that moved between two sweeps was written, by Firestore's clock. */
  movedAt: maybe,
  /** Whether the last sweep found it suspended; and when it was written that it goes on, by Firestore's clock. */
  suspended: z.boolean().optional(),
  resumedAt: maybe,
  /** When its backend last reported it as waiting or running. */
  heardAt: maybe,
  /** Since when its backend reports that there is no such job, while the record stays unchanged. */
  goneSince: maybe,
  /** Since when its state could not be found out. */
  unknownSince: maybe,
  /** Whether no report of its whole source arrived when the last sweep judged it. */
  channelSilent: z.boolean().optional(),
  /** The end that its backend reported, where it was believed: in `observe`, the backend is not asked again. */
  truth: truthSchema.optional(),
});
export type Sighting = z.infer<typeof sightingSchema>;

/** A record as a sweep reads it. */
export type SeenRecord = Pick<Job, 'state' | 'startedAt' | 'backendId' | 'heartbeatAt'>;

/**
 * Brings an earlier sighting up to date with the record as it is now, last written at `writtenAt`; returns `null` where it
 * was of another try. A heartbeat that moved is a sign of life, however old the time in it.
 */
export function sightingOf(before: Sighting | undefined, job: SeenRecord, writtenAt: Date): Sighting | null {
  if (!before || !isSame(before.startedAt, job.startedAt)) return null;
  if ((before.backendId ?? null) !== job.backendId) return null;
  const moved = job.heartbeatAt !== null && !isSame(before.heartbeatAt, job.heartbeatAt);
  const resumed = before.suspended === true && job.state !== 'suspended';
  if (!moved && !resumed && before.stillSince && writtenAt <= before.stillSince) return before;
  const { stillSince: _, goneSince: __, truth: ___, channelSilent: ____, ...rest } = before;
  return {
    ...rest,
    movedAt: moved ? writtenAt : rest.movedAt,
    resumedAt: resumed ? writtenAt : rest.resumedAt,
  };
}

function isSame(before: Date | undefined, now: Date | null): boolean {
  return (before?.getTime() ?? null) === (now?.getTime() ?? null);
}
