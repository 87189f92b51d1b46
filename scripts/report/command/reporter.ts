import { monotonicNow } from '../outbox/clock.ts';
import type { Life } from '../outbox/life.ts';
import type { Change, Progress, Report } from '../outbox/report.ts';
import { waitAfterOutage } from '../send/backoff.ts';
import { courier, deliverLast } from '../send/courier.ts';
import { type Channel, type Delivery, deliver, type Limits } from '../send/deliver.ts';
import { noteRejected } from './settle.ts';
import { troublesWith } from './troubles.ts';

/** Tells the service of one execution while it lives, as often as there is something to tell, and at its end. */
export interface Reporter {
  /** The first report, and the pulse from then on. */
  begin(): void;
  /** Writes and sends what cannot wait. */
  tellNow(change: Change): void;
  /** Sends nothing more: of the end there may be a better word in a moment, and the service keeps the first that it hears. */
  hush(): void;
  /** Delivers the end within `budgetMs`; whether the service has settled it. */
  finish(end: Report, budgetMs: number): Promise<boolean>;
}

export interface ReporterParts {
  life: Life;
  channel: Channel;
  outbox: string | undefined;
  /** The progress of a file, when it has changed. */
  progress: () => Progress | undefined;
  /** The record has ended, or somebody asked for a stop; the reason in words. */
  calledOff(why: string): void;
  /** Something got through; others' reports may be sent after `ms`. */
  canDrain(ms: number): void;
}

const TICK_MS = 1_000;
const FILE_MS = 2_000;
const PROGRESS_MS = 5_000;
const FRESH_MS = 30_000;
const FIRST_PACE_SECONDS = 60;
/** A network that fails for this long is worth a line. */
const PATIENCE_MS = 60_000;

/** A reporter that has said nothing yet. */
export function reporterOf({
  life,
  channel,
  outbox,
  progress,
  calledOff,
  canDrain,
}: ReporterParts): Reporter {
  const troubles = troublesWith(channel.url, outbox, PATIENCE_MS);
  let paceMs = FIRST_PACE_SECONDS * 1_000;
  let fileAt = monotonicNow();
  let timer: NodeJS.Timeout | undefined;

  const send = async (report: Report, limits: Limits): Promise<Delivery> => {
    const delivery = await deliver(channel, [report], limits);
    const [fate] = delivery.fates;
    if (fate?.result === 'rejected') noteRejected(outbox, channel, fate);
    if (fate && fate.result !== 'kept') life.settled(report);
    return delivery;
  };
  const messenger = courier({
    newest: () => life.newest(),
    send,
    failed: (failure) => troubles.failed(failure),
    delivered({ fates, heartbeatSeconds, stop }) {
      canDrain(waitAfterOutage(troubles.delivered(), Math.random()));
      paceMs = (heartbeatSeconds ?? paceMs / 1_000) * 1_000;
      const { job } = life.open();
      const result = fates[0]?.result;
      if (result === 'ended' || result === 'older') calledOff(`the record of ${job} has ended`);
      else if (stop.includes(job)) calledOff(`a stop of ${job} was requested`);
    },
  });

  const tick = () => {
    const now = monotonicNow();
    const taken = life.takeEvents();
    if (taken?.checkpoint) messenger.wake(0);
    else if (taken) messenger.wake(messenger.sentAt() + PROGRESS_MS - now);
    if (now - fileAt >= FILE_MS) {
      fileAt = now;
      const read = progress();
      if (read) {
        life.write({ progress: read }, false);
        messenger.wake(messenger.sentAt() + PROGRESS_MS - now);
      }
    }
    const isDue = now - messenger.sentAt() >= paceMs;
    if (life.age() >= Math.min(FRESH_MS, paceMs) || (isDue && life.age() >= TICK_MS)) life.write({}, false);
    if (isDue) messenger.wake(0);
  };

  return {
    begin() {
      life.write({}, true);
      messenger.wake(0);
      timer = setInterval(tick, TICK_MS);
    },
    tellNow(change) {
      life.write(change, true);
      messenger.wake(0);
    },
    hush() {
      clearInterval(timer);
      messenger.stop();
    },
    async finish(end, budgetMs) {
      const { failure } = await deliverLast(end, budgetMs, send);
      if (failure) troubles.failed(failure);
      return failure === undefined;
    },
  };
}
