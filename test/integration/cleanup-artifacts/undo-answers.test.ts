import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { killedUndo } from '../../support/killed-undo.ts';

const VERSIONED = { versioning: true };
/** Of the versions of `old/a`, oldest first. */
const SIZES = [1, 2, 3];

/** Deletes `old/a`, which had these versions; the run that did so. */
async function deleted(t: TestContext, sizes = SIZES, bucket: { versioning?: boolean } = VERSIONED) {
  const world = await cleaner(t, { policy: NO_GUARDS, bucket });
  await world.write({ old: {} });
  for (const size of sizes) world.put(['old/a'], { size });
  const { runId } = await world.approved();
  assert.deepEqual(world.live(), []);
  return { world, runId, undo: () => world.deliver({ undo: runId }) };
}

/** Sizes of all that can be read: what is noncurrent, oldest first, and what is live. */
function there({ world }: Cleaner) {
  const [noncurrent, live] = [world.noncurrent(BUCKET), world.live(BUCKET)];
  return { noncurrent: noncurrent.map(({ size }) => size), live: live.map(({ size }) => size) };
}

const WHOLE = { noncurrent: [1, 2], live: [3] };

/** Loses the answers of `times` batches, in which all is done. */
const losing = ({ gcs }: Cleaner, times?: number) =>
  gcs.faults.add({ method: 'batch', fault: { kind: 'truncated' }, ...(times && { times }) });

/** Lets no try for a version succeed, the oldest being the first. */
function failing({ world, gcs }: Cleaner, version: number) {
  const { generation } = world.softDeleted(BUCKET)[version] ?? assert.fail();
  return gcs.faults.add({
    method: 'objects.restore',
    generation: String(generation),
    fault: { kind: 'status', status: 503 },
  });
}

describe('an undo whose answers are lost', () => {
  for (const times of [1, 2])
    test(`${times} of them, brings every version back in its order`, async (t) => {
      const { world, undo } = await deleted(t);
      losing(world, times);
      const { outcome, summary, problems } = await undo();
      assert.deepEqual(
        [outcome, summary.restored, summary.versionsLeft, there(world)],
        ['succeeded', 3, 0, WHOLE],
        JSON.stringify(problems),
      );
      const again = await undo();
      assert.deepEqual([again.outcome, again.summary.restored, there(world)], ['succeeded', 0, WHOLE]);
    });

  test('every one of them, is partial, and the next undo goes on where it stopped', async (t) => {
    const { world, undo } = await deleted(t);
    const off = losing(world);
    const first = await undo();
    assert.deepEqual([first.outcome, there(world).live], ['partial', [1]]);
    off();
    const { outcome, summary } = await undo();
    assert.deepEqual([outcome, summary.restored, there(world)], ['succeeded', 3, WHOLE]);
  });

  test('counts what is back in a bucket without versions', async (t) => {
    const { world, undo } = await deleted(t, [5], {});
    losing(world, 1);
    const { outcome, summary } = await undo();
    assert.deepEqual([outcome, summary.restored, summary.newerKept], ['succeeded', 1, 0]);
    const [entry] = await world.journaled();
    assert.equal(entry?.restoredAs, String(world.world.live(BUCKET)[0]?.generation));
  });

  test('tells versions of the same bytes from each other', async (t) => {
    const { world, undo } = await deleted(t, [4, 4, 4]);
    losing(world, 1);
    const { outcome, summary } = await undo();
    assert.deepEqual(
      [outcome, summary.restored, there(world)],
      ['succeeded', 3, { noncurrent: [4, 4], live: [4] }],
    );
  });

  test('says what failed where it cannot see what is live, and the next undo goes on', async (t) => {
    const { world, undo } = await deleted(t);
    losing(world, 1);
    const off = world.gcs.faults.add({ method: 'objects.list', fault: { kind: 'status', status: 503 } });
    const first = await undo();
    assert.deepEqual([first.outcome, first.summary.failed, there(world).live], ['partial', 1, [1]]);
    off();
    assert.deepEqual([(await undo()).outcome, there(world)], ['succeeded', WHOLE]);
  });
});

describe('an undo that is killed before it wrote down what came of it', () => {
  for (const done of [1, 2, 3])
    test(`after ${done} of 3 versions, is gone on with`, async (t) => {
      const { world, undo } = await deleted(t);
      const off = done < 3 ? failing(world, done) : () => undefined;
      await killedUndo(world, undo);
      assert.equal(there(world).noncurrent.length, done - 1);
      off();
      world.pass(1);
      const { outcome, summary, problems } = await undo();
      assert.deepEqual(
        [outcome, summary.restored, there(world)],
        ['succeeded', 3, WHOLE],
        JSON.stringify(problems),
      );
      const entries = await world.journaled();
      const made = [...world.world.noncurrent(BUCKET), ...world.world.live(BUCKET)];
      assert.deepEqual(
        entries.map(({ restoredAs }) => restoredAs),
        made.map(({ generation }) => String(generation)),
      );
    });

  test('twice, is gone on with', async (t) => {
    const { world, undo } = await deleted(t);
    for (const version of [1, 2]) {
      const off = failing(world, version);
      await killedUndo(world, undo);
      off();
      world.pass(1);
    }
    assert.deepEqual([(await undo()).outcome, there(world)], ['succeeded', WHOLE]);
  });

  test('is gone on with after some of it was written down', async (t) => {
    const { world, undo } = await deleted(t);
    let off = failing(world, 1);
    await undo();
    off();
    off = failing(world, 2);
    await killedUndo(world, undo);
    off();
    world.pass(1);
    assert.deepEqual([(await undo()).outcome, there(world)], ['succeeded', WHOLE]);
  });

  test('never writes over what somebody wrote since, not even of the bytes of an older version', async (t) => {
    const { world, undo } = await deleted(t);
    const off = failing(world, 0);
    await undo();
    off();
    world.pass(1);
    world.put(['old/a'], { size: 1, createdAt: world.now() });
    const { generation } = world.world.live(BUCKET)[0] ?? assert.fail();
    const { outcome, summary, problems } = await undo();
    assert.deepEqual(
      [outcome, summary.restored, there(world)],
      ['partial', 0, { noncurrent: [], live: [1] }],
    );
    assert.equal(world.world.live(BUCKET)[0]?.generation, generation);
    assert.match(
      JSON.stringify(problems),
      /1 objects are live in an older version than was deleted, such as gs:\/\/runs\/old\/a: no undo/,
    );
  });
});

describe('an undo never writes over', () => {
  test('what was there before it, of the bytes of the oldest version, also where its answer is lost', async (t) => {
    const { world, undo } = await deleted(t);
    world.pass(1);
    world.put(['old/a'], { size: 1, createdAt: world.now() });
    world.pass(1);
    losing(world, 1);
    const { outcome } = await undo();
    assert.deepEqual([outcome, there(world)], ['partial', { noncurrent: [], live: [1] }]);
  });

  test('a newer object, and in a bucket with versions tells what stays deleted', async (t) => {
    const { world, undo } = await deleted(t, [1]);
    world.put(['old/a'], { size: 9, createdAt: world.now() });
    const { outcome, summary } = await undo();
    assert.deepEqual([outcome, summary.versionsLeft, there(world).live], ['partial', 1, [9]]);
  });

  test('the bytes of the newest version, whoever put them there: they are back', async (t) => {
    const { world, undo } = await deleted(t, [1]);
    world.put(['old/a'], { size: 1, createdAt: world.now() });
    const { generation } = world.world.live(BUCKET)[0] ?? assert.fail();
    const { outcome, summary } = await undo();
    assert.deepEqual([outcome, summary.newerKept, summary.versionsLeft], ['succeeded', 1, 0]);
    assert.equal(world.world.live(BUCKET)[0]?.generation, generation);
  });

  test('what came soon after an undo that never tried to restore those bytes', async (t) => {
    const { world, undo } = await deleted(t);
    const off = failing(world, 0);
    await undo();
    off();
    world.put(['old/a'], { size: 2, createdAt: world.now() });
    const { generation } = world.world.live(BUCKET)[0] ?? assert.fail();
    assert.equal((await undo()).outcome, 'partial');
    assert.equal(world.world.live(BUCKET)[0]?.generation, generation);
  });

  for (const [when, isKilled] of [
    ['', false],
    [' by an undo that was killed', true],
  ] as const)
    test(`what somebody changed after it was restored${when}`, async (t) => {
      const { world, undo } = await deleted(t);
      const off = failing(world, 1);
      await (isKilled ? killedUndo(world, undo) : undo());
      off();
      const bucket = world.world.bucket(BUCKET);
      bucket.patch(bucket.live('old/a') ?? assert.fail(), { contentType: 'text/plain' });
      world.pass(1);
      const { outcome, problems } = await undo();
      assert.deepEqual([outcome, there(world)], ['partial', { noncurrent: [], live: [1] }]);
      assert.match(JSON.stringify(problems), /somebody changed it/);
    });
});

describe('an undo whose first version is no longer there', () => {
  test('puts the others back all the same', async (t) => {
    const { world, undo } = await deleted(t);
    const off = failing(world, 1);
    await undo();
    off();
    const bucket = world.world.bucket(BUCKET);
    bucket.erase(bucket.live('old/a') ?? assert.fail());
    const { outcome, summary } = await undo();
    assert.deepEqual(
      [outcome, summary.restored, there(world)],
      ['succeeded', 2, { noncurrent: [2], live: [3] }],
    );
  });
});
