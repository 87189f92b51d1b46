import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { credentialsFor, googleCredentials } from '../../../../functions/shared/cloud/rest/credentials.ts';

describe('credentialsFor()', () => {
  for (const url of ['http://127.0.0.1:1/run', 'http://localhost:1', 'http://[::1]:1'])
    test(`sends nothing to ${url}`, async () => assert.deepEqual([...(await credentialsFor(url)())], []));

  test("takes Google's for an address with TLS", () =>
    assert.equal(credentialsFor('https://run.googleapis.com'), googleCredentials));

  for (const url of [
    'http://run.googleapis.com',
    'http://127.0.0.1.example.com',
    'ftp://localhost',
    'localhost',
  ])
    test(`refuses ${url}`, () => assert.throws(() => credentialsFor(url), TypeError));
});

describe('googleCredentials()', () => {
  test('asks the metadata server once for any number of calls', async (context) => {
    let tokens = 0;
    const metadata = createServer((req, res) => {
      const answer = (body: string) => res.writeHead(200, { 'metadata-flavor': 'Google' }).end(body);
      if (!req.url?.includes('/token')) return void answer('acme-ml');
      tokens += 1;
      res.setHeader('content-type', 'application/json');
      answer(JSON.stringify({ access_token: 'ya29.test', expires_in: 3_600, token_type: 'Bearer' }));
    });
    metadata.listen(0, '127.0.0.1');
    await once(metadata, 'listening');
    // The library reads nothing else than the environment, and looks for a person's own credentials first.
    const environment = {
      GCE_METADATA_HOST: `127.0.0.1:${(metadata.address() as AddressInfo).port}`,
      METADATA_SERVER_DETECTION: 'assume-present',
      CLOUDSDK_CONFIG: tmpdir(),
      HOME: tmpdir(),
      GOOGLE_APPLICATION_CREDENTIALS: '',
    };
    const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, environment);
    context.after(() => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      metadata.close();
      metadata.closeAllConnections();
    });

    const asked = await Promise.all([googleCredentials(), googleCredentials()]);
    asked.push(await googleCredentials());
    assert.deepEqual(
      asked.map((headers) => headers.get('authorization')),
      Array(3).fill('Bearer ya29.test'),
    );
    assert.equal(tokens, 1);
  });
});
