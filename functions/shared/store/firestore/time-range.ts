import type { Query } from '@google-cloud/firestore';
import { addMs, HOUR_MS } from '../../dates.ts';
import type { TimeMapping } from '../../model/job/source.ts';
import { type TimeType, writeTime } from '../../model/reading/reading.ts';

/** ISO text is compared as text; an offset in it can move it by so much against UTC. */
const LARGEST_OFFSET_MS = 14 * HOUR_MS;

/** Half-open: from `from` on, before `to`. */
export interface JobRange {
  from: Date;
  to: Date;
}

/** `query` with what lies in `range`; of times as ISO text, some that lie up to 14 h outside. */
export function within(query: Query, field: TimeMapping, { from, to }: Partial<JobRange>): Query {
  const later = from ? query.where(field.path, '>=', lowest(from, field.type)) : query;
  return to ? later.where(field.path, '<', highest(to, field.type)) : later;
}

/** A time as it is stored. */
export type StoredTime = Date | string | number;

/** The least stored value that can mean an instant at or after `instant`; what is too early is left out later. */
export function lowest(instant: Date, type: TimeType): StoredTime {
  return type === 'iso' ? isoText(instant, -LARGEST_OFFSET_MS, ' ') : writeTime(instant, type);
}

/** The least stored value that can mean nothing before `instant`. */
export function highest(instant: Date, type: TimeType): StoredTime {
  return type === 'iso' ? isoText(instant, LARGEST_OFFSET_MS, 't') : writeTime(instant, type);
}

/** Whether a query from `low` on and before `high` finds a value, which is as `plainOf` gives it. */
export function liesBetween(value: unknown, low: StoredTime, high: StoredTime): boolean {
  const plain = typeof value === 'bigint' ? Number(value) : value;
  const isSameType = typeof plain === typeof low && plain instanceof Date === low instanceof Date;
  return isSameType && (plain as StoredTime) >= low && (plain as StoredTime) < high;
}

/**
 * Without fraction and zone, so that it sorts before every text of the same second. Between date and time stands a T, a
 * t or a space, as the writer liked it: a space sorts before the others, a t behind them.
 */
function isoText(instant: Date, shiftMs: number, separator: ' ' | 't'): string {
  const text = addMs(instant, shiftMs).toISOString().slice(0, 19);
  return text.replace('T', separator);
}
