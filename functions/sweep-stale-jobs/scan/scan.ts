import { prefetch } from '../../shared/concurrency.ts';
import { LeaseLost } from '../../shared/errors.ts';
import type { SweepCursor } from '../../shared/model/job/sweep-checkpoint.ts';
import { isSuspicious } from '../../shared/model/job/verdict/suspicion.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { ActiveCounts, ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import type { Cursor, Page } from '../../shared/store/sources/active-records.ts';
import type { StaleQuery } from '../../shared/store/sources/stale-queries.ts';
import type { Candidate, RecordFailure } from '../../shared/truth/candidate.ts';

/** One sweep reads at most so many records of a source; the next sweep goes on from there. */
const MOST_READ = 25_000;

/** The jobs of a source when its sweep began. */
export interface Population {
  active: ActiveCounts;
  /** How many of those that run show life. */
  alive: number;
}

/** Which records of a source are scanned. */
export interface ScanOptions extends ReadOptions {
  signal: AbortSignal;
  /** Where the last sweep stopped; `null` to begin at the head. */
  from: SweepCursor | null;
  now: Date;
  population: Population;
  /** Only candidates that have been silent for at least so long. */
  olderThanMs?: number | undefined;
}

/** The candidates of one page. */
export interface ScanPage {
  kind: 'page';
  candidates: Candidate[];
  unreadable: RecordFailure[];
  /** Where the page begins. */
  from: SweepCursor;
}

/** How a scan ended. */
export interface ScanEnd {
  kind: 'end';
  /** Where the next scan goes on; `null` when every query came to its end. */
  stoppedAt: SweepCursor | null;
  /** Candidates that were read and are left for the next scan. */
  left: Candidate[];
  /** Whether all records were seen, from the head to the end. */
  complete: boolean;
  /** The error that it stopped for, after some pages; `null` where it did not. */
  failure: unknown;
}

/**
 * Yields the candidates of a source page by page, and at last how the scan ended. Reading waits for the consumer, except
 * for the first page of each query. A scan that goes on where the last one stopped finishes that query and goes through
 * the others from their heads, so that the records left out longest come first. Throws where not even the first page can
 * be read, with LeaseLost, and with the reason of the signal.
 */
export async function* scan(
  store: ActiveJobStore,
  options: ScanOptions,
): AsyncGenerator<ScanPage | ScanEnd, void> {
  const queries = openQueries(store, options);
  try {
    yield* stepsOf(queries, store, options);
  } finally {
    await Promise.all(queries.map(({ pages }) => pages?.end()));
  }
}

/** The pages of a query, the first of which is being read. */
type Pages = ReturnType<typeof prefetch<Page>>;

/** A query, and its pages where they are being read. */
interface OpenQuery {
  query: StaleQuery;
  after: Cursor | null;
  pages: Pages | null;
  open: () => Pages;
}

/** Begins to read every query, that of the cursor first. */
function openQueries(store: ActiveJobStore, options: ScanOptions): OpenQuery[] {
  const { from, now } = options;
  const queries = store.staleQueries(now);
  const first = Math.max(
    0,
    queries.findIndex(({ name }) => name === from?.lookout),
  );
  return [...queries.slice(first), ...queries.slice(0, first)].map((query) => {
    const after = query.name === from?.lookout ? from.after : null;
    const open = () => prefetch(store.pages(query, { after, most: MOST_READ }, options));
    // Whether any record lacks a time is only known when all others were read.
    return { query, after, pages: 'without' in query.by ? null : open(), open };
  });
}

async function* stepsOf(
  queries: readonly OpenQuery[],
  store: ActiveJobStore,
  options: ScanOptions,
): AsyncGenerator<ScanPage | ScanEnd, void> {
  const { from, population, signal } = options;
  const candidatesOf = candidateFinder(store, options);
  let read = 0;
  let dated = 0;
  for (const opened of queries) {
    const { query } = opened;
    let { after } = opened;
    const stoppedHere = (failure: unknown = null): ScanEnd => {
      const stoppedAt = { lookout: query.name, after };
      return { kind: 'end', stoppedAt, left: [], complete: false, failure };
    };
    try {
      if (!after && 'without' in query.by) {
        // While every running job shows life or was read by its time, none lacks one.
        const isOfRunningJobs = query.of === 'jobs' && query.state === 'running';
        if (isOfRunningJobs && population.alive + dated >= population.active.running) continue;
        if (!(await store.hasAny(query, options))) continue;
      }
      if (read >= MOST_READ) return yield stoppedHere();
      opened.pages ??= opened.open();
      for await (const page of opened.pages) {
        const found = candidatesOf(page, query, after);
        if (read >= MOST_READ) return yield { ...stoppedHere(), left: found.candidates };
        yield { kind: 'page', from: { lookout: query.name, after }, ...found };
        read += page.read;
        if (query.tellsLife) dated += page.read;
        after = page.last;
      }
      if (read >= MOST_READ) return yield stoppedHere();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeaseLost || read === 0) throw error;
      return yield stoppedHere(error);
    }
  }
  yield { kind: 'end', stoppedAt: null, left: [], complete: from === null, failure: null };
}

/** Finds the candidates among the records of pages, each record once; one that cannot be judged costs only itself. */
function candidateFinder({ source }: ActiveJobStore, { now, olderThanMs }: ScanOptions) {
  const known = new Set<string>();

  return (
    page: Page,
    query: StaleQuery,
    after: Cursor | null,
  ): Pick<ScanPage, 'candidates' | 'unreadable'> => {
    const isExecution = query.of === 'executions';
    const candidates: Candidate[] = [];
    const unreadable = [...page.unreadable];
    for (const [index, seen] of page.seen.entries()) {
      const { job, path, writtenAt, rewrittenAt } = seen;
      try {
        const reading = { job, writtenAt, rewrittenAt, isExecution };
        if (known.has(path) || !isSuspicious(reading, source, now, olderThanMs)) continue;
      } catch (error) {
        unreadable.push({ path, error });
        continue;
      }
      known.add(path);
      const before = page.seen[index - 1];
      const at = { lookout: query.name, after: before ? { path: before.path, value: before.value } : after };
      candidates.push({ seen, isExecution, nth: known.size, at });
    }
    return { candidates, unreadable };
  };
}
