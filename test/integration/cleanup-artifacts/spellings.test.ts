import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DocumentReference } from '@google-cloud/firestore';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';
import { artifactSource } from '../../support/jobs.ts';

const POLICY = { ...NO_GUARDS, models: [{ collection: 'models', artifactUri: 'uri' }] };
const SOURCES = { jobs: artifactSource({}, { id: 'id', backendId: 'backendId' }) };

/** A folder whose name needs encoding, `%` included. */
const folderOf = (id: string) => `study 1/é/${id}`;
const encoded = (id: string) => folderOf(id).split('/').map(encodeURIComponent).join('/');

/** Ways to write the folder of a job, or a file in it. */
const SPELLINGS: Record<string, (id: string) => string> = {
  plain: (id) => `gs://${BUCKET}/${folderOf(id)}/`,
  bare: (id) => `gs://${BUCKET}/${folderOf(id)}`,
  hadoop: (id) => `gcs://${BUCKET}/${folderOf(id)}/model.pkl`,
  upper: (id) => `GS://${BUCKET}/${folderOf(id)}/`,
  blanks: (id) => ` gs://${BUCKET}/${folderOf(id)}/model.pkl\n`,
  encoded: (id) => `gs://${BUCKET}/${encoded(id)}/`,
  mounted: (id) => `/gcs/${BUCKET}/${folderOf(id)}/model.pkl`,
  file: (id) => `file:///gcs/${BUCKET}/${folderOf(id)}`,
  xml: (id) => `https://storage.googleapis.com/${BUCKET}/${encoded(id)}/model.pkl`,
  host: (id) => `https://${BUCKET}.storage.googleapis.com/${encoded(id)}/`,
  browser: (id) => `https://storage.cloud.google.com/${BUCKET}/${encoded(id)}/model.pkl?authuser=1`,
  console: (id) =>
    `https://console.cloud.google.com/storage/browser/${BUCKET}/${encoded(id)};tab=objects?project=p`,
  json: (id) =>
    `https://www.googleapis.com/storage/v1/b/${BUCKET}/o/${encodeURIComponent(folderOf(id))}%2Fmodel.pkl`,
  slash: (id) => `gs:/${BUCKET}/${folderOf(id)}`,
  slashes: (id) => `gs://${BUCKET}/study 1//é/${id}`,
  dots: (id) => `gs://${BUCKET}/study 1/x/../é/${id}/`,
  generation: (id) => `gs://${BUCKET}/${folderOf(id)}/model.pkl#1712345678901234`,
};
const ALL = Object.keys(SPELLINGS);

/** A job for each, and one that nobody names; all ended long ago. */
async function jobsIn(world: Cleaner, ids: readonly string[]): Promise<void> {
  const all = [...ids, 'free'];
  await world.write(
    Object.fromEntries(
      all.map((id) => [id, { id, artifactUri: `gs://${BUCKET}/${id === 'free' ? 'free' : folderOf(id)}` }]),
    ),
  );
  world.put(all.map((id) => (id === 'free' ? 'free/a' : `${folderOf(id)}/a`)));
}

/** What is left when the plan was carried out, by the ids of the jobs. */
async function left(world: Cleaner): Promise<string[]> {
  const { outcome, problems } = await world.approved();
  assert.equal(outcome, 'succeeded', JSON.stringify(problems));
  return world.live().map((name) => name.split('/').at(-2) ?? '');
}

describe('a place keeps what lies there in whatever spelling', () => {
  test('as a registered model, in a collection, in a list, in Vertex AI, or as a pin', async (t) => {
    const vertex = {
      artifactUris: async () =>
        ALL.map((id) => ({ uri: SPELLINGS[id]?.(id) ?? '', model: `m/${id}@1`, region: 'r' })),
    };
    for (const kind of ['model', 'list', 'pin', 'vertex'] as const) {
      const world = await cleaner(t, { policy: POLICY, ...(kind === 'vertex' && { vertex }) });
      await jobsIn(world, ALL);
      const uris = ALL.map((id) => SPELLINGS[id]?.(id));
      for (const [index, uri] of uris.entries())
        if (kind === 'model') await world.db.collection('models').add({ uri });
        else if (kind === 'pin')
          await world.collections.artifactPins.add({
            id: String(index),
            uri,
            keepUntil: null,
            owner: 'ada',
            reason: 'x',
            createdAt: NOW,
          });
      if (kind === 'list') await world.db.collection('models').add({ uri: uris });
      assert.deepEqual((await left(world)).sort(), [...ALL].sort(), kind);
    }
  });

  test('as the artifacts of a running job, of a suspended one, or of a young one whose URI is odd', async (t) => {
    for (const over of [
      { status: 'running', endedAt: null },
      { status: 'suspended', endedAt: null },
      { endedAt: daysAgo(1) },
    ]) {
      const world = await cleaner(t, { policy: POLICY, sources: SOURCES });
      await jobsIn(world, ALL);
      await world.write(
        Object.fromEntries(ALL.map((id) => [`live-${id}`, { ...over, artifactUri: SPELLINGS[id]?.(id) }])),
      );
      assert.deepEqual((await left(world)).sort(), [...ALL].sort());
    }
  });

  test('as what a running job began from', async (t) => {
    const world = await cleaner(t, { policy: POLICY, sources: SOURCES });
    await jobsIn(world, ALL);
    await world.write(
      Object.fromEntries(
        ALL.map((id) => [
          `live-${id}`,
          { status: 'running', endedAt: null, artifactUri: null, resumedFrom: SPELLINGS[id]?.(id) },
        ]),
      ),
    );
    assert.deepEqual((await left(world)).sort(), [...ALL].sort());
  });

  test('and is deleted in any that leaves no doubt, by one alone or by two of them', async (t) => {
    const world = await cleaner(t, { policy: POLICY });
    const clean = ALL.filter((id) => !['slash', 'slashes', 'dots', 'generation', 'browser'].includes(id));
    const folders = clean.filter((id) => !SPELLINGS[id]?.(id).includes('model.pkl'));
    await world.write(Object.fromEntries(folders.map((id) => [id, { artifactUri: SPELLINGS[id]?.(id) }])));
    world.put(folders.map((id) => `${folderOf(id)}/a`));
    world.put([`${folderOf('plain')}0/a`]);
    assert.deepEqual(await left(world), ['plain0']);
    for (const id of folders) assert.ok((await world.job(id))?.nightshift?.deletedAt, id);
  });
});

const EXACT = 1_234_567_890_123_456_789n;

describe('a parent is known', () => {
  /** Ids that a floating-point number cannot tell apart. */
  const number = (index: number) => 1_234_567_890_123_456_000n + BigInt(index);
  const ways: Record<string, (index: number, world: Cleaner) => unknown> = {
    'by its id': (index) => `id-${index}`,
    'by its id with blanks': (index) => ` id-${index}\n`,
    'by a folder of its id': (index) => `id-${index}/checkpoint-500`,
    'by an MLflow run': (index) => `runs:/id-${index}/model`,
    'by an id with something behind': (index) => `id-${index}:best`,
    'by its document': (index) => `p${index}`,
    'by the path of its document': (index) => `jobs/p${index}`,
    'by a reference': (index, { db }): DocumentReference => db.doc(`jobs/p${index}`),
    "by its backend's number": (index) => number(index),
    "by its backend's number as text": (index) => String(number(index)),
    "by its backend's name": (index) => `projects/p/locations/r/customJobs/${number(index)}`,
    'by a path in its bucket': (index) => `parents/${index}/checkpoints/step-9`,
    'by a path with its bucket': (index) => `${BUCKET}/parents/${index}/x.ckpt`,
  };

  test('in all ways in which people name one', async (t) => {
    const world = await cleaner(t, { policy: POLICY, sources: SOURCES });
    const names = Object.keys(ways);
    const parents = [...names.keys(), names.length];
    await world.write(
      Object.fromEntries(
        parents.map((index) => [
          `p${index}`,
          {
            id: `id-${index}`,
            // Half of the records have the name in full.
            backendId: index % 2 === 0 ? number(index) : `projects/p/locations/r/customJobs/${number(index)}`,
            artifactUri: `gs://${BUCKET}/parents/${index}`,
          },
        ]),
      ),
    );
    world.put(parents.map((index) => `parents/${index}/a`));
    await world.write(
      Object.fromEntries(
        Object.values(ways).map((way, index) => [
          `live-${index}`,
          { status: 'running', endedAt: null, artifactUri: null, resumedFrom: way(index, world) },
        ]),
      ),
    );
    const { outcome, problems } = await world.approved();
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    const gone = parents.filter((index) => !world.live().includes(`parents/${index}/a`));
    assert.deepEqual(gone, [names.length], gone.map((index) => names[index]).join());
  });

  test('and an id that was stored as a rounded number names nobody: the job stays, and what it may name waits', async (t) => {
    const world = await cleaner(t, { policy: POLICY, sources: SOURCES });
    await world.write({
      p: { id: EXACT },
      rounded: { id: Number(EXACT) },
      live: { status: 'running', endedAt: null, artifactUri: null, resumedFrom: Number(EXACT) },
    });
    world.put(['p/a', 'rounded/a']);
    const { outcome, summary, problems } = await world.deliver();
    assert.deepEqual([outcome, summary.planStatus], ['partial', 'waiting']);
    assert.match(
      problems[0]?.message ?? '',
      /jobs\/live resumedFrom: 1234567890123456800 is not an exact identifier/,
    );
    const lines = await world.lines(summary.planId as string);
    const rounded = lines.find(({ job }) => job === 'jobs:jobs/rounded');
    assert.deepEqual(
      [rounded?.reason, /its id cannot be read/.test(rounded?.because ?? '')],
      ['unreadable', true],
    );
  });
});

describe('a root that nobody can read', () => {
  const roots: Record<string, { at: string; data: Record<string, unknown>; named: RegExp }> = {
    'a map in a registry': {
      at: 'models/m',
      data: { uri: { gs: 'x' } },
      named: /record m in uri in models: a map/,
    },
    'a name in a registry': {
      at: 'models/m',
      data: { uri: 'models:/churn/3' },
      named: /"models:\/churn\/3" names no place/,
    },
    'another cloud': {
      at: 'models/m',
      data: { uri: 's3://theirs/churn' },
      named: /"s3:\/\/theirs\/churn" names no place/,
    },
    'a pin of another form': { at: 'artifactPins/p', data: { uri: 7.5 }, named: /a pin of somebody: 7\.5/ },
    'the artifacts of a running job': {
      at: 'jobs/live',
      data: { status: 'running', artifactUri: 'artifacts of run 7' },
      named: /jobs\/live artifactUri: "artifacts of run 7" names no place/,
    },
    'the parent of a running job': {
      at: 'jobs/live',
      data: { status: 'running', resumedFrom: ['another'] },
      named: /jobs\/live resumedFrom: a list/,
    },
    'the artifacts of a registered model': {
      at: 'jobs/best',
      data: {
        status: 'completed',
        endedAt: daysAgo(30),
        artifactUri: '/mnt/best',
        registeredModel: 'churn@3',
      },
      named: /jobs\/best artifactUri: "\/mnt\/best" names no place/,
    },
  };
  for (const [what, { at, data, named }] of Object.entries(roots))
    test(`${what}: the plan waits and names it; approved, it holds up no later plan`, async (t) => {
      const world = await cleaner(t, { policy: POLICY });
      await world.db.doc('cleanupState/current').set({
        approvedPolicyHash: world.policyHash(),
        appliedRootCounts: null,
        appliedPlanId: null,
      });
      await world.write({ old: {} });
      world.put(['old/a']);
      await world.db.doc(at).set(data);
      const first = await world.deliver();
      assert.deepEqual(
        [first.outcome, first.summary.planStatus, world.live()],
        ['partial', 'waiting', ['old/a']],
      );
      assert.match(first.problems[0]?.message ?? '', named);
      assert.match(first.problems[0]?.message ?? '', /mend the records, or approve the plan/);
      const [told] = first.summary.oddRoots as { by: string; why: string; keeps: string[] }[];
      assert.match(`${told?.by}: ${told?.why}`, named);
      const [alarm] = await world.openAlarms();
      assert.match(alarm?.message ?? '', named);

      assert.equal(await world.plans.approve(first.summary.planId as string, world.now()), 'approved');
      assert.equal((await world.deliver()).outcome, 'succeeded');
      assert.deepEqual(world.live(), []);
      await world.write({ next: {} });
      world.put(['next/a']);
      assert.equal((await world.deliver()).outcome, 'succeeded');
      assert.deepEqual(world.live(), []);

      // Another one was looked at by nobody.
      await world.write({ third: {} });
      world.put(['third/a']);
      await world.db.doc('models/other').set({ uri: 'what is this' });
      const other = await world.deliver();
      assert.deepEqual([other.outcome, world.live()], ['partial', ['third/a']]);
    });

  test('that comes after the approval holds the plan, and one that comes after the plan keeps every job', async (t) => {
    const world = await cleaner(t, { policy: POLICY });
    await world.write({ old: {} });
    world.put(['old/a']);
    const planId = await world.approve();
    await world.db.doc('models/m').set({ uri: 'nobody knows' });
    const held = await world.deliver();
    assert.deepEqual(
      [held.summary.planId, held.summary.planStatus, world.live()],
      [planId, 'waiting', ['old/a']],
    );
    await world.db.doc('models/m').set({ uri: 'gs://theirs/churn/' });
    await world.plans.approve(planId, world.now());
    const moment = world.beforeDeletion(() => world.db.doc('models/m').set({ uri: { nobody: 'knows' } }));
    const { summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual(world.live(), ['old/a']);
    assert.match(JSON.stringify(summary.keptAfterAll), /a root has come that nobody can read/);
  });

  test('what can be read but not to the letter keeps the folder around, and is told without waiting', async (t) => {
    const world = await cleaner(t, { policy: POLICY });
    await world.write({ 'study-1': { artifactUri: `gs://${BUCKET}/study/` }, other: {} });
    world.put(['study//trial-7/a', 'study/trial-8/a', 'other/a']);
    await world.db.doc('jobs/best').set({
      status: 'completed',
      endedAt: daysAgo(30),
      artifactUri: `gs://${BUCKET}/study//trial-7/`,
      registeredModel: true,
    });
    const { outcome, summary } = await world.approved();
    assert.deepEqual([outcome, world.live()], ['succeeded', ['study//trial-7/a', 'study/trial-8/a']]);
    assert.deepEqual(summary.oddRoots, [
      {
        by: 'jobs:jobs/best artifactUri',
        why: 'it has an empty folder name',
        keeps: [`gs://${BUCKET}/study/`, `gs://${BUCKET}/study/trial-7/`],
        key: null,
      },
    ]);
  });
});
