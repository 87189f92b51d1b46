import { HOUR_MS, MINUTE_MS } from '../../dates.ts';
import type { Job } from './job.ts';

/** A record may be written so long after its own `updatedAt`; what lies further apart is no matter of clocks and queues. */
const ON_TIME_MS = 30 * MINUTE_MS;

/** That records were written later than they say: by a clock in another zone, or loaded late. */
export interface WrittenLate {
  records: number;
  /** How much later at most, in hours. */
  mostHours: number;
  /** The id of the record that was written the latest. */
  example: string;
}

/**
 * How much later than its mapped `updatedAt` a record was written, in ms; 0 where it is not, or nobody can tell, for we
 * wrote it ourselves since.
 */
export function lateMs({ updatedAt, writtenAt, added }: Job): number {
  if (!updatedAt || !writtenAt || isWrittenByUs(added)) return 0;
  const ms = writtenAt.getTime() - updatedAt.getTime();
  return ms > ON_TIME_MS ? ms : 0;
}

/** Without an `updatedAt` of its own: what we write about artifacts, and what stands again after a change taken back. */
function isWrittenByUs({ tombstone, deletedAt, nothingThere, earlier }: Job['added']): boolean {
  return [tombstone, deletedAt, nothingThere, earlier.at(-1)?.takenBack].some((mark) => mark);
}

/** What to tell of records, by how much later each was written; `null` where all were in time. */
export function writtenLate(late: ReadonlyMap<string, number>): WrittenLate | null {
  const [latest] = [...late].sort(([, a], [, b]) => b - a);
  if (!latest) return null;
  const [example, ms] = latest;
  return { records: late.size, mostHours: Math.round((ms / HOUR_MS) * 10) / 10, example };
}
