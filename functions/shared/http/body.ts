import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { refusal, type ServiceAnswer } from './service-answer.ts';

/** Published for each request once its headers are there: https://nodejs.org/api/diagnostics_channel.html#http */
const REQUEST_START = 'http.server.request.start';
/** The headers by which body-parser tells that there is a body, and how it is encoded. */
const BODY_HEADERS = ['content-length', 'transfer-encoding', 'content-encoding'];

/** What requests say of their bodies, which the framework is not told. */
const withheld = new WeakMap<IncomingMessage, IncomingHttpHeaders>();

/**
 * Has all requests of this process arrive without a body, which bodyOf takes: the framework would keep one of up to 1 GiB, and
 * unpack one of a few KB to as much, before a function is asked. Returns what ends this.
 */
export function withholdBodies(): () => void {
  const onRequest = (message: unknown) => {
    const { request } = message as { request: IncomingMessage };
    withheld.set(request, { ...request.headers });
    for (const header of BODY_HEADERS) delete request.headers[header];
  };
  subscribe(REQUEST_START, onRequest);
  return () => void unsubscribe(REQUEST_START, onRequest);
}

/**
 * Takes the body of a request, or what to answer where it is packed, longer than `mostBytes` or not whole after `limitMs`. What is
 * not taken is read and thrown away: where a connection is not kept, Node closes it behind the answer, and what then still
 * arrives resets it, which loses the answer to a client that is amid its body (RFC 9112, 9.6).
 */
export async function bodyOf(
  request: IncomingMessage & { rawBody?: Buffer },
  mostBytes: number,
  limitMs: number,
): Promise<Buffer | ServiceAnswer> {
  const headers = withheld.get(request);
  if (!headers) {
    const { rawBody = Buffer.alloc(0) } = request;
    return rawBody.length > mostBytes ? tooLong(rawBody.length, mostBytes) : rawBody;
  }
  const encoding = headers['content-encoding'] ?? '';
  const isPacked = !['', 'identity'].includes(encoding.toLowerCase());
  const taken: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (isPacked || bytes > mostBytes) taken.length = 0;
    else taken.push(chunk);
  });
  // Whoever broke off, or dribbles, is answered as far as that goes.
  await finished(request, { signal: AbortSignal.timeout(limitMs) }).catch(() => undefined);
  if (isPacked)
    return refusal(415, [
      { path: 'headers.content-encoding', message: `Cannot read ${encoding}`, expected: 'a body as it is' },
    ]);
  const announced = Math.max(bytes, Number(headers['content-length'] ?? 0));
  if (announced > mostBytes) return tooLong(announced, mostBytes);
  if (!request.complete)
    return refusal(408, [
      { path: '', message: `The body broke off after ${bytes} bytes`, expected: 'all of it' },
    ]);
  return Buffer.concat(taken);
}

function tooLong(bytes: number, mostBytes: number): ServiceAnswer {
  return refusal(413, [
    { path: '', message: `The body has ${bytes} bytes`, expected: `at most ${mostBytes}` },
  ]);
}
