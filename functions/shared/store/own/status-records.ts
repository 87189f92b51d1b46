import { FieldPath, type Query, type QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { z } from 'zod';
import { type Day, SECOND_MS } from '../../dates.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type DailyMetrics, daySchema } from '../../model/day/day.ts';
import { type JobHealth, jobHealthSchema } from '../../model/job/sweep.ts';
import { type Alarm, alarmSchema } from '../../model/run/alarm.ts';
import { type Health, healthSchema } from '../../model/run/health.ts';
import type { Outcome } from '../../model/run/outcomes.ts';
import { type Run, runSchema } from '../../model/run/run.ts';
import { decode, isPath, withTimeout } from '../firestore/firestore.ts';
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
  closedAlarms(after: After | null, most: number, options: ReadOptions): Promise<Found<Alarm>>;

  /** How the jobs of each source stand, as the last sweep found them. */
  jobHealth(options: ReadOptions): Promise<Found<JobHealth>>;

  /** Runs of a task, the newest first. */
  runs(task: string, query: RunQuery, options: ReadOptions): Promise<Found<Run>>;

  /** One run; `null` where there is none. */
  run(runId: string, options: ReadOptions): Promise<Run | null>;

  /** The stored days from `from` to `to`, oldest first. */
  days(from: Day, to: Day, options: ReadOptions): Promise<Found<DailyMetrics>>;
}

export function statusRecords(collections: Collections, log: Log): StatusRecords {
  const { tasks, taskRuns, alarms, jobHealth, dailyMetrics } = collections;

  async function find<T>(
    operation: string,
    query: Query,
    schema: z.ZodType<T>,
    { tally, signal }: ReadOptions,
  ): Promise<Found<T>> {
    const { docs } = await withTimeout(log, operation, LIMIT_MS, query.get(), signal);
    tally.documents += Math.max(1, docs.length);
    return readEach(docs, schema);
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
      const closed = alarms
        .where('closedAt', '>', new Date(0))
        .orderBy('closedAt', 'desc')
        .orderBy(FieldPath.documentId(), 'desc');
      const page = after ? closed.startAfter(after.at, after.id) : closed;
      return find('closed alarms', page.limit(most), alarmSchema, options);
    },

    jobHealth: (options) => find('job health', jobHealth.limit(MOST_SOURCES), jobHealthSchema, options),

    runs(task, { outcome, since, after, most }, options) {
      let query = taskRuns.where('task', '==', task);
      if (outcome) query = query.where('outcome', '==', outcome);
      if (since) query = query.where('startedAt', '>=', since);
      query = query.orderBy('startedAt', 'desc').orderBy(FieldPath.documentId(), 'desc');
      if (after) query = query.startAfter(after.at, after.id);
      return find(`runs of ${task}`, query.limit(most), runSchema, options);
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
