import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Alarm, alarmSchema } from '../../model/run/alarm.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';

const LIMIT_MS = MINUTE_MS;

/** Read-only: alarms are opened and closed in the commits of runs. */
export interface AlarmStore {
  /** The open alarms of any subject. */
  open(options: ReadOptions): Promise<Alarm[]>;

  /** Alarms of any subject that were closed at or after `since`, newest first; at most `limit`. */
  closedSince(since: Date, limit: number, options: ReadOptions): Promise<Alarm[]>;
}

export function alarmStore({ alarms }: Collections, log: Log): AlarmStore {
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
  };
}
