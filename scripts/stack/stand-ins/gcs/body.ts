import { badRequest } from './problem.ts';

/** A part of a multipart body, its headers by their names in lower case. */
export interface Part {
  headers: Record<string, string>;
  body: Buffer;
}

/** The parts of a body of a `multipart/...` type; lines may end with or without a carriage return. */
export function partsOf(body: Buffer, contentType: string | undefined): Part[] {
  const [, , boundary] = /^multipart\/.*boundary=(["']?)([^"';\s]+)\1/i.exec(contentType ?? '') ?? [];
  if (!boundary) throw badRequest(`Cannot read a body of type ${contentType} as parts`);
  const delimiter = `--${boundary}`;
  const parts: Part[] = [];
  let start = body.indexOf(delimiter);
  for (;;) {
    const end = body.indexOf(`\n${delimiter}`, start);
    if (start < 0 || end < 0) return parts;
    const lineEnd = body.indexOf('\n', start);
    const last = body[end - 1] === 13 ? end - 1 : end;
    parts.push(messageOf(body.subarray(lineEnd + 1, last)));
    start = end + 1;
  }
}

/** Headers, an empty line, and whatever comes after it. */
export function messageOf(text: Buffer): Part {
  const headers: Part['headers'] = {};
  for (let start = 0; ; ) {
    const end = text.indexOf('\n', start);
    const line = text.toString('utf8', start, end < 0 ? text.length : end).trim();
    start = end < 0 ? text.length : end + 1;
    if (line === '') return { headers, body: text.subarray(start) };
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
}

/** The JSON object that a body is; an empty body says nothing. */
export function objectIn(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    throw badRequest('Parse Error');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw badRequest('Parse Error');
  return { ...json };
}
