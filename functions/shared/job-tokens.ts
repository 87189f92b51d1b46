import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { SECOND_MS } from './dates.ts';

/**
 * A job token proves that whoever holds it may report one job: many jobs share one service account. It is `nsj1`, what it
 * says, and a signature, joined by dots.
 */

/** The variable with the key that signs, and the one with the key before it, which is still believed. */
export const TOKEN_KEY = 'NIGHTSHIFT_JOB_TOKEN_KEY';
export const OLD_TOKEN_KEY = 'NIGHTSHIFT_JOB_TOKEN_KEY_OLD';
/** A shorter key could be guessed. */
export const SHORTEST_KEY = 32;

const PREFIX = 'nsj1';

const claimSchema = z.object({
  source: z.string(),
  job: z.string(),
  /** Seconds since 1970. */
  exp: z.int(),
});
export type JobClaim = Pick<z.infer<typeof claimSchema>, 'source' | 'job'>;

/** Returns a token for one job until `expires`. */
export function mintJobToken({ source, job }: JobClaim, expires: Date, key: string): string {
  const exp = Math.floor(expires.getTime() / SECOND_MS);
  const said = `${PREFIX}.${Buffer.from(JSON.stringify({ source, job, exp })).toString('base64url')}`;
  return `${said}.${signatureOf(said, key).toString('base64url')}`;
}

/** Returns the job that a token is for; `null` for one that none of `keys` has signed, or whose time is over. */
export function readJobToken(token: string, keys: readonly string[], now: Date): JobClaim | null {
  const [prefix, payload = '', signature = '', ...more] = token.split('.');
  if (prefix !== PREFIX || more.length > 0) return null;
  const given = Buffer.from(signature, 'base64url');
  const isOurs = keys
    .map((key) => signatureOf(`${prefix}.${payload}`, key))
    .some((expected) => given.length === expected.length && timingSafeEqual(given, expected));
  if (!isOurs) return null;
  const claim = claimSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  return claim.success && claim.data.exp * SECOND_MS > now.getTime() ? claim.data : null;
}

function signatureOf(said: string, key: string): Buffer {
  return createHmac('sha256', key).update(said).digest();
}
