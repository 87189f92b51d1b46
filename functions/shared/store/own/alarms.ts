import { FieldValue } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Alarm, type AlarmToClose, alarmSchema, type Mute } from '../../model/run/alarm.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';
import { closeByHand, commitIfUnchanged } from './records.ts';

const LIMIT_MS = MINUTE_MS;

/** Alarms are opened and closed in the commits of runs; beside these only a person closes or mutes one. */
export interface AlarmStore {
  /** The open alarms of any subject. */
  open(options: ReadOptions): Promise<Alarm[]>;

  /** Alarms of any subject that were closed at or after `since`, newest first; at most `limit`. */
  closedSince(since: Date, limit: number, options: ReadOptions): Promise<Alarm[]>;

  /** Closes an alarm for a person; the task whose record names it forgets it in the same commit. */
  close(toClose: AlarmToClose, at: Date): Promise<'closed' | 'closed-before' | 'missing'>;

  /** Mutes an open alarm, in place of an earlier mute; `null` ends a mute. */
  mute(id: string, mute: Mute | null): Promise<'written' | 'closed-before' | 'missing'>;
}

export function alarmStore(collections: Collections, log: Log): AlarmStore {
  const { alarms, tasks } = collections;
  return {
    async open({ tally, signal }) {
      const call = alarms.where('closedAt', '==', null).get();
      const { docs } = await withTimeout(log, 'open alarms', LIMIT_MS, call, signal);
      tally.documents += Math.max(1, docs.length);
      return docs.map((document) => decode(alarmSchema, document));
    },

    async closedSince(since, limit, { tally, signal }) {
      const call = alarms.where('closedAt', '>=', since).orderBy('closedAt', 'desc').limit(limit).get();
      const { docs } = await withTimeout(log, 'closed alarms', LIMIT_MS, call, signal);
      tally.documents += Math.max(1, docs.length);
      return docs.map((document) => decode(alarmSchema, document));
    },

    async close(toClose, at) {
      for (;;) {
        const look = Promise.all([
          alarms.doc(toClose.id).get(),
          tasks.where('openAlarms', 'array-contains', toClose.id).limit(1).get(),
        ]);
        const [alarm, holders] = await withTimeout(log, `alarm ${toClose.id}`, LIMIT_MS, look);
        if (!alarm.exists) return 'missing';
        if (decode(alarmSchema, alarm).closedAt) return 'closed-before';
        const batch = alarms.firestore.batch();
        closeByHand(batch, collections, holders.docs[0], toClose, at);
        if (await withTimeout(log, `close ${toClose.id}`, LIMIT_MS, commitIfUnchanged(batch)))
          return 'closed';
      }
    },

    async mute(id, mute) {
      for (;;) {
        const alarm = await withTimeout(log, `alarm ${id}`, LIMIT_MS, alarms.doc(id).get());
        if (!alarm.exists || !alarm.updateTime) return 'missing';
        if (decode(alarmSchema, alarm).closedAt) return 'closed-before';
        const batch = alarms.firestore.batch();
        const lastUpdateTime = alarm.updateTime;
        batch.update(alarm.ref, { mute: mute ?? FieldValue.delete() }, { lastUpdateTime });
        if (await withTimeout(log, `mute ${id}`, LIMIT_MS, commitIfUnchanged(batch))) return 'written';
      }
    },
  };
}
