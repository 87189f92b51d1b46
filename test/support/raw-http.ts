import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

/** A request as bytes, which need not be HTTP. */
export interface RawRequest {
  method: string;
  /** What follows the method, in latin1: any byte may be in it. */
  target: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer;
}

/** What came back: of an answer that is none, status 0. */
export interface RawReply {
  status: number;
  headers: Map<string, string>;
  /** Decoded. */
  body: string;
}

const LIMIT_MS = 20_000;

/** Sends `request` to 127.0.0.1:`port` byte by byte as it is, and reads until the other side ends. */
export async function askRaw(port: number, request: RawRequest): Promise<RawReply> {
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    'Host: status.example',
    'Connection: close',
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (request.body.length > 0) lines.push(`Content-Length: ${request.body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('no answer in time')));
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  const ended = new Promise<void>((resolve) => {
    socket.once('end', () => resolve());
    // A server that refuses a head closes while it is still sent.
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
  });
  socket.write(head);
  socket.write(request.body);
  await ended;
  socket.destroy();
  return parse(Buffer.concat(parts));
}

function parse(bytes: Buffer): RawReply {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  const rest = bytes.subarray(end + 4);
  // The server goes on: 100 comes before the answer.
  if (status >= 100 && status < 200) return parse(rest);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const whole = headers.get('transfer-encoding') === 'chunked' ? unchunked(rest) : rest;
  return { status, headers, body: decoded(whole, headers.get('content-encoding')) };
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (end < 0 || !(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function decoded(bytes: Buffer, encoding: string | undefined): string {
  if (bytes.length === 0) return '';
  if (encoding === 'br') return brotliDecompressSync(bytes).toString();
  return encoding === 'gzip' ? gunzipSync(bytes).toString() : bytes.toString();
}
