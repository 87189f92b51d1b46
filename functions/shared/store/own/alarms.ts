import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Alarm, alarmSchema } from '../../model/run/alarm.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';

const LIMIT_MS = MINUTE_MS;

/** Read-only: alarms are opened and closed in the commits of runs. */
export function alarmStore({ alarms }: Collections, log: Log) {
  return {
    /** The open ones of any subject. */
    async open({ tally, signal }: ReadOptions): Promise<Alarm[]> {
      const call = alarms.where('closedAt', '==', null).get();
      const { docs } = await withTimeout(log, 'open alarms', LIMIT_MS, call, signal);
      tally.documents += Math.max(1, docs.length);
      return docs.map((document) => decode(alarmSchema, document));
    },

    /** Those of any subject that were closed at or after `since`, the newest first; at most `limit`. */
    async closedSince(since: Date, limit: number, { tally, signal }: ReadOptions): Promise<Alarm[]> {
      const call = alarms.where('closedAt', '>=', since).orderBy('closedAt', 'desc').limit(limit).get();
      const { docs } = await withTimeout(log, 'closed alarms', LIMIT_MS, call, signal);
      tally.documents += Math.max(1, docs.length);
      return docs.map((document) => decode(alarmSchema, document));
    },
  };
}

export type AlarmStore = ReturnType<typeof alarmStore>;
