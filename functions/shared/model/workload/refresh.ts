import { z } from 'zod';
import { addMs, MINUTE_MS, SECOND_MS } from '../../dates.ts';
import { TABLE_NAMES, type TableName } from './tables.ts';

/** One refresh of all tables at a time, whoever asks for it. */

/** After so long without an end, whoever held the refresh is dead: it takes less than that whatever hangs. */
export const REFRESH_LEASE_MS = 90 * SECOND_MS;
/** Calls under way that are named. */
const NAMED = 5;

/** A call that has not answered. */
export const pendingSchema = z.object({
  /** The table that it was for; `null` for the access token. */
  table: z.string().nullable(),
  operation: z.string(),
  region: z.string().nullable(),
  /** `credentials`, `connection` or `body`. */
  stage: z.string(),
  since: z.date(),
});
export type PendingCall = z.infer<typeof pendingSchema>;

const progressSchema = z.object({
  asked: z.int(),
  answered: z.int(),
  /** The oldest ones. */
  pending: z.array(pendingSchema),
});
export type Progress = z.infer<typeof progressSchema>;

/** Refreshes in a row in which a table took nearly all of its time, and what took longest in the last of them. */
const slowSchema = z.object({ times: z.int(), region: z.string().nullable(), ms: z.int() });

/** When a table was asked last, and the version of its document then. */
const tableSeenSchema = z.object({
  askedAt: z.date(),
  version: z.int(),
  tookMs: z.int(),
  slow: slowSchema.nullish(),
});
export type TableSeen = z.infer<typeof tableSeenSchema>;

/** Who asks for refreshes: the schedule, or a person by hand; or somebody who looks at the tables. */
export const REFRESHERS = ['schedule', 'viewer'] as const;

/** `workloads/refresh`. */
export const refreshSchema = z.object({
  /** Counts the refreshes. */
  count: z.int(),
  by: z.enum(REFRESHERS),
  startedAt: z.date(),
  /** Who may write; `null` once the refresh has ended. */
  lease: z.object({ token: z.string(), expiresAt: z.date() }).nullable(),
  progress: progressSchema.nullable(),
  /** The calls that were given up on. */
  hung: z.array(pendingSchema),
  tables: z.partialRecord(z.enum(TABLE_NAMES), tableSeenSchema),
  /** When logs were read in the last minute. */
  logReads: z.array(z.date()),
});
export type Refresh = z.infer<typeof refreshSchema>;

/** Until when another refresh is under way; `null` where none is. */
export function busyUntil(refresh: Refresh | null, now: Date): Date | null {
  const expiresAt = refresh?.lease?.expiresAt;
  return expiresAt && expiresAt > now ? expiresAt : null;
}

/** A refresh that somebody else makes or has just made. */
export interface OtherRefresh {
  by: Refresh['by'];
  startedAt: Date;
  isUnderWay: boolean;
  /** Before it no other one begins, unless that one ends earlier. */
  until: Date;
}

/**
 * The refresh that makes another one needless at `now`: one that is under way, or one that began less than `apartMs` ago.
 * A schedule has a duty, so that to it only one counts that has asked every table. `null` where one may begin.
 */
export function otherThan(
  refresh: Refresh | null,
  { by, apartMs, now }: { by: Refresh['by']; apartMs: number; now: Date },
): OtherRefresh | null {
  if (!refresh) return null;
  const { startedAt, tables } = refresh;
  const busy = busyUntil(refresh, now);
  if (busy) return { by: refresh.by, startedAt, isUnderWay: true, until: busy };
  const until = addMs(startedAt, apartMs);
  // A start that is far ahead is of a clock that was wrong.
  if (until <= now || startedAt > addMs(now, apartMs)) return null;
  const isWhole = Object.values(tables).every(({ askedAt }) => askedAt >= startedAt);
  if (refresh.lease !== null || (by === 'schedule' && !isWhole)) return null;
  return { by: refresh.by, startedAt, isUnderWay: false, until };
}

/** The record of a refresh that begins. */
export function refreshBegun(
  before: Refresh | null,
  { by, token, now }: { by: Refresh['by']; token: string; now: Date },
): Refresh {
  return {
    count: (before?.count ?? 0) + 1,
    by,
    startedAt: now,
    lease: { token, expiresAt: addMs(now, REFRESH_LEASE_MS) },
    progress: null,
    hung: before?.hung ?? [],
    tables: before?.tables ?? {},
    logReads: recentReads(before?.logReads ?? [], now),
  };
}

/** A refresh of a table that took longer is slow: four fifths of what a region has. */
const SLOW_MS = 9.6 * SECOND_MS;
/** So many in a row are told. */
const SLOW_TIMES = 3;

/** What is noted of a table that the refresh of `askedAt` asked; it may be noted more than once. */
export function tableSeen(
  before: TableSeen | undefined,
  { askedAt, version, tookMs, slowest }: Omit<TableSeen, 'slow'> & { slowest: Slowest | null },
): TableSeen {
  if (tookMs < SLOW_MS) return { askedAt, version, tookMs, slow: null };
  const isNoted = before?.askedAt.getTime() === askedAt.getTime();
  const times = (before?.slow?.times ?? 0) + (isNoted && before.slow ? 0 : 1);
  const slow = { times, region: slowest?.region ?? null, ms: slowest?.ms ?? tookMs };
  return { askedAt, version, tookMs, slow };
}

/** The place that took longest. */
interface Slowest {
  region: string;
  ms: number;
}

/** A table that is slow again and again. */
export interface SlowTable {
  table: TableName;
  times: number;
  region: string | null;
  ms: number;
}

/** The tables whose platform should be looked at before they come to nothing. */
export function slowTables({ tables }: Pick<Refresh, 'tables'>): SlowTable[] {
  return TABLE_NAMES.flatMap((table) => {
    const slow = tables[table]?.slow;
    return slow && slow.times >= SLOW_TIMES ? [{ table, ...slow }] : [];
  });
}

/** The readings of logs that still count against the limit of a minute. */
export function recentReads(reads: readonly Date[], now: Date): Date[] {
  return reads.filter((at) => at > addMs(now, -MINUTE_MS));
}

/** The calls to name, the oldest first. */
export function named(pending: readonly PendingCall[]): PendingCall[] {
  return [...pending].sort((a, b) => a.since.getTime() - b.since.getTime()).slice(0, NAMED);
}
