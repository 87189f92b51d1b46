import type { Answer, Posted } from '../rest/transport.ts';

/**
 * Batches of the JSON API (https://docs.cloud.google.com/storage/docs/batch): many calls without bodies in one request, each
 * with an answer of its own.
 */

export const BATCH_PATH = '/batch/storage/v1';

/** The most calls that Google takes in one batch. */
export const BATCH_SIZE = 100;

/** No line of a batch can begin like this: ends of lines in the names of objects are percent-encoded. */
const BOUNDARY = 'nightshift-batch';

/** A call in a batch. */
export interface BatchCall {
  verb: 'DELETE' | 'POST';
  /** Path and query. */
  target: string;
}

/** Makes the request for `calls`. Each is identified by its place in the list. */
export function batchOf(calls: readonly BatchCall[]): Posted {
  const parts = calls.map(
    ({ verb, target }, place) =>
      `--${BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <call+${place}>\r\n\r\n${verb} ${target} HTTP/1.1\r\n\r\n\r\n`,
  );
  return {
    contentType: `multipart/mixed; boundary=${BOUNDARY}`,
    text: `${parts.join('')}--${BOUNDARY}--\r\n`,
  };
}

/**
 * Returns the answers in the answer to a batch, by the places of their calls. One that is broken or cut off is left out.
 * Throws a SyntaxError for an answer that is no batch at all.
 */
export function answersIn({ headers, text }: Answer): Map<number, Answer> {
  const contentType = headers.get('content-type') ?? '';
  const boundary = /^multipart\/mixed\b.*\bboundary=("?)([^";]+)\1/i.exec(contentType)?.[2];
  if (!boundary) throw new SyntaxError(`the answer to a batch is of type "${contentType}"`);
  const answers = new Map<number, Answer>();
  // Before the first delimiter there is nothing; what follows the last one is cut off.
  for (const part of `\n${text}`.split(`\n--${boundary}`).slice(1, -1)) {
    const [about = '', head = '', ...body] = part.split(/\r?\n\r?\n/);
    const place = /^content-id: *<?response-call\+(\d+)\b/im.exec(about)?.[1];
    const status = /^HTTP\/[\d.]+ (\d{3})\b/.exec(head)?.[1];
    if (place === undefined || status === undefined) continue;
    const retryAfter = /^retry-after: *([\x20-\x7e]+)/im.exec(head)?.[1];
    answers.set(Number(place), {
      status: Number(status),
      headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
      text: body.join('\n\n').trim(),
    });
  }
  return answers;
}
