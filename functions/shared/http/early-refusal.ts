import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { refusal, type ServiceAnswer } from './service-answer.ts';

/** Published for each request once its headers are there: https://nodejs.org/api/diagnostics_channel.html#http */
const REQUEST_START = 'http.server.request.start';
/** The headers by which body-parser tells that there is a body, and how it is encoded. */
const BODY_HEADERS = ['content-length', 'transfer-encoding', 'content-encoding'];

const refused = new WeakMap<IncomingMessage, ServiceAnswer>();

/**
 * Has all requests of this process that are too long, or encoded, arrive without a body:
 * the framework would keep a body of up to 1 GiB, and unpack one of a few KB to as much, before a function is asked.
 * Answered is whatever refusedEarly says of them. A body that does not tell its length is answered here where it is too long.
 * Returns what ends this.
 */
export function refuseEarly(mostBytes: number): () => void {
  const onRequest = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const answer = answerTo(request, mostBytes);
    if (answer) {
      refused.set(request, answer);
      for (const header of BODY_HEADERS) delete request.headers[header];
    } else if (request.headers['transfer-encoding'] !== undefined) keepAtMost(mostBytes, request, response);
  };
  subscribe(REQUEST_START, onRequest);
  return () => void unsubscribe(REQUEST_START, onRequest);
}

/**
 * The answer to a request whose body was not taken; `undefined` for any other. It comes once the body is read and thrown away, or
 * after `limitMs`: where a connection is not kept, Node closes it behind the answer, and what then still arrives resets it, which
 * loses the answer to a client that is amid its body (RFC 9112, 9.6).
 */
export async function refusedEarly(
  request: IncomingMessage,
  limitMs: number,
): Promise<ServiceAnswer | undefined> {
  const answer = refused.get(request);
  if (answer) await discard(request, limitMs);
  return answer;
}

async function discard(request: IncomingMessage, limitMs: number): Promise<void> {
  request.resume();
  // Whoever broke off, or dribbles, is answered as far as that goes: nothing else depends on the rest of the body.
  await finished(request, { signal: AbortSignal.timeout(limitMs) }).catch(() => undefined);
}

function answerTo({ headers }: IncomingMessage, mostBytes: number): ServiceAnswer | null {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    return refusal(415, [
      { path: 'headers.content-encoding', message: `Cannot read ${encoding}`, expected: 'a body as it is' },
    ]);
  const bytes = Number(headers['content-length'] ?? 0);
  return bytes > mostBytes ? tooLong(bytes, mostBytes) : null;
}

/**
 * Has the framework get no more than `mostBytes` of a body, and of one that is longer never the end, or it would take what it
 * got for the whole: such a one is thrown away up to its end, and answered then.
 */
function keepAtMost(mostBytes: number, request: IncomingMessage, response: ServerResponse): void {
  const push = request.push.bind(request);
  let bytes = 0;
  request.push = (chunk: Buffer | null) => {
    bytes += chunk?.length ?? 0;
    if (bytes <= mostBytes) return push(chunk);
    if (chunk === null) {
      const { status, contentType, body } = tooLong(bytes, mostBytes);
      response.writeHead(status, { 'content-type': contentType, connection: 'close' }).end(body);
    }
    return true;
  };
}

/** The answer to a body of too many bytes. */
export function tooLong(bytes: number, mostBytes: number): ServiceAnswer {
  return refusal(413, [
    { path: '', message: `The body has ${bytes} bytes`, expected: `at most ${mostBytes}` },
  ]);
}
