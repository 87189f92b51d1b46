import { limitConcurrency } from '../../concurrency.ts';
import { SECOND_MS } from '../../dates.ts';
import { DeadlineExceeded, UpstreamError } from '../../errors.ts';
import type { Placed, Truth } from '../../model/job/backend.ts';
import { circuitBreaker } from '../rest/circuit.ts';
import { plain } from '../rest/google-error.ts';
import type { Limits } from '../rest/rest.ts';
import { type BackendStatus, type DatedStatus, unknown } from './status.ts';

/** How the jobs of one backend are asked after in one sweep. */

/** A backend of one kind, for one sweep; a job is what its id was read to. */
export interface BackendAdapter<Job> {
  /** The job that an id names; `null` for one of another form. */
  read(id: string): Job | null;
  /** Where it is asked after. */
  placed(job: Job): Placed;
  /** The form of ids, in words. */
  form: string;
  /** Asks after one job. Rejects when there is no answer. */
  ask(job: Job, limits: Limits): Promise<BackendStatus>;
  /** Asks after many jobs at once; each that is left out of the answer is asked after by itself. */
  list?(
    jobs: readonly Job[],
    by: { call: Call; now: AskOptions['now'] },
  ): Promise<ReadonlyMap<Job, DatedStatus>>;
}

/** Makes a call in its turn, if there is still a point in it. Rejects only with the reason of the sweep's signal. */
export type Call = <Answer>(ask: (limits: Limits) => Promise<Answer>) => Promise<Called<Answer>>;
export type Called<Answer> = { askedAt: Date } & ({ answer: Answer } | { failure: BackendStatus });

/** One sweep: it ends with the signal. */
export interface AskOptions {
  signal: AbortSignal;
  now: () => Date;
  /** For one call with all its tries; 10 s unless given. */
  limitMs?: number;
}

const AT_ONCE = 8;
const FAILURES_IN_A_ROW = 5;
const LIMIT_MS = 10 * SECOND_MS;

/** Asks `platform` after ids, and after none of them when it fails again and again. */
export function backendClient<Job>(
  platform: BackendAdapter<Job>,
  { signal, now, limitMs = LIMIT_MS }: AskOptions,
) {
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
    const called = await call((limits) => platform.ask(job, limits));
    return { ...('answer' in called ? called.answer : called.failure), askedAt: called.askedAt };
  }

  return async (ids: readonly string[]): Promise<ReadonlyMap<string, Truth>> => {
    const truths = new Map<string, Truth>();
    const jobs: { id: string; job: Job }[] = [];
    for (const id of new Set(ids)) {
      const job = platform.read(id);
      const words = `cannot read the id ${plain(JSON.stringify(id))}: expected ${platform.form}`;
      if (job === null) truths.set(id, { ...unknown(words), placed: 'guessed', askedAt: now() });
      else jobs.push({ id, job });
    }
    shuffle(jobs);
    const listed = await platform.list?.(
      jobs.map(({ job }) => job),
      { call, now },
    );
    const ask = async ({ id, job }: (typeof jobs)[number]) =>
      void truths.set(id, { ...(listed?.get(job) ?? (await truthOf(job))), placed: platform.placed(job) });
    await Promise.all(jobs.map(ask));
    return truths;
  };
}

/** Whether a status means that nothing can be asked now, whatever the question. */
export function isOutage(status: number): boolean {
  return [401, 403, 408, 429].includes(status) || status >= 500;
}

/** Whether a failure is one of the backend, or of the way there; an answer about one job that cannot be read is not. */
function isOutOfReach(error: unknown): boolean {
  if (error instanceof DeadlineExceeded) return true;
  return (
    error instanceof UpstreamError && (error.unanswered || (error.status !== null && isOutage(error.status)))
  );
}

/** In random order, the few that always fail do not come first in every sweep and keep it from all the others. */
function shuffle(items: unknown[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
}
