import type { DocumentReference, Query, QueryDocumentSnapshot, WriteBatch } from '@google-cloud/firestore';
import { z } from 'zod';
import { addMs, MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { EXPIRING, type ExpiringKind } from '../../model/run/retention.ts';
import { countDocuments, decode, plainOf, streamQuery, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

const LIMIT_MS = MINUTE_MS;

/** The fields that retention goes by, besides the instant. */
const FIELDS: Record<ExpiringKind, string[]> = {
  runs: ['task', 'outcome', 'startedAt', 'endedAt'],
  alarms: [],
  plans: ['status', 'appliedAt'],
  journal: [],
  ends: [],
};

const taskSchema = z.object({
  watchedUntil: z.date().nullable().default(null),
  openAlarms: z.array(z.string()),
});
/** What retention needs of a task's record. */
export type RetentionTask = z.infer<typeof taskSchema>;

/** A record with the fields that retention goes by, unchecked: one that cannot be read must not hide the rest. */
export interface Found {
  id: string;
  path: string;
  fields: unknown;
  document: QueryDocumentSnapshot;
}

/** Counts the documents that were read. */
interface ReadTally {
  documents: number;
}

/** Finds our records that are due, and adds their removal to a run's commits. It knows no source, hence no record of a job. */
export interface RetentionStore {
  /** Every task that has a record, by its name. */
  tasks(tally: ReadTally): Promise<Map<string, RetentionTask>>;

  /** The next records of a kind that are due at `now`, those due longest first. */
  due(kind: ExpiringKind, now: Date, after: Found | null, limit: number, tally: ReadTally): Promise<Found[]>;

  /** How many records of a kind are due, behind `after`. */
  countDue(kind: ExpiringKind, now: Date, after: Found | null): Promise<number>;

  /** The id of the newest run of a task; `null` where it has none. */
  newestRunId(task: string, tally: ReadTally): Promise<string | null>;

  /** How many runs of a task are stored. */
  countRuns(task: string): Promise<number>;

  /** Calls `onRun` with every run of a task, newest first. */
  runsOf(task: string, onRun: (run: Found) => void, tally: ReadTally, signal: AbortSignal): Promise<void>;

  /** How many records that began before `before` have no end yet, and so no instant to expire after. */
  countUnfinished(kind: 'runs' | 'journal', before: Date, tally: ReadTally): Promise<number>;

  /** The documents with the lines of a plan. */
  itemsOf(record: Found, tally: ReadTally): Promise<Found[]>;

  /** Documents with lines of plans that were never stored, for the run that made them died before. */
  strayItems(before: Date, tally: ReadTally): Promise<Found[]>;

  /** Adds to `batch` the removal of records that must be as they were found. */
  remove(batch: WriteBatch, records: readonly Found[]): void;

  /** Adds to `batch` the end of a plan, which must be as it was found: no run goes on with it. */
  retirePlan(batch: WriteBatch, record: Found): void;

  /** Adds to `batch` the removal of a plan that was retired. */
  removePlan(batch: WriteBatch, record: Found): void;
}

export function retentionStore(collections: Collections, log: Log): RetentionStore {
  const { tasks, taskRuns, alarms, cleanupPlans, cleanupJournal, workloadEnds } = collections;
  const collectionOf = {
    runs: taskRuns,
    alarms,
    plans: cleanupPlans,
    journal: cleanupJournal,
    ends: workloadEnds,
  };
  const ask = <T>(operation: string, call: Promise<T>): Promise<T> =>
    withTimeout(log, operation, LIMIT_MS, call);

  const due = (kind: ExpiringKind, now: Date, after: Found | null): Query => {
    const { field, keptMs } = EXPIRING[kind];
    const query = collectionOf[kind].where(field, '<', addMs(now, -keptMs)).orderBy(field);
    return after ? query.startAfter(after.document) : query;
  };

  async function found(operation: string, query: Query, tally: ReadTally): Promise<Found[]> {
    const { docs } = await ask(operation, query.get());
    tally.documents += Math.max(1, docs.length);
    return docs.map(foundOf);
  }

  return {
    async tasks(tally) {
      const { docs } = await ask('tasks', tasks.select('watchedUntil', 'openAlarms').get());
      tally.documents += Math.max(1, docs.length);
      return new Map(docs.map((document) => [document.id, decode(taskSchema, document)]));
    },

    due: (kind, now, after, limit, tally) =>
      found(
        `${kind} that are due`,
        due(kind, now, after)
          .select(EXPIRING[kind].field, ...FIELDS[kind])
          .limit(limit),
        tally,
      ),

    async countDue(kind, now, after) {
      return ask(`number of ${kind} that are due`, countDocuments(due(kind, now, after)));
    },

    async newestRunId(task, tally) {
      const newest = taskRuns.where('task', '==', task).orderBy('startedAt', 'desc').limit(1).select();
      return (await found(`newest run of ${task}`, newest, tally))[0]?.id ?? null;
    },

    async countRuns(task) {
      return ask(`number of runs of ${task}`, countDocuments(taskRuns.where('task', '==', task)));
    },

    async runsOf(task, onRun, tally, signal) {
      const query = taskRuns
        .where('task', '==', task)
        .orderBy('startedAt', 'desc')
        .select('expireAt', ...FIELDS.runs);
      tally.documents += await streamQuery(
        log,
        `runs of ${task}`,
        LIMIT_MS,
        query,
        (document) => onRun(foundOf(document)),
        signal,
      );
    },

    async countUnfinished(kind, before, tally) {
      const [query, field] =
        kind === 'runs'
          ? ([taskRuns.where('outcome', '==', 'running'), 'startedAt'] as const)
          : ([cleanupJournal.where('doneAt', '==', null), 'createdAt'] as const);
      // Not part of the query, which would need an index of two fields.
      const all = await found(`${kind} under way`, query.select(field), tally);
      return all.filter(({ document }) => document.get(field)?.toDate() < before).length;
    },

    itemsOf: ({ document }, tally) =>
      found(`items of ${document.id}`, document.ref.collection('items').select(), tally),

    async strayItems(before, tally) {
      const [references, plans] = await Promise.all([
        ask('plans and what is like one', cleanupPlans.listDocuments()),
        found('plans', cleanupPlans.select(), tally),
      ]);
      const stored = new Set(plans.map(({ id }) => id));
      const orphans: Found[] = [];
      for (const reference of references.filter(({ id }) => !stored.has(id))) {
        const items = await found(`items of ${reference.id}`, itemsBelow(reference), tally);
        orphans.push(...items.filter(({ document }) => document.createTime.toDate() < before));
      }
      return orphans;
    },

    remove(batch, records) {
      for (const { document } of records) batch.delete(document.ref, { lastUpdateTime: document.updateTime });
    },

    retirePlan(batch, { document }) {
      batch.update(document.ref, { status: 'superseded' }, { lastUpdateTime: document.updateTime });
    },

    removePlan(batch, { document }) {
      batch.delete(document.ref, { exists: true });
    },
  };
}

function itemsBelow(plan: DocumentReference): Query {
  return plan.collection('items').select();
}

function foundOf(document: QueryDocumentSnapshot): Found {
  return { id: document.id, path: document.ref.path, fields: plainOf(document.data()), document };
}
