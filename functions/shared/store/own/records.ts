import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldValue,
  type Timestamp,
  type WriteBatch,
  type WriteResult,
} from '@google-cloud/firestore';
import type { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { addMs, SECOND_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import {
  type Alarm,
  type AlarmChanges,
  type AlarmToClose,
  type AlarmToOpen,
  alarmId,
} from '../../model/run/alarm.ts';
import { type Health, healthSchema } from '../../model/run/health.ts';
import { type Run, runSchema } from '../../model/run/run.ts';
import { decode, isConflict } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

/** A record with the update time on which its next write is conditional; `null` data when it does not exist yet. */
export interface Seen<T> {
  ref: DocumentReference;
  data: T | null;
  updateTime: Timestamp | null;
}

/** A record that exists. */
export interface Stored<T> extends Seen<T> {
  data: T;
}

/** The task's record and one run of it, as they stood at the same instant of Firestore's clock. */
export interface SeenRecords {
  health: Seen<Health>;
  run: Seen<Run>;
  now: Date;
}

/** A clock that disagrees by less than this is believed; the difference is the way to the server and back. */
const TRUSTED_SKEW_MS = SECOND_MS;
const SKEW_WARNING_MS = 5 * SECOND_MS;

/** Reads the records of one task, for its claims and for the holder of its lease. */
export interface RecordStore {
  /** The instant now by Firestore's clock, as the last read measured it: all claims judge a lease by the same clock. */
  now(): Date;

  /** The task's record and one of its runs. Logs a warning where the clock of this machine differs by seconds. */
  read(runId: string): Promise<SeenRecords>;

  /** One run of the task. */
  readRun(runId: string): Promise<Seen<Run>>;
}

export function recordStore(collections: Collections, task: string, clock: Clock, log: Log): RecordStore {
  const db = collections.tasks.firestore;
  let skewMs = 0;

  const now = () => addMs(clock.now(), skewMs);

  async function read(runId: string): Promise<SeenRecords> {
    const [health, run] = await db.getAll(collections.tasks.doc(task), collections.taskRuns.doc(runId));
    if (!health || !run) throw new Error(`Cannot read ${runId}: Firestore answered without it`);
    const measured = health.readTime.toMillis() + (clock.offsetMs?.() ?? 0) - clock.now().getTime();
    skewMs = Math.abs(measured) < TRUSTED_SKEW_MS ? 0 : measured;
    if (Math.abs(skewMs) > SKEW_WARNING_MS)
      log.warning(`The clock here differs from Firestore's by ${skewMs} ms`);
    return {
      health: seenOf(health, healthSchema),
      run: seenOf(run, runSchema),
      now: now(),
    };
  }

  async function readRun(runId: string): Promise<Seen<Run>> {
    return seenOf(await collections.taskRuns.doc(runId).get(), runSchema);
  }

  return { now, read, readRun };
}

/** Adds a write of the whole record that fails when the record is not as it was seen. */
export function put<T extends object>(batch: WriteBatch, { ref, updateTime }: Seen<T>, data: T): void {
  if (updateTime) batch.update(ref, { ...data }, { lastUpdateTime: updateTime });
  else batch.create(ref, data);
}

/** Commits; `undefined` when a record was not as it was seen any more, so that the caller reads again. */
export async function commitIfUnchanged(batch: WriteBatch): Promise<WriteResult[] | undefined> {
  try {
    return await batch.commit();
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

/**
 * Adds alarms to a commit: an incident that is open already is written as it was, so it stays one. What a person added to an
 * alarm stays, so that a muted one that opens again is still muted.
 */
export function putAlarms(
  batch: WriteBatch,
  collections: Collections,
  changes: AlarmChanges,
  runId: string | null,
  at: Date,
): void {
  for (const toOpen of changes.open ?? []) {
    const alarm: Alarm = {
      id: alarmId(toOpen),
      ...toOpen,
      openedAt: at,
      closedAt: null,
      closedBecause: null,
      runId,
    };
    batch.set(collections.alarms.doc(alarm.id), alarm, { merge: true });
  }
  for (const { id, because } of changes.close ?? [])
    batch.set(collections.alarms.doc(id), { closedAt: at, closedBecause: because }, { merge: true });
  for (const { id, message } of changes.reword ?? [])
    batch.set(collections.alarms.doc(id), { message }, { merge: true });
}

/**
 * Adds to `batch` that a person closed an alarm of a task. The task's record is the fence of its run: a run under way
 * reads it again before its next write.
 */
export function closeByHand(
  batch: WriteBatch,
  collections: Collections,
  task: DocumentSnapshot | undefined,
  alarm: AlarmToClose,
  at: Date,
): void {
  putAlarms(batch, collections, { close: [alarm] }, null, at);
  if (!task?.exists || !task.updateTime) return;
  batch.update(
    task.ref,
    { openAlarms: FieldValue.arrayRemove(alarm.id), updatedAt: at },
    { lastUpdateTime: task.updateTime },
  );
}

/** Writes one log line per alarm that was opened, once its commit has landed: Cloud Monitoring alerts on them. */
export function logAlarms(log: Log, opened: readonly AlarmToOpen[]): void {
  for (const alarm of opened)
    log.warning(`Alarm: ${alarm.message}`, {
      alarm: alarm.kind,
      subject: alarm.subject,
      alarmId: alarmId(alarm),
    });
}

/** A document as it is now, parsed by `schema`. Throws naming the document when it has another shape. */
export function seenOf<T>(snapshot: DocumentSnapshot, schema: z.ZodType<T>): Seen<T> {
  return {
    ref: snapshot.ref,
    data: snapshot.exists ? decode(schema, snapshot) : null,
    updateTime: snapshot.updateTime ?? null,
  };
}
