import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Timestamp } from '@google-cloud/firestore';
import { artifactRecord, BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';
import { seededRandom, sized } from '../../support/soak.ts';

const RACES = sized(24, 500);
const POLICY = { ...NO_GUARDS, models: [{ collection: 'models', artifactUri: 'uri' }] };
const OBJECTS = ['a', 'model.pkl', 'x/y'];

type Marker = (world: Cleaner, id: string) => Promise<Timestamp>;

/** Each commits something that keeps the artifacts of a job, and resolves to when. */
const MARKS: Record<string, Marker> = {
  'a model of the folder': (world, id) => model(world, id, `gs://${BUCKET}/${id}/`),
  'a model of the folder without its slash': (world, id) => model(world, id, `gs://${BUCKET}/${id}`),
  'a model of a file': (world, id) => model(world, id, `gs://${BUCKET}/${id}/😀/x.pkl`),
  'a model by a wildcard': (world, id) => model(world, id, `gs://${BUCKET}/${id}/*.pkl`),
  'a pin of ours': async ({ collections }, id) => {
    const pin = { id, uri: `gs://${BUCKET}/${id}/`, keepUntil: null };
    const about = { owner: 'ada', reason: 'the paper', createdAt: NOW };
    return (await collections.artifactPins.doc(id).set({ ...pin, ...about })).writeTime;
  },
  'a pin in its record': (world, id) => change(world, id, { keepUntil: daysAgo(-1) }),
  'a model in its record': (world, id) => change(world, id, { registeredModel: 'churn@2' }),
  'that it runs again': (world, id) => change(world, id, { status: 'running', endedAt: null }),
  'a child by its id': (world, id) => child(world, id, { resumedFrom: id }),
  'a child by a file': (world, id) => child(world, id, { resumedFrom: `gs://${BUCKET}/${id}/model.pkl` }),
  'a child by its folder, of another source': (world, id) =>
    child(world, id, { resumedFrom: `gs://${BUCKET}/${id}` }, 'others'),
  'a job that writes there': (world, id) => child(world, id, { artifactUri: `gs://${BUCKET}/${id}/x/` }),
};

async function model({ db }: Cleaner, id: string, uri: string): Promise<Timestamp> {
  return (await db.collection('models').doc(id).set({ uri })).writeTime;
}

async function change({ db }: Cleaner, id: string, over: Record<string, unknown>): Promise<Timestamp> {
  return (await db.collection('jobs').doc(id).update(over)).writeTime;
}

async function child({ db }: Cleaner, id: string, over: Record<string, unknown>, collection = 'jobs') {
  const record = artifactRecord(`child-of-${id}`, { status: 'running', endedAt: null, ...over });
  return (await db.collection(collection).doc(`child-of-${id}`).set(record)).writeTime;
}

/** When each job got its tombstone, as far as anybody could see it alone. */
function watchTombstones({ db }: Cleaner) {
  const at = new Map<string, Timestamp>();
  const stop = db.collection('jobs').onSnapshot((snapshot) => {
    for (const { doc } of snapshot.docChanges()) {
      const added = doc.get('nightshift');
      if (added?.tombstone && !added.deletedAt && !at.has(doc.id)) at.set(doc.id, doc.updateTime);
    }
  });
  return { at, stop };
}

function idOf(index: number): string {
  return `job-${String(index).padStart(4, '0')}`;
}

async function manyJobs(t: TestContext) {
  const world = await cleaner(t, { policy: POLICY, sources: ['jobs', 'others'] });
  const ids = Array.from({ length: RACES }, (_, index) => idOf(index));
  // The oldest goes first.
  await world.write(Object.fromEntries(ids.map((id, index) => [id, { endedAt: daysAgo(400 - index / 10) }])));
  world.put(
    ids.flatMap((id) => OBJECTS.map((name) => `${id}/${name}`)),
    { createdAt: daysAgo(450) },
  );
  return { world, ids };
}

describe('marks between plan and deletion', () => {
  test(`${RACES} races: a mark before the tombstone loses no object, a later one finds it and undo brings all back`, async (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const { world, ids } = await manyJobs(t);
    await world.trust();
    const { at, stop } = watchTombstones(world);

    const kinds = Object.entries(MARKS);
    const marked = new Map<string, { kind: string; at: Timestamp; unseen: boolean }>();
    let over = false;
    const run = world.deliver().finally(() => {
      over = true;
    });
    // Near the place that the deletion has come to, on either side of it; one in three is left alone.
    const free = new Set(ids);
    const markers = Array.from({ length: 4 }, async () => {
      while (!over) {
        const front = Math.max(-1, ...[...at.keys()].map((id) => ids.indexOf(id))) + 1;
        const near = ids.slice(Math.max(0, front - 2), front + 5).filter((id) => free.has(id));
        const id = near[Math.floor(random() * near.length)];
        if (at.size > 0 && id !== undefined) {
          free.delete(id);
          const [kind, mark] = kinds[Math.floor(random() * kinds.length)] as [string, Marker];
          if (random() < 0.66) {
            const committed = await mark(world, id);
            marked.set(id, { kind, at: committed, unseen: !(await world.job(id))?.nightshift });
          }
        }
        await pause(random() * 20);
      }
    });
    const { outcome, runId, problems } = await run;
    await Promise.all(markers);
    stop();
    // However the others came out, some are too late.
    for (const id of ids.filter((each) => !marked.has(each)).slice(0, 4)) {
      const [kind, mark] = kinds[Math.floor(random() * kinds.length)] as [string, Marker];
      marked.set(id, { kind, at: await mark(world, id), unseen: false });
    }
    assert.notEqual(outcome, 'failed', JSON.stringify(problems));

    const won: string[] = [];
    const late: string[] = [];
    for (const [id, mark] of marked) {
      const here = OBJECTS.every((name) => world.live().includes(`${id}/${name}`));
      const tombstone = (await world.job(id))?.nightshift;
      const seenAt = at.get(id);
      const before = mark.unseen || (seenAt !== undefined && mark.at.valueOf() < seenAt.valueOf());
      if (before || !tombstone?.tombstone) {
        assert.ok(here, `${id} lost objects to ${mark.kind}`);
        won.push(id);
      } else late.push(id);
    }
    t.diagnostic(`${won.length} marks came in time, ${late.length} found a tombstone`);
    assert.ok(won.length > 0 && late.length > 0, `${won.length} in time, ${late.length} too late`);

    const undone = await world.deliver({ undo: runId });
    assert.equal(undone.outcome, 'succeeded', JSON.stringify(undone.problems));
    assert.equal(world.live().length, ids.length * OBJECTS.length);
    for (const id of late)
      assert.deepEqual((await world.job(id))?.nightshift, {
        tombstone: null,
        deletedAt: null,
        deletedLife: null,
      });
  });

  test('each of them keeps its job, and no other', async (t) => {
    const world = await cleaner(t, { policy: POLICY, sources: ['jobs', 'others'] });
    const marks = Object.entries(MARKS).map(([kind, mark], index) => ({ kind, mark, id: `job-${index}` }));
    await world.write({ ...Object.fromEntries(marks.map(({ id }) => [id, {}])), unmarked: {} });
    world.put([...marks.map(({ id }) => id), 'unmarked'].flatMap((id) => [`${id}/a`, `${id}/x/a`]));
    await world.trust();
    // The listings are over when the plan is begun, and the first mark is not written yet.
    const begun = world.beforeDeletion(() => Promise.all(marks.map(({ mark, id }) => mark(world, id))));
    const { outcome, problems, summary } = await world.deliver();
    assert.ok(await begun, 'the moment came');
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    for (const { kind, id } of marks) {
      assert.ok(world.live().includes(`${id}/a`) && world.live().includes(`${id}/x/a`), kind);
      assert.equal((await world.job(id))?.nightshift?.tombstone ?? null, null, kind);
    }
    assert.equal((summary.keptAfterAll as unknown[]).length, marks.length);
    assert.equal(world.live().length, 2 * marks.length);
  });

  /** What happens after the plan. Each case has jobs and a bucket of its own, where nothing goes in the end. */
  interface Case {
    what: string;
    records?: (name: string) => Record<string, Record<string, unknown>>;
    act: (world: Cleaner, name: string) => Promise<unknown>;
  }
  const cases: Case[] = [
    {
      what: 'a pin on a child keeps its parent, too',
      records: (name) => ({ child: { resumedFrom: `${name}-old`, endedAt: daysAgo(20) } }),
      act: (world, name) => change(world, `${name}-child`, { keepUntil: daysAgo(-1) }),
    },
    {
      what: 'a pin on a job in a folder keeps the job of the folder, too',
      records: (name) => ({ sub: { artifactUri: `gs://${name}/old/x/` } }),
      act: (world, name) => change(world, `${name}-sub`, { keepUntil: daysAgo(-1) }),
    },
    {
      what: 'a pin on the grandchild keeps all',
      records: (name) => ({
        child: { resumedFrom: `gs://${name}/old/a` },
        grandchild: { resumedFrom: `${name}-child` },
      }),
      act: (world, name) => change(world, `${name}-grandchild`, { registeredModel: true }),
    },
    {
      what: 'the end of a job that moved keeps it',
      act: (world, name) => change(world, `${name}-old`, { endedAt: daysAgo(29) }),
    },
    {
      what: 'a URI that is another one by now keeps it',
      act: (world, name) => change(world, `${name}-old`, { artifactUri: `gs://${name}/elsewhere/` }),
    },
    {
      what: 'a job whose record is gone is kept',
      act: ({ db }, name) => db.doc(`jobs/${name}-old`).delete(),
    },
    {
      what: 'a pin that nobody can read keeps it',
      act: (world, name) => change(world, `${name}-old`, { keepUntil: 'for ever' }),
    },
    {
      what: 'an active job that names the whole bucket keeps it',
      act: (world, name) => child(world, `${name}-old`, { artifactUri: `gs://${name}` }),
    },
    {
      what: 'a model of the bucket keeps it',
      act: (world, name) => model(world, name, `gs://${name}/`),
    },
  ];
  test('what else keeps a job, and those that have to do with it', async (t) => {
    const all = cases.map((it, index) => {
      const name = `runs-${index}`;
      const records = { old: {}, ...it.records?.(name) };
      const own = Object.entries(records).map(([id, over]): [string, Record<string, unknown>] => [
        `${name}-${id}`,
        { artifactUri: `gs://${name}/${id}/`, ...over },
      ]);
      return { ...it, name, own };
    });
    const buckets = [BUCKET, ...all.map(({ name }) => name)];
    const world = await cleaner(t, { policy: { ...POLICY, buckets }, sources: ['jobs', 'others'] });
    await world.write({ ...Object.fromEntries(all.flatMap(({ own }) => own)), unmarked: {} });
    world.put(['unmarked/a']);
    for (const { name } of all) {
      world.world.addBucket({ name });
      world.put(['old/a', 'old/x/a', 'child/a', 'grandchild/a'], { bucket: name });
    }
    await world.trust();
    // The listings are over when the plan is begun, and the first mark is not written yet.
    const begun = world.beforeDeletion(() => Promise.all(all.map(({ act, name }) => act(world, name))));
    const { outcome, problems, summary } = await world.deliver();
    assert.ok(await begun, 'the moment came');
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    const kept = (summary.keptAfterAll as { job: string }[]).map(({ job }) => job);
    for (const { what, name, own } of all) {
      assert.equal(world.live(name).length, 4, what);
      for (const [id] of own) {
        assert.ok(kept.includes(`jobs:jobs/${id}`), what);
        assert.equal((await world.job(id))?.nightshift?.tombstone ?? null, null, what);
      }
    }
    assert.equal(kept.length, all.flatMap(({ own }) => own).length);
    assert.deepEqual(world.live(), [], 'and they keep no other');
  });

  test('a failed child without artifacts keeps nobody, and one that a later plan deletes does not either', async (t) => {
    const world = await cleaner(t, { policy: { ...POLICY, jobsPerPlan: 1 } });
    await world.write({
      old: {},
      bare: { resumedFrom: 'old', artifactUri: null },
      next: { resumedFrom: 'old', endedAt: daysAgo(20) },
    });
    world.put(['old/a', 'next/a']);
    await world.trust();
    await world.deliver();
    assert.deepEqual(world.live(), ['next/a']);
  });

  test('an object that is rewritten after it was listed survives and is told', async (t) => {
    const world = await cleaner(t, { policy: POLICY });
    await world.write({ old: {} });
    world.put(['old/a', 'old/b']);
    await world.trust();
    const { gcs } = world;
    // The batch comes after the journal was written: nobody lists again before it.
    const off = gcs.faults.add({ method: 'batch', fault: { kind: 'latency', ms: 300 } });
    const run = world.deliver();
    while (!gcs.requests().some(({ method }) => method === 'objects.list')) await pause(2);
    while ((await world.journaled()).length === 0) await pause(2);
    off();
    world.put(['old/b'], { size: 7, createdAt: NOW });
    const { outcome, summary, problems } = await run;
    assert.deepEqual(world.live(), ['old/b']);
    assert.deepEqual([outcome, summary.changedSincePlan, summary.deletedJobs], ['partial', 1, 0]);
    assert.match(JSON.stringify(problems), /1 of its objects are left/);
    assert.equal((await world.job('old'))?.nightshift?.deletedAt, undefined);
  });
});
