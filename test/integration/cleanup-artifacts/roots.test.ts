import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { SETTLE_SECONDS } from '../../../functions/shared/catalog.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { BUCKET, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';
import { ENTRY } from '../../support/entry.ts';
import { firestoreAt } from '../../support/firestore.ts';
import { artifactSource } from '../../support/jobs.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

const MODELS = { ...NO_GUARDS, models: [{ collection: 'models', artifactUri: 'files.uri' }] };
const BUDGET_MS = (ENTRY.timeoutSeconds - SETTLE_SECONDS) * SECOND_MS;
const ALL = ['other/a', 'run-1/model.pkl', 'run-1/x/a', 'run-10/a'];

function registry(...uris: string[]) {
  const models = uris.map((uri, index) => ({
    uri,
    model: `projects/1/locations/europe-west4/models/${index}@1`,
    region: 'europe-west4',
  }));
  return { artifactUris: async () => models };
}

// Two of them wait most of their time, for the client's retries and for a deadline.
describe('roots', { concurrency: 4 }, () => {
  // What each spelling names is proven of readPlace(); here, that a place of each extent keeps as much.
  const kept: { what: string; uri: (bucket: string) => string; left: string[] }[] = [
    { what: 'a folder without its slash', uri: (bucket) => `gs://${bucket}/run-1`, left: ALL.slice(1, 3) },
    { what: 'some folders', uri: (bucket) => `gs://${bucket}/run-*`, left: ALL },
    { what: 'another bucket', uri: () => 'gs://models/run-1/', left: [] },
  ];
  test('a model keeps as much as it names, in a collection as in Vertex AI', async (t) => {
    // Each model has a bucket of its own.
    const cases = kept.flatMap((it, index) => [
      { ...it, bucket: `collection-${index}`, isVertex: false },
      { ...it, bucket: `vertex-${index}`, isVertex: true },
    ]);
    const uris = cases.filter(({ isVertex }) => isVertex).map(({ uri, bucket }) => uri(bucket));
    const policy = { ...MODELS, buckets: cases.map(({ bucket }) => bucket) };
    const world = await cleaner(t, { policy, vertex: registry(...uris) });
    for (const { bucket, isVertex, uri } of cases) {
      world.world.addBucket({ name: bucket });
      const jobs = ['run-1', 'run-10', 'other'];
      await world.write(
        Object.fromEntries(jobs.map((id) => [`${bucket}-${id}`, { artifactUri: `gs://${bucket}/${id}/` }])),
      );
      world.put(ALL, { bucket });
      if (!isVertex) await world.db.doc(`models/${bucket}`).set({ files: { uri: uri(bucket) } });
    }
    const { outcome, problems } = await world.approved();
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    for (const { what, bucket, left } of cases)
      assert.deepEqual(world.live(bucket), left, `${bucket}: ${what}`);
  });

  test('a model in a list that the path of its field leads through keeps what it names', async (t) => {
    const world = await cleaner(t, { policy: MODELS });
    await world.db.doc('models/m').set({ files: [{ uri: `gs://${BUCKET}/kept/` }] });
    await world.db.doc('models/n').set({ files: `gs://${BUCKET}/named/` });
    // These name nothing: no plan waits for them.
    for (const [id, files] of Object.entries({ map: {}, none: null, list: [] }))
      await world.db.doc(`models/${id}`).set({ files });
    await world.write({ kept: {}, named: {}, old: {} });
    world.put(['kept/a', 'named/a', 'old/a']);
    const { outcome, summary } = await world.approved();
    assert.deepEqual([outcome, world.live()], ['succeeded', ['kept/a', 'named/a']]);
    const told = summary.oddRoots as { by: string; key: string | null }[];
    assert.deepEqual(
      told.map(({ by, key }) => [by, key !== null]),
      [['the record m in files.uri in models', true]],
    );
  });

  const PATHS = {
    artifactUri: 'out.uri',
    resumedFrom: 'parents.id',
    registeredModel: 'registered.name',
    keepUntil: { path: 'keep.until', type: 'timestamp' },
  };
  const ELSEWHERE = { artifactUri: null, out: { uri: `gs://${BUCKET}/old/` } };
  const led: { what: string; records: Record<string, Record<string, unknown>>; live: string[] }[] = [
    { what: 'nothing of the kind', records: {}, live: [] },
    {
      what: 'resumedFrom, a list',
      records: { child: { status: 'running', endedAt: null, artifactUri: null, parents: [{ id: 'old' }] } },
      live: ['old/a'],
    },
    {
      what: 'registeredModel, a text',
      records: { old: { ...ELSEWHERE, registered: 'churn@3' } },
      live: ['old/a'],
    },
    {
      what: 'registeredModel, a list',
      records: { old: { ...ELSEWHERE, registered: [{ name: 'churn@3' }] } },
      live: ['old/a'],
    },
    {
      what: 'keepUntil, a list',
      records: { old: { ...ELSEWHERE, keep: [{ until: daysAgo(-9) }] } },
      live: ['old/a'],
    },
    {
      what: 'artifactUri of a running job, a list',
      records: { live: { status: 'running', endedAt: null, out: [{ uri: `gs://${BUCKET}/old/` }] } },
      live: ['old/a'],
    },
    {
      what: 'artifactUri of an ended job, a text, which is no URI to delete',
      records: { old: { artifactUri: null, out: `gs://${BUCKET}/old/` } },
      live: ['old/a'],
    },
  ];
  for (const { what, records, live } of led)
    test(`a path that leads through a value which is no map is not absent: ${what}`, async (t) => {
      const sources = { jobs: artifactSource({}, PATHS) };
      const world = await cleaner(t, { policy: NO_GUARDS, sources });
      await world.write({ old: ELSEWHERE, ...records });
      world.put(['old/a']);
      const { outcome, problems } = await world.approved();
      assert.deepEqual([outcome, world.live()], ['succeeded', live], JSON.stringify(problems));
    });

  test('a region that fails: nothing is deleted, and it is named', async (t) => {
    const denied = new UpstreamError('Cannot finish Vertex AI models.list: HTTP 403', {
      retryable: false,
      status: 403,
    });
    const vertex = { artifactUris: () => Promise.reject(denied) };
    const world = await cleaner(t, { policy: MODELS, vertex });
    await world.write({ 'run-1': {} });
    world.put(['run-1/a']);
    const { outcome, problems } = await world.deliver();
    assert.equal(outcome, 'failed');
    assert.match(problems[0]?.message ?? '', /models in Vertex AI.*HTTP 403/);
    assert.deepEqual(world.live(), ['run-1/a']);
    assert.equal((await world.collections.cleanupPlans.get()).size, 0);
  });

  test('models that may not be read: nothing is deleted, the run fails and names them', async (t) => {
    // As the real server denies: gRPC's PERMISSION_DENIED, and no body.
    const server = createServer().on('stream', (stream) => {
      const headers = { 'content-type': 'application/grpc', 'grpc-status': 7, 'grpc-message': 'denied' };
      stream.respond({ ':status': 200, ...headers }, { endStream: true });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const modelsDb = (project: string) => firestoreAt(t, host, project);
    const world = await cleaner(t, { policy: MODELS, modelsDb });
    await world.write({ 'run-1': {} });
    world.put(['run-1/a']);
    const { outcome, problems } = await world.deliver();
    assert.equal(outcome, 'failed');
    assert.match(
      problems[0]?.message ?? '',
      /models by files\.uri in models cannot be read: 7 PERMISSION_DENIED/,
    );
    assert.deepEqual(world.live(), ['run-1/a']);
  });

  test('models that break off amid an approved plan: nothing is deleted, the run fails and names them', async (t) => {
    const proxy = await startProxy(process.env.FIRESTORE_EMULATOR_HOST ?? '');
    t.after(() => proxy.stop());
    // The clock stands still, so that no run is short of time but the one that arrived so much earlier.
    const arrivals: number[] = [];
    const world = await cleaner(t, {
      policy: MODELS,
      monotonicMs: () => arrivals.pop() ?? BUDGET_MS - 2_000,
      modelsDb: (project) => firestoreAt(t, proxy.host, project),
    });
    await world.write({ 'run-1': {} });
    world.put(['run-1/a']);
    await world.db.doc('models/m').set({ files: { uri: `gs://${BUCKET}/other/` } });
    await world.approve();
    proxy.stall();
    arrivals.push(0);
    const { outcome, problems } = await world.deliver();
    assert.equal(outcome, 'timed-out', JSON.stringify(problems));
    assert.deepEqual(world.live(), ['run-1/a']);
    proxy.resume();
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.deepEqual(world.live(), []);
  });

  test('roots that are gone, or fewer by over a fifth, since the last applied plan hold the plan until a person looks', async (t) => {
    const world = await cleaner(t, { policy: MODELS });
    const { db, write, put, live, deliver, plans, now } = world;
    const models = Array.from({ length: 10 }, (_, index) => db.doc(`models/m${index}`));
    await Promise.all(models.map((ref) => ref.set({ files: { uri: `gs://${BUCKET}/other/` } })));
    await write({ first: {} });
    put(['first/a', 'other/a']);
    await world.approved();
    assert.deepEqual(live(), ['other/a']);

    await Promise.all(models.slice(8).map((ref) => ref.delete()));
    await write({ second: {} });
    put(['second/a']);
    await deliver();
    assert.deepEqual(live(), ['other/a'], 'a fifth fewer is no reason to wait');

    await Promise.all(models.slice(6, 8).map((ref) => ref.delete()));
    await write({ third: {} });
    put(['third/a']);
    world.pass(1);
    const shrunk = await deliver();
    assert.deepEqual([shrunk.outcome, live()], ['partial', ['other/a', 'third/a']]);
    assert.match(shrunk.problems[0]?.message ?? '', /models by files\.uri in models has 6 entries, after 8/);
    // Records that name nothing any more protect nothing: they count as gone.
    await Promise.all(models.slice(0, 6).map((ref) => ref.set({ file: `gs://${BUCKET}/other/` })));
    world.pass(1);
    const gone = await deliver();
    assert.match(gone.problems[0]?.message ?? '', /has no entry any more, after 8/);
    assert.deepEqual(
      (await world.openAlarms()).map(({ kind }) => kind),
      ['guard'],
    );

    assert.equal(await plans.approve(gone.summary.planId as string, now()), 'approved');
    assert.equal((await deliver()).outcome, 'succeeded');
    assert.deepEqual(live(), ['other/a'], 'no record of a job names it');
    assert.deepEqual(await world.openAlarms(), []);
  });

  test('roots that are gone in a night without deletions hold the next plan that deletes', async (t) => {
    const world = await cleaner(t, { policy: MODELS });
    const { db, write, put, live, pass, deliver } = world;
    await write({ x: { startedAt: daysAgo(6), endedAt: daysAgo(5) } });
    put(['x/m'], { createdAt: daysAgo(5.2) });
    await db.doc('models/m').set({ files: { uri: `gs://${BUCKET}/x/` } });
    await world.trust();
    await deliver();
    await db.doc('models/m').delete();
    pass(1);
    assert.equal((await deliver()).summary.planStatus, 'applied');
    pass(2);
    const { summary, problems } = await deliver();
    assert.deepEqual([summary.planStatus, live()], ['waiting', ['x/m']]);
    assert.match(problems[0]?.message ?? '', /models has no entry any more, after 1/);
  });

  test('roots that shrink after the approval hold the plan again, and a second approval lets it go on', async (t) => {
    const world = await cleaner(t, { policy: MODELS });
    await world.db.doc('models/m').set({ files: { uri: `gs://${BUCKET}/other/` } });
    await world.write({ old: {} });
    world.put(['old/a']);
    const planId = await world.approve();
    await world.db.doc('models/m').delete();
    const held = await world.deliver();
    assert.deepEqual(
      [held.outcome, held.summary.planStatus, held.summary.planId],
      ['partial', 'waiting', planId],
    );
    assert.deepEqual(
      (await world.openAlarms()).map(({ kind }) => kind),
      ['guard'],
    );
    await world.plans.approve(planId, world.now());
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.deepEqual(world.live(), []);
    assert.deepEqual(await world.openAlarms(), []);
  });

  test('a pin ends by itself, and no guard takes that for a loss', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const pin = { id: 'p', uri: `gs://${BUCKET}/old/`, keepUntil: daysAgo(-5) };
    await world.collections.artifactPins
      .doc('p')
      .set({ ...pin, owner: 'ada', reason: 'the paper', createdAt: NOW });
    await world.write({ old: {}, first: {} });
    world.put(['old/a', 'first/a']);
    await world.approved();
    assert.deepEqual(world.live(), ['old/a']);
    world.pass(6);
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.deepEqual(world.live(), []);
  });
});
