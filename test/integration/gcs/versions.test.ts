import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { BucketOptions } from '../../../scripts/stack/stand-ins/gcs/bucket.ts';
import { refusalOf, setupGcs } from '../../support/gcs.ts';

const BUCKET = 'acme-data';
const DAY = 86_400;

async function setup(context: TestContext, options: Omit<BucketOptions, 'name'> = {}) {
  const { world, gcs, storage, clock } = await setupGcs(context);
  world.addBucket({ name: BUCKET, ...options });
  const bucket = storage.bucket(BUCKET);
  const contents = async (query: object) => {
    const [files] = await bucket.getFiles(query);
    return files.map(({ name, metadata }) => [name, String(metadata.generation)]);
  };
  const put = (name: string, content = 'x') =>
    String(world.putObject({ bucket: BUCKET, name, content }).generation);
  return { world, gcs, bucket, clock, contents, put, file: (name: string) => bucket.file(name) };
}

describe('generations', () => {
  test('look like microseconds, and grow with every upload and restoration', async (context) => {
    const { clock, file } = await setup(context);
    const seen: number[] = [];
    for (const _ of [1, 2, 3]) {
      await file('a').save('x', { resumable: false });
      seen.push(Number((await file('a').getMetadata())[0].generation));
    }
    await file('a').delete();
    await file('a').restore({ generation: seen[2] ?? 0 });
    seen.push(Number((await file('a').getMetadata())[0].generation));
    assert.deepEqual(
      seen,
      [...new Set(seen)].sort((a, b) => a - b),
    );
    for (const generation of seen) assert.equal(Math.floor(generation / 1_000), clock.now());
  });

  test('grow even where the clock does not', async (context) => {
    const { world, clock, put } = await setup(context);
    const createdAt = new Date(clock.now() + DAY * 1_000);
    const { generation } = world.putObject({ bucket: BUCKET, name: 'a', createdAt });
    assert.equal(put('a'), String(generation + 1));
    world.bucket(BUCKET).erase(world.live(BUCKET)[0] ?? assert.fail());
    assert.equal(put('a'), String(generation + 2));
  });
});

describe('preconditions', () => {
  test('hold for a deletion: 412 when they do not, 404 when nothing is there', async (context) => {
    const { file, put, world } = await setup(context);
    const old = put('a');
    const current = put('a');
    const refused = { code: 412, reason: 'conditionNotMet' };
    for (const conditions of [
      { ifGenerationMatch: old },
      { ifGenerationNotMatch: current },
      { ifMetagenerationMatch: 2 },
      { ifMetagenerationNotMatch: 1 },
      { ifGenerationMatch: current, ifMetagenerationMatch: 2 },
      { ifGenerationMatch: 0 },
    ]) {
      const { code, reason } = await refusalOf(file('a').delete(conditions));
      assert.deepEqual({ code, reason }, refused, JSON.stringify(conditions));
    }
    assert.equal(world.live(BUCKET).length, 1);
    await file('a').delete({ ifGenerationMatch: current, ifMetagenerationMatch: 1 });
    assert.equal(world.live(BUCKET).length, 0);
    assert.deepEqual(await refusalOf(file('a').delete({ ifGenerationMatch: current })), {
      code: 404,
      reason: 'notFound',
      message: `No such object: ${BUCKET}/a`,
    });
  });

  test('hold for an upload, of one request and of several', async (context) => {
    const { file, put } = await setup(context);
    const save = (ifGenerationMatch: string | number, resumable: boolean) =>
      file('a').save('y', { resumable, preconditionOpts: { ifGenerationMatch } });
    await save(0, false);
    for (const resumable of [true, false]) {
      assert.equal((await refusalOf(save(0, resumable))).code, 412);
      await save(put('a'), resumable);
    }
  });

  test('of a read that nothing has changed answer 304', async (context) => {
    const { gcs, put } = await setup(context);
    const address = `${gcs.baseUrl}/storage/v1/b/${BUCKET}/o/a?ifGenerationNotMatch=${put('a')}`;
    assert.equal((await fetch(address)).status, 304);
    put('a');
    assert.equal((await fetch(address)).status, 200);
  });
});

describe('a versioned bucket', () => {
  test('keeps what is replaced or deleted, until its generation is named', async (context) => {
    const { file, contents, put, world } = await setup(context, { versioning: true, softDeleteSeconds: 0 });
    const first = put('a', 'one');
    const second = put('a', 'two');
    put('b');
    await file('a').delete();
    assert.deepEqual(await contents({ prefix: 'a' }), []);
    assert.deepEqual(await contents({ prefix: 'a', versions: true }), [
      ['a', first],
      ['a', second],
    ]);
    assert.ok(world.noncurrent(BUCKET).every(({ noncurrentAt }) => noncurrentAt !== null));
    assert.equal((await refusalOf(file('a').download())).code, 404);
    const old = world.noncurrent(BUCKET)[0]?.generation ?? 0;
    assert.equal(String((await file('a').bucket.file('a', { generation: old }).download())[0]), 'one');
    await file('a').bucket.file('a', { generation: old }).delete();
    assert.deepEqual(await contents({ prefix: 'a', versions: true }), [['a', second]]);
    assert.deepEqual(world.softDeleted(BUCKET), []);
  });

  test('lists the versions of one name over several pages', async (context) => {
    const { bucket, put } = await setup(context, { versioning: true });
    const put3 = ['a', 'a', 'a'].map((name) => put(name));
    put('aa');
    const seen: string[] = [];
    for (
      let query: object | null = { prefix: 'a', versions: true, maxResults: 1, autoPaginate: false };
      query;
    ) {
      const [files, next]: [{ metadata: { generation?: unknown } }[], object | null, ...unknown[]] =
        await bucket.getFiles(query);
      seen.push(...files.map(({ metadata }) => String(metadata.generation)));
      assert.ok(seen.length <= 4);
      query = next;
    }
    assert.deepEqual(seen.slice(0, 3), put3);
    assert.equal(seen.length, 4);
  });

  test('soft-deletes a generation that is named', async (context) => {
    const { bucket, contents, put } = await setup(context, { versioning: true });
    const generation = put('a');
    await bucket.file('a', { generation }).delete();
    assert.deepEqual(await contents({ versions: true }), []);
    assert.deepEqual(await contents({ softDeleted: true }), [['a', generation]]);
  });
});

describe('soft deletion', () => {
  test('keeps what is deleted or replaced for seven days, out of sight', async (context) => {
    const { file, contents, put, clock, bucket } = await setup(context);
    const first = put('a');
    const second = put('a');
    await file('a').delete();
    assert.deepEqual(await contents({}), []);
    assert.deepEqual(await contents({ softDeleted: true }), [
      ['a', first],
      ['a', second],
    ]);
    const [[deleted]] = await bucket.getFiles({ softDeleted: true });
    const [at, until] = [deleted?.metadata.softDeleteTime, deleted?.metadata.hardDeleteTime].map((time) =>
      Date.parse(String(time)),
    );
    assert.equal(at, clock.now());
    assert.equal((until ?? 0) - (at ?? 0), 7 * DAY * 1_000);
    assert.equal((await refusalOf(bucket.file('a', { generation: second }).delete())).code, 404);
    clock.pass(7 * DAY - 1);
    assert.equal((await contents({ softDeleted: true })).length, 2);
    clock.pass(1);
    assert.deepEqual(await contents({ softDeleted: true }), []);
  });

  test('is undone by a restoration, under a new generation, until the time is over', async (context) => {
    const { file, put, clock, world } = await setup(context);
    const generation = put('a', 'precious');
    await file('a').setMetadata({ metadata: { job: '7' } });
    await file('a').delete();
    clock.pass(DAY);
    await file('a').restore({ generation: Number(generation) });
    const [metadata] = await file('a').getMetadata();
    assert.deepEqual(
      [metadata.metageneration, metadata.metadata, metadata.timeCreated, metadata.softDeleteTime],
      ['1', { job: '7' }, new Date(clock.now()).toISOString(), undefined],
    );
    assert.ok(Number(metadata.generation) > Number(generation));
    assert.equal(String((await file('a').download())[0]), 'precious');
    // What was restored is a copy.
    assert.deepEqual(
      world.softDeleted(BUCKET).map((version) => String(version.generation)),
      [generation],
    );
    clock.pass(6 * DAY);
    assert.equal((await refusalOf(file('a').restore({ generation: Number(generation) }))).code, 404);
  });

  test('is not undone over a live object when that is the condition', async (context) => {
    const { gcs, file, put } = await setup(context);
    const generation = put('a', 'old');
    put('a', 'new');
    const restore = (query: string) =>
      fetch(`${gcs.baseUrl}/storage/v1/b/${BUCKET}/o/a/restore?generation=${generation}${query}`, {
        method: 'POST',
      });
    assert.equal((await restore('&ifGenerationMatch=0')).status, 412);
    assert.equal(String((await file('a').download())[0]), 'new');
    assert.equal((await restore('')).status, 200);
    assert.equal(String((await file('a').download())[0]), 'old');
  });

  test('of zero seconds keeps nothing', async (context) => {
    const { file, contents, put } = await setup(context, { softDeleteSeconds: 0 });
    put('a');
    await file('a').delete();
    assert.deepEqual(await contents({ softDeleted: true }), []);
  });
});

describe('what protects an object', () => {
  for (const [hold, kind] of [
    ['temporaryHold', 'Temporary'],
    ['eventBasedHold', 'Event-Based'],
  ] as const)
    test(`${hold} keeps it from being deleted or replaced, as long as it is set`, async (context) => {
      const { file, put, world } = await setup(context);
      put('a');
      const [{ metageneration }] = await file('a').setMetadata({ [hold]: true });
      assert.equal(metageneration, '2');
      const refused = {
        code: 403,
        reason: 'objectUnderActiveHold',
        message: `Object '${BUCKET}/a' is under active ${kind} hold and cannot be deleted, overwritten or archived until hold is removed.`,
      };
      assert.deepEqual(await refusalOf(file('a').delete()), refused);
      assert.deepEqual(await refusalOf(file('a').save('y', { resumable: false })), refused);
      assert.equal(world.live(BUCKET).length, 1);
      await file('a').setMetadata({ [hold]: false });
      await file('a').delete();
      assert.equal(world.live(BUCKET).length, 0);
    });

  test('a retention policy keeps it until it is old enough', async (context) => {
    const { file, put, clock } = await setup(context, { retentionSeconds: 30 * DAY });
    put('a');
    const [{ retentionExpirationTime }] = await file('a').getMetadata();
    assert.equal(Date.parse(String(retentionExpirationTime)), clock.now() + 30 * DAY * 1_000);
    clock.pass(30 * DAY - 1);
    const { code, reason, message } = await refusalOf(file('a').delete());
    assert.deepEqual([code, reason], [403, 'retentionPolicyNotMet']);
    assert.match(
      message,
      /^Object 'acme-data\/a' is subject to bucket's retention policy .* until 2026-04-09T/,
    );
    clock.pass(1);
    await file('a').delete();
  });

  test('its retention begins when its event-based hold is released', async (context) => {
    const { file, put, clock } = await setup(context, { retentionSeconds: DAY });
    put('a');
    await file('a').setMetadata({ eventBasedHold: true });
    assert.equal((await file('a').getMetadata())[0].retentionExpirationTime, undefined);
    clock.pass(10 * DAY);
    await file('a').setMetadata({ eventBasedHold: false });
    assert.equal((await refusalOf(file('a').delete())).reason, 'retentionPolicyNotMet');
    clock.pass(DAY);
    await file('a').delete();
  });

  test('none of it keeps a versioned bucket from making it noncurrent', async (context) => {
    const { file, bucket, put, world } = await setup(context, { versioning: true, retentionSeconds: DAY });
    const generation = put('a');
    await file('a').delete();
    assert.equal(world.noncurrent(BUCKET).length, 1);
    assert.equal(
      (await refusalOf(bucket.file('a', { generation }).delete())).reason,
      'retentionPolicyNotMet',
    );
  });
});
