import { monotonicNow, stampNow } from '../outbox/clock.ts';
import type { BareReport } from '../outbox/report.ts';
import { type Fate, type Judgement, judge } from './answer.ts';
import type { Failure } from './backoff.ts';
import { batchesOf } from './batch.ts';
import { ask } from './request.ts';
import type { Tokens } from './token.ts';

/** To where, and in whose name, reports of one source are sent. */
export interface Channel {
  url: URL;
  source: string;
  jobToken: string | null;
  tokens: Tokens;
}

/** What became of some reports. */
export interface Delivery {
  fates: Fate[];
  /** How often the service wants to hear of a job. */
  heartbeatSeconds: number | undefined;
  /** The jobs that somebody asked to stop. */
  stop: string[];
  /** Why what is kept was not settled. */
  failure: Failure | undefined;
}

export interface Limits {
  /** Of one request. */
  requestMs: number;
  /** Of everything, on the clock of monotonicNow(). */
  until: number;
  signal?: AbortSignal;
}

/** Sends reports in as few requests as the service takes; stops at the first that fails. Never throws. */
export async function deliver(
  channel: Channel,
  reports: readonly BareReport[],
  limits: Limits,
): Promise<Delivery> {
  const total: Delivery = { fates: [], heartbeatSeconds: undefined, stop: [], failure: undefined };
  // A stack of what is left, so that the halves of a refused request come next.
  const left = batchesOf(reports).reverse();
  for (let batch = left.pop(); batch; batch = left.pop()) {
    if (total.failure) {
      total.fates.push(...batch.map(kept));
      continue;
    }
    const judged = await judgedOnce(channel, batch, limits);
    if (judged.kind === 'results') {
      total.fates.push(...judged.fates);
      total.heartbeatSeconds = judged.heartbeatSeconds ?? total.heartbeatSeconds;
      total.stop.push(...judged.stop);
      if (judged.fates.some(({ result }) => result === 'kept'))
        total.failure = { kind: 'unreachable', reason: 'asked to send it later', retryAfterMs: 0 };
    } else if (judged.kind === 'poisoned' && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      left.push(batch.slice(middle), batch.slice(0, middle));
    } else if (judged.kind === 'poisoned') {
      const { problems, status } = judged;
      total.fates.push({ report: batch[0] as BareReport, result: 'rejected', problems, status });
    } else {
      total.failure = judged.failure;
      total.fates.push(...batch.map(kept));
    }
  }
  return total;
}

function kept(report: BareReport): Fate {
  return { report, result: 'kept', problems: [], status: 0 };
}

/** One request; a token that is refused is fetched anew once. */
async function judgedOnce(channel: Channel, batch: BareReport[], limits: Limits): Promise<Judgement> {
  const judged = await send(channel, batch, limits);
  return judged.kind === 'unauthorized' && channel.tokens.drop() ? send(channel, batch, limits) : judged;
}

async function send(
  { url, source, jobToken, tokens }: Channel,
  reports: BareReport[],
  limits: Limits,
): Promise<Judgement> {
  const limitMs = () => Math.min(limits.requestMs, limits.until - monotonicNow());
  const token = await tokens.get(Math.min(15_000, limitMs()));
  if (token.kind === 'none')
    return { kind: 'failed', failure: { kind: 'unreachable', reason: token.reason, retryAfterMs: 0 } };
  const now = stampNow();
  const body = { v: 1, source, sentAt: now.at, boot: { id: now.bootId, ms: now.bootMs }, reports };
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'nightshift-report/1',
    ...(token.token && { Authorization: `Bearer ${token.token}` }),
    ...(jobToken && { 'Nightshift-Job-Token': jobToken }),
  };
  const { signal } = limits;
  const question = {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    limitMs: limitMs(),
    signal,
  } as const;
  return judge(await ask(url, question), reports);
}
