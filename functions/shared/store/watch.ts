import type { WriteBatch } from '@google-cloud/firestore';
import { z } from 'zod';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../dates.ts';
import type { Log } from '../log.ts';
import type { AlarmChanges, AlarmToOpen } from '../model/alarm.ts';
import { type Health, healthSchema } from '../model/health.ts';
import { OUTCOMES, type Outcome, type Run, runSchema } from '../model/run.ts';
import type { History, Span } from '../model/watch.ts';
import type { Collections } from './collections.ts';
import { bounded, decode, streamQuery } from './firestore.ts';
import { put, putAlarms, type Seen, seenOf, tellAlarms } from './records.ts';

const READ_LIMIT_MS = 10 * SECOND_MS;
const HISTORY_LIMIT_MS = MINUTE_MS;
/** No run takes so long: the catalogue allows half an hour, and a lease a quarter. */
const LONGEST_RUN_MS = HOUR_MS;
/** Outcomes of attempts that held no lease. */
const HELD_NOTHING: readonly Outcome[] = ['skipped', 'missed'];

const attemptsSchema = z.object({
  dryRun: z.boolean(),
  attempts: z.array(
    z.object({ startedAt: z.date(), endedAt: z.date().nullable(), outcome: z.enum(OUTCOMES) }),
  ),
});

/** What the watch over our tasks reads, and writes inside the commits of its run. */
export function watchStore(collections: Collections, log: Log) {
  const { tasks, taskRuns } = collections;

  return {
    async task(task: string): Promise<Seen<Health>> {
      const found = await bounded(log, `record of ${task}`, READ_LIMIT_MS, tasks.doc(task).get());
      return seenOf(found, (it) => decode(healthSchema, it));
    },

    async run(runId: string): Promise<Seen<Run>> {
      const found = await bounded(log, `record of ${runId}`, READ_LIMIT_MS, taskRuns.doc(runId).get());
      return seenOf(found, (it) => decode(runSchema, it));
    },

    /** What is recorded about the slots of a task from `oldest` on. */
    async history(task: string, oldest: Date, signal: AbortSignal): Promise<History> {
      const recorded = new Set<string>();
      const spans: Span[] = [];
      const query = taskRuns
        .where('task', '==', task)
        .where('startedAt', '>=', new Date(oldest.getTime() - LONGEST_RUN_MS))
        .orderBy('startedAt', 'desc')
        .select('dryRun', 'attempts');
      await streamQuery(
        log,
        `runs of ${task} since ${oldest.toISOString()}`,
        HISTORY_LIMIT_MS,
        query,
        (document) => {
          recorded.add(document.id);
          const { dryRun, attempts } = decode(attemptsSchema, document);
          // A dry run takes no lease.
          if (dryRun) return;
          for (const { startedAt, endedAt, outcome } of attempts)
            if (endedAt && !HELD_NOTHING.includes(outcome)) spans.push({ startedAt, endedAt });
        },
        signal,
      );
      return { recorded, spans };
    },

    /** Adds to `batch` a record as it is now, which must be as it was seen. */
    put,

    /** Adds to `batch` runs that have no record. */
    addRuns(batch: WriteBatch, runs: readonly Run[]): void {
      for (const run of runs) batch.create(taskRuns.doc(run.runId), run);
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
