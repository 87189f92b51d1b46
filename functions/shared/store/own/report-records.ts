import type { WriteBatch } from '@google-cloud/firestore';
import type { Day } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type AlarmToClose, type AlarmToOpen, alarmId } from '../../model/run/alarm.ts';
import { withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { dayStore } from './days.ts';
import { logAlarms, putAlarms } from './records.ts';

const LIMIT_MS = 10_000;

/** What reports change in our own records, beside their channel. */
export interface ReportRecordStore {
  /** Adds to `batch` days whose figures reports have changed, each with the cause. */
  putDirtyDays(batch: WriteBatch, days: ReadonlyMap<Day, string>, at: Date): void;

  /** Commits to our own database alone. */
  commit(build: (batch: WriteBatch) => void, signal?: AbortSignal): Promise<void>;

  /** Opens an alarm that is not open, and logs it. */
  open(alarm: AlarmToOpen, at: Date): Promise<void>;

  /** Closes an alarm that is open. */
  close(alarm: AlarmToClose, at: Date): Promise<void>;
}

export function reportRecordStore(collections: Collections, log: Log): ReportRecordStore {
  const { alarms } = collections;
  const days = dayStore(collections, log);

  async function isOpen(id: string): Promise<boolean> {
    const found = await withTimeout(log, `alarm ${id}`, LIMIT_MS, alarms.doc(id).get());
    return found.exists && found.get('closedAt') === null;
  }

  async function commit(build: (batch: WriteBatch) => void, signal?: AbortSignal): Promise<void> {
    const batch = alarms.firestore.batch();
    build(batch);
    await withTimeout(log, 'what reports change of ours', LIMIT_MS, batch.commit(), signal);
  }

  return {
    putDirtyDays(batch, dirty, markedAt) {
      for (const [date, cause] of dirty) days.markDirty(batch, { date, cause, markedAt });
    },

    commit,

    async open(alarm, at) {
      if (await isOpen(alarmId(alarm))) return;
      await commit((batch) => putAlarms(batch, collections, { open: [alarm] }, null, at));
      logAlarms(log, [alarm]);
    },

    async close(alarm, at) {
      if (await isOpen(alarm.id))
        await commit((batch) => putAlarms(batch, collections, { close: [alarm] }, null, at));
    },
  };
}
