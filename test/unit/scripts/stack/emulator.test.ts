import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { quiet } from '../../../../scripts/shared/tell.ts';
import { downloadedJar } from '../../../../scripts/stack/emulator/download.ts';
import { parseJavaVersion } from '../../../../scripts/stack/emulator/java.ts';
import { freshFolder } from '../../../support/folders.ts';

describe('the download of the emulator', () => {
  const body = Buffer.from('as good as a jar');
  const pinned = {
    version: '9.9.9',
    size: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  const name = 'cloud-firestore-emulator-v9.9.9.jar';

  async function serve(t: { after(clean: () => void): void }, sent: Buffer | undefined) {
    const requests: string[] = [];
    const server = createHttpServer((request, response) => {
      requests.push(request.url ?? '');
      response.statusCode = sent ? 200 : 404;
      response.end(sent);
    }).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    return { requests, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/emulator` };
  }

  const { signal } = new AbortController();
  const get = (cache: string, baseUrl: string) =>
    downloadedJar({ env: { XDG_CACHE_HOME: cache }, tell: quiet, signal, baseUrl, pinned });

  test('happens once', async (t) => {
    const cache = freshFolder();
    const { requests, baseUrl } = await serve(t, body);
    await get(cache, baseUrl);
    const jar = await get(cache, baseUrl);
    assert.deepEqual(requests, [`/emulator/${name}`]);
    assert.deepEqual(readFileSync(jar.path), body);
    assert.deepEqual(jar.javaArguments, ['-jar', join(cache, 'nightshift', name)]);
  });

  test('replaces a file in the cache that is not whole', async (t) => {
    const cache = freshFolder();
    mkdirSync(join(cache, 'nightshift'));
    writeFileSync(join(cache, 'nightshift', name), 'as good as');
    const { baseUrl } = await serve(t, body);
    assert.deepEqual(readFileSync((await get(cache, baseUrl)).path), body);
  });

  for (const [what, sent, reason] of [
    ['other bytes', Buffer.from('as good as a cat'), /its SHA-256 is [0-9a-f]{64}, expected/],
    ['too many bytes', Buffer.concat([body, body]), /longer than the expected 16 bytes/],
    ['nothing', undefined, /HTTP 404/],
  ] as const)
    test(`refuses ${what}, keeps no part of it and names the command that helps`, async (t) => {
      const cache = freshFolder();
      const { baseUrl } = await serve(t, sent);
      await assert.rejects(get(cache, baseUrl), (error: Error) => {
        assert.match(error.message, reason);
        assert.match(error.message, /Run: gcloud components install cloud-firestore-emulator$/);
        return true;
      });
      assert.deepEqual(readdirSync(join(cache, 'nightshift')), []);
    });
});

describe('the Java on this machine', () => {
  for (const [line, major] of [
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_202"', 8],
    ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
  ] as const)
    test(`is ${major ?? 'none'} when it says ${line}`, () => assert.equal(parseJavaVersion(line), major));
});
