import type { IncomingHttpHeaders } from 'node:http';
import type { IdTokens } from '../shared/cloud/id-tokens.ts';
import { addMs, MINUTE_MS, SECOND_MS } from '../shared/dates.ts';
import { UpstreamError } from '../shared/errors.ts';

/** Who reports: the e-mail address of a verified token, `null` beside an emulator; or why nobody can be told. */
export type Identity =
  | { by: string | null }
  | { refused: 401 | 403 | 503; message: string; expected: string };

/** Tells who sent a request at `now`. */
export type Identify = (headers: IncomingHttpHeaders, now: Date) => Promise<Identity>;

/**
 * What Cloud Run puts in place of a signature that it has verified:
 * https://cloud.google.com/run/docs/troubleshooting#signature-removed
 */
const REMOVED = 'SIGNATURE_REMOVED_BY_GOOGLE';
const CLOCKS_MS = 5 * MINUTE_MS;
const EXPECTED = 'Authorization: Bearer and an ID token of Google';

/** Beside an emulator no token is asked for; the address in one that is sent is taken as it is. */
export const identifyAnybody: Identify = async (headers) => {
  const claims = claimsOf(tokenOf(headers) ?? '');
  return { by: typeof claims?.email === 'string' ? claims.email : null };
};

/**
 * Tells who reports by the ID token, and by no other header. Cloud Run has verified it and taken its signature away: only of
 * the service of that name is this believed. One that still has its signature is verified again.
 */
export function identifyByToken(service: string | undefined, tokens: IdTokens): Identify {
  return async (headers, now) => {
    const token = tokenOf(headers);
    if (token === null) return refused(401, 'There is no token');
    const claims = claimsOf(token);
    if (!claims) return refused(401, 'The token cannot be read');
    if (typeof claims.exp !== 'number' || addMs(now, -CLOCKS_MS).getTime() > claims.exp * SECOND_MS)
      return refused(401, 'The token is too old');
    if (token.split('.')[2] === REMOVED)
      return service === undefined
        ? refused(401, 'Nobody has verified the token')
        : known(claims.email, claims.email_verified === true);
    try {
      const verified = await tokens.verify(token);
      if (!verified) return refused(401, 'Google has not signed the token');
      if (!isFor(verified.audience, service)) return refused(401, 'The token is for another service');
      return known(verified.email, verified.isEmailVerified);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return refused(503, error.message);
    }
  };
}

function refused(status: 401 | 403 | 503, message: string): Identity {
  return { refused: status, message, expected: EXPECTED };
}

function known(email: unknown, isVerified: boolean): Identity {
  if (typeof email === 'string' && email !== '' && isVerified) return { by: email };
  return refused(403, 'The token has no verified e-mail address');
}

/**
 * The token that Cloud Run has looked at. Where there are both headers it looks at X-Serverless-Authorization alone, and
 * leaves in the other whatever was sent: https://cloud.google.com/run/docs/authenticating/service-to-service
 */
function tokenOf(headers: IncomingHttpHeaders): string | null {
  const header = headers['x-serverless-authorization'] ?? headers.authorization;
  const [, token] = /^Bearer\s+(\S+)$/i.exec(typeof header === 'string' ? header.trim() : '') ?? [];
  return token ?? null;
}

function claimsOf(token: string): Record<string, unknown> | null {
  const [, payload = '', signature, ...more] = token.split('.');
  if (signature === undefined || more.length > 0) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Whether an audience is the service of that name, at either of its addresses. */
function isFor(audience: string, service: string | undefined): boolean {
  if (service === undefined || !URL.canParse(audience)) return false;
  const { protocol, hostname, pathname } = new URL(audience);
  if (protocol !== 'https:') return false;
  if (hostname.endsWith('.run.app')) return hostname.startsWith(`${service}-`);
  return hostname.endsWith('.cloudfunctions.net') && pathname.replace(/\/$/, '') === `/${service}`;
}
