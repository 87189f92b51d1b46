import type {
  DocumentReference,
  QueryDocumentSnapshot,
  Timestamp,
  WriteBatch,
} from '@google-cloud/firestore';
import { addMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import type { AlarmChanges, AlarmToOpen } from '../../model/run/alarm.ts';
import type { RunHistory, WatchedRun } from '../../model/run/duty.ts';
import { type Health, healthSchema } from '../../model/run/health.ts';
import { type Run, runSchema } from '../../model/run/run.ts';
import { plainOf, streamQuery, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { logAlarms, put, putAlarms, type Seen, seenOf } from './records.ts';

const READ_LIMIT_MS = 10 * SECOND_MS;
const HISTORY_LIMIT_MS = MINUTE_MS;
/** No run takes so long: the catalogue allows half an hour, and a lease a quarter. */
const LONGEST_RUN_MS = HOUR_MS;
const watchedRunSchema = runSchema.pick({
  runId: true,
  slot: true,
  whole: true,
  dryRun: true,
  body: true,
  outcome: true,
  startedAt: true,
  attempts: true,
});
const FIELDS = Object.keys(watchedRunSchema.shape);

/** Records of runs with the update times that their next writes demand. */
export interface SeenHistory extends RunHistory {
  seen: ReadonlyMap<string, { ref: DocumentReference; updateTime: Timestamp }>;
}

/** What the watch over our tasks reads, and writes inside the commits of its run. */
export interface WatchStore {
  /** The record of a task. */
  task(task: string): Promise<Seen<Health>>;

  /** The record of a run. */
  run(runId: string): Promise<Seen<Run>>;

  /** What is recorded about the slots of a task from `oldest` on, oldest first. A run that cannot be read hides no other. */
  history(task: string, oldest: Date, signal: AbortSignal): Promise<SeenHistory>;

  /** Which of these runs have a record, whatever is in it. */
  existing(runIds: readonly string[]): Promise<string[]>;

  /** Adds to `batch` a whole record; the commit fails when it is not as it was seen. */
  put<T extends object>(batch: WriteBatch, seen: Seen<T>, data: T): void;

  /** Adds to `batch` the records of runs: new ones, or in place of those in `history`, which must be as they were seen. */
  putRuns(batch: WriteBatch, runs: readonly Run[], history: Pick<SeenHistory, 'seen'>): void;

  /** Adds to `batch` what becomes of a task's alarms. */
  putAlarms(batch: WriteBatch, changes: AlarmChanges, runId: string | null, at: Date): void;

  /** Writes the log line of each alarm that was opened; to be called once its commit has landed. */
  logAlarms(opened: readonly AlarmToOpen[]): void;
}

export function watchStore(collections: Collections, log: Log): WatchStore {
  const { tasks, taskRuns } = collections;

  return {
    async task(task) {
      const found = await withTimeout(log, `record of ${task}`, READ_LIMIT_MS, tasks.doc(task).get());
      return seenOf(found, healthSchema);
    },

    async run(runId) {
      const found = await withTimeout(log, `record of ${runId}`, READ_LIMIT_MS, taskRuns.doc(runId).get());
      return seenOf(found, runSchema);
    },

    async history(task, oldest, signal) {
      const runs: WatchedRun[] = [];
      const unreadable: SeenHistory['unreadable'][number][] = [];
      const seen = new Map<string, { ref: DocumentReference; updateTime: Timestamp }>();
      const query = taskRuns
        .where('task', '==', task)
        .where('startedAt', '>=', addMs(oldest, -LONGEST_RUN_MS))
        .orderBy('startedAt', 'desc')
        .select(...FIELDS);
      const onRun = (document: QueryDocumentSnapshot) => {
        seen.set(document.id, { ref: document.ref, updateTime: document.updateTime });
        const run = watchedRunSchema.safeParse(plainOf(document.data()));
        if (run.success) runs.push(run.data);
        else unreadable.push({ runId: document.id, startedAt: document.get('startedAt').toDate() });
      };
      const what = `runs of ${task} since ${oldest.toISOString()}`;
      await streamQuery(log, what, HISTORY_LIMIT_MS, query, onRun, signal);
      return { runs: runs.reverse(), unreadable, seen };
    },

    async existing(runIds) {
      const refs = runIds.map((runId) => taskRuns.doc(runId));
      const [first] = refs;
      if (!first) return [];
      const what = `records of ${runIds.length} runs`;
      const found = await withTimeout(
        log,
        what,
        READ_LIMIT_MS,
        first.firestore.getAll(...refs, { fieldMask: [] }),
      );
      return found.filter(({ exists }) => exists).map(({ id }) => id);
    },

    put,

    putRuns(batch, runs, { seen }) {
      for (const run of runs) {
        const known = seen.get(run.runId);
        // Counted by deliveries at any time, so never written back from here.
        const { duplicates: _, ...rest } = run;
        if (known) batch.update(known.ref, rest, { lastUpdateTime: known.updateTime });
        else batch.create(taskRuns.doc(run.runId), run);
      }
    },

    putAlarms(batch, changes, runId, at) {
      putAlarms(batch, collections, changes, runId, at);
    },

    logAlarms: (opened) => logAlarms(log, opened),
  };
}
