import type { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { parseWithProblems } from '../../problems.ts';
import { plain, readGoogleError } from './google-error.ts';
import { isTransientStatus, retryAfterMs } from './retry.ts';
import type { Answer } from './transport.ts';

/** The most problems of an answer that a message names. */
const PROBLEMS_NAMED = 3;

/** Makes the error for an answer that is no success. `hint` is the missing permission where Google's words name none. */
export function refusal(
  where: string,
  { status, headers, text }: Answer,
  hint: string | undefined,
): UpstreamError {
  const said = readGoogleError(text);
  const denied = status === 403 && !said.disabled && !said.rateLimited && !said.held;
  const permission = denied ? (said.permission ?? hint ?? null) : null;
  const needed = permission ? `; missing permission: ${permission}` : '';
  const missing = status === 404 && said.missing;
  return new UpstreamError(`Cannot finish ${where}: HTTP ${status}: ${said.words}${needed}`, {
    retryable: isTransientStatus(status) || said.rateLimited,
    status,
    permission,
    // W&B has no other word for it: the seconds until its limit of a client is whole again.
    retryAfterMs: retryAfterMs(headers.get('retry-after') ?? headers.get('ratelimit-reset'), new Date()),
    missing,
    unavailable:
      (status === 403 && said.disabled) || ([400, 404].includes(status) && said.noSuchPlace && !missing),
  });
}

/** Describes why a try failed, for the log line of the next one. */
export function faultOf({ status }: UpstreamError): string {
  return status === null ? 'a failure on the way' : `HTTP ${status}`;
}

/**
 * Parses the body of a success. Throws an UpstreamError that names the path of the fields that are wrong, and a SyntaxError
 * for text that is no JSON.
 */
export function parseAnswer<Body>(where: string, schema: z.ZodType<Body>, text: string): Body {
  return parseBody(where, schema, JSON.parse(text));
}

/** The same for a part of a body that was parsed already. */
export function parseBody<Body>(where: string, schema: z.ZodType<Body>, body: unknown): Body {
  const result = parseWithProblems(schema, body);
  if (result.ok) return result.value;
  const named = result.problems.slice(0, PROBLEMS_NAMED).map(({ path, message, expected }) => {
    return `${path || 'the answer'}: ${message}${expected ? `, expected ${expected}` : ''}`;
  });
  const more = result.problems.length - named.length;
  throw new UpstreamError(
    `Cannot read ${where}: ${plain(named.join('; '))}${more > 0 ? `; and ${more} more` : ''}`,
    { retryable: false },
  );
}

/** Returns the innermost message: fetch throws only "fetch failed" or "terminated", and keeps the reason as its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return plain(String(error));
  if (error.cause) return reasonOf(error.cause);
  // Where several addresses failed, Node gives only a code.
  return plain(error.message || String(Reflect.get(error, 'code') ?? error.name));
}
