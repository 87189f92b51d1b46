import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';
import { killedUndo } from '../../support/killed-undo.ts';

const LATER = { startedAt: daysAgo(21), endedAt: daysAgo(20) };
const KINDS = [
  ['without', false],
  ['with', true],
] as const;

/** A job leaves `x/a` of 1 byte, which a run deletes; it runs again and leaves one of 2 bytes, which a second run deletes. */
async function deletedTwice(t: TestContext, versioning: boolean) {
  const world = await cleaner(t, { policy: NO_GUARDS, bucket: { versioning } });
  await world.write({ x: {} });
  world.put(['x/a'], { size: 1 });
  const one = await world.approved();
  await world.db.doc('jobs/x').update(LATER);
  world.put(['x/a'], { size: 2, createdAt: daysAgo(20.5) });
  world.pass(1);
  const two = await world.approved();
  assert.deepEqual(world.live(), []);
  return { world, one: one.runId, two: two.runId };
}

const live = ({ world }: Cleaner) => world.live(BUCKET).map(({ size }) => size);
const noncurrent = ({ world }: Cleaner) => world.noncurrent(BUCKET).map(({ size }) => size);

for (const [word, versioning] of KINDS)
  describe(`in a bucket ${word} versions, of two runs that deleted one name`, () => {
    test('undone oldest first, the newer comes back over the older', async (t) => {
      const { world, one, two } = await deletedTwice(t, versioning);
      assert.equal((await world.deliver({ undo: one })).outcome, 'succeeded');
      assert.deepEqual(live(world), [1]);
      world.pass(0.01);
      const { outcome, summary, problems } = await world.deliver({ undo: two });
      assert.deepEqual(
        [outcome, summary.restored, live(world), noncurrent(world)],
        ['succeeded', 1, [2], versioning ? [1] : []],
        JSON.stringify(problems),
      );
      const again = await world.deliver({ undo: one });
      assert.deepEqual([again.outcome, again.summary.restored, live(world)], ['succeeded', 0, [2]]);
    });

    test('undone newest first, the newer stays live', async (t) => {
      const { world, one, two } = await deletedTwice(t, versioning);
      await world.deliver({ undo: two });
      world.pass(0.01);
      const { outcome, summary } = await world.deliver({ undo: one });
      assert.deepEqual([summary.restored, live(world), noncurrent(world)], [0, [2], []]);
      // Without versions an older one has no place besides it, and would have none had nothing been deleted.
      assert.equal(outcome, versioning ? 'partial' : 'succeeded');
      assert.equal(summary.versionsLeft, versioning ? 1 : 0);
    });

    test('the newer comes back although the undo of the older was killed', async (t) => {
      const { world, one, two } = await deletedTwice(t, versioning);
      await killedUndo(world, () => world.deliver({ undo: one }));
      world.pass(0.5);
      const { outcome, problems } = await world.deliver({ undo: two });
      assert.deepEqual([outcome, live(world)], ['succeeded', [2]], JSON.stringify(problems));
    });

    test('an older one that somebody put back stays, and the undo says what does not come back', async (t) => {
      const { world, two } = await deletedTwice(t, versioning);
      const bucket = world.world.bucket(BUCKET);
      bucket.restore(world.world.softDeleted(BUCKET)[0] ?? assert.fail());
      const { outcome, summary, problems } = await world.deliver({ undo: two });
      assert.deepEqual([outcome, summary.restored, summary.versionsLeft], ['partial', 0, 1]);
      assert.deepEqual(live(world), [1]);
      assert.match(
        JSON.stringify(problems),
        /1 objects are live in an older version than was deleted, such as gs:\/\/runs\/x\/a: no undo/,
      );
    });

    test('what may be the older is kept where nobody can tell any more, and the undo says so', async (t) => {
      const { world, one, two } = await deletedTwice(t, versioning);
      world.pass(5.5);
      await killedUndo(world, () => world.deliver({ undo: one }));
      // The older is beyond soft delete's time, the newer is not yet.
      world.pass(0.9);
      const { outcome, summary, problems } = await world.deliver({ undo: two });
      assert.deepEqual([outcome, summary.versionsLeft, live(world)], ['partial', 1, [1]]);
      assert.match(JSON.stringify(problems), /nobody can tell any more/);
    });

    test('what is back stays told as back when soft delete’s time is over', async (t) => {
      const { world, two } = await deletedTwice(t, versioning);
      await world.deliver({ undo: two });
      world.pass(8);
      const again = await world.deliver({ undo: two });
      assert.deepEqual([again.outcome, again.summary.newerKept], ['succeeded', 1]);
      const bucket = world.world.bucket(BUCKET);
      bucket.erase(bucket.live('x/a') ?? assert.fail());
      const gone = await world.deliver({ undo: two });
      assert.deepEqual([gone.outcome, gone.summary.outsideWindow], ['partial', 1]);
    });

    test('what somebody wrote after both is kept', async (t) => {
      const { world, one, two } = await deletedTwice(t, versioning);
      await world.deliver({ undo: one });
      world.pass(0.01);
      world.put(['x/a'], { size: 3, createdAt: world.now() });
      await world.deliver({ undo: two });
      assert.deepEqual(live(world), [3]);
    });
  });

/** Two jobs leave `exp/last.ckpt` one after the other, of 1 byte and of 2; a run of its own deletes each. */
async function deletedOfTwo(t: TestContext, bucket = {}) {
  const world = await cleaner(t, { policy: NO_GUARDS, bucket });
  const artifactUri = `gs://${BUCKET}/exp/`;
  await world.write({ x: { artifactUri } });
  world.put(['exp/last.ckpt'], { size: 1 });
  const one = await world.approved();
  await world.write({ y: { artifactUri, ...LATER } });
  world.put(['exp/last.ckpt'], { size: 2, createdAt: daysAgo(20.5) });
  world.pass(1);
  const two = await world.approved();
  return { world, one: one.runId, two: two.runId };
}

describe('of two jobs that share a file', () => {
  test('the newer comes back over the older', async (t) => {
    const { world, one, two } = await deletedOfTwo(t);
    await world.deliver({ undo: one });
    assert.deepEqual(live(world), [1]);
    const { outcome, problems } = await world.deliver({ undo: two });
    assert.deepEqual([outcome, live(world)], ['succeeded', [2]], JSON.stringify(problems));
  });

  test('the newer comes back over the older, which was deleted and restored once more', async (t) => {
    const { world, one, two } = await deletedOfTwo(t, { softDeleteSeconds: 90 * 86_400 });
    await world.deliver({ undo: one });
    await world.db.doc('jobs/x').update({ endedAt: world.now() });
    world.pass(40);
    const three = await world.approved();
    assert.deepEqual(live(world), []);
    await world.deliver({ undo: three.runId });
    assert.deepEqual(live(world), [1]);
    const { outcome, problems } = await world.deliver({ undo: two });
    assert.deepEqual([outcome, live(world)], ['succeeded', [2]], JSON.stringify(problems));
    for (const runId of [one, three.runId]) await world.deliver({ undo: runId });
    assert.deepEqual(live(world), [2], 'no older one comes back over it');
  });
});

describe('in a bucket that keeps nothing of what is replaced', () => {
  test('an older one that an undo restored stays, and the undo says so', async (t) => {
    const { world, one, two } = await deletedTwice(t, false);
    await world.deliver({ undo: one });
    world.world.bucket(BUCKET).softDeleteSeconds = 0;
    const { outcome, problems } = await world.deliver({ undo: two });
    assert.deepEqual([outcome, live(world)], ['partial', [1]]);
    assert.match(JSON.stringify(problems), /gs:\/\/runs\/x\/a: the bucket keeps nothing/);
  });
});
