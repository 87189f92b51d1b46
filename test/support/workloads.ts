import type { PlatformSaid } from '../../functions/shared/model/workload/end.ts';
import type { Region } from '../../functions/shared/model/workload/region.ts';
import { type Row, rowOf } from '../../functions/shared/model/workload/row.ts';
import { merged, type RegionResult, type Snapshot } from '../../functions/shared/model/workload/snapshot.ts';

/** An instant, `minutes` after noon. */
export const noon = (minutes = 0) => new Date(Date.UTC(2026, 10, 21, 12, minutes));

/** A row that runs in europe-west4, but for `given`. */
export function row(id: string, given: Partial<Row> = {}): Row {
  const seen = rowOf({
    id,
    region: 'europe-west4',
    name: `train-${id}`,
    job: null,
    state: 'running',
    said: 'JOB_STATE_RUNNING',
    createdAt: noon(-30),
    startedAt: noon(-20),
    endedAt: null,
    link: null,
  });
  return { ...seen, ...given };
}

/** The same once it has failed. */
export const failedRow = (id: string, given: Partial<Row> = {}) =>
  row(id, { state: 'failed', said: 'JOB_STATE_FAILED', endedAt: noon(-1), ...given });

/** A platform that says nothing of an end. */
export const NOTHING_SAID: PlatformSaid = {
  condition: null,
  exit: null,
  errorMessage: null,
  failureInfo: null,
};

/** What a region answered at `at`. */
export function answered(region: string, rows: readonly Row[], at = noon()): RegionResult {
  const placed = rows.map((it) => ({ ...it, region }));
  return { region, answer: { kind: 'answered', more: false }, rows: placed, asked: { at, ms: 40 } };
}

/** A region that hung. */
export function hung(region: string, at = noon()): RegionResult {
  const answer = { kind: 'failed', error: 'no answer within 5000 ms', timedOut: true } as const;
  return { region, answer, rows: [], asked: { at, ms: 12_000 } };
}

/** A snapshot of Vertex AI after the results, over all the regions that they name and `before` has. */
export function vertexSnapshot(results: readonly RegionResult[], before: Snapshot | null = null) {
  const places = new Set([...Object.keys(before?.regions ?? {}), ...results.map(({ region }) => region)]);
  return merged(before, { table: 'vertex', places: [...places], tookMs: 50 }, results);
}

/** How a region stands in a snapshot. Throws when it has none. */
export function regionOf({ regions }: Snapshot, name: string): Region {
  const region = regions[name];
  if (!region) throw new Error(`Cannot find region ${name}`);
  return region;
}
