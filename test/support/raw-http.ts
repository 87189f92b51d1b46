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

/** What came back; of no whole answer status 0, and as body what came instead. */
export interface RawReply {
  status: number;
  headers: Map<string, string>;
  /** Decoded. */
  body: string;
}

const LIMIT_MS = 20_000;

/**
 * Sends `request` to 127.0.0.1:`port` byte by byte as it is, and reads one answer. The connection is left open until then: a
 * server that closes it may cut off its own answer, if it has not read all of the request.
 */
export async function askRaw(port: number, request: RawRequest): Promise<RawReply> {
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    'Host: status.example',
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (request.body.length > 0) lines.push(`Content-Length: ${request.body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const { promise, resolve } = Promise.withResolvers<RawReply>();
  const socket = connect({ port, host: '127.0.0.1' });
  let bytes = Buffer.alloc(0);
  const cutOff = (why: string) =>
    resolve({ status: 0, headers: new Map(), body: `${bytes.toString('latin1')}, then ${why}` });
  socket.setTimeout(LIMIT_MS, () => cutOff('nothing'));
  socket.on('data', (part) => {
    bytes = Buffer.concat([bytes, part]);
    const reply = parse(bytes, request.method === 'HEAD');
    if (reply) resolve(reply);
  });
  socket.once('error', (error) => cutOff(String(error)));
  socket.once('close', () => cutOff('the end'));
  socket.write(Buffer.concat([head, request.body]));
  const reply = await promise;
  socket.destroy();
  return reply;
}

/** The answer that `bytes` begin with; `undefined` as long as it is not whole. */
function parse(bytes: Buffer, ofHead: boolean): RawReply | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  const rest = bytes.subarray(end + 4);
  // 100 comes before the answer.
  if (status >= 100 && status < 200) return parse(rest, ofHead);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  if (ofHead || status === 304) return { status, headers, body: rest.toString('latin1') };
  const chunked = headers.get('transfer-encoding') === 'chunked';
  const whole = chunked ? unchunked(rest) : exactly(rest, Number(headers.get('content-length') ?? 0));
  return whole && { status, headers, body: decoded(whole, headers.get('content-encoding')) };
}

function exactly(bytes: Buffer, length: number): Buffer | undefined {
  return bytes.length < length ? undefined : bytes.subarray(0, length);
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (size === 0) return Buffer.concat(parts);
    if (bytes.length < end + 2 + size + 2) return undefined;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function decoded(bytes: Buffer, encoding: string | undefined): string {
  if (bytes.length === 0) return '';
  if (encoding === 'br') return brotliDecompressSync(bytes).toString();
  return encoding === 'gzip' ? gunzipSync(bytes).toString() : bytes.toString();
}
