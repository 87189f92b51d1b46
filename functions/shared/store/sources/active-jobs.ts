import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import { NotOneJob } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { pathInSource } from '../../model/job/job.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import type { ACTIVE_STATES, JobState } from '../../model/job/states.ts';
import type { UnmappedStatus } from '../../model/job/sweep-checkpoint.ts';
import { isPath } from '../../model/reading/document-path.ts';
import { PLAUSIBLE_TIMES } from '../../model/reading/reading.ts';
import { VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { activeRecords, type Page, type PageOptions, type SeenJob } from './active-records.ts';
import { type EndingStore, endingStore } from './ending-store.ts';
import { type ExecutionStore, executionStore, isOf } from './executions.ts';
import { idsAsStored, pathsOf, recordsOf } from './jobs.ts';
import { type RecordCounts, recordCounts } from './record-counts.ts';
import { livelyOf, type StaleQuery, staleQueries, valuesOf } from './stale-queries.ts';
import { findUnmapped } from './status-audit.ts';

const LIMIT_MS = MINUTE_MS;
/** At most so many of those that show life are searched for one that fits. */
const MOST_LIVELY = 20;

/** Where the records of a source are. */
export interface Home {
  db: Firestore;
  /** Whether that is Nightshift's own database: then one commit can hold both. */
  ours: boolean;
}

/** Jobs by their state. */
export type ActiveCounts = Record<(typeof ACTIVE_STATES)[number], number>;

/** One source of jobs as the sweep sees it: what has not ended, and the executions below. */
export interface ActiveJobStore extends EndingStore {
  name: string;
  source: Source;
  /** Whether its records are in Nightshift's own database. */
  ours: boolean;
  /** The executions below its jobs; `null` where the source maps none. */
  executions: ExecutionStore | null;
  counts: RecordCounts;

  /** The queries that find records which may not be true at `now`: executions first. */
  staleQueries(now: Date): StaleQuery[];

  /** The records of a query, as `ActiveRecords.pages` yields them. */
  pages(query: StaleQuery, which: PageOptions, options: ReadOptions): AsyncGenerator<Page, void>;

  /**
   * Whether a query for records without a time finds any, by counts; of all other queries, `true`. Records that are ended
   * meanwhile make it say `true` for nothing, which costs a page.
   */
  hasAny(query: StaleQuery, options: ReadOptions): Promise<boolean>;

  /** How many of its jobs have not ended. */
  active(options: ReadOptions): Promise<ActiveCounts>;

  /**
   * How many running jobs show life at `now` by their time, so that no stale query selects them. 0 for times as ISO text,
   * which no query can tell apart to the hour.
   */
  alive(now: Date, options: ReadOptions): Promise<number>;

  /** Some running jobs that show life at `now`; for times as ISO text, perhaps some that do not. */
  lively(now: Date, options: ReadOptions): Promise<SeenJob[]>;

  /**
   * Yields its jobs in one of `states`, by their paths. Of the words that a source has for them, only as many as one query
   * takes.
   */
  inStates(states: readonly JobState[], which: PageOptions, options: ReadOptions): AsyncGenerator<Page, void>;

  /**
   * The job with that id or at that path, with its source before it or not; `undefined` where there is none. Rejects with
   * NotOneJob when there are several.
   */
  named(id: string, options: ReadOptions): Promise<SeenJob | undefined>;

  /** Records as they are now, by their paths; those that do not exist are left out. */
  again(records: readonly { path: string; isExecution: boolean }[], options: ReadOptions): Promise<SeenJob[]>;

  /** Statuses of its records that the settings do not map. */
  unmapped(options: ReadOptions): Promise<UnmappedStatus[]>;
}

/** Opens a source for the sweep. */
export function activeJobStore(name: string, source: Source, { db, ours }: Home, log: Log): ActiveJobStore {
  const jobs = activeRecords(name, source, db, log);
  const own = recordCounts(name, source, db, log);
  const below = executionsOf(source);
  const executions = below ? executionStore(name, source, below, db, log) : null;

  async function find(id: string, { tally, signal }: ReadOptions): Promise<DocumentSnapshot[]> {
    const paths = [...pathsOf(source), source.addedField];
    const atPath = async (path: string) => {
      const call = db.getAll(db.doc(path), { fieldMask: paths });
      const found = await withTimeout(log, `job ${path}`, LIMIT_MS, call, signal);
      tally.documents += 1;
      return found.filter((document) => document.exists && isOf(source, document.ref));
    };
    const path = pathInSource(id, name) ?? id;
    if (!isPath(path)) return [];
    if (path.includes('/')) return path.split('/').length % 2 === 0 ? atPath(path) : [];
    if (source.fields.id !== undefined) {
      const query = recordsOf(source, db).where(source.fields.id, 'in', idsAsStored([id]));
      const { docs } = await withTimeout(
        log,
        `job ${id}`,
        LIMIT_MS,
        query
          .select(...paths)
          .limit(2)
          .get(),
        signal,
      );
      tally.documents += Math.max(1, docs.length);
      if (docs.length > 0) return docs;
    }
    return source.group ? [] : atPath(`${source.collection}/${id}`);
  }

  return {
    ...endingStore(name, source, db, log),
    name,
    source,
    ours,
    executions,
    counts: own,

    staleQueries: (now) => [
      ...(below ? staleQueries(below, 'executions', now) : []),
      ...staleQueries(source, 'jobs', now),
    ],

    pages: (query, which, options) =>
      (query.of === 'executions' && executions ? executions : jobs).pages(query, which, options),

    async hasAny({ of, state, by }, options) {
      if (!('without' in by)) return true;
      const counts = of === 'executions' && executions ? executions.counts : own;
      // In this order: a record with a time that is ended between the counts cannot hide one without.
      const all = await counts.inState(state, options);
      const dated = by.without ? await counts.between(state, by.without, PLAUSIBLE_TIMES, options) : 0;
      return all > dated;
    },

    async active(options) {
      const [running, queued, suspended] = await Promise.all([
        own.inState('running', options),
        own.inState('queued', options),
        own.inState('suspended', options),
      ]);
      return { running, queued, suspended };
    },

    async alive(now, options) {
      const { time, range } = livelyOf(source, now);
      return time.type === 'iso' ? 0 : own.between('running', time, range, options);
    },

    async lively(now, options) {
      const query: StaleQuery = {
        name: 'jobs:lively',
        of: 'jobs',
        state: 'running',
        statuses: valuesOf(source, 'running').slice(0, VALUES_PER_QUERY),
        tellsLife: false,
        by: livelyOf(source, now),
      };
      const found: SeenJob[] = [];
      for await (const { seen } of jobs.pages(query, { after: null, most: MOST_LIVELY }, options))
        found.push(...seen);
      return found;
    },

    async *inStates(states, which, options) {
      const statuses = states.flatMap((state) => valuesOf(source, state)).slice(0, VALUES_PER_QUERY);
      const query: StaleQuery = {
        name: 'jobs:in-states',
        of: 'jobs',
        state: 'running',
        statuses,
        tellsLife: false,
        by: { without: null },
      };
      // A source may have no word for some state.
      if (statuses.length > 0) yield* jobs.pages(query, which, options);
    },

    async named(id, options) {
      const [one, other] = await find(id, options);
      if (one && other)
        throw new NotOneJob(
          `Source ${name} has several jobs ${id}: name one by its path, such as ${one.ref.path}`,
        );
      return one && jobs.seen(one);
    },

    async again(records, options) {
      const jobPaths = records.flatMap(({ path, isExecution }) => (isExecution ? [] : path));
      const executionPaths = records.flatMap(({ path, isExecution }) => (isExecution ? path : []));
      const found = await jobs.those(jobPaths, options);
      const below = (await executions?.those(executionPaths, options)) ?? [];
      return [...found, ...below];
    },

    unmapped: (options) => findUnmapped(name, source, db, log, options),
  };
}
