import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs } from '../../../functions/shared/dates.ts';
import type { BucketOptions } from '../../../scripts/stack/stand-ins/gcs/bucket.ts';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';

async function reasons(world: Cleaner): Promise<Record<string, string>> {
  const { summary } = await world.approved();
  const lines = await world.lines(summary.planId as string);
  return Object.fromEntries(lines.map(({ id, reason }) => [id, reason]));
}

describe('buckets and objects', () => {
  test('of a versioned bucket every version goes, and undo brings all of them back in their order', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { versioning: true } });
    await world.write({ old: {} });
    world.put(['old/a', 'old/b', 'old-2/a']);
    for (const size of [50, 25]) world.put(['old/a'], { size });
    assert.equal(world.world.noncurrent(BUCKET).length, 2);
    const { outcome, summary, runId } = await world.approved();
    assert.deepEqual([outcome, summary.objectsDeleted, summary.bytesDeleted], ['succeeded', 4, 275]);
    assert.deepEqual([world.live(), world.world.noncurrent(BUCKET)], [['old-2/a'], []]);

    const undone = await world.deliver({ undo: runId });
    assert.deepEqual(
      [undone.outcome, undone.summary.objects, undone.summary.restored, undone.summary.newerKept],
      ['succeeded', 4, 4, 0],
      JSON.stringify(undone.problems),
    );
    const sizes = () => ({
      live: world.world.live(BUCKET).map(({ name, size }) => [name, size]),
      noncurrent: world.world.noncurrent(BUCKET).map(({ name, size }) => [name, size]),
    });
    const back = {
      live: [
        ['old-2/a', 100],
        ['old/a', 25],
        ['old/b', 100],
      ],
      noncurrent: [
        ['old/a', 100],
        ['old/a', 50],
      ],
    };
    assert.deepEqual(sizes(), back);
    const again = await world.deliver({ undo: runId });
    assert.deepEqual([again.outcome, again.summary.restored, again.summary.newerKept], ['succeeded', 0, 4]);
    assert.deepEqual(sizes(), back);
  });

  test('of a bucket that has no versions any more undo brings the newest one back, and says what stays', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { versioning: true } });
    await world.write({ old: {} });
    for (const size of [1, 2, 3]) world.put(['old/a'], { size });
    const { runId } = await world.approved();
    assert.deepEqual(world.live(), []);
    world.world.bucket(BUCKET).versioning = false;
    const { outcome, summary, problems } = await world.deliver({ undo: runId });
    assert.deepEqual(
      [outcome, summary.objects, summary.restored, summary.versionsLeft],
      ['partial', 3, 1, 2],
    );
    assert.match(JSON.stringify(problems), /2 versions stay in soft delete/);
    assert.deepEqual(
      world.world.live(BUCKET).map(({ size }) => size),
      [3],
    );
  });

  test('of a versioned bucket undo puts no version over a newer object, and tells what only older ones had been', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { versioning: true } });
    await world.write({ old: {} });
    for (const size of [100, 50]) world.put(['old/a', 'old/b'], { size });
    const bucket = world.world.bucket(BUCKET);
    const gone = bucket.live('old/b');
    if (gone) bucket.retire(gone);
    const { runId } = await world.approved();
    world.put(['old/a'], { size: 7 });
    const undone = await world.deliver({ undo: runId });
    assert.deepEqual(
      [undone.outcome, undone.summary.restored, undone.summary.newerKept, undone.summary.revived],
      ['partial', 2, 2, 1],
    );
    assert.match(
      JSON.stringify(undone.problems),
      /2 versions stay in soft delete.*1 objects of which there were but older/,
    );
    assert.equal(bucket.live('old/a')?.size, 7);
    assert.equal(bucket.live('old/b')?.size, 50);
  });

  test('a version that storage fails to restore stops those after it, and once more goes on there', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { versioning: true } });
    await world.write({ old: {} });
    for (const size of [100, 50, 25]) world.put(['old/a'], { size });
    const [, second] = world.world.noncurrent(BUCKET);
    const { runId } = await world.approved();
    const off = world.gcs.faults.add({
      method: 'objects.restore',
      generation: String(second?.generation),
      fault: { kind: 'status', status: 503 },
    });
    const first = await world.deliver({ undo: runId });
    assert.deepEqual([first.outcome, first.summary.restored, first.summary.failed], ['partial', 1, 1]);
    off();
    const again = await world.deliver({ undo: runId });
    assert.deepEqual([again.outcome, again.summary.restored], ['succeeded', 2]);
    assert.deepEqual(
      [...world.world.noncurrent(BUCKET), ...world.world.live(BUCKET)].map(({ size }) => size),
      [100, 50, 25],
    );
  });

  const held: Record<string, { bucket?: Partial<BucketOptions>; object: object; reason: string }> = {
    'a temporary hold': { object: { temporaryHold: true }, reason: 'held' },
    'an event-based hold': { object: { eventBasedHold: true }, reason: 'held' },
    'a retention policy': { bucket: { retentionSeconds: 40 * 86_400 }, object: {}, reason: 'held' },
    'no soft delete': { bucket: { softDeleteSeconds: 0 }, object: {}, reason: 'bucket-not-eligible' },
    'a write after its end and grace': {
      object: { createdAt: daysAgo(29.9) },
      reason: 'written-after-end',
    },
  };
  test('a hold, a retention, no soft delete or a late write keeps the job, whole', async (t) => {
    // Each in a bucket of its own.
    const cases = Object.entries(held).map(([what, it], index) => ({ what, ...it, name: `runs-${index}` }));
    const world = await cleaner(t, { policy: { ...NO_GUARDS, buckets: cases.map(({ name }) => name) } });
    for (const { name, bucket, object } of cases) {
      world.world.addBucket({ name, ...bucket });
      await world.write({
        [`${name}-old`]: { artifactUri: `gs://${name}/old/` },
        [`${name}-parent`]: { artifactUri: `gs://${name}/parent/` },
        [`${name}-child`]: { artifactUri: `gs://${name}/old/x/`, resumedFrom: `${name}-parent` },
      });
      world.put(['old/a', 'parent/a'], { bucket: name });
      const late = { bucket: name, name: 'old/x/b', size: 1, createdAt: daysAgo(30.5), ...object };
      world.world.putObject(late);
    }
    const told = await reasons(world);
    for (const { what, name, reason } of cases) {
      assert.equal(told[`${name}-old`], reason, what);
      assert.deepEqual(world.live(name), ['old/a', 'old/x/b', 'parent/a'], what);
      assert.equal((await world.job(`${name}-old`))?.nightshift, undefined, what);
    }
  });

  test('a write within the grace after its end, or an ended retention, keeps nothing', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS, bucket: { retentionSeconds: 20 * 86_400 } });
    await world.write({ old: {} });
    world.put(['old/a'], { createdAt: addMs(daysAgo(30), 10 * 60_000) });
    await world.approved();
    assert.deepEqual(world.live(), []);
  });

  test('without soft delete, `irreversible` deletes for good and says that it is free at once', async (t) => {
    const world = await cleaner(t, {
      policy: { ...NO_GUARDS, irreversible: true },
      bucket: { softDeleteSeconds: 0 },
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

  test('one object that appears between plan and tombstone keeps the whole job and what has to do with it', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {}, parent: {}, child: { resumedFrom: 'old' }, other: {} });
    await world.db.doc('jobs/old').update({ resumedFrom: 'parent' });
    world.put(['old/a', 'old/b', 'parent/a', 'child/a', 'other/a']);
    await world.trust();
    const moment = world.beforeDeletion(async () => world.put(['old/c'], { createdAt: NOW }));
    const { outcome, summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual(world.live(), ['child/a', 'old/a', 'old/b', 'old/c', 'parent/a']);
    assert.deepEqual([outcome, summary.deletedJobs, summary.objectsDeleted], ['succeeded', 1, 1]);
    const kept = summary.keptAfterAll as { job: string; because: string }[];
    assert.deepEqual(kept.map(({ job }) => job).sort(), [
      'jobs:jobs/child',
      'jobs:jobs/old',
      'jobs:jobs/parent',
    ]);
    assert.match(kept.find(({ job }) => job.endsWith('old'))?.because ?? '', /old\/c was written at/);
    for (const id of ['old', 'parent', 'child'])
      assert.equal((await world.job(id))?.nightshift?.tombstone, null);
    world.pass(1);
    const next = await world.deliver();
    // The child of the one that stays may go by itself.
    assert.deepEqual(next.summary.keptByReason, { 'deleted-before': 1, 'written-after-end': 1, parent: 1 });
    assert.deepEqual(world.live(), ['old/a', 'old/b', 'old/c', 'parent/a']);
  });

  test('a hold that comes between plan and deletion keeps the whole job', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a', 'old/b']);
    await world.trust();
    const bucket = world.world.bucket(BUCKET);
    const moment = world.beforeDeletion(async () => {
      const object = bucket.live('old/a');
      if (object) bucket.patch(object, { temporaryHold: true });
    });
    const { outcome, summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual([outcome, summary.objectsDeleted, world.live()], ['succeeded', 0, ['old/a', 'old/b']]);
    assert.match(JSON.stringify(summary.keptAfterAll), /old\/a is on hold/);
  });
});
