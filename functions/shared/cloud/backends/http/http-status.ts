import { DeadlineExceeded, InvalidConfiguration, UpstreamError } from '../../../errors.ts';
import type { Log } from '../../../log.ts';
import type { HttpSettings } from '../../../model/job/backends/http.ts';
import { reasonOf } from '../../rest/answer.ts';
import { plain } from '../../rest/google-error.ts';
import type { Limits } from '../../rest/rest.ts';
import { type Backend, type BackendTools, backendOf } from '../backend.ts';
import { type BackendAdapter, isOutage } from '../backend-client.ts';
import type { BackendStatus } from '../status.ts';
import { type HttpAnswer, readHttpAnswer } from './http-answer.ts';
import type { AskedJob } from './names-job.ts';

/**
 * Asks any endpoint that answers a GET with JSON that holds a state, once per job and sweep. Redirects are not followed, so
 * that the secret goes to this endpoint alone.
 */

const MAX_BYTES = 256 * 1024;
const LONGEST_ID = 1_500;

/**
 * Opens the endpoint of a source. Throws InvalidConfiguration where the variable of its header is missing, or holds a value
 * that no header can hold.
 */
export function openHttp(settings: HttpSettings, tools: BackendTools): Backend {
  const secret = secretOf(settings, tools);
  return backendOf(hostOf(settings), [settings], () => httpStatus(settings, secret, tools.log));
}

/** Makes the adapter of an endpoint; `secret` is the value of its header. */
export function httpStatus(
  settings: HttpSettings,
  secret: string | undefined,
  log: Log,
): BackendAdapter<AskedJob> {
  const host = hostOf(settings);
  const headers = new Headers({ accept: 'application/json' });
  if (settings.header && secret) headers.set(settings.header.name, secret);
  /** Removes the secret from an answer, which may repeat it. */
  const hide = (text: string) => (secret ? text.replaceAll(secret, '[secret]') : text);

  return {
    form: 'an id without control characters and without . or .. between slashes',

    read: (id) =>
      isSafe(id) ? { id, url: settings.url.replaceAll('{id}', () => encodeURIComponent(id)) } : null,

    // Its address may be wrong.
    placed: () => 'guessed',

    async ask(job, { limitMs, signal }: Limits): Promise<BackendStatus> {
      const { id, url } = job;
      // Without the address, which may hold a secret, too.
      const where = `${host} GET of ${plain(id)}`;
      const begun = performance.now();
      const clock = AbortSignal.timeout(Math.ceil(limitMs));
      let status: number | string = 'connection';
      try {
        const stop = signal ? AbortSignal.any([signal, clock]) : clock;
        const response = await fetch(url, { headers, redirect: 'manual', signal: stop });
        status = response.status;
        const answer = await read(response, where);
        const said = readHttpAnswer(settings, job, answer, { host, hide });
        if (said.state === 'unknown' && isOutage(answer.status))
          throw new UpstreamError(said.said, { retryable: false, status: answer.status });
        return said;
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
        const why = plain(hide(reasonOf(error)));
        throw new UpstreamError(`Cannot finish ${where}: the connection failed: ${why}`, {
          retryable: true,
          unanswered: true,
        });
      } finally {
        const line = {
          api: host,
          operation: 'GET',
          job: id,
          ms: Math.round(performance.now() - begun),
          status,
        };
        // That there is no such job is an answer, too.
        const answered = [200, 404, 410, 'aborted'].includes(status);
        log[answered ? 'debug' : 'warning'](`${host}: GET of ${id}: ${status}`, line);
      }
    },
  };
}

/** Returns the value of the header. No message may quote it. */
function secretOf({ header }: HttpSettings, { variable }: BackendTools): string | undefined {
  if (!header) return undefined;
  // A secret that was read from a file ends with a line break.
  const secret = variable(header.variable)?.trim();
  if (secret && /^[\x20-\x7e]+$/.test(secret)) return secret;
  throw new InvalidConfiguration('the environment', [
    {
      path: header.variable,
      message: secret ? 'A value that no header can hold' : 'Missing',
      expected: `the value of the header ${header.name}, in ASCII on one line`,
    },
  ]);
}

/** Returns the host of the endpoint, which no id can change. */
export function hostOf({ url }: HttpSettings): string {
  return new URL(url.replaceAll('{id}', 'id')).host;
}

function isSafe(id: string): boolean {
  const parts = id.split(/[/\\]/);
  const whole = id.length > 0 && id.length <= LONGEST_ID && id.isWellFormed() && !/\p{Cc}/u.test(id);
  return whole && !parts.includes('.') && !parts.includes('..');
}

/** Reads an answer, at most MAX_BYTES of it. */
async function read({ status, body }: Response, where: string): Promise<HttpAnswer> {
  const cannotRead = (why: string) =>
    new UpstreamError(`Cannot read ${where}: ${why}`, { retryable: false, status });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw cannotRead(`more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    // The answer is complete, but its content-encoding is wrong.
    if (isDecompressionError(error)) throw cannotRead(reasonOf(error));
    throw error;
  }
  // TextDecoder drops a byte order mark.
  return { status, text: new TextDecoder().decode(Buffer.concat(chunks)) };
}

/** Whether zlib, brotli or zstd could not decompress. */
function isDecompressionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /^(Z_|ERR__|ZSTD_)/.test(String(Reflect.get(error, 'code'))) || isDecompressionError(error.cause);
}
