import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Reply } from '../google/answer.ts';
import type { Request } from './api.ts';
import { messageOf, partsOf } from './body.ts';
import { badRequest } from './problem.ts';

/** A batch (https://docs.cloud.google.com/storage/docs/batch): calls in one request, each with an answer of its own. */

export const BATCH_PATH = '/batch/storage/v1';
const CALLS_MAX = 100;
const BYTES_MAX = 10_000_000;

export interface BatchCall extends Request {
  /** Whatever the client calls it. */
  id: string | undefined;
}

/** The calls of a batch. Throws for one that Google would refuse as a whole. */
export function callsOf({ headers, body }: Pick<Request, 'headers' | 'body'>): BatchCall[] {
  if (body.length > BYTES_MAX) throw badRequest('The batch request is larger than 10 MB.');
  const parts = partsOf(body, headers['content-type']);
  if (parts.length === 0) throw badRequest('The batch request has no calls.');
  if (parts.length > CALLS_MAX) throw badRequest(`The batch request has more than ${CALLS_MAX} calls.`);
  return parts.map((part) => {
    const lineEnd = part.body.indexOf('\n');
    const line = part.body.toString('utf8', 0, lineEnd < 0 ? part.body.length : lineEnd);
    const [, verb, target] = /^([A-Z]+) (\/\S*)/.exec(line) ?? [];
    if (!verb || !target) throw badRequest(`Failed to parse the call of a batch: ${line.trim()}`);
    if (/^\/(?:resumable\/)?(?:upload|download)\/|[?&]alt=media\b/.test(target))
      throw badRequest('Uploads and downloads cannot be part of a batch.');
    const call =
      lineEnd < 0 ? { headers: {}, body: Buffer.alloc(0) } : messageOf(part.body.subarray(lineEnd + 1));
    return { id: part.headers['content-id'], verb, target, ...call };
  });
}

/** The answers in the order of the calls, each marked by what its call was called. */
export function batchReply(answers: readonly { id: string | undefined; reply: Reply }[]): Reply {
  const boundary = `batch_${randomUUID()}`;
  const parts = answers.map(({ id, reply: { status, headers, body } }) => {
    const lines = [
      `--${boundary}`,
      'Content-Type: application/http',
      ...(id === undefined ? [] : [`Content-ID: ${id.replace(/^<?/, '$&response-')}`]),
      '',
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      String(body),
    ];
    return `${lines.join('\r\n')}\r\n`;
  });
  return {
    status: 200,
    headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
    body: `${parts.join('')}--${boundary}--\r\n`,
  };
}
