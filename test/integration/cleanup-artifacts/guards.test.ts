import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { artifactRecord, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

/** Jobs with an object each, with what they differ in. */
async function jobsWith(world: Cleaner, count: number, over: (index: number) => Record<string, unknown>) {
  const ids = Array.from({ length: count }, (_, index) => `job-${String(index).padStart(2, '0')}`);
  await world.write(Object.fromEntries(ids.map((id, index) => [id, over(index)])));
  world.put(ids.map((id) => `${id}/a`));
}

const young = { endedAt: daysAgo(1) };

describe('guards', () => {
  // What each of them counts, to the limit, is proven of guardsTripped(); here, that it is asked about what is really there.
  const words: Record<string, RegExp> = {
    objects: /22 objects, over 21/,
    bytes: /2,200 bytes, over 2,199/,
    'share-of-jobs': /22 of the 32 ended jobs with artifacts, over 50 %/,
    'share-of-project': /11 of the 12 ended jobs of project alpha/,
    'last-success': /no success of project gamma/,
  };
  /** Of 32 jobs 22 go, if nobody keeps one: 11 of the 12 of alpha, and the only success of gamma. */
  const jobs = (index: number) => {
    if (index < 12) return index === 0 ? young : {};
    if (index === 12) return { project: 'gamma', status: 'completed' };
    return { project: `p${index}`, ...(index > 22 && young) };
  };

  test('over the limits the plan waits with an alarm until a person approves it', async (t) => {
    const world = await cleaner(t, { policy: { guards: { objects: 21, bytes: 2_199 } } });
    await world.trust();
    await jobsWith(world, 32, jobs);
    const first = await world.deliver();
    const tripped = first.summary.tripped as { guard: string; words: string }[];
    assert.deepEqual([first.outcome, tripped.map((it) => it.guard)], ['partial', Object.keys(words)]);
    for (const each of Object.values(words)) assert.match(first.problems[0]?.message ?? '', each);
    assert.match(first.problems[0]?.message ?? '', /cleanup approve plan-/);
    assert.equal(world.live().length, 32);
    assert.equal((await world.job('job-01'))?.nightshift, undefined);
    const [alarm] = await world.openAlarms();
    assert.deepEqual([alarm?.kind, alarm?.subject], ['guard', 'cleanup-artifacts']);
    assert.equal(await world.plans.approve(first.summary.planId as string, world.now()), 'approved');
    assert.deepEqual(await world.openAlarms(), []);
  });

  test('at the limits it waits for nobody', async (t) => {
    const world = await cleaner(t, { policy: { guards: { objects: 16, bytes: 1_600 } } });
    await world.trust();
    // Of 32 jobs 16 go, 8 of the 10 of alpha among them; gamma keeps one success of two.
    await jobsWith(world, 32, (index) => {
      if (index < 10) return index < 2 ? young : {};
      if (index < 12) return { project: 'gamma', status: 'completed', ...(index === 10 && young) };
      return { project: `p${index}`, ...(index > 18 && young) };
    });
    const { outcome, summary } = await world.deliver({ dryRun: true });
    assert.deepEqual([outcome, summary.eligibleJobs, summary.tripped], ['succeeded', 16, []]);
  });

  test('a changed policy waits, unless there is nothing to delete', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a', 'next/a']);
    await world.approved();
    world.setPolicy({ ...NO_GUARDS, minimumAgeDays: 8 });
    assert.equal((await world.deliver()).outcome, 'succeeded');
    await world.write({ next: {} });
    const { outcome, summary } = await world.deliver();
    assert.deepEqual([outcome, summary.planStatus], ['partial', 'waiting']);
    assert.deepEqual(
      (await world.openAlarms()).map(({ kind }) => kind),
      ['approval'],
    );
    assert.deepEqual(world.live(), ['next/a']);
  });

  test('what was approved under another policy is planned and approved anew', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a']);
    const approved = await world.approve();
    world.setPolicy({ ...NO_GUARDS, minimumAgeDays: 8 });
    world.pass(0.01);
    const { summary } = await world.deliver();
    assert.notEqual(summary.planId, approved);
    assert.deepEqual([summary.planStatus, world.live()], ['waiting', ['old/a']]);
    const named = await world.deliver({ planId: summary.planId });
    assert.deepEqual([named.outcome, world.live()], ['partial', ['old/a']]);
  });
});

describe('a plan', () => {
  test('waits alone: a newer one takes its place, night after night under one alarm that names it', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a']);
    const first = await world.deliver();
    world.pass(1);
    const second = await world.deliver();
    assert.notEqual(first.summary.planId, second.summary.planId);
    assert.equal((await world.plans.load(first.summary.planId as string)).data?.status, 'superseded');
    const { db } = world;
    const all = (await db.collection('alarms').get()).docs.map((document) => document.data());
    assert.deepEqual([all.length, all[0]?.closedAt, all[0]?.runId], [1, null, first.runId]);
    assert.match(all[0]?.message, new RegExp(second.summary.planId as string));
    assert.equal(await world.plans.approve(first.summary.planId as string, world.now()), 'superseded');
    const late = await world.deliver({ planId: first.summary.planId });
    assert.equal(late.outcome, 'failed');
    assert.match(late.problems[0]?.message ?? '', new RegExp(`${first.summary.planId}.*newer plan`));
    assert.deepEqual(world.live(), ['old/a']);
    assert.equal(await world.plans.approve(second.summary.planId as string, world.now()), 'approved');
    assert.deepEqual(await world.openAlarms(), []);
  });

  test('that is not known is an error that names it', async (t) => {
    const world = await cleaner(t);
    const { outcome, problems } = await world.deliver({ planId: 'plan-x' });
    assert.equal(outcome, 'failed');
    assert.match(problems[0]?.message ?? '', /plan-x: there is no such plan/);
  });

  test('whose approval is over seven days old waits again', async (t) => {
    const world = await cleaner(t, { policy: { guards: { objects: 1, shareOfProject: 1 } } });
    await world.write({ old: {}, other: {} });
    world.put(['old/a', 'other/a']);
    await world.approve();
    await world.db.doc('jobs/other').delete();
    world.put(['old/b']);
    world.pass(7.1);
    const { summary } = await world.deliver();
    assert.equal(summary.planStatus, 'waiting');
    assert.ok(world.live().includes('old/a'));

    const planId = summary.planId as string;
    assert.equal(await world.plans.approve(planId, world.now()), 'approved');
    world.pass(6.9);
    const next = await world.deliver();
    assert.deepEqual([next.summary.planId, next.summary.planStatus], [planId, 'applied']);
    assert.deepEqual(world.live(), ['other/a']);
  });

  test('of a dry run changes nothing, equals what an apply does, and is applied only as far as both agree', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const jobs = { a: {}, b: {}, parent: {}, child: { resumedFrom: 'parent', ...young } };
    await world.write(jobs);
    world.put(['a/1', 'b/1', 'b/2', 'parent/1', 'child/1', 'c/1']);
    await world.approve();
    const before = await world.records();
    const dry = await world.deliver({ dryRun: true });
    assert.deepEqual(await world.records(), before);
    assert.equal(world.live().length, 6);
    assert.equal(world.gcs.requests().filter(({ method }) => method === 'batch').length, 0);

    const again = await world.deliver({ dryRun: true });
    assert.deepEqual(
      await world.lines(again.summary.planId as string),
      await world.lines(dry.summary.planId as string),
    );

    // Eligible since the plan was made, so not of it; and kept since then.
    await world.write({ c: {} });
    await world.db.doc('jobs/a').update({ keepUntil: daysAgo(-1) });
    const applied = await world.deliver({ planId: dry.summary.planId });
    assert.deepEqual([applied.outcome, applied.summary.deletedJobs], ['succeeded', 1]);
    assert.deepEqual(world.live(), ['a/1', 'c/1', 'child/1', 'parent/1']);
    const twice = await world.deliver({ planId: dry.summary.planId });
    assert.deepEqual([twice.outcome, twice.summary.objectsDeleted], ['succeeded', 0]);
    assert.deepEqual(twice.summary.runs, [applied.runId]);
    assert.deepEqual(world.live(), ['a/1', 'c/1', 'child/1', 'parent/1']);
  });

  test('that is applied is done: applied again it deletes nothing, not even what an undo brought back long ago', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ a: {} });
    world.put(['a/1']);
    const { summary, runId } = await world.approved();
    await world.deliver({ undo: runId });
    // The pin of the undo is over, and nothing else keeps the job.
    world.pass(31);
    const seen = world.gcs.requests().length;
    const again = await world.deliver({ planId: summary.planId });
    assert.deepEqual(
      [again.outcome, again.summary.planStatus, world.live()],
      ['succeeded', 'applied', ['a/1']],
    );
    assert.equal(world.gcs.requests().length, seen);
  });

  test('of a dry run, applied, does just what its lines say', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ a: {}, b: { endedAt: daysAgo(20) }, y: young });
    world.put(['a/1', 'b/1', 'b/2', 'y/1']);
    const dry = await world.deliver({ dryRun: true });
    const lines = await world.lines(dry.summary.planId as string);
    await world.plans.approve(dry.summary.planId as string, world.now());
    const applied = await world.deliver();
    assert.equal(applied.summary.planId, dry.summary.planId);
    const going = lines.filter(({ decision }) => decision === 'delete');
    assert.deepEqual(
      going.map(({ id }) => id),
      ['a', 'b'],
    );
    const gone = (await world.journaled()).length;
    assert.equal(
      gone,
      going.reduce((sum, { objects }) => sum + (objects ?? 0), 0),
    );
    for (const key of ['considered', 'objectsPlanned', 'bytesPlanned', 'keptByReason', 'eligibleJobs'])
      assert.deepEqual(applied.summary[key], dry.summary[key], key);
    assert.deepEqual(applied.summary.bytesDeleted, dry.summary.bytesPlanned);
  });

  test('that is approved while another run ends is not lost', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ a: {} });
    world.put(['a/1', 'b/1']);
    const proposed = await world.deliver({ dryRun: true });
    await world.approve();
    await world.db.doc('jobs/b').set(artifactRecord('b'));
    const moment = world.beforeDeletion(() =>
      world.plans.approve(proposed.summary.planId as string, world.now()),
    );
    const { outcome } = await world.deliver();
    assert.ok(await moment);
    assert.equal(outcome, 'succeeded');
    assert.equal((await world.plans.load(proposed.summary.planId as string)).data?.status, 'approved');
  });
});
