import { type CatalogEntry, loadCatalog } from '../../../functions/shared/catalog.ts';
import { type Health, healthAt } from '../../../functions/shared/model/run/health.ts';
import { type Run, runSchema } from '../../../functions/shared/model/run/run.ts';
import type { Connection } from '../shared/connect.ts';
import { type TaskRow, taskRow, withoutRecord } from './task-row.ts';

/** What is on record of a task of the catalogue. */
export interface TaskRecord {
  entry: CatalogEntry;
  health: Health | undefined;
  /** The last run of a degraded one, which tells the reason. */
  last: Run | undefined;
  /** Why its health cannot be read, where it is there. */
  unreadable: string | undefined;
}

/** How every task of the catalogue stands. */
export async function readTasks(connection: Connection): Promise<TaskRow[]> {
  const records = await readTaskRecords(connection);
  return taskRows(records, connection.clock.now());
}

/** The tasks as they stand at `now`. */
export function taskRows(records: readonly TaskRecord[], now: Date): TaskRow[] {
  return records.map(({ entry, health, last, unreadable }) => {
    const row = taskRow(entry, health, now, last);
    return unreadable === undefined ? row : withoutRecord(row, unreadable);
  });
}

/** What is on record of every task of the catalogue; of a degraded one, its last run is read for the reason. */
export async function readTaskRecords(connection: Connection): Promise<TaskRecord[]> {
  const { environment, collections, ask, clock } = connection;
  const { healthStore } = await import('../../../functions/shared/store/own/health.ts');
  const { records, unreadable } = await ask('reading the tasks', healthStore(collections).all());
  const now = clock.now();
  return Promise.all(
    Object.values(loadCatalog(environment)).map(async (entry) => {
      const health = records.get(entry.task);
      const isDegraded = health && healthAt(health, now).state === 'degraded';
      return {
        entry,
        health,
        last: isDegraded ? await lastRun(health, connection) : undefined,
        unreadable: unreadable.get(entry.task),
      };
    }),
  );
}

/** The last whole run of a task; `undefined` where its record is gone. */
async function lastRun({ strip }: Health, { collections, ask }: Connection): Promise<Run | undefined> {
  const { runId } = strip.at(-1) ?? {};
  if (runId === undefined) return undefined;
  const { decode } = await import('../../../functions/shared/store/firestore/firestore.ts');
  const found = await ask(`reading ${runId}`, collections.taskRuns.doc(runId).get());
  return found.exists ? decode(runSchema, found) : undefined;
}
