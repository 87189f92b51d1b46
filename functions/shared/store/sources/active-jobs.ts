import type { DocumentSnapshot, Firestore, WriteBatch } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import { NotOneJob } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { TakenBack } from '../../model/job/evidence.ts';
import { pathInSource } from '../../model/job/job.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import type { ACTIVE_STATES } from '../../model/job/states.ts';
import type { UnmappedStatus } from '../../model/job/sweep-checkpoint.ts';
import { PLAUSIBLE_TIMES } from '../../model/reading/reading.ts';
import { isPath, VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { activeRecords, type Page, type PageOptions, type SeenJob } from './active-records.ts';
import { executionStore, isOf } from './executions.ts';
import { commitEndings, type JobEnding, movedSince, putEnding } from './job-endings.ts';
import { pathsOf, recordsOf } from './jobs.ts';
import { recordCounts } from './record-counts.ts';
import { livelyOf, type StaleQuery, staleQueries, valuesOf } from './stale-queries.ts';
import { findUnmapped } from './status-audit.ts';
import { putTakenBack, whyNotTakenBack } from './take-back.ts';

const LIMIT_MS = MINUTE_MS;
/** Of those that show life, so many are looked through for one that fits. */
const MOST_LIVELY = 20;

/** Where a source's records are. */
export interface Home {
  db: Firestore;
  /** Whether that is Nightshift's own database: then one commit can hold both. */
  ours: boolean;
}

/** Jobs by their state. */
export type ActiveCounts = Record<(typeof ACTIVE_STATES)[number], number>;

/** One source of jobs as the sweep sees it: what has not ended, and the executions below. */
export function activeJobStore(name: string, source: Source, { db, ours }: Home, log: Log) {
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
      const values = isWhole(id) ? [id, BigInt(id)] : [id];
      const query = recordsOf(source, db).where(source.fields.id, 'in', values);
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
    name,
    source,
    ours,
    executions,
    counts: own,

    /** Where to look at `now` for records that may lie: first the executions. */
    lookouts: (now: Date): StaleQuery[] => [
      ...(below ? staleQueries(below, 'executions', now) : []),
      ...staleQueries(source, 'jobs', now),
    ],

    /** The records of a lookout, as `activeRecords` hands them over. */
    pages: (lookout: StaleQuery, which: PageOptions, options: ReadOptions): AsyncGenerator<Page, void> =>
      (lookout.of === 'executions' && executions ? executions : jobs).pages(lookout, which, options),

    /** Whether a lookout finds anything at all: of one for records without a time, counts tell. */
    async hasAny({ of, state, by }: StaleQuery, options: ReadOptions): Promise<boolean> {
      if (!('without' in by)) return true;
      const counts = of === 'executions' && executions ? executions.counts : own;
      const [all, dated] = await Promise.all([
        counts.inState(state, options),
        by.without ? counts.between(state, by.without, PLAUSIBLE_TIMES, options) : 0,
      ]);
      return all > dated;
    },

    /** How many of its jobs have not ended. */
    async active(options: ReadOptions): Promise<ActiveCounts> {
      const [running, queued, suspended] = await Promise.all([
        own.inState('running', options),
        own.inState('queued', options),
        own.inState('suspended', options),
      ]);
      return { running, queued, suspended };
    },

    /**
     * How many of its running jobs show life at `now`: by their time, no lookout finds them. Of times as ISO text, which
     * no query can tell apart to the hour, it is none.
     */
    async alive(now: Date, options: ReadOptions): Promise<number> {
      const { time, range } = livelyOf(source, now);
      return time.type === 'iso' ? 0 : own.between('running', time, range, options);
    },

    /** Some of its running jobs that show life at `now`; of times as ISO text, perhaps of those that do not. */
    async lively(now: Date, options: ReadOptions): Promise<SeenJob[]> {
      const statuses = valuesOf(source, 'running').slice(0, VALUES_PER_QUERY);
      const by = livelyOf(source, now);
      const lookout: StaleQuery = {
        name: 'jobs:lively',
        of: 'jobs',
        state: 'running',
        statuses,
        tellsLife: false,
        by,
      };
      const found: SeenJob[] = [];
      for await (const { seen } of jobs.pages(lookout, { after: null, most: MOST_LIVELY }, options))
        found.push(...seen);
      return found;
    },

    /**
     * The job of that id or at that path, with its source before it or not; `undefined` where there is none. Rejects with
     * NotOneJob when there are several.
     */
    async named(id: string, options: ReadOptions): Promise<SeenJob | undefined> {
      const [one, other] = await find(id, options);
      if (one && other)
        throw new NotOneJob(
          `Source ${name} has several jobs ${id}: name one by its path, such as ${one.ref.path}`,
        );
      return one && jobs.seen(one);
    },

    /** Records as they are now, by their paths; what is gone is missing. */
    async again(
      records: readonly { path: string; isExecution: boolean }[],
      options: ReadOptions,
    ): Promise<SeenJob[]> {
      const pathsOf = (isExecution: boolean) =>
        records.filter((it) => it.isExecution === isExecution).map(({ path }) => path);
      const found = [
        await jobs.those(pathsOf(false), options),
        (await executions?.those(pathsOf(true), options)) ?? [],
      ];
      return found.flat();
    },

    /** Statuses of its records that nobody mapped. */
    unmapped: (options: ReadOptions): Promise<UnmappedStatus[]> =>
      findUnmapped(name, source, db, log, options),

    /** Adds to `batch` the end of a job, or of an execution, as it was seen. */
    putEnding(batch: WriteBatch, seen: SeenJob, isExecution: boolean, ending: JobEnding): void {
      putEnding(batch, db, isExecution && below ? below : source, seen, ending);
    },

    /** Why what we said of a job, or of an execution, cannot be taken back, in words; `null` where it can. */
    whyNotTakenBack: (seen: SeenJob, isExecution: boolean): string | null =>
      whyNotTakenBack(isExecution && below ? below : source, seen),

    /** Adds to `batch` that what we said of it is taken back. */
    putTakenBack(batch: WriteBatch, seen: SeenJob, isExecution: boolean, takenBack: TakenBack): void {
      putTakenBack(batch, db, isExecution && below ? below : source, seen, takenBack);
    },

    /** The paths of those that are not as they were seen any more. */
    moved: (seen: readonly SeenJob[], options: ReadOptions): Promise<Set<string>> =>
      movedSince(log, db, seen, options),

    /** Commits to the database of the source. Rejects with RecordChanged where a record moved. */
    commit: (build: (batch: WriteBatch) => void): Promise<void> => commitEndings(log, db, build),
  };
}

export type ActiveJobStore = ReturnType<typeof activeJobStore>;

/** Whether an id may be stored as an integer, which Firestore keeps in 64 bits. */
function isWhole(id: string): boolean {
  return /^(0|-?[1-9]\d{0,18})$/.test(id) && BigInt.asIntN(64, BigInt(id)) === BigInt(id);
}
