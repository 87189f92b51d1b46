import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { refuseEarly } from '../../../functions/shared/http/early-refusal.ts';
import { servePosts } from '../../../functions/shared/http/post-service.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { ask } from '../../../scripts/shared/ask.ts';

const MOST_BYTES = 1_000;
const BOMB = gzipSync(JSON.stringify(['x'.repeat(100_000)]));

test('a body that is packed or too long is neither unpacked nor kept', async (t) => {
  const kept: (number | undefined)[] = [];
  const called = new EventEmitter<{ call: [] }>();
  let isRead = false;
  const serve = servePosts(async () => ({ status: 200, contentType: 'application/json', body: '{}' }), {
    log: createLog({}, () => undefined),
    limitMs: 10_000,
    mostBytes: MOST_BYTES,
  });
  http('early', (asked, response) => {
    kept.push(asked.rawBody?.length);
    response.on('finish', () => {
      isRead = asked.complete;
    });
    called.emit('call');
    return serve(asked, response);
  });
  const server = getTestServer('early').listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const statusOf = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const { status } = await ask(url, { body, headers: { 'content-type': 'application/json', ...headers } });
    return [status, kept.pop()];
  };
  const packed = { 'content-encoding': 'gzip' };
  assert.ok(BOMB.length < MOST_BYTES);
  assert.deepEqual(await statusOf(BOMB, packed), [413, 100_004], 'the framework unpacks it');

  t.after(refuseEarly(MOST_BYTES));
  assert.deepEqual(await statusOf(BOMB, packed), [415, undefined]);
  assert.deepEqual(await statusOf(JSON.stringify(['x'.repeat(MOST_BYTES)])), [413, undefined]);
  assert.deepEqual(await statusOf('{"a":1}', { 'content-encoding': 'identity' }), [200, 7]);

  // A body without a length: the function is not even asked.
  const chunked = async (chunks: number) => {
    const asked = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
    asked.write('[');
    for (let chunk = 0; chunk < chunks; chunk += 1) asked.write('"x",'.repeat(25));
    asked.end('""]');
    const [answer]: IncomingMessage[] = await once(asked, 'response');
    answer?.resume();
    return [answer?.statusCode, kept.pop()];
  };
  assert.deepEqual(await chunked(9), [200, 904]);
  assert.deepEqual(await chunked(10), [413, undefined]);
  assert.deepEqual(await chunked(10_000), [413, undefined]);

  // A connection that is not kept closes behind the answer: a client that still sends would not get it.
  const client = connect(port, '127.0.0.1');
  client.write(
    `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${2 * MOST_BYTES}\r\n\r\n${'x'.repeat(MOST_BYTES)}`,
  );
  await once(called, 'call');
  client.write('x'.repeat(MOST_BYTES));
  assert.match(await text(client), /^HTTP\/1\.1 413 /);
  assert.ok(isRead, 'answered after the last byte');
});
