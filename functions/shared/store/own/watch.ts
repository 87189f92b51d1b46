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
import { decode, plainOf, streamQuery, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { put, putAlarms, type Seen, seenOf, tellAlarms } from './records.ts';

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
export function watchStore(collections: Collections, log: Log) {
  const { tasks, taskRuns } = collections;

  return {
    async task(task: string): Promise<Seen<Health>> {
      const found = await withTimeout(log, `record of ${task}`, READ_LIMIT_MS, tasks.doc(task).get());
      return seenOf(found, (it) => decode(healthSchema, it));
    },

    async run(runId: string): Promise<Seen<Run>> {
      const found = await withTimeout(log, `record of ${runId}`, READ_LIMIT_MS, taskRuns.doc(runId).get());
      return seenOf(found, (it) => decode(runSchema, it));
    },

    /** What is recorded about the slots of a task from `oldest` on, oldest first. */
    async history(task: string, oldest: Date, signal: AbortSignal): Promise<SeenHistory> {
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

    /** Which of these runs have a record, whatever is in it. */
    async existing(runIds: readonly string[]): Promise<string[]> {
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

    /** Adds to `batch` a record as it is now, which must be as it was seen. */
    put,

    /** Adds to `batch` the records of runs: new ones, or instead of those that were seen and must be as they were. */
    putRuns(batch: WriteBatch, runs: readonly Run[], { seen }: Pick<SeenHistory, 'seen'>): void {
      for (const run of runs) {
        const known = seen.get(run.runId);
        // Counted by deliveries at any time, so never written back from here.
        const { duplicates: _, ...rest } = run;
        if (known) batch.update(known.ref, rest, { lastUpdateTime: known.updateTime });
        else batch.create(taskRuns.doc(run.runId), run);
      }
    },

    /** Adds to `batch` what becomes of a task's alarms. */
    putAlarms(batch: WriteBatch, changes: AlarmChanges, runId: string | null, at: Date): void {
      putAlarms(batch, collections, changes, runId, at);
    },

    /** Tells of alarms once their commit has landed. */
    tellAlarms: (opened: readonly AlarmToOpen[]): void => tellAlarms(log, opened),
  };
}

export type WatchStore = ReturnType<typeof watchStore>;
