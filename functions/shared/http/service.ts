import type { IncomingHttpHeaders } from 'node:http';
import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { raceDeadline } from '../run/deadline.ts';
import { bodyOf } from './body.ts';
import { encode } from './encoding.ts';
import { etagOf, isKnownTo } from './etag.ts';
import { failure, refusal, type ServiceAnswer } from './service-answer.ts';

/** What a service is asked. */
export interface ServiceRequest {
  /** POST to the paths of `posts` alone. */
  method: 'GET' | 'HEAD' | 'POST';
  /** Below the service's root, such as `/api/status`; percent-encoded as it was sent, so that a `%2F` is no separator. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Aborted at the deadline of the request, and when whoever asked has gone. */
  signal: AbortSignal;
}

/** Answers a request. Throws InvalidRequest for what cannot be asked; whatever else it throws is answered 500. */
export type ServiceHandler = (request: ServiceRequest) => Promise<ServiceAnswer>;

/** What serving takes besides the handler. */
export interface ServiceOptions {
  log: Log;
  /** The time that `Date` gives, by which a page corrects its own clock. */
  clock: Clock;
  /** A request that takes longer is answered 503. */
  limitMs: number;
  /** Paths that take a POST and nothing else, from programs and from the service's own page. */
  posts?: readonly string[];
}

/** Longer addresses than any of ours are a mistake or worse. */
const URL_LIMIT = 4096;
/** What a service is asked stands in the address. */
const MOST_BODY_BYTES = 1024;
/** `X-Source-Error` is a line for people; more of it is in the log. */
const SOURCE_ERROR_LIMIT = 300;

const SECURITY_HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/** `handler` as an HTTP function: GET and HEAD, conditional and encoded, POST where it is taken, errors as problems. */
export function serveService(handler: ServiceHandler, options: ServiceOptions): HttpFunction {
  return async (request: Request, response: Response) => {
    try {
      const answer = await answerTo(request, response, handler, options).catch((error: unknown) =>
        // To have been stopped for whoever has gone is no failure.
        response.closed ? undefined : failure(error, options.log),
      );
      if (answer) await send(answer, request, response, options.clock);
    } catch (error) {
      options.log.error('Cannot send an answer', error);
      response.destroy();
    }
  };
}

async function answerTo(
  request: Request,
  response: Response,
  handler: ServiceHandler,
  { limitMs, posts = [] }: ServiceOptions,
): Promise<ServiceAnswer> {
  const { method, originalUrl: url, headers } = request;
  const taken = await bodyOf(request, MOST_BODY_BYTES, limitMs);
  const end = url.search(/[?#]|$/);
  const path = url.slice(0, end);
  const isPost = posts.includes(path);
  const allowed = isPost ? ['POST'] : ['GET', 'HEAD'];
  if (!isAmong(method, allowed))
    return refusal(405, [{ path: '', message: `Cannot ${method}`, expected: allowed.join(' or ') }], {
      Allow: allowed.join(', '),
    });
  if (url.length > URL_LIMIT)
    return refusal(414, [
      {
        path: '',
        message: `The address has ${url.length} characters`,
        expected: `at most ${URL_LIMIT}`,
      },
    ]);
  const foreign = isPost ? ofAnotherSite(headers) : null;
  if (foreign) return foreign;
  if (!Buffer.isBuffer(taken)) return taken;
  const query = new URLSearchParams(url.slice(end).replace(/#.*$/s, ''));
  const stop = new AbortController();
  const gone = () => stop.abort(new Error('whoever asked has gone'));
  response.once('close', gone);
  const raced = await raceDeadline(
    () => handler({ method, path, query, headers, signal: stop.signal }),
    stop,
    limitMs,
    `${method === 'HEAD' ? 'GET' : method} ${path}`,
  );
  response.off('close', gone);
  if (raced.kind === 'returned') return raced.value;
  throw raced.kind === 'threw' ? raced.error : stop.signal.reason;
}

/** Whether `method` is one of those that a service takes. */
function isAmong(method: string, allowed: readonly string[]): method is ServiceRequest['method'] {
  return allowed.includes(method);
}

/**
 * Refuses what the page of another site could have a viewer's browser send: a browser says where a request comes from, and asks
 * first before it sends JSON to another site, which is never allowed here.
 */
function ofAnotherSite(headers: IncomingHttpHeaders): ServiceAnswer | null {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin')
    return refusal(403, [
      { path: '', message: `Cannot take it from another page (${site})`, expected: 'same-origin' },
    ]);
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return null;
  return refusal(415, [
    { path: '', message: 'Cannot take it without its content type', expected: 'application/json' },
  ]);
}

async function send(
  answer: ServiceAnswer,
  request: Request,
  response: Response,
  clock: Clock,
): Promise<void> {
  const raw = typeof answer.body === 'string' ? Buffer.from(answer.body) : Buffer.from(answer.body);
  response.set(SECURITY_HEADERS);
  response.set('Date', clock.now().toUTCString());
  response.set('Cache-Control', answer.cacheControl ?? 'private, no-cache');
  if (answer.asOf) response.set('X-As-Of', answer.asOf.toISOString());
  if (answer.sourceError !== undefined) response.set('X-Source-Error', headerText(answer.sourceError));
  response.set('Vary', 'Accept-Encoding');
  response.set(answer.headers ?? {});
  if (answer.status === 200) {
    const etag = etagOf(raw);
    response.set('ETag', etag);
    if (isKnownTo(request.headers['if-none-match'], etag)) return void response.status(304).end();
  }
  // Set by Node itself: Express would add a charset to what has one already.
  response.setHeader('Content-Type', answer.contentType);
  const { body, encoding } = response.hasHeader('Content-Encoding')
    ? { body: raw, encoding: undefined }
    : await encode(raw, answer.contentType, request.headers['accept-encoding']);
  if (encoding) response.set('Content-Encoding', encoding);
  response.set('Content-Length', String(body.length));
  response.status(answer.status);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** A header carries only visible characters of one byte. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, SOURCE_ERROR_LIMIT);
}
