import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';

/** What came back over HTTP. */
export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
}

/** A connection that waits half an hour must not look dead to what lies between. */
const KEEP_ALIVE_MS = 30_000;

/**
 * POSTs to `url`, or asks by another method, over a connection of its own. Not `fetch`, which gives up on an answer whose
 * first byte takes more than 300 s: a run may take half an hour, and here only `signal` ends the wait.
 */
export function ask(
  url: string | URL,
  { method = 'POST', headers = {}, body = '', signal }: Question = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const request = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
  request(
    url,
    {
      method,
      agent: false,
      headers: { 'content-length': Buffer.byteLength(body), ...headers },
      ...(signal && { signal }),
    },
    (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((text) => resolve({ status, headers, text }), reject);
    },
  )
    .on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS))
    .on('error', reject)
    .end(body);
  return promise;
}
