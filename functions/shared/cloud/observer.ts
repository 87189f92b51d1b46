import { withDeadline } from '../concurrency.ts';
import { messageOf, UpstreamError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Watched, watchedSchema } from '../model/workload/watched.ts';
import { type Authorize, idTokenFor } from './rest/credentials.ts';
import { plain } from './rest/google-error.ts';
import type { Limits } from './rest/rest.ts';

/** The function observe-workloads, as those ask it who show its tables. */
export interface Observer {
  /** Has the tables refreshed, and waits for that. Rejects with UpstreamError or DeadlineExceeded. */
  watch(limits: Limits): Promise<Watched>;
}

/** What it answers where another refresh makes this one needless. */
const NEEDLESS = 409;
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'it takes no token of this service',
  403: 'roles/run.invoker on it is missing',
  404: 'it is not there',
  429: 'all its instances are at work',
};

/**
 * The function at `url`, asked with an ID token of the service account that asks; on this machine without. Throws a TypeError
 * for any other address without TLS, for a token must not travel in the clear.
 */
export function observer(
  url: string,
  { log, authorize = idTokenFor(url) }: { log: Log; authorize?: Authorize },
): Observer {
  return {
    async watch({ limitMs, signal }) {
      const stop = AbortSignal.any([AbortSignal.timeout(limitMs), ...(signal ? [signal] : [])]);
      const started = performance.now();
      let status: number | string = 'no answer';
      try {
        // Neither a token nor a body that does not come heeds a signal.
        const answer = await withDeadline(send(url, authorize, stop), limitMs, 'the refresh for a viewer', {
          signal,
        });
        status = answer.status;
        return watchedIn(answer);
      } finally {
        const ms = Math.round(performance.now() - started);
        log.debug('observe-workloads: watch', { operation: 'watch', ms, status });
      }
    },
  };
}

interface Answer {
  status: number;
  text: string;
}

async function send(url: string, authorize: Authorize, signal: AbortSignal): Promise<Answer> {
  try {
    const headers = new Headers(await authorize());
    headers.set('content-type', 'application/json');
    const response = await fetch(url, { method: 'POST', headers, body: '{"watch":true}', signal });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    // Not as its cause: what the library throws holds the request, and with it perhaps a token.
    const { message, cause } = error as Error;
    const words = plain(cause instanceof Error ? `${message}: ${cause.message}` : messageOf(error));
    throw failed(words, { retryable: true, unanswered: true });
  }
}

function watchedIn({ status, text }: Answer): Watched {
  if (status === 200 || status === NEEDLESS) {
    const parsed = watchedSchema.safeParse(jsonIn(text));
    if (parsed.success) return parsed.data;
    throw failed(`HTTP ${status} with an answer of another form`, { retryable: false, status });
  }
  const words = REFUSALS[status] ?? problemIn(text);
  throw failed(`HTTP ${status}${words ? `, ${words}` : ''}`, { retryable: status >= 500, status });
}

function failed(words: string, facts: ConstructorParameters<typeof UpstreamError>[1]): UpstreamError {
  return new UpstreamError(`Cannot have observe-workloads refresh: ${words}`, facts);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first problem that an answer of ours names. */
function problemIn(text: string): string {
  const body = jsonIn(text) as { problems?: { message?: unknown }[] } | null | undefined;
  const message = body?.problems?.[0]?.message;
  return typeof message === 'string' ? message.slice(0, 300) : '';
}
