import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { refusalOf, setupGcs } from '../../support/gcs.ts';
import { PROJECT } from '../../support/google.ts';

const BUCKET = 'acme-data';

/** Names with whatever a path could trip over. */
const NAMES = [
  'plain.txt',
  'a/b/c.txt',
  'with space & more?.txt',
  'ümlaut/é#1.bin',
  '100%/+x.txt',
  '.hidden/..',
];

describe('buckets', () => {
  test('are made, read, listed and deleted by the client', async (context) => {
    const { storage, clock } = await setupGcs(context);
    const [made] = await storage.createBucket('acme-new', {
      location: 'europe-west4',
      versioning: { enabled: true },
      softDeletePolicy: { retentionDurationSeconds: 0 },
      retentionPolicy: { retentionPeriod: 60 },
    });
    const [{ name, location, timeCreated, versioning, softDeletePolicy, retentionPolicy }] =
      await made.getMetadata();
    const at = new Date(clock.now()).toISOString();
    assert.deepEqual(
      { name, location, timeCreated, versioning, softDeletePolicy, retentionPolicy },
      {
        name: 'acme-new',
        location: 'EUROPE-WEST4',
        timeCreated: at,
        versioning: { enabled: true },
        softDeletePolicy: { retentionDurationSeconds: '0' },
        retentionPolicy: { retentionPeriod: '60', effectiveTime: at },
      },
    );
    assert.deepEqual(await refusalOf(storage.createBucket('acme-new')), {
      code: 409,
      reason: 'conflict',
      message: 'Your previous request to create the named bucket succeeded and you already own it.',
    });
    await made.file('in-the-way').save('x', { resumable: false });
    assert.equal((await refusalOf(made.delete())).message, 'The bucket you tried to delete is not empty.');
    assert.deepEqual(
      (await storage.getBuckets())[0].map((bucket) => bucket.name),
      ['acme-new'],
    );
    await storage.createBucket('acme-empty');
    await storage.bucket('acme-empty').delete();
    assert.deepEqual(await storage.bucket('acme-empty').exists(), [false]);
  });

  test('of another project are refused', async (context) => {
    const { gcs } = await setupGcs(context);
    const answer = await fetch(`${gcs.baseUrl}/storage/v1/b?project=not-${PROJECT}`);
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /storage\.buckets\.list access to the Google Cloud project/);
  });

  test('are listed by prefix, page by page', async (context) => {
    const { world, storage } = await setupGcs(context);
    for (const name of ['b-2', 'a-1', 'b-1', 'b-3']) world.addBucket({ name });
    const [first, next] = await storage.getBuckets({ prefix: 'b-', maxResults: 2, autoPaginate: false });
    const [second, end] = await storage.getBuckets({ ...next, autoPaginate: false });
    assert.deepEqual(
      [first, second].map((page) => page.map(({ name }) => name)),
      [['b-1', 'b-2'], ['b-3']],
    );
    assert.equal(end, null);
  });
});

describe('an upload', () => {
  for (const resumable of [false, true])
    test(`${resumable ? 'in parts' : 'in one request'} comes back as it went, checksums and all`, async (context) => {
      const { world, storage, clock } = await setupGcs(context);
      const bucket = storage.bucket(world.addBucket({ name: BUCKET }).name);
      for (const [index, name] of NAMES.entries()) {
        const content = Buffer.from(`${name}: ${'x'.repeat(index * 1_000)}`);
        const metadata = { contentType: 'text/plain', metadata: { job: String(index) } };
        await bucket.file(name).save(content, { resumable, metadata, validation: true });
        const [back] = await bucket.file(name).download({ validation: true });
        assert.ok(back.equals(content), name);
        const [told] = await bucket.file(name).getMetadata();
        assert.deepEqual(
          [told.name, told.size, told.contentType, told.metadata, told.timeCreated, told.metageneration],
          [
            name,
            String(content.length),
            'text/plain',
            { job: String(index) },
            new Date(clock.now()).toISOString(),
            '1',
          ],
        );
      }
      const [files] = await bucket.getFiles();
      assert.deepEqual(
        files.map(({ name }) => name),
        [...NAMES].sort(),
      );
    });

  test('in several chunks is put together, even when one comes twice', async (context) => {
    const { world, gcs, storage } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    const begun = await fetch(`${gcs.baseUrl}/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&name=a`, {
      method: 'POST',
    });
    const address = begun.headers.get('location') ?? '';
    const put = (range: string, body: string) =>
      fetch(address, { method: 'PUT', headers: { 'content-range': `bytes ${range}` }, body });
    const asked = await put('*/10', '');
    assert.deepEqual([asked.status, asked.headers.get('range')], [308, null]);
    for (const again of [1, 2]) {
      const chunk = await put('0-3/10', 'abcd');
      assert.deepEqual([chunk.status, chunk.headers.get('range')], [308, 'bytes=0-3'], `try ${again}`);
    }
    assert.equal((await put('5-9/10', 'fghij')).status, 400);
    assert.equal((await put('4-9/10', 'efghij')).status, 200);
    assert.equal(String((await storage.bucket(BUCKET).file('a').download())[0]), 'abcdefghij');
    assert.equal(world.live(BUCKET).length, 1);
  });

  test('of a size only is so many zeros, and a part of it can be read', async (context) => {
    const { world, storage } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    world.putObject({ bucket: BUCKET, name: 'zeros', size: 1_000 });
    world.putObject({ bucket: BUCKET, name: 'digits', content: '0123456789' });
    const file = (name: string) => storage.bucket(BUCKET).file(name);
    assert.ok((await file('zeros').download())[0].equals(Buffer.alloc(1_000)));
    assert.equal(String((await file('digits').download({ start: 2, end: 4 }))[0]), '234');
    assert.equal((await refusalOf(file('digits').download({ start: 10 }))).code, 416);
  });

  test('has the checksums that are known for its content', async (context) => {
    const { world, gcs } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    // RFC 3720, B.4: 32 bytes of zeros give 0x8a9136aa; RFC 1321: no bytes at all.
    world.putObject({ bucket: BUCKET, name: 'zeros', size: 32 });
    world.putObject({ bucket: BUCKET, name: 'empty', content: '' });
    const read = async (name: string) =>
      (await fetch(`${gcs.baseUrl}/storage/v1/b/${BUCKET}/o/${name}?fields=md5Hash,crc32c`)).json();
    assert.deepEqual(await read('zeros'), {
      md5Hash: hash('md5', Buffer.alloc(32), 'base64'),
      crc32c: Buffer.from('8a9136aa', 'hex').toString('base64'),
    });
    assert.deepEqual(await read('empty'), {
      md5Hash: Buffer.from('d41d8cd98f00b204e9800998ecf8427e', 'hex').toString('base64'),
      crc32c: 'AAAAAA==',
    });
  });
});

describe('a list', () => {
  test('goes by prefix and delimiter, folders once each', async (context) => {
    const { world, storage } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    for (const name of ['logs/a/1', 'logs/a/2', 'logs/b', 'logs/c/d/3', 'logs.txt', 'other'])
      world.putObject({ bucket: BUCKET, name });
    const list = async (options: object) => {
      const [files, , body] = await storage.bucket(BUCKET).getFiles({ autoPaginate: false, ...options });
      const { prefixes = [] } = body as { prefixes?: string[] };
      return [files.map(({ name }) => name), prefixes];
    };
    assert.deepEqual(await list({ prefix: 'logs/', delimiter: '/' }), [['logs/b'], ['logs/a/', 'logs/c/']]);
    assert.deepEqual(await list({ delimiter: '/' }), [['logs.txt', 'other'], ['logs/']]);
    assert.deepEqual(await list({ prefix: 'logs' }), [
      ['logs.txt', 'logs/a/1', 'logs/a/2', 'logs/b', 'logs/c/d/3'],
      [],
    ]);
    assert.deepEqual(await list({ startOffset: 'logs/a/2', endOffset: 'logs/c/d/3' }), [
      ['logs/a/2', 'logs/b'],
      [],
    ]);
    assert.deepEqual(await list({ matchGlob: 'logs/*/[1-9]' }), [['logs/a/1', 'logs/a/2'], []]);
    assert.deepEqual(await list({ matchGlob: '**{3,.txt}' }), [['logs.txt', 'logs/c/d/3'], []]);
    assert.deepEqual(await list({ prefix: 'nothing' }), [[], []]);
  });

  test('has every object once, whatever is deleted and added between its pages', async (context) => {
    const { world, storage } = await setupGcs(context);
    const bucket = world.addBucket({ name: BUCKET });
    const name = (index: number) => `${index % 7}/object-${String(index).padStart(5, '0')}`;
    const all = Array.from({ length: 500 }, (_, index) => name(index)).sort();
    for (const each of all) world.putObject({ bucket: BUCKET, name: each });
    const seen: string[] = [];
    let pages = 0;
    let query: object | null = { maxResults: 30, autoPaginate: false };
    while (query) {
      const [files, next]: [{ name: string }[], object | null, ...unknown[]] = await storage
        .bucket(BUCKET)
        .getFiles(query);
      assert.ok(files.length <= 30);
      seen.push(...files.map((file) => file.name));
      for (const { name } of files.slice(0, pages % 2 === 0 ? 30 : 29)) {
        const live = bucket.live(name);
        if (live) bucket.retire(live);
      }
      pages += 1;
      world.putObject({ bucket: BUCKET, name: '0/added-before' });
      query = next;
    }
    assert.deepEqual(seen, all);
  });

  test('gives of each object what its fields say', async (context) => {
    const { world, gcs } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    world.putObject({ bucket: BUCKET, name: 'a/1', size: 5, createdAt: new Date('2026-01-01T00:00:00Z') });
    const fields = 'items/name,items/size,prefixes,items(timeCreated),nextPageToken';
    const answer = await fetch(`${gcs.baseUrl}/storage/v1/b/${BUCKET}/o?fields=${fields}`);
    assert.deepEqual(await answer.json(), {
      items: [{ name: 'a/1', size: '5', timeCreated: '2026-01-01T00:00:00.000Z' }],
    });
  });
});

describe('metadata', () => {
  test('changes by a new metageneration and the same generation', async (context) => {
    const { world, storage, clock } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    world.putObject({
      bucket: BUCKET,
      name: 'a',
      contentType: 'text/plain',
      metadata: { job: '1', run: '2' },
    });
    const file = storage.bucket(BUCKET).file('a');
    const [before] = await file.getMetadata();
    clock.pass(60);
    const [after] = await file.setMetadata({ cacheControl: 'no-cache', metadata: { run: null, epoch: '3' } });
    assert.deepEqual(
      [after.metageneration, after.generation, after.contentType, after.cacheControl, after.metadata],
      ['2', before.generation, 'text/plain', 'no-cache', { job: '1', epoch: '3' }],
    );
    assert.equal(Date.parse(after.updated ?? '') - Date.parse(before.updated ?? ''), 60_000);
  });

  test('goes with a copy, and so does the content', async (context) => {
    const { world, storage } = await setupGcs(context);
    world.addBucket({ name: BUCKET });
    world.addBucket({ name: 'acme-copies' });
    world.putObject({
      bucket: BUCKET,
      name: 'a/1',
      content: 'one',
      contentType: 'text/plain',
      temporaryHold: true,
    });
    const [copy] = await storage.bucket(BUCKET).file('a/1').copy(storage.bucket('acme-copies').file('b/1'));
    const [{ contentType, temporaryHold }] = await copy.getMetadata();
    assert.deepEqual([contentType, temporaryHold], ['text/plain', undefined]);
    assert.equal(String((await copy.download())[0]), 'one');
  });
});
