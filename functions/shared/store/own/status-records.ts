import { FieldPath, type Query, type QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { z } from 'zod';
import { type Day, SECOND_MS } from '../../dates.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type DailyMetrics, daySchema } from '../../model/day/day.ts';
import { type JobHealth, jobHealthSchema } from '../../model/job/sweep.ts';
import { isPath } from '../../model/reading/document-path.ts';
import { type Alarm, alarmSchema } from '../../model/run/alarm.ts';
import { type Health, healthSchema } from '../../model/run/health.ts';
import type { Outcome } from '../../model/run/outcomes.ts';
import { type Run, runSchema } from '../../model/run/run.ts';
import { decode, plainOf, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';

/** A viewer waits for no query longer than this. */
const LIMIT_MS = 4 * SECOND_MS;
/** There is one record per task, and one per source. */
const MOST_TASKS = 200;
const MOST_SOURCES = 200;

/** Records that a query found; one that cannot be read costs only itself. */
export interface Found<T> {
  records: T[];
  unreadable: { path: string; message: string }[];
}

/** A page of records. */
export interface FoundPage<T> extends Found<T> {
  /** Behind which more may be; `null` where this is all. Also a record that cannot be read is gone past. */
  rest: After | null;
}

/** The record behind which a page of runs or closed alarms begins. */
export interface After {
  at: Date;
  id: string;
}

/** Which runs of a task to read. */
export interface RunQuery {
  outcome: Outcome | null;
  since: Date | null;
  after: After | null;
  most: number;
}

/** Our own records as viewers ask for them: every query is bounded, counted and has a deadline. Nothing is ever written. */
export interface StatusRecords {
  /** The records of tasks that were written at or after `since`; of all tasks without it. */
  tasks(since: Date | null, options: ReadOptions): Promise<Found<Health>>;

  /** At most so many of the open alarms. */
  openAlarms(most: number, options: ReadOptions): Promise<Found<Alarm>>;

  /** Closed alarms, those closed last first. */
  closedAlarms(after: After | null, most: number, options: ReadOptions): Promise<FoundPage<Alarm>>;

  /** How the jobs of each source stand, as the last sweep found them. */
  jobHealth(options: ReadOptions): Promise<Found<JobHealth>>;

  /** Runs of a task, the newest first. */
  runs(task: string, query: RunQuery, options: ReadOptions): Promise<FoundPage<Run>>;

  /** One run; `null` where there is none. */
  run(runId: string, options: ReadOptions): Promise<Run | null>;

  /** The stored days from `from` to `to`, oldest first. */
  days(from: Day, to: Day, options: ReadOptions): Promise<Found<DailyMetrics>>;
}

export function statusRecords(collections: Collections, log: Log): StatusRecords {
  const { tasks, taskRuns, alarms, jobHealth, dailyMetrics } = collections;

  async function read(operation: string, query: Query, { tally, signal }: ReadOptions) {
    const { docs } = await withTimeout(log, operation, LIMIT_MS, query.get(), signal);
    tally.documents += Math.max(1, docs.length);
    return docs;
  }

  async function find<T>(
    operation: string,
    query: Query,
    schema: z.ZodType<T>,
    options: ReadOptions,
  ): Promise<Found<T>> {
    return readEach(await read(operation, query, options), schema);
  }

  async function findPage<T>(
    operation: string,
    { query, by, after, most }: { query: Query; by: string; after: After | null; most: number },
    schema: z.ZodType<T>,
    options: ReadOptions,
  ): Promise<FoundPage<T>> {
    const ordered = query.orderBy(by, 'desc').orderBy(FieldPath.documentId(), 'desc');
    const page = after ? ordered.startAfter(after.at, after.id) : ordered;
    const docs = await read(operation, page.limit(most), options);
    const last =
      docs.length < most ? undefined : docs.findLast((one) => plainOf(one.get(by)) instanceof Date);
    const rest = last ? { at: plainOf(last.get(by)) as Date, id: last.id } : null;
    const { records, unreadable } = readEach(docs, schema);
    return { records, unreadable, rest };
  }

  return {
    tasks(since, options) {
      const query = since ? tasks.where('updatedAt', '>=', since) : tasks;
      return find('tasks', query.limit(MOST_TASKS), healthSchema, options);
    },

    openAlarms: (most, options) =>
      find('open alarms', alarms.where('closedAt', '==', null).limit(most), alarmSchema, options),

    closedAlarms(after, most, options) {
      // The range leaves out those that are open, which Firestore orders among the others.
      const query = alarms.where('closedAt', '>', new Date(0));
      return findPage('closed alarms', { query, by: 'closedAt', after, most }, alarmSchema, options);
    },

    jobHealth: (options) => find('job health', jobHealth.limit(MOST_SOURCES), jobHealthSchema, options),

    runs(task, { outcome, since, after, most }, options) {
      let query = taskRuns.where('task', '==', task);
      if (outcome) query = query.where('outcome', '==', outcome);
      if (since) query = query.where('startedAt', '>=', since);
      return findPage(`runs of ${task}`, { query, by: 'startedAt', after, most }, runSchema, options);
    },

    async run(runId, { tally, signal }) {
      if (!isPath(runId) || runId.includes('/')) return null;
      const call = taskRuns.doc(runId).get();
      const found = await withTimeout(log, `run ${runId}`, LIMIT_MS, call, signal);
      tally.documents += 1;
      return found.exists ? decode(runSchema, found) : null;
    },

    days: (from, to, options) =>
      find(
        'stored days',
        dailyMetrics.where('date', '>=', from).where('date', '<=', to).orderBy('date'),
        daySchema,
        options,
      ),
  };
}

function readEach<T>(documents: readonly QueryDocumentSnapshot[], schema: z.ZodType<T>): Found<T> {
  const found: Found<T> = { records: [], unreadable: [] };
  for (const document of documents)
    try {
      found.records.push(decode(schema, document));
    } catch (error) {
      found.unreadable.push({ path: document.ref.path, message: messageOf(error).split('\n', 1)[0] ?? '' });
    }
  return found;
}
