import { type ReadonlySignal, signal } from '@preact/signals';
import { goBy } from './clock.ts';
import { type Poller, poller, type Timers } from './poller.ts';

/** What the API answers, whatever it was asked. */
export interface Envelope<Data> {
  data: Data;
  page: { after: string | null; limit: number | null };
  problems: { path: string; message: string }[];
}

/** Why there is no new answer. */
export interface Trouble {
  words: string;
  /** How many questions in a row had no answer. */
  tries: number;
  /** The viewer may not see it: nothing of it stays on the page. */
  denied: boolean;
}

/** The last good answer to one question, how old it is, and what is wrong since. */
export interface Feed<Data> {
  answer: ReadonlySignal<Envelope<Data> | null>;
  /** When the data were really read, in milliseconds since 1970; not when the answer came. */
  asOf: ReadonlySignal<number | null>;
  trouble: ReadonlySignal<Trouble | null>;
  poll: Poller;
}

/** An answer that is none, with words for a person. */
class NoAnswer extends Error {
  readonly denied: boolean;
  constructor(words: string, denied = false) {
    super(words);
    this.denied = denied;
  }
}

export const browserTimers: Timers = {
  after(ms, run) {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
  random: Math.random,
};

/** Asks `url()` again and again. What did not change costs no body and no rendering. */
export function feed<Data>(url: () => string, intervalMs: number): Feed<Data> {
  const answer = signal<Envelope<Data> | null>(null);
  const asOf = signal<number | null>(null);
  const trouble = signal<Trouble | null>(null);
  let known = { url: '', etag: '' };

  const take = async (response: Response, from: string) => {
    goBy(response.headers.get('date'));
    if (response.status !== 304) {
      const body = await bodyOf<Data>(response);
      known = { url: from, etag: response.headers.get('etag') ?? '' };
      answer.value = body;
    }
    asOf.value = Date.parse(response.headers.get('x-as-of') ?? '') || Date.now();
    const sourceError = response.headers.get('x-source-error');
    if (sourceError) throw new NoAnswer(sourceError);
  };

  const poll = poller(
    {
      intervalMs,
      async ask(signal) {
        const from = url();
        const headers = known.url === from && known.etag ? { 'if-none-match': known.etag } : undefined;
        const response = await fetch(from, { signal, ...(headers && { headers }) });
        if (response.status === 401 || response.status === 403)
          throw new NoAnswer('You may not see this: sign in again, or ask an owner of the project', true);
        if (!response.ok && response.status !== 304) throw new NoAnswer(await faultOf(response));
        // An answer to what is asked no more must not overwrite the newer one.
        if (!signal.aborted) await take(response, from);
      },
      settled(failure, tries) {
        const denied = failure instanceof NoAnswer && failure.denied;
        if (denied) {
          answer.value = null;
          asOf.value = null;
          known = { url: '', etag: '' };
        }
        trouble.value = failure ? { words: wordsOf(failure), tries, denied } : null;
      },
    },
    browserTimers,
  );
  return { answer, asOf, trouble, poll };
}

async function bodyOf<Data>(response: Response): Promise<Envelope<Data>> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body !== 'object' || body === null || !('data' in body))
    throw new NoAnswer('The answer cannot be read');
  return body as Envelope<Data>;
}

/** Why an answer is none, in the words of the service. */
export async function faultOf(response: Response): Promise<string> {
  const body = await response.json().catch(() => null);
  const message: unknown = body?.problems?.[0]?.message;
  return typeof message === 'string' ? `${message} (HTTP ${response.status})` : `HTTP ${response.status}`;
}

/** Why a question has no answer, for a person. */
export function wordsOf(failure: unknown): string {
  if (failure instanceof NoAnswer) return failure.message;
  // What fetch throws when no connection came about; its words differ from browser to browser.
  if (failure instanceof TypeError) return 'The service cannot be reached';
  return failure instanceof Error ? failure.message : String(failure);
}
