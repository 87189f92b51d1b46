import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { freshFolder } from '../../support/folders.ts';
import { gcloudOf } from '../../support/gcloud.ts';
import { setupGcs } from '../../support/gcs.ts';
import { PROJECT } from '../../support/google.ts';
import { SOAK_ONLY } from '../../support/soak.ts';

const LOGS = [1, 2, 3].map((day) => `logs/day ${day}.txt`);

/** Buckets with some logs, and `gcloud storage` on them in an empty folder; `undefined` where there is no gcloud. */
async function gcloudOnBuckets(context: TestContext) {
  const { world, gcs } = await setupGcs(context);
  world.addBucket({ name: 'acme-data', location: 'EU' });
  world.addBucket({ name: 'acme-copies' });
  for (const name of LOGS) world.putObject({ bucket: 'acme-data', name, size: 10 });
  const folder = freshFolder();
  // With the path and the last slash, or gcloud asks elsewhere.
  const endpoints = { storage: `${gcs.baseUrl}/storage/v1/` };
  const run = await gcloudOf(context, { project: PROJECT, endpoints, cwd: folder });
  if (!run) return undefined;
  return {
    world,
    gcs,
    folder,
    names: (bucket: string) => world.live(bucket).map(({ name }) => name),
    async gcloud(...args: string[]): Promise<string> {
      const { stdout, stderr } = await run('storage', ...args);
      return stdout + stderr;
    },
  };
}

describe('gcloud storage', () => {
  test('lists', async (context) => {
    const buckets = await gcloudOnBuckets(context);
    if (!buckets) return;
    const { gcloud } = buckets;
    const listed = await gcloud('ls', '--long', 'gs://acme-data/logs/');
    for (const name of LOGS)
      assert.match(listed, new RegExp(`^ +10 +2026-03-10T12:00:00Z +gs://acme-data/${name}$`, 'm'));
    assert.match(listed, /TOTAL: 3 objects, 30 bytes/);
  });

  test(
    'uploads, also in parts, downloads, deletes, restores and copies within',
    SOAK_ONLY,
    async (context) => {
      const buckets = await gcloudOnBuckets(context);
      if (!buckets) return;
      const { world, gcs, folder, names, gcloud } = buckets;
      // It checks what it gets by the checksums.
      await gcloud('cp', 'gs://acme-data/logs/*', folder);
      for (const name of LOGS)
        assert.ok(readFileSync(join(folder, name.replace('logs/', ''))).equals(Buffer.alloc(10)), name);

      // The second one is large enough for an upload in parts.
      writeFileSync(join(folder, 'small.bin'), Buffer.from('a\0\r\n--b\r\n'));
      writeFileSync(join(folder, 'large.bin'), Buffer.alloc(9_000_000, 'nightshift'));
      await gcloud('cp', 'small.bin', 'large.bin', 'gs://acme-data/up/');
      assert.deepEqual(names('acme-data'), [...LOGS, 'up/large.bin', 'up/small.bin']);
      mkdirSync(join(folder, 'down'));
      await gcloud('cp', 'gs://acme-data/up/*', 'down/');
      for (const name of ['small.bin', 'large.bin'])
        assert.ok(readFileSync(join(folder, 'down', name)).equals(readFileSync(join(folder, name))), name);

      await gcloud('rm', '--recursive', 'gs://acme-data/logs/');
      assert.deepEqual(names('acme-data'), ['up/large.bin', 'up/small.bin']);
      assert.deepEqual(
        world.softDeleted('acme-data').map(({ name }) => name),
        LOGS,
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
    },
  );
});
