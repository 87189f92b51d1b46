import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask } from '../../../../scripts/shared/ask.ts';
import { type Gateway, openGateway } from '../../../../scripts/stack/serving/gateway.ts';

describe('the gateway', () => {
  // Stands in for every function: it answers with what it was asked.
  const echo = createServer((req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', etag: 'W/"x"' });
    res.end(req.method === 'HEAD' ? undefined : JSON.stringify([req.method, req.url, req.headers.accept]));
  });
  let gateway: Gateway;
  before(async () => {
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    gateway = await openGateway(0, {
      tasks: ['duty'],
      services: ['status'],
      portOf: async () => port,
    });
  });
  after(async () => {
    await gateway.stop();
    echo.close();
    echo.closeAllConnections();
  });

  const get = (path: string, method = 'GET') =>
    ask(`${gateway.url}${path}`, { method, headers: { accept: 'a/b' } });

  test('tells tasks and services apart', async () =>
    assert.deepEqual(JSON.parse((await get('/')).text), { tasks: ['/duty'], services: ['/status/'] }));

  for (const [path, passed] of [
    ['/status/', '/'],
    ['/status/?task=a%2Fb', '/?task=a%2Fb'],
    ['/status/api/jobs/a%2Fb?state=running', '/api/jobs/a%2Fb?state=running'],
    ['/status//x', '//x'],
    ['/duty', '/'],
  ] as const)
    test(`passes ${path} on as ${passed}, with its headers`, async () => {
      const { status, headers, text } = await get(path);
      assert.deepEqual([status, headers.etag], [200, 'W/"x"']);
      assert.deepEqual(JSON.parse(text), ['GET', passed, 'a/b']);
    });

  test('passes HEAD on', async () => {
    const { status, text } = await get('/status/api/health', 'HEAD');
    assert.deepEqual([status, text], [200, '']);
  });

  test('leads to the address of a service that ends in a slash, so that a page finds its parts', async () => {
    const { status, headers } = await get('/status?task=x');
    assert.deepEqual([status, headers.location], [308, '/status/?task=x']);
  });

  test('passes on what is posted to a service without a slash: few clients follow with a body', async () => {
    const { status, text } = await get('/status', 'POST');
    assert.deepEqual([status, JSON.parse(text)], [200, ['POST', '/', 'a/b']]);
  });

  test('knows no other name, and says which there are', async () => {
    const { status, text } = await get('/statsu/');
    assert.equal(status, 404);
    assert.deepEqual(JSON.parse(text), { error: 'No task or service "statsu": there is /duty, /status/' });
  });
});
