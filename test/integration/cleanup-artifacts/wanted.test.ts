import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

/** Ways in which programs and people name what they still want, that once kept nothing. */

const MODELS = { ...NO_GUARDS, models: [{ collection: 'models', artifactUri: 'uri' }] };
const RUNNING = { status: 'running', endedAt: null };
const at = (folder: string) => `gs://${BUCKET}/${folder}`;

describe('a text with several places keeps all of them', { concurrency: 4 }, () => {
  test('whatever is between them', async (t) => {
    const { db, write, put, approved, live } = await cleaner(t, { policy: MODELS });
    const separators = [',', ', ', ';', '|', ' ', '\n'];
    const wanted = separators.flatMap((_, index) => [`a${index}`, `b${index}`]);
    await write(Object.fromEntries([...wanted, 'c'].map((id) => [id, {}])));
    for (const [index, between] of separators.entries())
      await db.doc(`models/${index}`).set({ uri: `${at(`a${index}`)}${between}${at(`b${index}`)}` });
    put([...wanted, 'c'].map((id) => `${id}/m`));
    await approved();
    assert.deepEqual(live(), wanted.map((id) => `${id}/m`).sort());
  });

  test('also as mounts and as addresses', async (t) => {
    const { write, put, approved, live } = await cleaner(t, { policy: NO_GUARDS });
    const host = `https://storage.googleapis.com/${BUCKET}`;
    await write({
      a: {},
      b: {},
      c: {},
      d: {},
      mounts: { ...RUNNING, artifactUri: `/gcs/${BUCKET}/a,/gcs/${BUCKET}/b` },
      addresses: { ...RUNNING, resumedFrom: `${host}/x,${host}/c` },
    });
    put(['a/m', 'b/m', 'c/m', 'd/m']);
    await approved();
    assert.deepEqual(live(), ['a/m', 'b/m', 'c/m']);
  });

  // Which texts are read so is proven of readLocator() and otherReadings(); here, that those of records are.
  test('and one with signs around it is kept with and without them, in records and registries', async (t) => {
    const { db, write, put, approved, live } = await cleaner(t, { policy: MODELS });
    await write({
      a: {},
      b: {},
      c: {},
      d: {},
      'study-7': { artifactUri: at('study/7/') },
      comma: { ...RUNNING, artifactUri: at('b,') },
      mounts: { ...RUNNING, artifactUri: `/gcs/${BUCKET}/x:/gcs/${BUCKET}/c` },
      unfilled: { ...RUNNING, artifactUri: at('study/%s/') },
    });
    put(['a/m', 'b/m', 'c/m', 'd/m', 'study/7/m']);
    await db.doc('models/m').set({ uri: at('a (best)') });
    await approved();
    assert.deepEqual(live(), ['a/m', 'b/m', 'c/m', 'study/7/m']);
  });

  test('also where one was put before the other', async (t) => {
    const { db, write, put, approved, live } = await cleaner(t, { policy: MODELS });
    await write({ a: {} });
    put(['a/m']);
    await db.doc('models/m').set({ uri: `${at('gs:/')}${BUCKET}/a/` });
    await approved();
    assert.deepEqual(live(), ['a/m']);
  });

  test('and nothing goes before a person has looked at it', async (t) => {
    const { db, write, put, deliver, trust, live } = await cleaner(t, { policy: MODELS });
    await write({ a: {}, b: {}, c: {} });
    put(['a/m', 'b/m', 'c/m']);
    await trust();
    await db.doc('models/m').set({ uri: `${at('a')},${at('b')}` });
    assert.equal((await deliver()).summary.planStatus, 'waiting');
    assert.deepEqual(live(), ['a/m', 'b/m', 'c/m']);
  });
});

describe('a place that was never filled in keeps the folder around it', { concurrency: 4 }, () => {
  test('whatever was to be put in', async (t) => {
    const { db, write, put, approved, live } = await cleaner(t, { policy: MODELS });
    const names = ['{a,b}', '{run_id}', ['$', '{RUN}'].join(''), '$RUN', '%(run)s', '<run>', 'a"', 'a\u200b'];
    const studies = names.map((_, index) => `study-${index}`);
    const folders = [...studies, 'other'];
    await write(Object.fromEntries(folders.map((id) => [id, { artifactUri: at(`${id}/a/`) }])));
    for (const [index, name] of names.entries())
      await db.doc(`models/${index}`).set({ uri: at(`study-${index}/${name}/model`) });
    put(folders.map((folder) => `${folder}/a/model/m`));
    await approved();
    assert.deepEqual(live(), studies.map((study) => `${study}/a/model/m`).sort());
  });

  test('and a host of Google is no bucket', async (t) => {
    const { db, write, put, trust, deliver } = await cleaner(t, { policy: MODELS });
    await write({ a: {}, b: {} });
    put(['a/m', 'b/m']);
    await trust();
    await db.doc('models/m').set({ uri: `gs://storage.googleapis.com/${BUCKET}/a/` });
    assert.equal((await deliver()).summary.planStatus, 'waiting');
  });
});

test('a place in parts keeps what lies there, also once the plan was approved', async (t) => {
  const { db, write, put, approved, live } = await cleaner(t, { policy: MODELS });
  await write({
    trial: { artifactUri: at('study/t1/') },
    deep: { artifactUri: at('deep/t1/') },
    old: {},
    live: { ...RUNNING, artifactUri: { bucket: BUCKET, prefix: 'study' } },
  });
  put(['study/t1/m', 'deep/t1/m', 'old/m']);
  await db.doc('models/m').set({ uri: { bucket: BUCKET, path: ['deep', 't1'] } });
  await approved();
  assert.deepEqual(live(), ['deep/t1/m', 'study/t1/m']);
});

test('a list of parents keeps all of them, however long, also once the plan was approved', async (t) => {
  const { write, put, approved, live } = await cleaner(t, { policy: NO_GUARDS });
  const ids = Array.from({ length: 25 }, (_, index) => `p${String(index).padStart(2, '0')}`);
  await write({ ...Object.fromEntries(ids.map((id) => [id, {}])), child: { ...RUNNING, resumedFrom: ids } });
  put(ids.map((id) => `${id}/m`));
  await approved();
  assert.equal(live().length, ids.length);
});

test('a chain that is resumed over one that wrote nothing stays, also where the plan was made before', async (t) => {
  const { write, put, approve, deliver, live } = await cleaner(t, { policy: NO_GUARDS });
  await write({ run1: {}, run2: { resumedFrom: 'run1' }, old: {} });
  put(['run1/ckpt', 'old/m']);
  await approve();
  await write({ run3: { ...RUNNING, resumedFrom: 'run2' } });
  const { summary } = await deliver();
  assert.deepEqual(summary.keptByReason, { active: 1, 'nothing-there': 1, parent: 1 });
  assert.deepEqual(live(), ['run1/ckpt']);
});

test('a pin until a time that programs write for none is for ever', async (t) => {
  const { collections, now, write, put, approved, live } = await cleaner(t, { policy: NO_GUARDS });
  await write({ x: {}, y: {}, z: {} });
  put(['x/m', 'y/m', 'z/m']);
  for (const [id, keepUntil] of [
    ['x', new Date(0)],
    ['y', new Date('0001-01-01T00:00:00Z')],
    ['z', new Date('2020-01-01T00:00:00Z')],
  ] as const)
    await collections.artifactPins
      .doc(id)
      .set({ id, uri: at(`${id}/`), keepUntil, owner: 'ada', reason: 'paper', createdAt: now() });
  await approved();
  assert.deepEqual(live(), ['x/m', 'y/m']);
});

describe('what another life of a job left open', { concurrency: 3 }, () => {
  const wanted = {
    registered: ({ db }: World) => db.doc('models/m').set({ uri: at('x/b') }),
    pinned: ({ collections, now }: World) =>
      collections.artifactPins
        .doc('p')
        .set({ id: 'p', uri: at('x/'), keepUntil: null, owner: 'ada', reason: 'paper', createdAt: now() }),
    'the place of a running job': ({ write }: World) =>
      write({ other: { ...RUNNING, artifactUri: at('x/') } }),
  };
  for (const [what, want] of Object.entries(wanted))
    test(`stays where it is ${what} by now, and the undo of that run knows of it`, async (t) => {
      const world = await cleaner(t, { policy: MODELS });
      const { db, gcs, write, put, trust, deliver, approved, live, journaled } = world;
      await write({ x: {} });
      put(['x/a', 'x/b']);
      await trust();
      gcs.faults.add({ method: 'objects.delete', object: 'x/b', fault: { kind: 'denied' } });
      await deliver();
      gcs.faults.clear();
      await want(world);
      await db.doc('jobs/x').update({ artifactUri: at('x2/') });
      put(['x2/a']);
      await approved();
      await approved();
      assert.deepEqual(live(), ['x/b']);
      const entries = await journaled();
      assert.deepEqual(entries.find(({ name }) => name === 'x/b')?.result, 'failed');
    });
});

type World = Awaited<ReturnType<typeof cleaner>>;

test('a plan that was approved is of what had been counted: what a job wrote since waits for another', async (t) => {
  const policy = { minimumAgeDays: 1, guards: { objects: 5, shareOfJobs: 1, shareOfProject: 1 } };
  const { db, now, pass, write, put, approve, deliver, live } = await cleaner(t, { policy });
  await write({ x: {}, y: {} });
  put(['x/a', 'y/a']);
  await approve();
  pass(0.05);
  const endedAt = now();
  await db.doc('jobs/x').update({ status: 'failed', startedAt: endedAt, endedAt });
  put(
    Array.from({ length: 50 }, (_, index) => `x/new-${index}`),
    { createdAt: endedAt },
  );
  pass(2);
  await deliver();
  assert.equal(live().length, 51);
});

describe('a URI that names a checkpoint by what its files begin with', { concurrency: 3 }, () => {
  const files = ['ck/model.ckpt-1000.index', 'ck/model.ckpt-1000.data-00000-of-00001'];

  test('of the newest success keeps them below the folder of another job', async (t) => {
    const { write, put, pass, approved, live } = await cleaner(t, { policy: NO_GUARDS });
    await write({
      newest: { artifactUri: at('ck/model.ckpt-1000'), status: 'completed', endedAt: daysAgo(20) },
      older: { artifactUri: at('older/'), status: 'completed' },
      failed: { artifactUri: at('ck/') },
    });
    put([...files, 'older/m']);
    await approved();
    pass(31);
    await approved();
    assert.deepEqual(live().toSorted(), files.toSorted());
  });

  test('in whatever sign they go on; where it is not certain that they are meant, the success before stays, too', async (t) => {
    const { write, put, pass, approved, live } = await cleaner(t, {
      policy: { ...NO_GUARDS, keepSuccesses: 1 },
    });
    const uris = { shards: 'shards/part-', epochs: 'epochs/epoch' };
    for (const [model, uri] of Object.entries(uris))
      await write({
        [`${model}-newest`]: { artifactUri: at(uri), model, status: 'completed', endedAt: daysAgo(20) },
        [`${model}-older`]: { model, status: 'completed' },
        [`${model}-failed`]: { artifactUri: at(`${model}/`), model },
      });
    put(['shards/part-00000-of-00002', 'shards-older/m', 'epochs/epoch_1.pt', 'epochs-older/m']);
    await approved();
    pass(31);
    await approved();
    assert.deepEqual(live(), ['epochs-older/m', 'epochs/epoch_1.pt', 'shards/part-00000-of-00002']);
  });

  test('of a job that is old is not taken for a place where nothing lies', async (t) => {
    const { write, put, approved, deliver, live } = await cleaner(t, { policy: NO_GUARDS });
    await write({ old: { artifactUri: at('ck/model.ckpt-1000') } });
    put(files);
    await approved();
    const { summary } = await deliver();
    assert.deepEqual(summary.keptByReason, { 'ambiguous-uri': 1 });
    assert.equal(live().length, files.length);
  });

  test('has no part in the folder of another job whose name only goes on', async (t) => {
    const { write, put, trust, deliver } = await cleaner(t, { policy: NO_GUARDS });
    await write({
      'exp-1': { artifactUri: at('exp-1') },
      'exp-1-again': { ...RUNNING, artifactUri: at('exp-1-again') },
    });
    put(['exp-1-again/m']);
    await trust();
    assert.deepEqual((await deliver()).summary.keptByReason, { 'nothing-there': 1, active: 1 });
  });
});
