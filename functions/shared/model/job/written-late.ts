import { HOUR_MS, MINUTE_MS } from '../../dates.ts';
import type { Job } from './job.ts';

/** A record may be written so long after its own `updatedAt`: more cannot be explained by clocks and queues. */
const ON_TIME_MS = 30 * MINUTE_MS;

/** Records that were written later than their `updatedAt`: the clock is in another zone, or they were loaded late. */
export interface WrittenLate {
  records: number;
  /** The largest delay, in hours. */
  mostHours: number;
  /** The id of the record with that delay. */
  example: string;
}

/**
 * Returns how much later than its mapped `updatedAt` a record was written, in ms; 0 where it was in time, and where that is
 * unknown, because we wrote it ourselves since.
 */
export function lateMs({ updatedAt, writtenAt, added }: Job): number {
  if (!updatedAt || !writtenAt || isWrittenByUs(added)) return 0;
  const ms = writtenAt.getTime() - updatedAt.getTime();
  return ms > ON_TIME_MS ? ms : 0;
}

/** Whether we wrote the record without a new `updatedAt`: the marks of a deletion, or a change that was taken back. */
function isWrittenByUs({ tombstone, deletedAt, nothingThere, earlier }: Job['added']): boolean {
  return [tombstone, deletedAt, nothingThere, earlier.at(-1)?.takenBack].some((mark) => mark);
}

/** Sums up how much later each record was written, by its id; `null` where all were in time. */
export function writtenLate(late: ReadonlyMap<string, number>): WrittenLate | null {
  const [latest] = [...late].sort(([, a], [, b]) => b - a);
  if (!latest) return null;
  const [example, ms] = latest;
  return { records: late.size, mostHours: Math.round((ms / HOUR_MS) * 10) / 10, example };
}
