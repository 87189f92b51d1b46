import { chunksOf, limitConcurrency, sleep } from '../../concurrency.ts';
import { DeadlineExceeded, UpstreamError } from '../../errors.ts';
import { faultOf, reasonOf } from '../rest/answer.ts';
import { googleApi } from '../rest/google-api.ts';
import type { ApiOptions, Limits } from '../rest/rest.ts';
import { RETRY, waitAfter } from '../rest/retry.ts';
import type { Answer } from '../rest/transport.ts';
import { answersIn, BATCH_PATH, BATCH_SIZE, batchOf } from './batch.ts';
import {
  type Generation,
  type ItemResult,
  mayHaveWorked,
  type ObjectCall,
  verdictOn,
} from './object-call.ts';
import { adaptiveRateLimiter, type Pace, type RateLimiter, START_RATE } from './rate-limiter.ts';

/** Batches of one bucket under way at once, including those that wait for another try. */
const AT_ONCE = 16;
/** With less time left a try could only fail: timers are no more exact. */
const LEAST_MS = 5;

interface Pending<Item> {
  item: Item;
  /** Its place among the results. */
  index: number;
  /** Why the last try failed. */
  fault?: UpstreamError;
  /** Why an earlier try failed that may have done its work all the same. */
  unsure?: string;
}

/** The state of one bucket: one that is slow holds up no other. */
interface Lane {
  pacing: RateLimiter;
  /** Limits the batches under way at once. */
  inTurn: ReturnType<typeof limitConcurrency>;
}

/** One call for objects of any bucket, made in batches, as fast as each bucket takes them. */
export interface BatchedCalls<Item extends Generation, Result extends string> {
  /**
   * Makes the call for each of `items`, such as a page of them; the results are in their order. When the signal aborts
   * or the time is over, no further try begins: a batch under way is awaited, up to the end of its time. Rejects with
   * UpstreamError when a call is denied that would be denied for any object, once all that was under way has ended.
   */
  run(bucket: string, items: readonly Item[], limits: Limits): Promise<ItemResult<Result>[]>;

  /** Returns how fast `bucket` may be written to now. */
  pace(bucket: string): Pace;
}

export function batchedCalls<Item extends Generation, Result extends string>(
  call: ObjectCall<Item, Result>,
  options: ApiOptions,
  startRate = START_RATE,
): BatchedCalls<Item, Result> {
  const { operation, permission } = call;
  const { project } = options;
  const policy = { ...RETRY, ...options.retry };
  const api = googleApi('storage', options);
  const now = () => performance.now();
  const lanes = new Map<string, Lane>();

  function laneOf(bucket: string): Lane {
    const lane = lanes.get(bucket) ?? {
      pacing: adaptiveRateLimiter(startRate, now),
      inTurn: limitConcurrency(AT_ONCE),
    };
    lanes.set(bucket, lane);
    return lane;
  }

  /** Sends one batch. Rejects where its whole answer is a refusal, or where there is none. */
  function send(bucket: string, batch: readonly Pending<Item>[], attempt: number, limitMs: number) {
    let answers: Map<number, Answer> | undefined;
    const fault = batch[0]?.fault;
    return api.post(
      {
        operation,
        permission,
        path: BATCH_PATH,
        attempt,
        fault: fault && faultOf(fault),
        post: batchOf(batch.map(({ item }) => call.callOf(bucket, item))),
        read(answer) {
          answers = answersIn(answer);
          return answers;
        },
        fields: () => ({ bucket, items: batch.length, ...(answers && { statuses: statusesOf(answers) }) }),
      },
      { limitMs },
    );
  }

  async function run(bucket: string, items: readonly Item[], limits: Limits): Promise<ItemResult<Result>[]> {
    const endsAt = now() + limits.limitMs;
    const { pacing, inTurn } = laneOf(bucket);
    const denial = new AbortController();
    const stop = limits.signal ? AbortSignal.any([limits.signal, denial.signal]) : denial.signal;
    const results: ItemResult<Result>[] = [];
    const settle = (
      { item: { name, generation }, index }: Pending<Item>,
      settled: Pick<ItemResult<Result>, 'result' | 'detail' | 'made'>,
    ) => {
      results[index] = { name, generation, ...settled };
    };

    /** Waits until the next try may begin. Resolves to the reason where none can begin any more. */
    async function hindrance(objects: number, backOffMs: number): Promise<string | undefined> {
      const leftMs = endsAt - now() - LEAST_MS;
      const paceMs = backOffMs < leftMs ? pacing.take(objects, leftMs) : undefined;
      if (paceMs === undefined) return `no time left of ${limits.limitMs} ms`;
      try {
        await sleep(Math.max(backOffMs, paceMs), stop);
        return undefined;
      } catch (error) {
        return reasonOf(error);
      }
    }

    /** Makes one try for each of `batch`; returns those that are still pending after it. */
    async function attempt(batch: readonly Pending<Item>[], number: number): Promise<Pending<Item>[]> {
      const sentAt = now();
      const failAll = (fault: UpstreamError) => batch.map((each) => failed(each, fault));
      let answers: Map<number, Answer>;
      try {
        answers = await send(bucket, batch, number, endsAt - sentAt);
      } catch (error) {
        if (error instanceof DeadlineExceeded)
          return failAll(new UpstreamError(error.message, { retryable: true }, { cause: error }));
        if (error instanceof UpstreamError && error.retryable) {
          if (isTooFast(error)) pacing.refused(sentAt);
          return failAll(error);
        }
        denial.abort(error);
        return [];
      }
      const pending: Pending<Item>[] = [];
      for (const [place, each] of batch.entries()) {
        const where = `Cloud Storage ${operation} (project ${project}, bucket ${bucket}, object ${JSON.stringify(each.item.name)})`;
        const verdict = verdictOn(call, answers.get(place), { where, unsure: each.unsure });
        if ('settled' in verdict) settle(each, verdict.settled);
        else if ('denied' in verdict) denial.abort(verdict.denied);
        else pending.push(failed(each, verdict.again));
      }
      if (pending.some(({ fault }) => fault && isTooFast(fault))) pacing.refused(sentAt);
      return pending;
    }

    async function settleAll(batch: readonly Pending<Item>[]): Promise<void> {
      let pending = batch;
      let backOffMs = 0;
      for (let number = 1; pending.length > 0; number += 1) {
        const why =
          number > policy.attempts ? 'tried often enough' : await hindrance(pending.length, backOffMs);
        if (why !== undefined) {
          for (const each of pending)
            if (each.fault) settle(each, { result: 'failed', detail: each.fault.message });
            else settle(each, { result: 'untried', detail: why });
          return;
        }
        pending = await attempt(pending, number);
        const asked = pending.flatMap(({ fault }) => fault?.retryAfterMs ?? []);
        backOffMs = waitAfter(number, asked.length > 0 ? Math.max(...asked) : null, policy);
      }
    }

    const all = shuffled(
      items.map((item, index) => ({ item, index })),
      policy.random,
    );
    const batches = chunksOf<Pending<Item>>(all, BATCH_SIZE);
    await Promise.all(batches.map((batch) => inTurn(() => settleAll(batch))));
    if (denial.signal.aborted) throw denial.signal.reason;
    return results;
  }

  return { run, pace: (bucket) => laneOf(bucket).pacing.pace };
}

function failed<Item>(pending: Pending<Item>, fault: UpstreamError): Pending<Item> {
  return { ...pending, fault, ...(mayHaveWorked(fault) && { unsure: faultOf(fault) }) };
}

/** A retryable 403 is a rate limit, too: Google names it as the reason. */
function isTooFast({ status }: UpstreamError): boolean {
  return status === 429 || status === 403;
}

function statusesOf(answers: ReadonlyMap<number, Answer>): Record<number, number> {
  const statuses: Record<number, number> = {};
  for (const { status } of answers.values()) statuses[status] = (statuses[status] ?? 0) + 1;
  return statuses;
}

/**
 * Shuffles in place: names that follow each other lie in one range of the bucket's index, and slow each other down
 * (https://docs.cloud.google.com/storage/docs/request-rate#naming-convention).
 */
function shuffled<T>(items: T[], random: () => number): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}
