import type { GoogleAuth } from 'google-auth-library';

/** Gives the headers that authorise one request. */
export type Authorize = () => Promise<Headers>;

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const THIS_MACHINE = ['127.0.0.1', 'localhost', '[::1]'];

let auth: Promise<GoogleAuth> | undefined;

/**
 * Google's default credentials, found at the first call and kept for the process: one token serves every API, and
 * calls that need a new one at the same time share the asking.
 */
export const googleCredentials: Authorize = async () => {
  // Loaded only now: a function that asks no API pays nothing for it at its cold start.
  auth ??= import('google-auth-library').then((library) => new library.GoogleAuth({ scopes: [SCOPE] }));
  return (await auth).getRequestHeaders();
};

/**
 * What authorises requests to `baseUrl`: nothing for a stand-in on this machine, else Google's default credentials.
 * Throws for any other address without TLS, for a token must not travel in the clear.
 */
export function credentialsFor(baseUrl: string): Authorize {
  const { protocol, hostname } = new URL(baseUrl);
  if (protocol === 'https:') return googleCredentials;
  if (protocol === 'http:' && THIS_MACHINE.includes(hostname)) return async () => new Headers();
  throw new TypeError(
    `Cannot use "${baseUrl}" as the address of an API: it has to be https://, or http:// on this machine`,
  );
}
