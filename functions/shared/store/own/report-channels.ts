import { FieldValue } from '@google-cloud/firestore';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { channelSchema, type ReportChannel } from '../../model/report/channel.ts';
import type { Channel } from '../../model/report/channel-reading.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';

const LIMIT_MS = 10_000;

/** What is added to a channel. */
export interface ChannelNews {
  source: string;
  at: Date;
  accepted: number;
  falseLost: number;
  /** Records that were made, by day and reporter. */
  created: Readonly<Record<string, number>>;
  /** Entries of `created` that are of days gone by. */
  outdated: readonly string[];
}

/** Whether reports of each source reach us. */
export interface ReportChannelStore {
  /** The channel of a source; `null` where none was ever accepted. */
  of(source: string, options: ReadOptions): Promise<ReportChannel | null>;

  /** The same, where one that cannot be read is no failure. */
  look(source: string, options: ReadOptions): Promise<Pick<Channel, 'record' | 'unreadable'>>;

  /** Adds what came; other instances add to it at the same time. */
  add(news: ChannelNews): Promise<void>;
}

export function reportChannelStore({ reportChannels }: Collections, log: Log): ReportChannelStore {
  async function find(source: string, { tally, signal }: ReadOptions) {
    const call = reportChannels.doc(source).get();
    const found = await withTimeout(log, `report channel of ${source}`, LIMIT_MS, call, signal);
    tally.documents += 1;
    return found;
  }

  return {
    async of(source, options) {
      const found = await find(source, options);
      return found.exists ? decode(channelSchema, found) : null;
    },

    async look(source, options) {
      const found = await find(source, options);
      try {
        return { record: found.exists ? decode(channelSchema, found) : null, unreadable: null };
      } catch (error) {
        return { record: null, unreadable: firstLineOf(messageOf(error)) };
      }
    },

    async add({ source, at, accepted, falseLost, created, outdated }) {
      const counts = Object.entries(created).map(([key, count]) => [key, FieldValue.increment(count)]);
      const gone = outdated.map((key) => [key, FieldValue.delete()]);
      const news = {
        source,
        lastAcceptedAt: at,
        accepted: FieldValue.increment(accepted),
        falseLost: FieldValue.increment(falseLost),
        created: Object.fromEntries([...gone, ...counts]),
      };
      const call = reportChannels.doc(source).set(news, { merge: true });
      await withTimeout(log, `news of report channel ${source}`, LIMIT_MS, call);
    },
  };
}

function firstLineOf(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
