import { MINUTE_MS } from '../../dates.ts';
import { hasEnded, isCurrent, UNLISTED } from './life.ts';
import type { Region } from './region.ts';
import type { Row, WorkloadState } from './row.ts';

/** How a workload stands at an instant: never fresher than it was seen. */

/** What was seen longer ago says nothing of now: three refreshes by schedule. */
export const TRUSTED_MS = 15 * MINUTE_MS;

export interface Standing {
  /** `unknown` where it had not ended, and it was not seen for longer than TRUSTED_MS. */
  state: WorkloadState;
  /** How long it has run, or has waited where it is queued; `null` where nobody knows. Never negative. */
  ms: number | null;
  /** Whether it may have gone on since: `ms` is then what was seen of it, and does not grow. */
  atLeast: boolean;
}

/** How a row stands at `now`, `region` being that of its table; `undefined` where nothing is known of the region. */
export function standingAt(
  row: Pick<Row, 'state' | 'note' | 'createdAt' | 'startedAt' | 'endedAt'>,
  region: Pick<Region, 'state' | 'asOf'> | undefined,
  now: Date,
): Standing {
  const { state, createdAt, startedAt, endedAt } = row;
  if (hasEnded(row)) return { state, ms: between(startedAt, endedAt), atLeast: false };
  const asOf = region?.asOf ?? null;
  // Its region lists it no more, or the platform's word for its state means nothing here: it may have ended.
  if (row.note?.startsWith(UNLISTED) || state === 'unknown' || !region || !asOf)
    return { state: 'unknown', ms: null, atLeast: false };
  const isRecent = now.getTime() - asOf.getTime() <= TRUSTED_MS;
  const isSeen = isRecent && isCurrent(region);
  const from = state === 'queued' ? createdAt : (startedAt ?? createdAt);
  return { state: isRecent ? state : 'unknown', ms: between(from, isSeen ? now : asOf), atLeast: !isSeen };
}

function between(from: Date | null, until: Date | null): number | null {
  return from && until ? Math.max(0, until.getTime() - from.getTime()) : null;
}
