import { DeadlineExceeded, UpstreamError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { BackendSettings } from '../model/backend.ts';
import { reasonOf } from './answer.ts';
import { plain } from './google-error.ts';
import { errorOf } from './google-jobs.ts';
import type { Platform } from './inquiry.ts';
import type { Limits } from './rest.ts';
import { type Said, saidOf, timeAt, unknown } from './said.ts';

/**
 * Any endpoint that answers a GET with JSON that holds a state. It is asked once per job and sweep; the secret goes to it
 * alone, for redirects are not followed.
 */

type Settings = Extract<BackendSettings, { kind: 'http' }>;

/** A job, and the address of its status. */
interface Asked {
  id: string;
  url: string;
}

const MAX_BYTES = 256 * 1024;
const LONGEST_ID = 1_500;

/** The endpoint of `settings`; `secret` is the value of its header. */
export function httpStatus(settings: Settings, secret: string | undefined, log: Log): Platform<Asked> {
  const host = hostOf(settings);
  const headers = new Headers({ accept: 'application/json' });
  if (settings.header && secret) headers.set(settings.header.name, secret);
  /** What the endpoint says may repeat the secret. */
  const hide = (text: string) => (secret ? text.replaceAll(secret, '[secret]') : text);
  const words = (text: string) => plain(hide(text));

  return {
    form: 'an id without control characters and without . or .. between slashes',

    read: (id) =>
      isSafe(id) ? { id, url: settings.url.replaceAll('{id}', () => encodeURIComponent(id)) } : null,

    // Its address may well be a wrong one.
    placed: () => 'guessed',

    async ask({ id, url }, { limitMs, signal }: Limits): Promise<Said> {
      // Not the address: it may hold a secret, too.
      const where = `${host} GET of ${plain(id)}`;
      const begun = performance.now();
      const clock = AbortSignal.timeout(Math.ceil(limitMs));
      let status: number | string = 'connection';
      try {
        const stop = signal ? AbortSignal.any([signal, clock]) : clock;
        const answer = await fetch(url, { headers, redirect: 'manual', signal: stop });
        const text = await textOf(answer, where);
        status = answer.status;
        if (status === 404 && isAbout(id, text))
          return { ...unknown(`${host} says HTTP 404: ${words(text)}`), state: 'gone' };
        if (status !== 200)
          throw new UpstreamError(`Cannot finish ${where}: HTTP ${status}: ${words(text)}`, {
            retryable: false,
            status,
          });
        const body = jsonOf(text);
        if (body === undefined)
          throw new UpstreamError(`Cannot read ${where}: no JSON: ${words(text)}`, { retryable: false });
        return readBody(body, where);
      } catch (error) {
        if (signal?.aborted) {
          status = 'aborted';
          throw signal.reason;
        }
        if (clock.aborted) {
          status = 'deadline';
          throw new DeadlineExceeded(where, limitMs);
        }
        if (error instanceof UpstreamError) throw error;
        const why = `the connection failed: ${words(reasonOf(error))}`;
        throw new UpstreamError(`Cannot finish ${where}: ${why}`, { retryable: true });
      } finally {
        const line = {
          api: host,
          operation: 'GET',
          job: id,
          ms: Math.round(performance.now() - begun),
          status,
        };
        // That there is no such job is an answer, too.
        const answered = [200, 404, 'aborted'].includes(status);
        log[answered ? 'debug' : 'warning'](`${host}: GET of ${id}: ${status}`, line);
      }
    },
  };

  function readBody(body: unknown, where: string): Said {
    const found = valueAt(body, settings.state);
    if (found === undefined || found === null || typeof found === 'object')
      throw new UpstreamError(`Cannot read ${where}: no word at ${settings.state}`, { retryable: false });
    const word = String(found);
    const state = Object.hasOwn(settings.statuses, word) ? settings.statuses[word] : undefined;
    const said = `${host} says ${words(JSON.stringify(word))}`;
    if (!state) return unknown(said);
    const timeOf = (path: string | undefined) => (path ? timeAt(path, valueAt(body, path)) : null);
    const error = state === 'failed' ? valueAt(body, settings.error) : undefined;
    return saidOf({
      state,
      startedAt: timeOf(settings.startedAt),
      endedAt: timeOf(settings.endedAt),
      error: errorOf(hide(typeof error === 'string' ? error : (JSON.stringify(error ?? undefined) ?? ''))),
      said,
    });
  }
}

/** Where the endpoint is; ids have no say in it. */
export function hostOf({ url }: Settings): string {
  return new URL(url.replaceAll('{id}', 'id')).host;
}

function isSafe(id: string): boolean {
  const parts = id.split(/[/\\]/);
  const whole = id.length > 0 && id.length <= LONGEST_ID && id.isWellFormed() && !/\p{Cc}/u.test(id);
  return whole && !parts.includes('.') && !parts.includes('..');
}

/** The body, as far as anybody would want to read it. */
async function textOf(answer: Response, where: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new UpstreamError(`Cannot read ${where}: more than ${MAX_BYTES} bytes`, { retryable: false });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * Whether a 404 is the endpoint's own word on this job: JSON that names it. A proxy, or a path that does not exist, says 404
 * too, perhaps with the path that was asked for.
 */
function isAbout(id: string, text: string): boolean {
  const body = jsonOf(text);
  if (typeof body !== 'object' || body === null) return false;
  const escaped = id.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const named = new RegExp(`(?<![\\w/%.=-])${escaped}(?![\\w/%=-])`);
  const namesIt = (value: unknown): boolean =>
    typeof value === 'object' && value !== null
      ? Object.values(value).some(namesIt)
      : named.test(String(value));
  return namesIt(body);
}

/** What stands at a path such as `status.phase` or `jobs.0.state`. */
function valueAt(body: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  return path.split('.').reduce<unknown>((value, key) => {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return inside ? Reflect.get(value, key) : undefined;
  }, body);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
