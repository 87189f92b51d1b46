import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { MINUTE_MS } from '../../functions/shared/dates.ts';
import { OpsProblem } from './problem.ts';

/** What a function answered. */
export interface Answer {
  status: number;
  text: string;
}

/** A run takes 30 minutes at most; whoever is silent for longer is gone. */
const LIMIT_MS = 35 * MINUTE_MS;
/** A connection that waits half an hour must not look dead to what lies between. */
const KEEP_ALIVE_MS = 30_000;

/**
 * POSTs `body` to a function and waits for its answer, as long as a run may take. A private function on Google Cloud
 * gets an ID token of the caller, and so does any other https URL that asks for one.
 */
export async function callFunction(url: URL, body: string): Promise<Answer> {
  const authorised = async () => {
    const { idTokenFor } = await import('./id-token.ts');
    return post(url, body, { authorization: `Bearer ${await idTokenFor(url)}` });
  };
  if (isGoogle(url)) return authorised();
  const answer = await post(url, body, {});
  // Nothing was done by a call that was turned away, so it may be made again.
  const turnedAway = answer.status === 401 || answer.status === 403;
  return turnedAway && url.protocol === 'https:' ? authorised() : answer;
}

function isGoogle(url: URL): boolean {
  return url.protocol === 'https:' && /\.(run\.app|cloudfunctions\.net)$/.test(url.hostname);
}

// node:http and not fetch, which gives up on an answer whose first byte takes more than 300 s.
async function post(url: URL, body: string, headers: Record<string, string>): Promise<Answer> {
  const secure = url.protocol === 'https:';
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: false });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = (secure ? requestHttps : requestHttp)(
    url,
    {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
      signal: AbortSignal.timeout(LIMIT_MS),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    },
  );
  request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
  request.on('error', reject);
  request.end(body);
  try {
    return await promise;
  } catch (error) {
    throw new OpsProblem(inWords(url, error), 1, { cause: error });
  }
}

function inWords(url: URL, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') {
    const start = url.protocol === 'http:' ? '. Start the stack: npm start' : '';
    return `Cannot reach ${url}: nothing listens there${start}`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Cannot reach ${url}: no such host`;
  if (code === 'ABORT_ERR')
    return `Cannot wait for ${url} any longer: no answer for ${LIMIT_MS / MINUTE_MS} min`;
  if (code === 'ECONNRESET')
    return `Cannot read the answer of ${url}: the connection broke off, the run may go on; see: ops runs`;
  return `Cannot reach ${url}: ${message || code}`;
}
