import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { InvalidRequest } from '../../../functions/shared/errors.ts';
import { type PostHandler, servePosts } from '../../../functions/shared/http/post-service.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { ask } from '../../../scripts/shared/ask.ts';

const SILENT = createLog({}, () => undefined);

const handler: PostHandler = async ({ body, signal }) => {
  const { what } = body as { what?: string };
  if (what === 'hang') {
    await once(signal, 'abort');
    signal.throwIfAborted();
  }
  if (what === 'wrong') throw new InvalidRequest([{ path: 'what', message: 'wrong' }]);
  if (what === 'broken') throw new Error('secret');
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ what }) };
};

describe('a service that takes posts', () => {
  let url = '';
  const server = (() => {
    http('posts', servePosts(handler, { log: SILENT, limitMs: 300, mostBytes: 1_000 }));
    return getTestServer('posts');
  })();
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const post = (body: string, headers: Record<string, string> = {}) =>
    ask(url, { method: 'POST', body, headers });

  test('takes JSON whatever its content type says, as curl and scripts send it', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/octet-stream',
      'application/json',
    ])
      assert.deepEqual(
        await post('{"what":"this"}', { 'content-type': type }).then(({ status, text }) => [status, text]),
        [200, '{"what":"this"}'],
      );
  });

  for (const [what, body, status, words] of [
    ['no JSON', '{"what', 400, /not JSON/],
    ['nothing', '', 400, /not JSON/],
    ['too much', JSON.stringify({ what: 'x'.repeat(1_000) }), 413, /at most 1000/],
    ['what the handler refuses', '{"what":"wrong"}', 400, /"path":"what"/],
    ['what the handler breaks on', '{"what":"broken"}', 500, /^(?!.*secret)/],
    ['what takes too long', '{"what":"hang"}', 503, /try again/],
  ] as const)
    test(`answers ${status} to ${what}`, async () => {
      const answer = await post(body, { 'content-type': 'text/plain' });
      assert.equal(answer.status, status);
      assert.match(answer.text, words);
      assert.equal(answer.headers['retry-after'], status === 503 ? '5' : undefined);
    });

  test('answers 405 to every other method', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { status, headers } = await ask(url, { method });
      assert.deepEqual([status, headers.allow], [405, 'POST']);
    }
  });
});
