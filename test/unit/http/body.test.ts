import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { withholdBodies } from '../../../functions/shared/http/body.ts';
import { servePosts } from '../../../functions/shared/http/post-service.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { ask } from '../../../scripts/shared/ask.ts';

const MOST_BYTES = 1_000;
const JSON_TYPE = { 'content-type': 'application/json' };
const BOMB = gzipSync(JSON.stringify(['x'.repeat(100_000)]));
const LONG = JSON.stringify(['x'.repeat(MOST_BYTES)]);

describe('the body of a request', () => {
  const called = new EventEmitter<{ call: [] }>();
  /** How many bytes the framework kept of the last request, and whether all of it had come when it was answered. */
  let kept: number | undefined;
  let isRead = false;
  const logged: unknown[] = [];
  const serveWithin = (limitMs: number) =>
    servePosts(
      async ({ body }) => ({ status: 200, contentType: 'application/json', body: JSON.stringify(body) }),
      { log: createLog({}, (line) => logged.push(line)), limitMs, mostBytes: MOST_BYTES },
    );
  const [serve, serveAtOnce] = [serveWithin(30_000), serveWithin(50)];
  http('body', (request, response) => {
    kept = request.rawBody?.length;
    response.on('finish', () => {
      isRead = request.complete;
    });
    called.emit('call');
    return (request.path === '/at-once' ? serveAtOnce : serve)(request, response);
  });
  const server = getTestServer('body').listen(0, '127.0.0.1');
  const portOf = () => (server.address() as AddressInfo).port;
  before(async () => {
    if (!server.listening) await once(server, 'listening');
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const asked = async (body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) => {
    const { status, text } = await ask(`http://127.0.0.1:${portOf()}/`, { body, headers });
    return [status, status === 200 ? text : null, kept];
  };

  test('is unpacked and kept by the framework, whatever that takes', async () =>
    assert.deepEqual(await asked(BOMB, { ...JSON_TYPE, 'content-encoding': 'gzip' }), [413, null, 100_004]));

  describe('that is withheld', () => {
    let end: () => void;
    before(() => {
      end = withholdBodies();
    });
    after(() => end());

    /** Writes as it stands, the second part once the function was called, and returns the answers of the connection. */
    async function sent(first: string, second: string): Promise<string> {
      const client = connect(portOf(), '127.0.0.1');
      const answers = text(client);
      client.write(first);
      await once(called, 'call');
      client.write(second);
      return answers;
    }
    const head = (line: string, ...headers: string[]) =>
      `${[`${line} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
    const chunk = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n`;
    const CHUNKED = 'Transfer-Encoding: chunked';
    const LAST = chunk('');

    test('is taken, whatever its content type says', async () => {
      assert.deepEqual(await asked('{"a":1}'), [200, '{"a":1}', undefined]);
      assert.deepEqual(await asked('{"a":1}', {}), [200, '{"a":1}', undefined]);
      const identity = { ...JSON_TYPE, 'content-encoding': 'identity' };
      assert.deepEqual(await asked('{"a":1}', identity), [200, '{"a":1}', undefined]);
    });

    test('is refused where it is packed or too long', async () => {
      const packed = { ...JSON_TYPE, 'content-encoding': 'gzip' };
      assert.deepEqual(await asked(BOMB, packed), [415, null, undefined]);
      assert.deepEqual(await asked(LONG), [413, null, undefined]);
    });

    for (const type of ['application/json', 'application/json; charset=foo', 'text/plain', ''])
      test(`is taken in chunks up to its limit, as ${type || 'nothing'}`, async () => {
        const headers = [CHUNKED, ...(type ? [`Content-Type: ${type}`] : [])];
        const filled = (bytes: number) => `["${'x'.repeat(bytes - 4)}"]`;
        for (const [bytes, status] of [
          [MOST_BYTES, 200],
          [MOST_BYTES + 1, 413],
          [300_000, 413],
        ] as const) {
          const answer = await sent(head('POST /', ...headers) + chunk(filled(bytes)), LAST);
          assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), String(bytes));
        }
      });

    // A connection that is not kept closes behind the answer: a client that still sends would not get it.
    for (const [what, line, status, ...headers] of [
      ['too long', 'POST /', 413, `Content-Length: ${2 * MOST_BYTES}`],
      ['packed', 'POST /', 415, 'Content-Encoding: gzip', `Content-Length: ${2 * MOST_BYTES}`],
      ['of another method', 'PUT /', 405, `Content-Length: ${2 * MOST_BYTES}`],
    ] as const)
      test(`is read to its end before one that is ${what} is refused`, async () => {
        const half = 'x'.repeat(MOST_BYTES);
        assert.match(await sent(head(line, ...headers) + half, half), new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.ok(isRead);
      });

    test('that never comes to its end is given up', async () =>
      assert.match(await sent(head('POST /at-once', CHUNKED) + chunk('{'), ''), /^HTTP\/1\.1 408 /));

    test('of a client that broke off harms nothing', async () => {
      const client = connect(portOf(), '127.0.0.1');
      client.write(head('POST /', CHUNKED) + chunk('{'));
      await once(called, 'call');
      client.destroy();
      assert.deepEqual(await asked('{}'), [200, '{}', undefined]);
      assert.deepEqual(logged, []);
    });
  });
});
