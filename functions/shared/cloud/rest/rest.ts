import type { z } from 'zod';
import { sleep } from '../../concurrency.ts';
import { DeadlineExceeded, messageOf, UpstreamError } from '../../errors.ts';
import type { Fields, Log } from '../../log.ts';
import { faultOf, parseAnswer, reasonOf, refusal } from './answer.ts';
import { type Authorize, credentialsFor } from './credentials.ts';
import { plain } from './google-error.ts';
import { RETRY, type RetryPolicy, waitAfter } from './retry.ts';
import { type Answer, overFetch, type Posted, type Query, type Transport } from './transport.ts';

/**
 * Asks Google's REST APIs; every client does so through here. A call has a deadline, stops at once when its signal aborts, and
 * is tried again where that can help. A list is read to its last page or not at all, and every answer is parsed.
 */

/** How a project is asked. */
export interface ApiOptions {
  project: string;
  /** In place of Google's own address: https://..., or http:// on this machine for a stand-in, which is sent no credentials. */
  baseUrl?: string | undefined;
  log: Log;
  /** Google's default credentials, unless given. */
  authorize?: Authorize | undefined;
  retry?: Partial<RetryPolicy> | undefined;
}

interface Asked {
  /** Google's name of the method, and what it is asked for: errors and log lines name it. */
  operation: string;
  path: string;
  query?: Query;
  region?: string | undefined;
  /** The permission that the call needs, for a denial that names none. */
  permission?: string;
  /** Told how far each try has come, so that a call that hangs can be named with what it waits for. */
  onStage?: ((stage: Stage) => void) | undefined;
}

/** What a call waits for: what authorises it, the beginning of an answer, or the rest of it. */
export type Stage = 'credentials' | 'connection' | 'body';

/** One GET; or a question that is posted, which changes nothing, so that it may be asked again. */
export interface RestCall<Body> extends Asked {
  schema: z.ZodType<Body>;
  post?: Posted;
}

/** One POST. It is the caller who tries it again. */
export interface RestPost<Body> extends Asked {
  post: Posted;
  attempt: number;
  /** Why the try before this one failed. */
  fault: string | undefined;
  /** Reads an answer of status 2xx. Throws a SyntaxError for what broke on its way. */
  read(answer: Answer): Body;
  /** Returns further fields for the log line, once the call is over. */
  fields(): Fields;
}

/** A GET whose answer comes in pages. */
export interface RestList<Body> extends RestCall<Body> {
  /** The parameter that asks for a further page. */
  tokenParameter: string;
  /** The token of the next page; empty or missing at the last one. */
  nextToken(body: Body): string | undefined;
  /** More pages than this are an error, never a silent cut. */
  maxPages?: number;
  /** Returns whether no further page is needed. */
  isEnough?: () => boolean;
  /** Gives each page the whole time, and does not count what `onPage` takes: for lists of any length. */
  timePerPage?: boolean;
}

/** The time for one call with all its pages, tries and waits. */
export interface Limits {
  limitMs: number;
  signal?: AbortSignal | undefined;
}

/** One of Google's APIs, asked as one project. */
export interface RestApi {
  /**
   * Asks once and returns the parsed answer. Rejects with UpstreamError, with DeadlineExceeded naming what was
   * pending, or with the reason of the signal.
   */
  get<Body>(call: RestCall<Body>, limits: Limits): Promise<Body>;

  /** Sends one POST, once. Rejects as `get` does. */
  post<Body>(call: RestPost<Body>, limits: Limits): Promise<Body>;

  /**
   * Calls `onPage` with every page in order, and waits for it before the next page is asked for. Rejects as `get` does,
   * as `onPage` does, and when the pages do not come to an end.
   */
  list<Body>(
    call: RestList<Body>,
    limits: Limits,
    onPage: (body: Body) => void | Promise<void>,
  ): Promise<void>;
}

const MAX_PAGES = 1_000;

interface Bounds extends Limits {
  endsAt: number;
}
interface Position {
  page: number | undefined;
  attempt: number;
  /** Why the try before this one failed. */
  fault: string | undefined;
}

/**
 * Opens the API that errors and log lines call `api`, at `address` unless the options name another one. Throws a TypeError
 * for an address that is not safe to ask.
 */
export function restApi(
  api: string,
  address: string,
  options: ApiOptions,
  transport: Transport = overFetch,
): RestApi {
  const { project, log, baseUrl = address } = options;
  const policy = { ...RETRY, ...options.retry };
  const ownCredentials = credentialsFor(baseUrl);
  const authorize = options.authorize ?? ownCredentials;
  const send = transport(baseUrl);

  /** Sends one request, reads its answer, and logs it. */
  async function ask<Body>(
    asked: Asked & Partial<Pick<RestPost<Body>, 'post' | 'fields'>>,
    read: (answer: Answer, where: string) => Body,
    position: Position,
    bounds: Bounds,
  ): Promise<Body> {
    const { operation, path, query = {}, region, permission, post, onStage } = asked;
    const where = `${api} ${operation} (${placeOf({ project, region, ...position })})`;
    const started = performance.now();
    const leftMs = bounds.endsAt - started;
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(), Math.min(leftMs, policy.attemptMs));
    const stop = bounds.signal ? AbortSignal.any([bounds.signal, clock.signal]) : clock.signal;
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    stop.addEventListener('abort', () => reject(stop.reason), { once: true });
    let status: number | string = 'credentials';
    try {
      bounds.signal?.throwIfAborted();
      onStage?.('credentials');
      const headers = await Promise.race([authorised(where), stopped]);
      status = 'connection';
      onStage?.('connection');
      const request = { path, query, headers, post, onHead: () => onStage?.('body') };
      const answer = await Promise.race([send(request, stop), stopped]);
      status = answer.status;
      if (status < 200 || status > 299) throw refusal(where, answer, permission);
      status = 'malformed';
      const body = read(answer, where);
      status = answer.status;
      return body;
    } catch (error) {
      if (bounds.signal?.aborted) {
        status = 'aborted';
        throw bounds.signal.reason;
      }
      if (clock.signal.aborted) {
        status = 'deadline';
        if (leftMs <= policy.attemptMs) throw new DeadlineExceeded(where, bounds.limitMs, { cause: error });
        const words = `no answer within ${policy.attemptMs} ms`;
        throw new UpstreamError(`Cannot finish ${where}: ${words}`, {
          retryable: true,
          unanswered: true,
          late: true,
        });
      }
      if (error instanceof UpstreamError) throw error;
      // Text that is no JSON was broken on its way, and is tried again; JSON of another form would only come again.
      if (error instanceof SyntaxError) {
        status = 'malformed';
        throw new UpstreamError(`Cannot read ${where}: ${reasonOf(error)}`, { retryable: true });
      }
      const words = `the connection failed: ${reasonOf(error)}`;
      throw new UpstreamError(
        `Cannot finish ${where}: ${words}`,
        { retryable: true, unanswered: true },
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
      const { page, attempt } = position;
      const ms = Math.round(performance.now() - started);
      const expected = status === 'aborted' || (typeof status === 'number' && status < 400);
      const level = expected ? 'debug' : 'warning';
      const line = { api, operation, project, region, page, attempt, ms, status, ...asked.fields?.() };
      log[level](`${api}: ${operation}${expected ? '' : `: ${status}`}`, line);
    }
  }

  async function authorised(where: string): Promise<Headers> {
    try {
      return await authorize();
    } catch (error) {
      // Not as its cause: what the library throws holds the request, and with it perhaps a key.
      const words = plain(messageOf(error));
      throw new UpstreamError(`Cannot finish ${where}: no credentials: ${words}`, {
        retryable: false,
        unanswered: true,
      });
    }
  }

  /** Gets one page, tried again by the policy while there is time. */
  async function pageOf<Body>(call: RestCall<Body>, page: number | undefined, bounds: Bounds): Promise<Body> {
    const read = ({ text }: Answer, where: string) => parseAnswer(where, call.schema, text);
    let fault: string | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(call, read, { page, attempt, fault }, bounds);
      } catch (error) {
        if (!(error instanceof UpstreamError && error.retryable) || attempt >= policy.attempts) throw error;
        const waitMs = waitAfter(attempt, error.retryAfterMs, policy);
        // Waiting would only run into the deadline, which explains less than this error.
        if (waitMs >= bounds.endsAt - performance.now()) throw error;
        fault = faultOf(error);
        await sleep(waitMs, bounds.signal);
      }
    }
  }

  const within = (limits: Limits): Bounds => ({ ...limits, endsAt: performance.now() + limits.limitMs });

  return {
    get: (call, limits) => pageOf(call, undefined, within(limits)),

    post: (call, limits) =>
      ask(call, call.read, { page: undefined, attempt: call.attempt, fault: call.fault }, within(limits)),

    async list(call, limits, onPage) {
      const bounds = within(limits);
      const { operation, tokenParameter, nextToken, maxPages = MAX_PAGES, region, timePerPage } = call;
      const tokens = new Set<string>();
      let query = call.query;
      for (let page = 1; ; page += 1) {
        const pageBounds = timePerPage ? within(limits) : bounds;
        const body = await pageOf({ ...call, ...(query && { query }) }, page, pageBounds);
        await onPage(body);
        const token = nextToken(body);
        if (!token || call.isEnough?.()) return;
        const endless = tokens.has(token) ? 'came again' : page >= maxPages ? 'is one too many' : undefined;
        if (endless) {
          const where = `${api} ${operation} (${placeOf({ project, region, page })})`;
          const words = `the token of the page after ${page} ${endless}`;
          throw new UpstreamError(`Cannot finish ${where}: ${words}`, { retryable: false });
        }
        tokens.add(token);
        query = { ...call.query, [tokenParameter]: token };
      }
    },
  };
}

function placeOf(place: { project: string; region: string | undefined } & Partial<Position>): string {
  const { project, region, page, attempt = 1, fault } = place;
  const parts = [`project ${project}`];
  if (region) parts.push(`region ${region}`);
  if (page) parts.push(`page ${page}`);
  if (attempt > 1) parts.push(`attempt ${attempt} after ${fault}`);
  return parts.join(', ');
}
