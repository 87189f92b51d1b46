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
};

const taskSchema = z.object({
  watchedUntil: z.date().nullable().default(null),
  openAlarms: z.array(z.string()),
});
/** What retention needs of a task's record. */
export type RetentionTask = z.infer<typeof taskSchema>;

/** A record with the fields that retention goes by, unchecked: one that nobody can read must not hide the rest. */
export interface Found {
  id: string;
  path: string;
  fields: unknown;
  document: QueryDocumentSnapshot;
}

/** What retention works with: how many documents were read. */
interface ReadTally {
  documents: number;
}

/** Finds our records that are due, and adds their removal to a run's commits. It knows no source, hence no job. */
export function retentionStore(collections: Collections, log: Log) {
  const { tasks, taskRuns, alarms, cleanupPlans, cleanupJournal } = collections;
  const collectionOf = { runs: taskRuns, alarms, plans: cleanupPlans, journal: cleanupJournal };
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
    /** Every task that has a record, by its name. */
    async tasks(tally: ReadTally): Promise<Map<string, RetentionTask>> {
      const { docs } = await ask('tasks', tasks.select('watchedUntil', 'openAlarms').get());
      tally.documents += Math.max(1, docs.length);
      return new Map(docs.map((document) => [document.id, decode(taskSchema, document)]));
    },

    /** The next records of a kind that are due at `now`, those due longest first. */
    due: (
      kind: ExpiringKind,
      now: Date,
      after: Found | null,
      limit: number,
      tally: ReadTally,
    ): Promise<Found[]> =>
      found(
        `${kind} that are due`,
        due(kind, now, after)
          .select(EXPIRING[kind].field, ...FIELDS[kind])
          .limit(limit),
        tally,
      ),

    /** How many records of a kind are due, behind `after`. */
    async countDue(kind: ExpiringKind, now: Date, after: Found | null): Promise<number> {
      return ask(`number of ${kind} that are due`, countDocuments(due(kind, now, after)));
    },

    async newestRunId(task: string, tally: ReadTally): Promise<string | null> {
      const newest = taskRuns.where('task', '==', task).orderBy('startedAt', 'desc').limit(1).select();
      return (await found(`newest run of ${task}`, newest, tally))[0]?.id ?? null;
    },

    async countRuns(task: string): Promise<number> {
      return ask(`number of runs of ${task}`, countDocuments(taskRuns.where('task', '==', task)));
    },

    /** Every run of a task, newest first. */
    async runsOf(
      task: string,
      onRun: (run: Found) => void,
      tally: ReadTally,
      signal: AbortSignal,
    ): Promise<void> {
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

    /** How many records say since before `before` that they are under way: those have no end to expire after. */
    async countUnfinished(kind: 'runs' | 'journal', before: Date, tally: ReadTally): Promise<number> {
      const [query, field] =
        kind === 'runs'
          ? ([taskRuns.where('outcome', '==', 'running'), 'startedAt'] as const)
          : ([cleanupJournal.where('doneAt', '==', null), 'createdAt'] as const);
      // Not part of the query, which would need an index of two fields.
      const all = await found(`${kind} under way`, query.select(field), tally);
      return all.filter(({ document }) => document.get(field)?.toDate() < before).length;
    },

    /** What lies below a plan. */
    itemsOf: ({ document }: Found, tally: ReadTally): Promise<Found[]> =>
      found(`items of ${document.id}`, document.ref.collection('items').select(), tally),

    /** What lies below plans that were never stored, for whoever made them died before. */
    async strayItems(before: Date, tally: ReadTally): Promise<Found[]> {
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

    /** Adds to `batch` the removal of records that must be as they were found. */
    remove(batch: WriteBatch, records: readonly Found[]): void {
      for (const { document } of records) batch.delete(document.ref, { lastUpdateTime: document.updateTime });
    },

    /** Adds to `batch` that nobody can go on with a plan, which must be as it was found. */
    retirePlan(batch: WriteBatch, { document }: Found): void {
      batch.update(document.ref, { status: 'superseded' }, { lastUpdateTime: document.updateTime });
    },

    /** Adds to `batch` the removal of a plan that was retired. */
    removePlan(batch: WriteBatch, { document }: Found): void {
      batch.delete(document.ref, { exists: true });
    },
  };
}

export type RetentionStore = ReturnType<typeof retentionStore>;

function itemsBelow(plan: DocumentReference): Query {
  return plan.collection('items').select();
}

function foundOf(document: QueryDocumentSnapshot): Found {
  return { id: document.id, path: document.ref.path, fields: plainOf(document.data()), document };
}
