import type { IncomingHttpHeaders } from 'node:http';
import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import { InvalidRequest } from '../errors.ts';
import type { Log } from '../log.ts';
import { raceDeadline } from '../run/deadline.ts';
import { bodyOf } from './body.ts';
import { failure, refusal, type ServiceAnswer } from './service-answer.ts';

/** What is posted to a service. */
export interface PostedRequest {
  /** The JSON of the body, whatever its content type says. */
  body: unknown;
  headers: IncomingHttpHeaders;
  /** Aborted at the deadline of the request. */
  signal: AbortSignal;
}

/** Answers what was posted. Throws InvalidRequest for what cannot be understood; whatever else it throws is answered 500. */
export type PostHandler = (request: PostedRequest) => Promise<ServiceAnswer>;

export interface PostOptions {
  log: Log;
  /** A request that takes longer is answered 503. */
  limitMs: number;
  /** A longer body is answered 413. */
  mostBytes: number;
}

/** `handler` as an HTTP function that takes JSON by POST. */
export function servePosts(handler: PostHandler, options: PostOptions): HttpFunction {
  return async (request: Request, response: Response) => {
    try {
      send(await answerTo(request, handler, options).catch((error) => failure(error, options.log)), response);
    } catch (error) {
      options.log.error('Cannot send an answer', error);
      response.destroy();
    }
  };
}

async function answerTo(
  request: Request,
  handler: PostHandler,
  { limitMs, mostBytes }: PostOptions,
): Promise<ServiceAnswer> {
  const taken = await bodyOf(request, mostBytes, limitMs);
  if (request.method !== 'POST')
    return refusal(405, [{ path: '', message: `Cannot ${request.method}`, expected: 'POST' }], {
      Allow: 'POST',
    });
  if (!Buffer.isBuffer(taken)) return taken;
  const body = jsonOf(taken);
  const { headers } = request;
  const stop = new AbortController();
  const raced = await raceDeadline(
    () => handler({ body, headers, signal: stop.signal }),
    stop,
    limitMs,
    'POST',
  );
  if (raced.kind === 'returned') return raced.value;
  throw raced.kind === 'threw' ? raced.error : stop.signal.reason;
}

function jsonOf(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch (error) {
    throw new InvalidRequest([
      { path: '', message: `The body is not JSON: ${(error as Error).message}`, expected: 'a JSON object' },
    ]);
  }
}

function send({ status, contentType, body, headers = {} }: ServiceAnswer, response: Response): void {
  response.set({
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.setHeader('Content-Type', contentType);
  response.status(status).end(body);
}
