import { monotonicNow } from '../outbox/clock.ts';
import type { Report } from '../outbox/report.ts';
import { type Failure, waitAfter } from './backoff.ts';
import type { Delivery, Limits } from './deliver.ts';

const REQUEST_MS = 20_000;

/** Carries the newest report of one execution to the service, one request at a time, for as long as it takes. */
export interface Courier {
  /** Wants the newest report delivered within `ms`, unless a back-off says later. */
  wake(ms: number): void;
  /** When the last report was sent off, on the clock of monotonicNow(). */
  sentAt(): number;
  /** Stops, whatever is under way. */
  stop(): void;
}

export interface CourierParts {
  newest(): Report | undefined;
  send(report: Report, limits: Limits): Promise<Delivery>;
  delivered(delivery: Delivery): void;
  failed(failure: Failure): void;
}

/** A courier that is asleep until it is woken. */
export function courier({ newest, send, delivered, failed }: CourierParts): Courier {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let notBefore = 0;
  let failures = 0;
  let settledSeq = 0;
  let sentAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;

  const schedule = () => {
    clearTimeout(timer);
    if (isBusy || stopping.signal.aborted || dueAt === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(go, Math.max(0, Math.max(dueAt, notBefore) - monotonicNow()));
  };
  const go = async () => {
    const report = newest();
    dueAt = Number.POSITIVE_INFINITY;
    if (!report || report.seq <= settledSeq) return;
    isBusy = true;
    sentAt = monotonicNow();
    const { signal } = stopping;
    const delivery = await send(report, { requestMs: REQUEST_MS, until: sentAt + REQUEST_MS, signal });
    isBusy = false;
    if (signal.aborted) return;
    if (delivery.failure) {
      notBefore = monotonicNow() + waitAfter(delivery.failure, failures, Math.random());
      failures += 1;
      dueAt = notBefore;
      failed(delivery.failure);
    } else {
      settledSeq = report.seq;
      notBefore = 0;
      failures = 0;
      delivered(delivery);
    }
    schedule();
  };

  return {
    wake(ms) {
      dueAt = Math.min(dueAt, monotonicNow() + ms);
      schedule();
    },
    sentAt: () => sentAt,
    stop() {
      clearTimeout(timer);
      stopping.abort();
    },
  };
}

/**
 * Delivers the last report of an execution within `budgetMs`: an answer may be slow, a server may just restart. Returns
 * the last delivery; its `failure` says that time was up.
 */
export async function deliverLast(
  report: Report,
  budgetMs: number,
  send: CourierParts['send'],
): Promise<Delivery> {
  const until = monotonicNow() + budgetMs;
  for (let wait = 100; ; wait *= 2) {
    const delivery = await send(report, { requestMs: REQUEST_MS, until });
    const { failure } = delivery;
    const isHopeless =
      failure?.kind === 'refused' || monotonicNow() + Math.max(wait, failure?.retryAfterMs ?? 0) >= until;
    if (!failure || isHopeless) return delivery;
    await new Promise((resolve) => setTimeout(resolve, Math.max(wait, failure.retryAfterMs)));
  }
}
