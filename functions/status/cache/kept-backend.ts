import type { Clock } from '../../shared/clock.ts';
import type { Backend } from '../../shared/cloud/backends/backend.ts';
import { sleep } from '../../shared/concurrency.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Truth } from '../../shared/model/job/backend.ts';

/** Whoever looks at a page waits no longer for a backend. */
const ANSWER_MS = 2_000;
/** An answer is kept for so long. */
const LIFE_MS = 15_000;
/** A call that brings nothing for so long is given up. */
const CALL_MS = 20_000;
const MOST_KEPT = 2_000;

/** What is said of a job whose backend has not answered yet: its answer may come soon. */
export const NO_ANSWER_YET = `no answer in ${ANSWER_MS / 1000} s`;

/**
 * A backend for viewers: an answer is kept for 15 s, a question that is under way is not asked again, and what does not
 * answer in 2 s, or until the signal, is unknown, until its answer comes. Never rejects.
 */
export function keptBackend(backend: Backend, clock: Clock): Backend {
  const kept = new Map<string, { truth: Promise<Truth>; until: number }>();

  function isKept(id: string): boolean {
    return (kept.get(id)?.until ?? 0) > clock.monotonicMs();
  }

  function ask(ids: readonly string[]): void {
    const call = backend.truthsOf(ids, { signal: AbortSignal.timeout(CALL_MS), now: clock.now });
    for (const id of ids) {
      const entry = { truth: answerTo(id, call), until: Number.POSITIVE_INFINITY };
      kept.delete(id);
      kept.set(id, entry);
      entry.truth.then(() => {
        entry.until = clock.monotonicMs() + LIFE_MS;
      });
    }
    for (const [oldest] of kept) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
  }

  async function answerTo(id: string, call: Promise<ReadonlyMap<string, Truth>>): Promise<Truth> {
    try {
      return (await call).get(id) ?? unknown('it said nothing of this job', clock.now());
    } catch (error) {
      return unknown(messageOf(error), clock.now());
    }
  }

  return {
    name: backend.name,
    fingerprint: backend.fingerprint,
    async truthsOf(ids, { signal }) {
      const missing = ids.filter((id) => !isKept(id));
      if (missing.length > 0) ask(missing);
      const asked = ids.map((id) => [id, kept.get(id)?.truth] as const);
      const late = new AbortController();
      const limit = sleep(ANSWER_MS, AbortSignal.any([late.signal, signal])).catch(() => undefined);
      const truths = await Promise.all(
        asked.map(async ([id, truth]) => {
          const answer = await Promise.race([truth, limit]);
          return [id, answer ?? unknown(NO_ANSWER_YET, clock.now())] as const;
        }),
      );
      late.abort();
      return new Map(truths);
    },
  };
}

/** The same for one page: whatever it asks, and asks further for that, takes no longer than one answer may. */
export function inOneWait(backend: Backend): Backend {
  let limit: AbortSignal | undefined;
  return {
    name: backend.name,
    fingerprint: backend.fingerprint,
    truthsOf(ids, { now }) {
      limit ??= AbortSignal.timeout(ANSWER_MS);
      return backend.truthsOf(ids, { signal: limit, now });
    },
  };
}

/** A backend that cannot be asked, such as one whose secret is missing: a viewer is told why, and sees all the rest. */
export function unaskable(name: string, why: string, clock: Clock): Backend {
  return {
    name,
    fingerprint: '',
    truthsOf: async (ids) => new Map(ids.map((id) => [id, unknown(`cannot be asked: ${why}`, clock.now())])),
  };
}

function unknown(why: string, askedAt: Date): Truth {
  return {
    state: 'unknown',
    startedAt: null,
    endedAt: null,
    unreadable: null,
    placed: 'guessed',
    error: null,
    askedAt,
    said: why,
  };
}
