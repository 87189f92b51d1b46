import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS, type Setup } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';

async function reasons(world: Cleaner): Promise<Record<string, string>> {
  const { summary } = await world.approved();
  const lines = await world.lines(summary.planId as string);
  return Object.fromEntries(lines.map(({ id, reason }) => [id, reason]));
}

describe('buckets and objects', () => {
  test('of a versioned bucket every version goes, and undo makes the newest of each name live again', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { versioning: true } });
    await world.write({ old: {} });
    world.put(['old/a', 'old/b', 'old-2/a']);
    world.put(['old/a'], { size: 50 });
    assert.equal(world.world.noncurrent(BUCKET).length, 1);
    const { outcome, summary, runId } = await world.approved();
    assert.deepEqual([outcome, summary.objectsDeleted, summary.bytesDeleted], ['succeeded', 3, 250]);
    assert.deepEqual([world.live(), world.world.noncurrent(BUCKET)], [['old-2/a'], []]);

    const undone = await world.deliver({ undo: runId });
    assert.deepEqual(
      [undone.outcome, undone.summary.objects, undone.summary.restored, undone.summary.newerKept],
      ['partial', 3, 2, 1],
    );
    assert.match(JSON.stringify(undone.problems), /1 older versions of objects stay in soft delete/);
    const sizes = world.world.live(BUCKET).map(({ name, size }) => [name, size]);
    assert.deepEqual(sizes, [
      ['old-2/a', 100],
      ['old/a', 50],
      ['old/b', 100],
    ]);
  });

  const held: { what: string; setup?: Setup; object: Record<string, unknown>; reason: string }[] = [
    { what: 'a temporary hold', object: { temporaryHold: true }, reason: 'held' },
    { what: 'an event-based hold', object: { eventBasedHold: true }, reason: 'held' },
    {
      what: 'a retention policy',
      setup: { bucket: { retentionSeconds: 40 * 86_400 } },
      object: {},
      reason: 'held',
    },
    {
      what: 'no soft delete',
      setup: { bucket: { softDeleteSeconds: 0 } },
      object: {},
      reason: 'bucket-not-eligible',
    },
    {
      what: 'a write after its end and grace',
      object: { createdAt: daysAgo(29.9) },
      reason: 'written-after-end',
    },
  ];
  for (const { what, setup = {}, object, reason } of held)
    test(`${what} keeps the job, whole`, async (t) => {
      const world = await cleaner(t, { policy: NO_GUARDS, ...setup });
      await world.write({
        old: {},
        parent: {},
        child: { artifactUri: `gs://${BUCKET}/old/x/`, resumedFrom: 'parent' },
      });
      world.put(['old/a', 'parent/a']);
      world.world.putObject({
        bucket: BUCKET,
        name: 'old/x/b',
        size: 1,
        createdAt: daysAgo(30.5),
        ...object,
      });
      assert.equal((await reasons(world)).old, reason);
      assert.deepEqual(world.live(), ['old/a', 'old/x/b', 'parent/a']);
      assert.equal((await world.job('old'))?.nightshift, undefined);
    });

  test('a write within the grace after its end, or an ended retention, keeps nothing', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { retentionSeconds: 20 * 86_400 } });
    await world.write({ old: {} });
    world.put(['old/a'], { createdAt: new Date(daysAgo(30).getTime() + 10 * 60_000) });
    await world.approved();
    assert.deepEqual(world.live(), []);
  });

  test('without soft delete, `irreversible` deletes for good and says that it is free at once', async (t) => {
    const world = await cleaner(t, {
      ...{ policy: { ...NO_GUARDS, irreversible: true }, bucket: { softDeleteSeconds: 0 } },
    });
    await world.write({ old: {} });
    world.put(['old/a']);
    const { outcome, summary, runId } = await world.approved();
    assert.equal(outcome, 'succeeded');
    assert.deepEqual(
      [summary.bytesDeleted, summary.bytesPendingSoftDelete, summary.bytesFree, summary.pendingUntil],
      [100, 0, 100, null],
    );
    const undone = await world.deliver({ undo: runId });
    assert.deepEqual([undone.outcome, undone.summary.outsideWindow], ['partial', 1]);
  });

  test('a bucket that does not exist keeps its jobs and blocks no other', async (t) => {
    const world = await cleaner(t, { policy: { ...NO_GUARDS, buckets: [BUCKET, 'gone'] } });
    await world.write({ old: {}, lost: { artifactUri: 'gs://gone/lost/' } });
    world.put(['old/a']);
    assert.deepEqual(await reasons(world), { old: 'eligible', lost: 'bucket-not-eligible' });
    assert.deepEqual(world.live(), []);
  });

  test('an object that appears between plan and deletion stays, and its job is not marked as deleted', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {}, other: {} });
    world.put(['old/a', 'other/a']);
    await world.approve();
    const moment = world.beforeDeletion(async () => world.put(['old/b'], { createdAt: NOW }));
    const { outcome, summary, problems } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual(world.live(), ['old/b']);
    assert.deepEqual([outcome, summary.deletedJobs, summary.changedSincePlan], ['partial', 1, 1]);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['jobs:jobs/old'],
    );
    const job = await world.job('old');
    assert.ok(job?.nightshift?.tombstone);
    assert.equal(job?.nightshift?.deletedAt, undefined);
    world.pass(1);
    const next = await world.deliver();
    assert.match(JSON.stringify(next.problems), /jobs\/old.*It stays .old\/b was written.*cleanup undo/);
    assert.deepEqual(world.live(), ['old/b']);
  });

  test('a hold that comes between plan and deletion keeps its object and is told', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a', 'old/b']);
    await world.approve();
    const bucket = world.world.bucket(BUCKET);
    const moment = world.beforeDeletion(async () => {
      const object = bucket.live('old/a');
      if (object) bucket.patch(object, { temporaryHold: true });
    });
    const { outcome, summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual([outcome, summary.held, world.live()], ['partial', 1, ['old/a']]);
  });
});
