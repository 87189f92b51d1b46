import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DocumentReference } from '@google-cloud/firestore';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { artifactSource } from '../../support/jobs.ts';

const POLICY = { ...NO_GUARDS, models: [{ collection: 'models', artifactUri: 'uri' }] };
const SOURCES = { jobs: artifactSource({}, { id: 'id', backendId: 'backendId' }) };

/** A folder whose name needs encoding, in a folder of its own: to keep more than it keeps nothing of others. */
const folderOf = (id: string) => `study ${id}/é/run`;
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
  slashes: (id) => `gs://${BUCKET}/study ${id}//é/run`,
  dots: (id) => `gs://${BUCKET}/study ${id}/x/../é/run/`,
  generation: (id) => `gs://${BUCKET}/${folderOf(id)}/model.pkl#1712345678901234`,
};
const ALL = Object.keys(SPELLINGS);

type NamedBy = (world: Cleaner, ids: readonly string[]) => Promise<unknown>;

/** Jobs whose records say so of the folder of another, each in its own spelling. */
function jobs(over: (uri: string) => Record<string, unknown>): NamedBy {
  return (world, ids) => world.write(Object.fromEntries(ids.map((id) => [`live-${id}`, over(spelled(id))])));
}

/** What may name the folder of a job. */
const NAMED_BY: Record<string, NamedBy> = {
  'a collection': ({ db }, ids) =>
    writeDocuments(
      db,
      'models',
      ids.map((id) => [id, { uri: spelled(id) }]),
    ),
  'a list': ({ db }, ids) => db.doc('models/all').set({ uri: ids.map(spelled) }),
  'a pin': ({ db, collections }, ids) => {
    const about = { keepUntil: null, owner: 'ada', reason: 'x', createdAt: NOW };
    const pins = ids.map((id) => [id, { id, uri: spelled(id), ...about }] as const);
    return writeDocuments(db, collections.artifactPins.id, pins);
  },
  'Vertex AI': async () => undefined,
  'a running job': jobs((artifactUri) => ({ status: 'running', endedAt: null, artifactUri })),
  'a suspended job': jobs((artifactUri) => ({ status: 'suspended', endedAt: null, artifactUri })),
  'a young job': jobs((artifactUri) => ({ endedAt: daysAgo(1), artifactUri })),
  'what a running job began from': jobs((resumedFrom) => ({
    status: 'running',
    endedAt: null,
    artifactUri: null,
    resumedFrom,
  })),
};

/** Of a job for each spelling, by what names it. */
const idsOf = (by: string) => ALL.map((spelling) => `${spelling} by ${by}`);
const spelled = (id: string) => SPELLINGS[id.split(' ')[0] ?? '']?.(id) ?? '';

/** The folders that are left when the plan was carried out, by the ids of their jobs. */
async function left(world: Cleaner): Promise<string[]> {
  const { outcome, problems } = await world.approved();
  assert.equal(outcome, 'succeeded', JSON.stringify(problems));
  return world.live().map((name) => name.replace(/^study (.*)\/é\/run\/a$/, '$1'));
}

describe('a place keeps what lies there in whatever spelling', () => {
  test(`as named by ${Object.keys(NAMED_BY).join(', ')}`, async (t) => {
    const models = idsOf('Vertex AI').map((id) => ({ uri: spelled(id), model: `m/${id}@1`, region: 'r' }));
    const vertex = { artifactUris: async () => models };
    const world = await cleaner(t, { policy: POLICY, sources: SOURCES, vertex });
    const ids = Object.keys(NAMED_BY).flatMap(idsOf);
    const records = ids.map((id) => [id, { id, artifactUri: `gs://${BUCKET}/${folderOf(id)}` }]);
    // One that nobody names.
    await world.write({ ...Object.fromEntries(records), free: {} });
    world.put([...ids.map((id) => `${folderOf(id)}/a`), 'free/a']);
    for (const [by, name] of Object.entries(NAMED_BY)) await name(world, idsOf(by));
    assert.deepEqual((await left(world)).sort(), ids.sort());
  });

  test('and is deleted in any that leaves no doubt, by one alone or by two of them', async (t) => {
    const world = await cleaner(t, { policy: POLICY });
    const clean = ALL.filter((id) => !['slash', 'slashes', 'dots', 'generation', 'browser'].includes(id));
    const folders = clean.filter((id) => !SPELLINGS[id]?.(id).includes('model.pkl'));
    await world.write(Object.fromEntries(folders.map((id) => [id, { artifactUri: SPELLINGS[id]?.(id) }])));
    world.put(folders.map((id) => `${folderOf(id)}/a`));
    world.put([`${folderOf('plain')}0/a`]);
    assert.deepEqual(await left(world), [`${folderOf('plain')}0/a`]);
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
  const success = { status: 'completed', endedAt: daysAgo(30) };
  const roots: [at: string, data: Record<string, unknown>, named: RegExp][] = [
    ['models/map', { uri: { gs: 'x' } }, /record map in uri in models: a map/],
    ['models/name', { uri: 'models:/speech/3' }, /"models:\/speech\/3" names no place/],
    ['models/theirs', { uri: 's3://theirs/churn' }, /"s3:\/\/theirs\/churn" names no place/],
    ['artifactPins/p', { uri: 7.5 }, /a pin of somebody: 7\.5/],
    [
      'jobs/live',
      { status: 'running', artifactUri: 'artifacts of run 7' },
      /jobs\/live artifactUri: "artifacts of run 7" names no place/,
    ],
    ['jobs/child', { status: 'running', resumedFrom: ['another'] }, /jobs\/child resumedFrom: a list/],
    [
      'jobs/best',
      { ...success, artifactUri: '/mnt/best', registeredModel: 'churn@3' },
      /jobs\/best artifactUri: "\/mnt\/best" names no place/,
    ],
  ];
  test('of whatever kind: the plan waits and names it; approved, it holds up no later plan', async (t) => {
    const world = await cleaner(t, { policy: POLICY });
    await world.trust();
    await world.write({ old: {} });
    world.put(['old/a']);
    for (const [at, data] of roots) await world.db.doc(at).set(data);
    const first = await world.deliver();
    assert.deepEqual(
      [first.outcome, first.summary.planStatus, world.live()],
      ['partial', 'waiting', ['old/a']],
    );
    const message = first.problems[0]?.message ?? '';
    const told = first.summary.oddRoots as { by: string; why: string; key: string | null }[];
    const [alarm] = await world.openAlarms();
    for (const [at, , named] of roots) {
      assert.match(message, named);
      assert.match(alarm?.message ?? '', named);
      const its = told.filter(({ by, why }) => named.test(`${by}: ${why}`));
      assert.deepEqual([its.length, its[0]?.key === null], [1, false], `${at} holds the plan`);
    }
    assert.match(message, /mend the records, or approve the plan/);

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
