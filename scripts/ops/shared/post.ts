import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import { ask, type Reply } from '../../shared/ask.ts';
import { isObject } from '../../shared/objects.ts';
import { firstLine } from '../../words/terminal.ts';
import { EXIT, OpsProblem, unreachable } from './problem.ts';

/** A run takes 30 minutes at most: a function that is silent for longer is gone. */
const LIMIT_MS = 35 * MINUTE_MS;

/** A call that nothing came back from; what the function did, if anything, is not known. */
export class NoAnswer extends OpsProblem {}

/**
 * POSTs `body` to a function and waits for its answer, as long as a run may take. A private function on Google Cloud
 * gets an ID token of the caller, and so does any other https URL that asks for one. Rejects with NoAnswer.
 */
export async function callFunction(url: URL, body: string): Promise<Reply> {
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

async function post(url: URL, body: string, headers: Record<string, string>): Promise<Reply> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    return await ask(url, { headers: { 'content-type': 'application/json', ...headers }, body, signal });
  } catch (error) {
    throw new NoAnswer(inWords(url, error), EXIT.unreachable, { cause: error });
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

/** The answer of a function; throws when it is none, such as a proxy's page. */
export function readAnswer(url: URL, { status, text }: Reply): Record<string, unknown> {
  const answer = parseAnswer(text);
  if (answer) return answer;
  if (status === 401 || status === 403)
    throw unreachable(
      `${url} turned the caller away (HTTP ${status}): roles/run.invoker on it is needed, and a token for it`,
    );
  throw unreachable(`Cannot read the answer of ${url}: HTTP ${status}, ${firstLine(text) || 'empty'}`);
}

/** The JSON object that an answer is; `undefined` when it is none. */
export function parseAnswer(text: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}
