import type { RequestOptions } from 'node:http';
import type { Outcome } from './answer.ts';

/** An answer is a few lines for each report; what is longer is not ours. */
const MOST_ANSWER_BYTES = 4 * 1_024 * 1_024;

let pending = 0;

/** Whether a request is still under way, of which a name may be looked up: the process cannot end before that has. */
export function isPending(): boolean {
  return pending > 0;
}

export interface Question {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  limitMs: number;
  signal?: AbortSignal | undefined;
}

/** One request over a connection of its own, without following where it is sent; never throws. */
export async function ask(
  url: URL,
  { method, headers, body = '', limitMs, signal }: Question,
): Promise<Outcome> {
  // Loaded here: most of the start of this program would be the time that HTTP takes to load.
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  const deadline = AbortSignal.timeout(Math.max(1, Math.round(limitMs)));
  const options: RequestOptions = {
    method,
    agent: false,
    headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
  };
  pending += 1;
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      request(url, options, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_ANSWER_BYTES) response.destroy(new Error('an answer without end'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('aborted', () => reject(new Error('half an answer')));
        response.on('end', () =>
          resolve({
            kind: 'answer',
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            date: response.headers.date,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      })
        .on('error', reject)
        .end(body);
    });
  } catch (error) {
    if (deadline.aborted) return { kind: 'failed', reason: `no answer in ${(limitMs / 1_000).toFixed(1)} s` };
    const { code, message } = error as NodeJS.ErrnoException;
    return { kind: 'failed', reason: code ?? message };
  } finally {
    pending -= 1;
  }
}
