import { z } from 'zod';
import { PLACED } from './backend.ts';
import type { Job } from './job.ts';
import { JOB_STATES } from './states.ts';

/** What sweeps saw and heard of a job that may not be what its record says: evidence for the next one. */

/** A time in the compact form in which thousands of sightings are kept. */
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

/** Of one try of a job, or of an execution, which its start and its name at the backend tell apart from others. */
export const sightingSchema = z.object({
  path: z.string(),
  startedAt: maybe,
  backendId: z.string().optional(),
  /** As the last sweep read it. */
  heartbeatAt: maybe,
  /** Since when every sweep found its record exactly as it is; missing in one that was written since the last sweep. */
  stillSince: maybe,
  /** When the last heartbeat was written that a sweep saw move, by Firestore's clock. */
  movedAt: maybe,
  /** Whether it was suspended then, and when it was written that it is no more. */
  suspended: z.boolean().optional(),
  resumedAt: maybe,
  /** When its backend last said that it runs. */
  heardAt: maybe,
  /** Since when its backend says that there is no such job, while its record stays as it is. */
  goneSince: maybe,
  /** Since when nobody can tell about it. */
  unknownSince: maybe,
  /** How its backend said that it ended, where that was believed: it is not asked for again. */
  truth: truthSchema.optional(),
});
export type Sighting = z.infer<typeof sightingSchema>;

/** A record as a sweep reads it. */
export type SeenRecord = Pick<Job, 'state' | 'startedAt' | 'backendId' | 'heartbeatAt'>;

/**
 * What an earlier sighting says about a record as it is now, last written at `writtenAt`; nothing about another try. What
 * was written since is a sign of life, however old the times that it tells.
 */
export function sightingOf(before: Sighting | undefined, job: SeenRecord, writtenAt: Date): Sighting | null {
  if (!before || !isSame(before.startedAt, job.startedAt)) return null;
  if ((before.backendId ?? null) !== job.backendId) return null;
  const moved = job.heartbeatAt !== null && !isSame(before.heartbeatAt, job.heartbeatAt);
  const resumed = before.suspended === true && job.state !== 'suspended';
  if (!moved && !resumed && before.stillSince && writtenAt <= before.stillSince) return before;
  const { stillSince: _, goneSince: __, truth: ___, ...rest } = before;
  return {
    ...rest,
    movedAt: moved ? writtenAt : rest.movedAt,
    resumedAt: resumed ? writtenAt : rest.resumedAt,
  };
}

function isSame(before: Date | undefined, now: Date | null): boolean {
  return (before?.getTime() ?? null) === (now?.getTime() ?? null);
}
