import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freshFolder } from '../../support/folders.ts';
import { gcloudOf } from '../../support/gcloud.ts';
import { setupGcs } from '../../support/gcs.ts';
import { PROJECT } from '../../support/google.ts';

describe('gcloud storage', () => {
  test('lists, uploads, downloads, deletes and restores', async (context) => {
    const { world, gcs } = await setupGcs(context);
    world.addBucket({ name: 'acme-data', location: 'EU' });
    world.addBucket({ name: 'acme-copies' });
    for (const day of [1, 2, 3])
      world.putObject({ bucket: 'acme-data', name: `logs/day ${day}.txt`, size: 10 });
    const folder = freshFolder();
    // With the path and the last slash, or gcloud asks elsewhere.
    const endpoints = { storage: `${gcs.baseUrl}/storage/v1/` };
    const run = await gcloudOf(context, { project: PROJECT, endpoints, cwd: folder });
    if (!run) return;
    const gcloud = async (...args: string[]) => {
      const { stdout, stderr } = await run('storage', ...args);
      return stdout + stderr;
    };
    const names = (bucket: string) => world.live(bucket).map(({ name }) => name);
    const logs = [1, 2, 3].map((day) => `logs/day ${day}.txt`);

    const listed = await gcloud('ls', '--long', 'gs://acme-data/logs/');
    for (const name of logs)
      assert.match(listed, new RegExp(`^ +10 +2026-03-10T12:00:00Z +gs://acme-data/${name}$`, 'm'));
    assert.match(listed, /TOTAL: 3 objects, 30 bytes/);

    // The second one is large enough for an upload in parts.
    writeFileSync(join(folder, 'small.bin'), Buffer.from('a\0\r\n--b\r\n'));
    writeFileSync(join(folder, 'large.bin'), Buffer.alloc(9_000_000, 'nightshift'));
    await gcloud('cp', 'small.bin', 'large.bin', 'gs://acme-data/up/');
    assert.deepEqual(names('acme-data'), [...logs, 'up/large.bin', 'up/small.bin']);
    mkdirSync(join(folder, 'down'));
    // It checks what it gets by the checksums.
    await gcloud('cp', 'gs://acme-data/up/*', 'gs://acme-data/logs/day 1.txt', 'down/');
    for (const name of ['small.bin', 'large.bin'])
      assert.ok(readFileSync(join(folder, 'down', name)).equals(readFileSync(join(folder, name))), name);
    assert.ok(readFileSync(join(folder, 'down', 'day 1.txt')).equals(Buffer.alloc(10)));

    await gcloud('rm', '--recursive', 'gs://acme-data/logs/');
    assert.deepEqual(names('acme-data'), ['up/large.bin', 'up/small.bin']);
    assert.deepEqual(
      world.softDeleted('acme-data').map(({ name }) => name),
      logs,
    );

    const [deleted] = world.softDeleted('acme-data');
    await gcloud('restore', 'gs://acme-data/logs/day 1.txt');
    const restored = world.bucket('acme-data').live('logs/day 1.txt');
    assert.ok(restored && deleted && restored.generation > deleted.generation);

    await gcloud('cp', 'gs://acme-data/up/small.bin', 'gs://acme-copies/copy.bin');
    assert.deepEqual(names('acme-copies'), ['copy.bin']);
    assert.ok(
      gcs.requests().every(({ method, authorization }) => method !== 'unknown' && authorization === null),
    );
  });
});
