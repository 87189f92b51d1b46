import { limitConcurrency } from '../../concurrency.ts';
import { SECOND_MS } from '../../dates.ts';
import { DeadlineExceeded, UpstreamError } from '../../errors.ts';
import type { Placed, Truth } from '../../model/job/backend.ts';
import { circuitBreaker } from '../rest/circuit.ts';
import { plain } from '../rest/google-error.ts';
import type { Limits } from '../rest/rest.ts';
import { type BackendStatus, type DatedStatus, unknown } from './status.ts';

/** Asks one backend about many jobs in one sweep: a few calls at once, and no further call while it is down. */

/** A backend of one kind, for one sweep. `Job` is what an id is parsed to. */
export interface BackendAdapter<Job> {
  /** Parses an id; returns `null` where it has another form. */
  read(id: string): Job | null;
  /** How sure it is that the job is looked for in the right place. */
  placed(job: Job): Placed;
  /** The form of ids, in words. */
  form: string;
  /** Asks about one job. Rejects when there is no answer. */
  ask(job: Job, limits: Limits): Promise<BackendStatus>;
  /** Asks about many jobs at once. A job that is missing in the result is asked about by itself. */
  list?(
    jobs: readonly Job[],
    by: { call: Call; now: AskOptions['now'] },
  ): Promise<ReadonlyMap<Job, DatedStatus>>;
}

/**
 * Makes a call when its turn comes, unless the circuit is broken by then. Rejects only with the reason of the sweep's
 * signal.
 */
export type Call = <Answer>(ask: (limits: Limits) => Promise<Answer>) => Promise<Called<Answer>>;
export type Called<Answer> = { askedAt: Date } & ({ answer: Answer } | { failure: BackendStatus });

/** One sweep. */
export interface AskOptions {
  /** Ends the sweep. */
  signal: AbortSignal;
  now: () => Date;
  /** The time for one call with all its tries; 10 s unless given. */
  limitMs?: number;
}

/** Returns the truth about each of `ids`. Rejects only with the reason of the sweep's signal. */
export type AskBackend = (ids: readonly string[]) => Promise<ReadonlyMap<string, Truth>>;

const AT_ONCE = 8;
const FAILURES_IN_A_ROW = 5;
const LIMIT_MS = 10 * SECOND_MS;

/** Makes what asks `adapter` in one sweep. After five failures in a row the circuit is broken, and nothing more is asked. */
export function backendClient<Job>(
  adapter: BackendAdapter<Job>,
  { signal, now, limitMs = LIMIT_MS }: AskOptions,
): AskBackend {
  const inTurn = limitConcurrency(AT_ONCE);
  const calls = circuitBreaker(FAILURES_IN_A_ROW);

  const call: Call = (ask) =>
    inTurn(async () => {
      signal.throwIfAborted();
      const askedAt = now();
      const broken = calls.broken();
      if (broken !== null) return { askedAt, failure: unknown(`not asked: ${broken}`) };
      try {
        const answer = await ask({ limitMs, signal });
        calls.answered();
        return { askedAt, answer };
      } catch (error) {
        signal.throwIfAborted();
        return { askedAt, failure: failure(error) };
      }
    });

  function failure(error: unknown): BackendStatus {
    const why = error instanceof Error ? error.message : plain(String(error));
    if (isOutOfReach(error)) calls.failed(why);
    else calls.answered();
    const missing = error instanceof UpstreamError && error.missing;
    return missing ? { ...unknown(why), state: 'gone' } : unknown(why);
  }

  async function truthOf(job: Job): Promise<DatedStatus> {
    const called = await call((limits) => adapter.ask(job, limits));
    return { ...('answer' in called ? called.answer : called.failure), askedAt: called.askedAt };
  }

  return async (ids) => {
    const truths = new Map<string, Truth>();
    const jobs: { id: string; job: Job }[] = [];
    for (const id of new Set(ids)) {
      const job = adapter.read(id);
      const words = `cannot read the id ${plain(JSON.stringify(id))}: expected ${adapter.form}`;
      if (job === null) truths.set(id, { ...unknown(words), placed: 'guessed', askedAt: now() });
      else jobs.push({ id, job });
    }
    shuffle(jobs);
    const listed = await adapter.list?.(
      jobs.map(({ job }) => job),
      { call, now },
    );
    await Promise.all(
      jobs.map(async ({ id, job }) => {
        const truth = listed?.get(job) ?? (await truthOf(job));
        truths.set(id, { ...truth, placed: adapter.placed(job) });
      }),
    );
    return truths;
  };
}

/** Whether a status means that nothing can be asked now, whatever the question. */
export function isOutage(status: number): boolean {
  return [401, 403, 408, 429].includes(status) || status >= 500;
}

/** Whether the backend, or the way there, is down. An unreadable answer about one job does not mean that. */
function isOutOfReach(error: unknown): boolean {
  if (error instanceof DeadlineExceeded) return true;
  return (
    error instanceof UpstreamError && (error.unanswered || (error.status !== null && isOutage(error.status)))
  );
}

/** Shuffles in place: else a few jobs that always fail would come first in every sweep, and break its circuit. */
function shuffle(items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
}
