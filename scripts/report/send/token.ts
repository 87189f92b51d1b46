import { bootNow } from '../outbox/clock.ts';
import { ask } from './request.ts';

/** A token, or why there is none. */
export type Token = { kind: 'token'; token: string | undefined } | { kind: 'none'; reason: string };

/** Where tokens for one URL come from. */
export interface Tokens {
  get(limitMs: number): Promise<Token>;
  /** Forgets a token that was refused; false where there is no other to be had. */
  drop(): boolean;
}

const RENEW_MS = 300_000;

/** The ID tokens for a service: the given one, none beside a local stack, else those of the machine's service account. */
export function tokensFor(url: URL, env: NodeJS.ProcessEnv): Tokens {
  const given = env.NIGHTSHIFT_TOKEN?.trim();
  if (given) return { get: async () => ({ kind: 'token', token: given }), drop: () => false };
  if (isLocal(url)) return { get: async () => ({ kind: 'token', token: undefined }), drop: () => false };
  let kept: { token: string; fetchedAt: number; lifeMs: number } | undefined;
  return {
    async get(limitMs) {
      // By age on a clock that nobody sets: a wall clock that is hours off would call each token dead, or none.
      if (kept && bootNow() - kept.fetchedAt < kept.lifeMs - RENEW_MS)
        return { kind: 'token', token: kept.token };
      const fetchedAt = bootNow();
      const outcome = await ask(
        metadataUrl(
          env,
          `service-accounts/default/identity?audience=${encodeURIComponent(audienceOf(url))}&format=full`,
        ),
        {
          method: 'GET',
          headers: { 'Metadata-Flavor': 'Google' },
          limitMs,
        },
      );
      if (outcome.kind === 'failed') return { kind: 'none', reason: `no token: ${outcome.reason}` };
      if (outcome.status !== 200) return { kind: 'none', reason: `no token: ${outcome.status}` };
      const token = outcome.text.trim();
      kept = { token, fetchedAt, lifeMs: lifeOf(token, outcome.date) };
      return { kind: 'token', token };
    },
    drop() {
      kept = undefined;
      return true;
    },
  };
}

/** Whether the URL is one of this machine, in the clear: a token would only be shown to whoever listens there. */
export function isLocal({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** An address of the machine's metadata server, below `instance/`. */
export function metadataUrl(env: NodeJS.ProcessEnv, path: string): URL {
  const host = env.GCE_METADATA_HOST || 'metadata.google.internal';
  return new URL(`http://${host}/computeMetadata/v1/instance/${path}`);
}

/** What a token must name to be accepted: the service, or the function where many share one host. */
export function audienceOf(url: URL): string {
  if (!url.hostname.endsWith('.cloudfunctions.net')) return url.origin;
  return `${url.origin}/${url.pathname.split('/')[1] ?? ''}`;
}

/** How long a token lives from now on, by the clock of who gave it: the metadata server keeps tokens, too. */
export function lifeOf(token: string, date: string | undefined): number {
  try {
    const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const now = Date.parse(date ?? '');
    const life = exp * 1_000 - (Number.isFinite(now) ? now : iat * 1_000);
    return Number.isFinite(life) ? life : 0;
  } catch {
    return 0;
  }
}
