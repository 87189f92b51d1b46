import { DeadlineExceeded, InvalidRequest } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Problem } from '../problems.ts';

/** What a service answers, before it is encoded for whoever asked. */
export interface ServiceAnswer {
  status: number;
  contentType: string;
  /** Holds no instant of now, or no two answers would ever share an ETag. */
  body: string | Uint8Array;
  /** More headers; a body that is encoded already says so by `content-encoding`. */
  headers?: Record<string, string>;
  /** When the data were really read. */
  asOf?: Date;
  /** Why what is shown is older than it should be, in a line. */
  sourceError?: string;
  /** Left out: kept by nothing without asking again. */
  cacheControl?: string;
}

const RETRY_SECONDS = '5';

/** An answer that names what is wrong, as every error of ours does. */
export function refusal(
  status: number,
  problems: Problem[],
  headers: Record<string, string> = {},
): ServiceAnswer {
  const body = `${JSON.stringify({ problems })}\n`;
  return { status, contentType: 'application/json', body, headers, cacheControl: 'no-store' };
}

/** The answer where nothing could be done for now: whoever asked is to come again. */
export function comeAgain(message: string): ServiceAnswer {
  return refusal(503, [{ path: '', message, expected: 'an answer in time: try again' }], {
    'Retry-After': RETRY_SECONDS,
  });
}

/** The answer to a request that threw: 400 for what cannot be asked, 503 for what took too long, else 500, with the stack in the log. */
export function failure(error: unknown, log: Log): ServiceAnswer {
  if (error instanceof InvalidRequest) return refusal(400, error.problems);
  if (error instanceof DeadlineExceeded) {
    log.warning('A request was given up', { error: error.message });
    return comeAgain(error.message);
  }
  log.error('Cannot answer', error);
  return refusal(500, [{ path: '', message: 'Internal error; the log has its stack' }]);
}
