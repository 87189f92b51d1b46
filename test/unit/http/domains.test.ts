import assert from 'node:assert/strict';
import domain from 'node:domain';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { leaveDomains } from '../../../functions/shared/http/domains.ts';
import { ask } from '../../../scripts/shared/ask.ts';

test('requests run in no domain, and what a handler throws or rejects with is answered as in one', async (t) => {
  const { create } = domain;
  t.after(() => Object.assign(domain, { create }));
  leaveDomains();
  http('domains', async (request, response) => {
    if (request.path === '/broken') throw new Error('secret');
    // As after any wait: a domain would be entered again.
    await Promise.resolve();
    response.json({ domain: Reflect.get(process, 'domain') ?? null });
  });
  const server = getTestServer('domains').listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.deepEqual(JSON.parse((await ask(`${url}/`)).text), { domain: null });
  assert.equal((await ask(`${url}/broken`)).status, 500);
});
