import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { GcsFaultRule } from '../../../scripts/stack/stand-ins/gcs/faults.ts';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS, type Setup } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

const JOBS = ['a', 'b', 'c', 'd'];
/** The objects of each job, unless told otherwise. */
const EACH = 4;
/** Of one job more than a batch, of the others enough to fail amid it. */
const MANY: Record<string, number> = { a: 110, b: 8, c: 8, d: 8 };
const ALL = 134;
/** The bucket of one job, whose faults are that job's alone. */
const OWN = 'own';
const POLICY = { ...NO_GUARDS, buckets: [BUCKET, OWN] };

/** Four jobs that may go at once: `b` in a bucket of its own. */
async function fourJobs(
  t: TestContext,
  setup: Setup = {},
  objects: Record<string, number> = {},
): Promise<Cleaner & { all(): string[] }> {
  const world = await cleaner(t, { policy: POLICY, ...setup });
  world.world.addBucket({ name: OWN });
  await world.write(
    Object.fromEntries(
      JOBS.map((id, index) => [
        id,
        { endedAt: daysAgo(90 - index), ...(id === 'b' && { artifactUri: `gs://${OWN}/b/` }) },
      ]),
    ),
  );
  for (const id of JOBS)
    world.put(
      Array.from({ length: objects[id] ?? EACH }, (_, index) => `${id}/${index}`),
      { createdAt: daysAgo(100), bucket: id === 'b' ? OWN : BUCKET },
    );
  await world.trust();
  return { ...world, all: () => [...world.live(), ...world.live(OWN)] };
}

const UNLISTABLE: GcsFaultRule = {
  method: 'objects.list',
  bucket: OWN,
  fault: { kind: 'status', status: 503 },
};

function softDeleted({ world }: Cleaner): string[] {
  return [BUCKET, OWN].flatMap((bucket) => world.softDeleted(bucket).map(({ name }) => name));
}

/** How many batches of deletions were sent so far. */
function batches({ gcs }: Cleaner): number {
  return gcs.requests().filter(({ method }) => method === 'batch').length;
}

describe('faults of Cloud Storage', () => {
  test('429s, 503s, dropped connections and failing calls in a batch lose nothing and count nothing twice', async (t) => {
    const world = await fourJobs(t, {}, MANY);
    const { faults } = world.gcs;
    // Whatever batch meets all of them has one of its five tries left.
    faults.add({ method: 'batch', times: 1, fault: { kind: 'status', status: 429 } });
    // Done, and the answer lost.
    faults.add({ method: 'batch', times: 1, fault: { kind: 'truncated' } });
    faults.add({ method: 'batch', times: 1, fault: { kind: 'reset' } });
    for (const object of ['a/7', 'c/3', 'd/5'])
      faults.add({ method: 'objects.delete', object, times: 1, fault: { kind: 'status', status: 503 } });
    faults.add({ method: 'objects.list', times: 2, fault: { kind: 'status', status: 503 } });
    const { outcome, summary, problems } = await world.deliver();
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    assert.deepEqual(world.all(), []);
    const gone = softDeleted(world);
    assert.equal(gone.length, ALL);
    assert.deepEqual(
      [summary.objectsDeleted, summary.bytesDeleted, summary.bytesPendingSoftDelete, summary.bytesFree],
      [gone.length, gone.length * 100, gone.length * 100, 0],
    );
    const paces = Object.values(summary.pace as Record<string, { rate: number; halvings: number }>);
    const slowed = paces.some(({ rate, halvings }) => halvings > 0 && rate < 1000);
    assert.ok(slowed, JSON.stringify(paces));
    const entries = (await world.journaled()).map(({ name, result }) => `${name} ${result}`);
    assert.deepEqual(entries.sort(), gone.map((name) => `${name} deleted`).sort());
  });

  test('one job whose objects cannot be listed for the plan is kept and named, and blocks no other', async (t) => {
    const world = await fourJobs(t);
    world.gcs.faults.add(UNLISTABLE);
    const { outcome, summary, problems } = await world.deliver();
    assert.equal(outcome, 'partial');
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['jobs:jobs/b'],
    );
    assert.deepEqual([summary.deletedJobs, summary.keptByReason], [3, { unlisted: 1 }]);
    assert.equal(world.all().length, EACH);
    assert.equal(world.live(OWN).length, EACH);
  });

  test('one job that fails amid its deletion is named, blocks no other, and is the next run’s', async (t) => {
    const world = await fourJobs(t);
    const moment = world.beforeDeletion(async () => world.gcs.faults.add(UNLISTABLE));
    world.gcs.faults.add({
      method: 'objects.delete',
      object: 'c/1',
      fault: { kind: 'status', status: 503 },
    });
    const { outcome, summary, problems } = await world.deliver();
    assert.ok(await moment);
    assert.equal(outcome, 'partial');
    assert.deepEqual(problems.map(({ path }) => path).sort(), ['jobs:jobs/b', 'jobs:jobs/c']);
    assert.deepEqual([summary.deletedJobs, summary.remaining, summary.failed], [2, 2, 1]);
    assert.deepEqual(world.live(), ['c/1']);
    assert.equal((await world.job('c'))?.nightshift?.deletedAt, undefined);
    world.gcs.faults.clear();
    const next = await world.deliver();
    assert.equal(next.outcome, 'succeeded', JSON.stringify(next.problems));
    assert.deepEqual([next.summary.deletedJobs, next.summary.objectsDeleted], [2, EACH + 1]);
    assert.deepEqual(world.all(), []);
  });

  test('deletions that all fail are an error that says why', async (t) => {
    const world = await fourJobs(t);
    world.gcs.faults.add({ method: 'batch', fault: { kind: 'status', status: 503 } });
    const { outcome, problems } = await world.deliver();
    assert.equal(outcome, 'failed');
    assert.match(
      problems[0]?.message ?? '',
      /Nothing was deleted of 4 eligible jobs: 4 of its objects are left.*HTTP 503/,
    );
    assert.equal(world.all().length, JOBS.length * EACH);
  });

  test('no listing at all, or no permission to list: the run fails with the reason', async (t) => {
    for (const [fault, words] of [
      [{ kind: 'status', status: 503 }, /HTTP 503/],
      [{ kind: 'denied' }, /storage\.objects\.list/],
    ] as const) {
      const world = await fourJobs(t);
      world.gcs.faults.add({ method: 'objects.list', fault });
      const { outcome, problems } = await world.deliver();
      assert.equal(outcome, 'failed');
      assert.match(problems[0]?.message ?? '', words);
      assert.equal(world.all().length, JOBS.length * EACH);
    }
  });

  test('no permission to delete fails the run, names the permission, and nothing goes on behind its back', async (t) => {
    const world = await fourJobs(t, {}, MANY);
    const off = world.gcs.faults.add({ method: 'objects.delete', object: 'b/3', fault: { kind: 'denied' } });
    const { outcome, problems } = await world.deliver();
    const asked = world.gcs.requests().length;
    assert.equal(outcome, 'failed');
    assert.match(problems[0]?.message ?? '', /storage\.objects\.delete/);
    assert.ok(world.all().includes('b/3'));
    await pause(100);
    assert.equal(world.gcs.requests().length, asked, 'asked after the answer');
    off();
    const next = await world.deliver();
    assert.equal(next.outcome, 'succeeded', JSON.stringify(next.problems));
    const gone = softDeleted(world).map((name) => `${name} deleted`);
    const entries = (await world.journaled()).map(({ name, result }) => `${name} ${result}`);
    assert.deepEqual(entries.sort(), gone.sort());
    assert.equal(gone.length, ALL);
  });

  for (const method of ['objects.list', 'batch'])
    test(`${method} that hangs: the run ends in its time, and the next one goes on`, async (t) => {
      const world = await fourJobs(t, { entry: { timeoutSeconds: 33 } });
      const off = world.gcs.faults.add({ method, fault: { kind: 'hang' } });
      const { outcome } = await world.deliver();
      assert.equal(outcome, 'timed-out');
      assert.equal(world.all().length, JOBS.length * EACH);
      off();
      const relaxed = await world.deliver();
      assert.notEqual(relaxed.outcome, 'failed', JSON.stringify(relaxed.problems));
    });
});

describe('time', () => {
  /** Of the stand-in: what takes many pages need not be many objects. */
  const gcs = { pageSize: 10 };

  /** A world whose budget of 510 s is over by this much as soon as anything is deleted, until it is given more. */
  async function shortOf(ms: number, start: (setup: Setup) => Promise<Cleaner>) {
    let isShort = true;
    const world: Cleaner = await start({
      gcs,
      monotonicMs: () => (isShort && batches(world) > 0 ? ms : 0),
    });
    const giveTime = () => {
      isShort = false;
    };
    return { world, giveTime };
  }

  test('at 80 % of the budget it stops, tells what is left, and the next run goes on with the same plan', async (t) => {
    // Each has a page that is begun, and one that is not.
    const { world, giveTime } = await shortOf(409_000, (setup) =>
      fourJobs(t, setup, { a: 12, b: 12, c: 12, d: 12 }),
    );
    const left = () => world.live().length + world.live(OWN).length;
    const first = await world.deliver();
    const { planId, planStatus, remaining } = first.summary;
    assert.deepEqual([first.outcome, planStatus], ['partial', 'applying']);
    assert.ok((remaining as number) > 0, `${remaining} left`);
    const seen = [world.gcs.requests().length, left()];
    assert.ok(left() > 0);
    await pause(100);
    assert.deepEqual([world.gcs.requests().length, left()], seen);

    giveTime();
    const next = await world.deliver();
    assert.deepEqual(
      [next.outcome, next.summary.planId, next.summary.planStatus],
      ['succeeded', planId, 'applied'],
    );
    assert.equal(left(), 0);
    const gone = softDeleted(world).length;
    assert.equal((first.summary.objectsDeleted as number) + (next.summary.objectsDeleted as number), gone);
  });

  test('time that is up within a job of many pages leaves the rest of its pages unlisted', async (t) => {
    const { world, giveTime } = await shortOf(450_000, (setup) =>
      cleaner(t, { policy: NO_GUARDS, ...setup }),
    );
    await world.write({ big: {} });
    world.put(Array.from({ length: 30 }, (_, index) => `big/${String(index).padStart(2, '0')}`));
    await world.trust();
    const { summary } = await world.deliver();
    const lists = world.gcs.requests().filter(({ method }) => method === 'objects.list');
    // Three pages for the plan, three before the first deletion, and one or two of that.
    assert.ok(lists.length <= 8, `${lists.length} pages`);
    assert.ok(world.live().length > 0);
    assert.equal(summary.objectsDeleted, 30 - world.live().length);
    giveTime();
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.deepEqual(world.live(), []);
  });
});
