import { z } from 'zod';
import { earlierOf } from '../../dates.ts';
import { stable } from '../stable.ts';
import { hasEnded, isCurrent } from './life.ts';
import {
  type AskedAt,
  hasMoved,
  type Region,
  type RegionAnswer,
  regionAfter,
  regionSchema,
} from './region.ts';
import { byInterest, type Row, rowSchema, WORKLOAD_STATES } from './row.ts';
import type { WorkloadTable } from './tables/table.ts';
import { TABLE_NAMES, type TableName, tableOf } from './tables.ts';

/** A table as it was seen last: what answered is new, what did not is as old as it says. */

/** So many rows of about 600 bytes are kept, those that have not ended first. */
export const MOST_ROWS = 50;

/** `workloads/{table}`; written only when rows, counts or states of regions change: see `asSeenAt`. */
export const snapshotSchema = z.object({
  table: z.enum(TABLE_NAMES),
  rows: z.array(rowSchema),
  /** How many there are of each state, also of those that are not among the rows. */
  counts: z.partialRecord(z.enum(WORKLOAD_STATES), z.int()),
  regions: z.record(z.string(), regionSchema),
  /** Of the region that was seen longest ago; `null` where one has never answered. Unavailable ones do not count. */
  asOf: z.date().nullable(),
  /** Whether every region that is available has answered. */
  complete: z.boolean(),
  /** How long it took until every region had answered or was given up on, and which took longest. */
  tookMs: z.int(),
  slowest: z.object({ region: z.string(), ms: z.int() }).nullable(),
  /** Counts up with every write. */
  version: z.int(),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** What one region came to in a refresh; its rows where it answered. */
export interface RegionResult {
  region: string;
  answer: RegionAnswer;
  rows: readonly Row[];
  asked: AskedAt;
}

/** A table after a refresh, and the rows that had not ended and that their region lists no more. */
export interface Merged {
  snapshot: Snapshot;
  vanished: Row[];
}

/**
 * Puts what the regions answered over `before`. A region without an answer keeps its rows; an answer without rows empties
 * it, but for rows that had not ended: those are asked about by id, for a list may leave out a job at the moment it ends. Regions that
 * are not among `places` any more are dropped.
 */
export function merged(
  before: Snapshot | null,
  { table, places, tookMs }: { table: TableName; places: readonly string[]; tookMs: number },
  results: readonly RegionResult[],
): Merged {
  const rowsBefore = Map.groupBy(before?.rows ?? [], ({ region }) => region);
  const resultOf = new Map(results.map((result) => [result.region, result]));
  const regions: Record<string, Region> = {};
  const rows: Row[] = [];
  const vanished: Row[] = [];
  for (const place of places) {
    const result = resultOf.get(place);
    const kept = rowsBefore.get(place) ?? [];
    const regionBefore = before?.regions[place];
    if (result) regions[place] = regionAfter(regionBefore, result.answer, result.asked);
    else if (regionBefore) regions[place] = regionBefore;
    if (result?.answer.kind !== 'answered') {
      rows.push(...kept);
      continue;
    }
    const listed = new Set(result.rows.map(({ id }) => id));
    const unlisted = kept.filter((row) => !hasEnded(row) && !listed.has(row.id));
    const known = new Map(kept.map((row) => [row.id, row]));
    rows.push(...result.rows.map((row) => withKnown(known.get(row.id), row, tableOf(table))));
    rows.push(...unlisted);
    vanished.push(...unlisted);
  }
  const snapshot = assembled({ table, rows, regions, tookMs, version: before?.version ?? 0 });
  return { snapshot, vanished };
}

/** `snapshot` with other rows, which a later look at its workloads found. */
export function withRows(snapshot: Snapshot, rows: readonly Row[]): Snapshot {
  const { table, regions, tookMs, version } = snapshot;
  // What is not among the rows was counted before, and is counted on.
  const unseen = (state: Row['state']) =>
    (snapshot.counts[state] ?? 0) - snapshot.rows.filter((row) => row.state === state).length;
  const after = assembled({ table, rows, regions, tookMs, version });
  for (const state of WORKLOAD_STATES) {
    const count = (after.counts[state] ?? 0) + unseen(state);
    if (count > 0) after.counts[state] = count;
  }
  return after;
}

/** A row with what is known of it: the job that it is, and once it has ended the reason; one that has ended again has another. */
function withKnown(before: Row | undefined, row: Row, { endsAgain }: WorkloadTable): Row {
  if (!before) return row;
  const { ourJob, reason, note, jobs } = before;
  const isSameEnd =
    hasEnded(row) &&
    before.state === row.state &&
    !(endsAgain && before.endedAt?.getTime() !== row.endedAt?.getTime());
  return isSameEnd ? { ...row, ourJob, reason, note, jobs } : { ...row, ourJob };
}

type Parts = Pick<Snapshot, 'table' | 'regions' | 'tookMs' | 'version'> & { rows: readonly Row[] };

function assembled({ table, rows, regions, tookMs, version }: Parts): Snapshot {
  const counts: Snapshot['counts'] = {};
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
  const available = Object.values(regions).filter(({ state }) => state !== 'unavailable');
  return {
    table,
    rows: [...rows].sort(byInterest).slice(0, MOST_ROWS),
    counts,
    regions,
    asOf: oldest(available),
    complete: available.every(isCurrent),
    tookMs,
    slowest: slowestOf(regions),
    version,
  };
}

function oldest(regions: readonly Region[]): Date | null {
  let instant: Date | null = null;
  for (const { asOf } of regions) {
    if (asOf === null) return null;
    instant = instant ? earlierOf(instant, asOf) : asOf;
  }
  return instant;
}

function slowestOf(regions: Snapshot['regions']): Snapshot['slowest'] {
  const asked = Object.entries(regions).map(([region, { ms }]) => ({ region, ms: ms ?? 0 }));
  return asked.reduce<Snapshot['slowest']>((most, one) => (most && most.ms >= one.ms ? most : one), null);
}

/** Whether `after` says anything new: how old it is stands in `workloads/refresh`. */
export function hasChanged(before: Snapshot | null, after: Snapshot): boolean {
  if (!before) return true;
  const places = Object.keys(after.regions);
  return (
    places.length !== Object.keys(before.regions).length ||
    Object.entries(after.regions).some(([place, region]) => hasMoved(before.regions[place], region)) ||
    stable(before.rows) !== stable(after.rows) ||
    stable(before.counts) !== stable(after.counts)
  );
}

/** A stored snapshot that a refresh at `askedAt` found unchanged: the regions that answer were seen then. */
export function asSeenAt(snapshot: Snapshot, askedAt: Date): Snapshot {
  const regions = Object.fromEntries(
    Object.entries(snapshot.regions).map(([place, region]) => [
      place,
      isCurrent(region) ? { ...region, asOf: askedAt } : region,
    ]),
  );
  const available = Object.values(regions).filter(({ state }) => state !== 'unavailable');
  return { ...snapshot, regions, asOf: oldest(available) };
}
