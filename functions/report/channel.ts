import { dayOf } from '../shared/dates.ts';
import { messageOf } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { CHANNEL_EVERY_MS } from '../shared/model/report/channel.ts';
import type { ReportChannelStore } from '../shared/store/own/report-channels.ts';

/** A reporter may have so many records made for it in a day. */
const MOST_CREATED = 1_000;

/** What a request brought. */
export interface Accepted {
  accepted: number;
  falseLost: number;
  /** How many records were made for it. */
  created: number;
}

/** The channel of one source, as this instance keeps it. */
export interface Channel {
  /** How many records may still be made today for a reporter. */
  roomFor(by: string, now: Date, signal: AbortSignal): Promise<number>;

  /** Adds what a request brought; it is written now where that is due, and with a later request else. */
  add(news: Accepted, by: string, now: Date): Promise<void>;
}

/** What is not written yet. */
interface Waiting {
  accepted: number;
  falseLost: number;
  /** By day and reporter. */
  created: ReadonlyMap<string, number>;
}

const NOTHING: Waiting = { accepted: 0, falseLost: 0, created: new Map() };

function sumOf(some: Waiting, more: Waiting): Waiting {
  const created = new Map(some.created);
  for (const [key, count] of more.created) created.set(key, (created.get(key) ?? 0) + count);
  return { accepted: some.accepted + more.accepted, falseLost: some.falseLost + more.falseLost, created };
}

/** `isBounded`: whether the records that are made for a reporter are counted. */
export function openChannel(
  source: string,
  store: ReportChannelStore,
  { isBounded, log }: { isBounded: boolean; log: Log },
): Channel {
  let waiting = NOTHING;
  let writtenAt: Date | null = null;
  let outdated: string[] = [];
  const keyOf = (by: string, now: Date) => `${dayOf(now)} ${by}`;

  return {
    async roomFor(by, now, signal) {
      if (!isBounded) return Number.POSITIVE_INFINITY;
      const known = await store.of(source, { tally: { documents: 0 }, signal });
      const today = dayOf(now);
      outdated = Object.keys(known?.created ?? {}).filter((key) => !key.startsWith(today));
      return MOST_CREATED - (known?.created[keyOf(by, now)] ?? 0);
    },

    async add({ accepted, falseLost, created }, by, now) {
      const isCounted = isBounded && created > 0;
      waiting = sumOf(waiting, {
        accepted,
        falseLost,
        created: isCounted ? new Map([[keyOf(by, now), created]]) : new Map(),
      });
      const isDue = !writtenAt || now.getTime() - writtenAt.getTime() >= CHANNEL_EVERY_MS;
      // A wrong end and a new record are counted where no later request may come.
      if (waiting.accepted === 0 || (!isDue && waiting.falseLost === 0 && waiting.created.size === 0)) return;
      const sent = waiting;
      waiting = NOTHING;
      const before = writtenAt;
      writtenAt = now;
      try {
        const counted = Object.fromEntries(sent.created);
        await store.add({
          source,
          at: now,
          accepted: sent.accepted,
          falseLost: sent.falseLost,
          created: counted,
          outdated,
        });
        outdated = [];
      } catch (error) {
        // The reports are in their records: only the count waits.
        waiting = sumOf(waiting, sent);
        writtenAt = before;
        log.warning(`Cannot write the report channel of ${source}`, { error: messageOf(error) });
      }
    },
  };
}
