import type { Reply } from '../google/answer.ts';
import type { ObjectVersion } from './object.ts';
import { storageProblem } from './problem.ts';
import { etagOf } from './resource.ts';

/** The content of an object, or the part of it that a Range header asks for, with what a client checks it by. */
export function download(version: ObjectVersion, range: string | undefined): Reply {
  const { size, attributes, checksums, generation, metageneration } = version;
  const { contentType = 'application/octet-stream', contentEncoding } = attributes;
  const part = range === undefined ? undefined : partOf(range, size);
  const [start, end] = part ?? [0, size];
  return {
    status: part ? 206 : 200,
    headers: {
      'content-type': contentType,
      'content-length': String(end - start),
      etag: etagOf(version),
      'x-goog-generation': String(generation),
      'x-goog-metageneration': String(metageneration),
      'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
      'x-goog-stored-content-length': String(size),
      'x-goog-storage-class': attributes.storageClass ?? 'STANDARD',
      ...(contentEncoding && { 'content-encoding': contentEncoding }),
      ...(checksums && { 'x-goog-hash': `crc32c=${checksums.crc32c},md5=${checksums.md5Hash}` }),
      ...(part && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    },
    body: version.bytes(start, end),
  };
}

/** `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-COUNT`, as start and end; nothing for a text that says something else. */
function partOf(range: string, size: number): [start: number, end: number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (!first && !last) return undefined;
  const start = first ? Number(first) : Math.max(0, size - Number(last));
  const end = first && last ? Math.min(size, Number(last) + 1) : size;
  if (start < end) return [start, end];
  throw storageProblem(416, `The requested range cannot be satisfied: ${range}`);
}
