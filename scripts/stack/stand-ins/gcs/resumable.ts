import { randomUUID } from 'node:crypto';
import type { Reply } from '../google/answer.ts';
import { objectIn } from './body.ts';
import type { Call } from './method.ts';
import { badRequest, storageProblem } from './problem.ts';

/** Resumable uploads: https://docs.cloud.google.com/storage/docs/performing-resumable-uploads. */

type Store = (call: Call, resource: Record<string, unknown>, content: Uint8Array) => Reply;

/** Begins an upload; the answer tells the address of its further requests. */
export function startUpload(call: Call): Reply {
  const { origin, uploads, query, headers, names, body } = call;
  const id = randomUUID();
  const contentType = headers['x-upload-content-type'];
  const resource = { ...(contentType && { contentType }), ...objectIn(body) };
  uploads.set(id, { call, resource, chunks: [], received: 0, done: null });
  const further = new URLSearchParams({ uploadType: 'resumable', upload_id: id });
  const name = query.get('name');
  if (name) further.set('name', name);
  return {
    status: 200,
    headers: {
      location: `${origin}/upload/storage/v1/b/${names.bucket}/o?${further}`,
      'x-guploader-uploadid': id,
    },
    body: '',
  };
}

/** Takes a chunk, or tells how much has come: 308 as long as something is missing. */
export function continueUpload({ uploads, query, headers, body }: Call, store: Store): Reply {
  const upload = uploads.get(query.get('upload_id') ?? '');
  if (!upload) throw storageProblem(404, 'No such upload');
  if (upload.done) return upload.done;
  const range = rangeIn(headers['content-range'], body.length);
  if (range.start !== null) {
    if (range.start > upload.received) throw badRequest('A chunk is missing before this one.');
    // What came already may come again after a broken connection.
    const fresh = body.subarray(upload.received - range.start);
    upload.chunks.push(fresh);
    upload.received += fresh.length;
  }
  if (range.total === upload.received || range.last) {
    upload.done = store(upload.call, upload.resource, Buffer.concat(upload.chunks));
    upload.chunks.length = 0;
    return upload.done;
  }
  const received = upload.received > 0 ? { range: `bytes=0-${upload.received - 1}` } : {};
  return { status: 308, headers: { ...received, 'content-length': '0' }, body: '' };
}

/** What a Content-Range header says of the body that came with it; without a start, it only asks. */
function rangeIn(
  header: string | undefined,
  length: number,
): { start: number | null; total: number | null; last: boolean } {
  if (header === undefined) return { start: 0, total: length, last: true };
  const [, start, end, total] = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(header) ?? [];
  if (total === undefined) throw badRequest(`Invalid Content-Range: ${header}`);
  return {
    start: start === undefined ? null : Number(start),
    total: total === '*' ? null : Number(total),
    // A client that knows neither end nor total sends everything in one request.
    last: end === '*' && total === '*',
  };
}
