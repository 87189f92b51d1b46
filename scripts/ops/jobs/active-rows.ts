import { chunksOf } from '../../../functions/shared/concurrency.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { ACTIVE_STATES } from '../../../functions/shared/model/job/states.ts';
import type { ReadOptions } from '../../../functions/shared/store/firestore/read-options.ts';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import type { StaleQuery } from '../../../functions/shared/store/sources/stale-queries.ts';
import { figure } from '../../words/figures.ts';
import { type JobRow, jobRow } from './job-row.ts';

/** Records of a source that are read for a person, at most. */
const READ_MOST = 2_000;

/** What of a source is to be shown. */
export interface Wanted {
  /** Only those that are silent or over their limits. */
  stale: boolean;
  limit: number;
  now: Date;
}

/** Rows of a source. */
export interface Rows {
  rows: JobRow[];
  /** Paths of records that cannot be read. */
  unreadable: string[];
  /** Why there may be more; `null` where these are all. */
  cut: string | null;
}

/** The active jobs of a source, at most as many as wanted; of a source that has many, only some are looked at. */
export async function activeRows(
  store: Pick<ActiveJobStore, 'name' | 'source' | 'staleQueries' | 'hasAny' | 'pages'>,
  { stale, limit, now }: Wanted,
  options: ReadOptions,
): Promise<Rows> {
  const rows = new Map<string, JobRow>();
  const unreadable = new Set<string>();
  let left = READ_MOST;
  const rowsWith = (cut: string | null): Rows => ({
    rows: [...rows.values()].slice(0, limit).sort(oldestFirst),
    unreadable: [...unreadable],
    cut,
  });
  const queries = stale
    ? store.staleQueries(now).filter((it) => it.of === 'jobs')
    : await everyActive(store.source);
  for (const query of queries) {
    if (stale && !(await store.hasAny(query, options))) continue;
    for await (const page of store.pages(query, { after: null, most: left }, options)) {
      left -= page.read;
      for (const { path } of page.unreadable) unreadable.add(path);
      for (const seen of page.seen) {
        const writtenAt = seen.updateTime.toDate();
        const row = jobRow(store, { job: seen.job, writtenAt, now });
        if (!stale || row.wrong.length > 0) rows.set(seen.path, row);
      }
      if (rows.size > limit) return rowsWith(`only ${figure(limit)} ${limit === 1 ? 'is' : 'are'} shown`);
    }
    if (left === 0) return rowsWith(`only ${figure(READ_MOST)} of its records were read`);
  }
  return rowsWith(null);
}

/** Queries of every active record, whatever its times. */
async function everyActive(source: Source): Promise<StaleQuery[]> {
  const { VALUES_PER_QUERY } = await import('../../../functions/shared/store/firestore/firestore.ts');
  const { valuesOf } = await import('../../../functions/shared/store/sources/stale-queries.ts');
  const statuses = ACTIVE_STATES.flatMap((state) => valuesOf(source, state));
  return chunksOf(statuses, VALUES_PER_QUERY).map((some) => ({
    name: 'active jobs',
    of: 'jobs',
    state: 'running',
    statuses: some,
    tellsLife: false,
    by: { without: null },
  }));
}

function oldestFirst(a: JobRow, b: JobRow): number {
  return sinceOf(a) - sinceOf(b);
}

function sinceOf({ startedAt, createdAt }: JobRow): number {
  return (startedAt ?? createdAt)?.getTime() ?? Number.POSITIVE_INFINITY;
}
