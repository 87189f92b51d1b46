import { join } from 'node:path';
import { monotonicNow } from '../outbox/clock.ts';
import { readRecord, replaceRecord } from '../outbox/files.ts';
import { isoOf } from '../outbox/iso.ts';
import type { Failure } from '../send/backoff.ts';
import { tell } from '../tell.ts';

/** What is known of the way to the service, for `report status`: channel.json. */
export interface ChannelState {
  url: string;
  failingSince: string | null;
  failures: number;
  lastError: string | null;
  lastErrorAt: string | null;
  lastOkAt: string | null;
}

/** Keeps the books of failed sends, and tells of them before people wonder and not so often that they stop reading. */
export interface Troubles {
  failed(failure: Failure): void;
  /** Returns for how long nothing had got through, in milliseconds. */
  delivered(): number;
}

const HOUR_MS = 3_600_000;

/** The books for one URL; `patienceMs` is how long the network may fail before it is told. */
export function troublesWith(url: URL, outbox: string | undefined, patienceMs: number): Troubles {
  let since: number | undefined;
  let toldAt: number | undefined;
  let state: ChannelState | undefined;
  const write = (next: ChannelState) => {
    state = next;
    try {
      if (outbox !== undefined) replaceRecord(outbox, 'channel.json', next, false);
    } catch {
      // It is for people to look at; the reports themselves tell when the disk fails.
    }
  };
  return {
    failed({ kind, reason }) {
      const now = monotonicNow();
      const at = isoOf(Date.now());
      since ??= now;
      write({
        url: url.href,
        failingSince: state?.failingSince ?? at,
        failures: (state?.failures ?? 0) + 1,
        lastError: reason,
        lastErrorAt: at,
        lastOkAt: state?.lastOkAt ?? null,
      });
      const isTime =
        toldAt === undefined ? kind === 'refused' || now - since >= patienceMs : now - toldAt >= HOUR_MS;
      if (!isTime) return;
      toldAt = now;
      const where = outbox === undefined ? 'in memory only' : `in ${outbox}`;
      tell(`cannot deliver to ${url.origin}: ${reason}; reports wait ${where}`);
    },
    delivered() {
      const outage = since === undefined ? 0 : monotonicNow() - since;
      since = undefined;
      toldAt = undefined;
      const at = isoOf(Date.now());
      if (state === undefined || state.failingSince !== null)
        write({
          url: url.href,
          failingSince: null,
          failures: 0,
          lastError: null,
          lastErrorAt: null,
          lastOkAt: at,
        });
      return outage;
    },
  };
}

/** What was noted last; `undefined` where nothing can be read. */
export function channelState(outbox: string): ChannelState | undefined {
  const found = readRecord<ChannelState>(join(outbox, 'channel.json'));
  return found.kind === 'value' ? found.value : undefined;
}
