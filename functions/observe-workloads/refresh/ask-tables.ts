import type { Listed, TableReader } from '../../shared/cloud/workloads/table-reader.ts';
import { withDeadline } from '../../shared/concurrency.ts';
import { messageOf, UpstreamError } from '../../shared/errors.ts';
import { isDue, type RegionAnswer } from '../../shared/model/workload/region.ts';
import { type Row, rowOf } from '../../shared/model/workload/row.ts';
import {
  type Merged,
  merged,
  type RegionResult,
  type Snapshot,
} from '../../shared/model/workload/snapshot.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';
import { OWN_SHARE, type RefreshLimits } from './limits.ts';
import { type CallBook, GivenUp } from './pending.ts';

/** Asks the regions of a table beside each other: none can hold up another, and what was given up on is not waited for. */

/** The refresh that asks. */
export interface Asking {
  /** Its number. */
  count: number;
  startedAt: Date;
  /** The instant of `performance.now()` after which no table is waited for. */
  tablesEndAt: number;
  limits: RefreshLimits;
  calls: CallBook;
  signal: AbortSignal;
}

/** A table after it was asked, and all that its platform said. */
export interface AskedTable extends Merged {
  table: TableName;
  /** Each workload as its platform listed it, by region and id. */
  listed: ReadonlyMap<string, Listed>;
}

/** How a table is asked, or why it cannot be. */
export type Door = { reader: TableReader } | { closed: string };

/** The name of a workload among those of its table. */
export function placeOf({ region, id }: Pick<Row, 'region' | 'id'>): string {
  return `${region}~${id}`;
}

/** Asks all places of a table that are due. Never rejects but with the reason of the signal. */
export async function askTable(
  table: TableName,
  { places, before, door }: { places: readonly string[]; before: Snapshot | null; door: Door },
  asking: Asking,
): Promise<AskedTable> {
  const begun = performance.now();
  const due = places.filter((place) =>
    isDue(before?.regions[place], { count: asking.count, now: asking.startedAt }),
  );
  const all = new Map<string, Listed>();
  const results = await Promise.all(
    due.map(async (place): Promise<RegionResult> => {
      const start = performance.now();
      const { answer, listed } = await askPlace(table, place, door, asking);
      for (const each of listed) all.set(placeOf(each.seen), each);
      const asked = { at: asking.startedAt, ms: Math.round(performance.now() - start) };
      return { region: place, answer, rows: listed.map(({ seen }) => rowOf(seen)), asked };
    }),
  );
  const tookMs = Math.round(performance.now() - begun);
  return { table, listed: all, ...merged(before, { table, places, tookMs }, results) };
}

async function askPlace(
  table: TableName,
  place: string,
  door: Door,
  { limits, tablesEndAt, calls, signal, startedAt }: Asking,
): Promise<{ answer: RegionAnswer; listed: Listed[] }> {
  if ('closed' in door)
    return { answer: { kind: 'failed', error: door.closed, timedOut: false }, listed: [] };
  const { reader } = door;
  const limitMs = Math.max(1, Math.min(limits.regionMs, tablesEndAt - performance.now()));
  const operation = reader.listOperation;
  try {
    const { listed, more } = await calls.follow({ table, operation, region: place }, (onStage) =>
      withDeadline(
        reader.list(place, startedAt, { limitMs: limitMs * OWN_SHARE, signal, onStage }),
        limitMs,
        `${operation} (${place})`,
        { signal },
      ),
    );
    return { answer: { kind: 'answered', more }, listed };
  } catch (error) {
    signal.throwIfAborted();
    const words = messageOf(error);
    if (error instanceof UpstreamError && error.unavailable)
      return { answer: { kind: 'unavailable', error: words }, listed: [] };
    return { answer: { kind: 'failed', error: words, timedOut: error instanceof GivenUp }, listed: [] };
  }
}
