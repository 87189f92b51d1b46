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
  return isThisMachine(baseUrl, 'an API') ? async () => new Headers() : googleCredentials;
}

/**
 * What authorises requests to our own function at `url`: an ID token for it, kept until it expires; nothing on this machine.
 * Throws for any other address without TLS.
 */
export function idTokenFor(url: string): Authorize {
  if (isThisMachine(url, 'a function')) return async () => new Headers();
  let client: Promise<{ getRequestHeaders(): Promise<Headers> }> | undefined;
  return async () => {
    client ??= import('google-auth-library').then((library) =>
      new library.GoogleAuth().getIdTokenClient(url),
    );
    // Whoever could not get one may get it the next time.
    client.catch(() => {
      client = undefined;
    });
    return (await client).getRequestHeaders();
  };
}

/** Whether `url` is on this machine, where no token is asked for; throws for another one where it would travel in the clear. */
function isThisMachine(url: string, what: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return false;
  if (protocol === 'http:' && THIS_MACHINE.includes(hostname)) return true;
  throw new TypeError(
    `Cannot use "${url}" as the address of ${what}: it has to be https://, or http:// on this machine`,
  );
}
