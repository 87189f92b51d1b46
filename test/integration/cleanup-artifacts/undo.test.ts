import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

/** Of a job: more than a batch. */
const BIG = 120;
/** Of two jobs. */
const ALL = 5;

/** Deletes two jobs, of so many objects and of 2; the run that did so. */
async function deleted(world: Cleaner, big = ALL - 2): Promise<string> {
  await world.write({ big: {}, small: { endedAt: daysAgo(20) } });
  world.put([...Array.from({ length: big }, (_, index) => `big/${index}`), 'small/a', 'small/b']);
  const { runId } = await world.approved();
  assert.deepEqual(world.live(), []);
  return runId;
}

const NONE = {
  jobs: 0,
  objects: 0,
  restored: 0,
  newerKept: 0,
  outsideWindow: 0,
  failed: 0,
  versionsLeft: 0,
  revived: 0,
};

describe('undo', () => {
  test('brings a whole run back, proves it by count, and no later run deletes it again for 30 days', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const all = BIG + 2;
    const runId = await deleted(world, BIG);
    const { outcome, summary } = await world.deliver({ undo: runId });
    assert.deepEqual(
      [outcome, summary],
      ['succeeded', { undo: runId, ...NONE, jobs: 2, objects: all, restored: all }],
    );
    assert.equal(world.live().length, all);
    for (const id of ['big', 'small'])
      assert.deepEqual((await world.job(id))?.nightshift, {
        tombstone: null,
        deletedAt: null,
        deletedLife: null,
      });

    const twice = await world.deliver({ undo: runId });
    assert.deepEqual(
      [twice.outcome, twice.summary],
      ['succeeded', { undo: runId, ...NONE, jobs: 2, objects: all, newerKept: all }],
      'once more it restores nothing',
    );
    const later: string[] = [];
    for (const days of [1, 28]) {
      world.pass(days);
      const { runId: id, summary: next } = await world.deliver();
      assert.deepEqual([next.deletedJobs, next.keptByReason], [0, { pinned: 2 }]);
      later.push(id);
    }
    assert.equal(world.live().length, all);
    for (const none of [later[0] ?? '', 'no-such-run']) {
      const { outcome, problems } = await world.deliver({ undo: none });
      assert.equal(outcome, 'failed', 'of a run that deleted nothing it is an error');
      assert.match(problems[0]?.message ?? '', new RegExp(`Cannot undo ${none}: no run of that id deleted`));
    }
  });

  test('never replaces a newer object', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const runId = await deleted(world);
    world.put(['small/a'], { size: 7 });
    const { outcome, summary } = await world.deliver({ undo: runId });
    assert.deepEqual([outcome, summary.restored, summary.newerKept], ['succeeded', ALL - 1, 1]);
    assert.equal(world.world.live(BUCKET).find(({ name }) => name === 'small/a')?.size, 7);
  });

  test('outside soft delete’s time says what does not come back', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const runId = await deleted(world);
    world.pass(8);
    const { outcome, summary, problems } = await world.deliver({ undo: runId });
    assert.deepEqual(
      [outcome, summary],
      ['partial', { undo: runId, ...NONE, jobs: 2, objects: ALL, outsideWindow: ALL }],
    );
    assert.match(JSON.stringify(problems), /jobs\/small.*2 of 2 objects did not come back: 2 are beyond/);
  });

  test('of what storage fails to restore says so, and once more brings back the rest', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const runId = await deleted(world);
    const off = world.gcs.faults.add({
      method: 'objects.restore',
      object: 'small/b',
      fault: { kind: 'status', status: 503 },
    });
    const { outcome, summary } = await world.deliver({ undo: runId });
    assert.deepEqual([outcome, summary.restored, summary.failed], ['partial', ALL - 1, 1]);
    off();
    const again = await world.deliver({ undo: runId });
    assert.deepEqual([again.outcome, again.summary.restored], ['succeeded', 1]);
    assert.equal(world.live().length, ALL);
  });

  test('of a run that broke off restores what is gone, and no later run goes on with it', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(Array.from({ length: BIG }, (_, index) => `old/${index}`));
    await world.trust();
    // A call of one batch is denied, so nobody writes down what became of the others.
    const off = world.gcs.faults.add({
      method: 'objects.delete',
      object: 'old/7',
      fault: { kind: 'denied' },
    });
    const broken = await world.deliver();
    assert.equal(broken.outcome, 'failed');
    const left = world.live().length;
    assert.ok(left > 0 && left < BIG, `${left} left`);
    off();
    const { outcome, summary, problems } = await world.deliver({ undo: broken.runId });
    assert.deepEqual(
      [outcome, summary.restored, summary.objects],
      ['succeeded', BIG - left, BIG - left],
      JSON.stringify(problems),
    );
    assert.equal(world.live().length, BIG);
    assert.ok((await world.journaled()).every(({ result }) => result !== null));
    world.pass(1);
    await world.deliver();
    assert.equal(world.live().length, BIG);
  });

  test('a pin on a job whose deletion broke off keeps the rest and tells how to get back what is gone', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {}, child: { resumedFrom: 'old', endedAt: daysAgo(20) } });
    world.put([...Array.from({ length: BIG }, (_, index) => `old/${index}`), 'child/a']);
    await world.trust();
    const off = world.gcs.faults.add({
      method: 'objects.delete',
      object: 'old/7',
      fault: { kind: 'denied' },
    });
    const broken = await world.deliver();
    off();
    const left = world.live().length;
    await world.db.doc('jobs/child').update({ keepUntil: daysAgo(-1) });
    const { outcome, problems } = await world.deliver();
    assert.equal(outcome, 'partial');
    assert.match(JSON.stringify(problems), new RegExp(`jobs/old.*cleanup undo ${broken.runId}`));
    assert.equal(world.live().length, left);
    await world.deliver({ undo: broken.runId });
    assert.equal(world.live().length, BIG + 1);
  });

  test('of the first of two runs that deleted a job names the second', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a', 'old/b']);
    await world.trust();
    const off = world.gcs.faults.add({
      method: 'objects.delete',
      object: 'old/b',
      fault: { kind: 'status', status: 503 },
    });
    const first = await world.deliver();
    off();
    const second = await world.deliver();
    assert.deepEqual(world.live(), []);
    const undone = await world.deliver({ undo: first.runId });
    assert.match(JSON.stringify(undone.problems), new RegExp(`${second.runId} went on`));
    await world.deliver({ undo: second.runId });
    assert.deepEqual(world.live(), ['old/a', 'old/b']);
  });

  test('of the run that finished what another began names that one, and how to get back what it deleted', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {}, other: { endedAt: daysAgo(20) } });
    world.put(['old/a', 'old/b', 'other/a']);
    await world.trust();
    const off = world.gcs.faults.add({
      method: 'objects.delete',
      object: 'old/b',
      fault: { kind: 'denied' },
    });
    const first = await world.deliver();
    assert.equal(first.outcome, 'failed');
    off();
    const second = await world.deliver();
    assert.deepEqual([second.outcome, world.live()], ['succeeded', []]);
    const { outcome, problems } = await world.deliver({ undo: second.runId });
    assert.equal(outcome, 'partial');
    const told = `${first.runId} deleted 2 more of its objects: undo that run, too: npm run -s ops -- cleanup undo ${first.runId}`;
    assert.deepEqual(
      problems.filter(({ path }) => path === 'jobs:jobs/old'),
      [{ path: 'jobs:jobs/old', message: told }],
    );
    await world.deliver({ undo: first.runId });
    assert.deepEqual(world.live(), ['old/a', 'old/b', 'other/a']);
    const again = await world.deliver({ undo: second.runId }).catch(String);
    assert.doesNotMatch(JSON.stringify(again), /more of its objects/, 'of what is back nothing is told');
  });

  test('of jobs that shared a folder takes the marks of all', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({
      one: { artifactUri: `gs://${BUCKET}/x/` },
      two: { artifactUri: `gs://${BUCKET}/x/` },
    });
    world.put(['x/a']);
    const { runId, summary } = await world.approved();
    assert.deepEqual([summary.deletedJobs, world.live()], [2, []]);
    await world.deliver({ undo: runId });
    assert.deepEqual(world.live(), ['x/a']);
    for (const id of ['one', 'two'])
      assert.deepEqual((await world.job(id))?.nightshift, {
        tombstone: null,
        deletedAt: null,
        deletedLife: null,
      });
  });
});
