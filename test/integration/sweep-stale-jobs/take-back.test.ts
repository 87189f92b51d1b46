import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { askedJobs } from '../../support/asked-jobs.ts';
import { beating, EXECUTIONS, type Sweeper, silentFor, sweeper } from '../../support/sweeper.ts';

const UNDO = { jobId: 'one', undo: true, by: 'ada', reason: 'it beats on' };

/** A job that a sweep ended, and how its record was before. */
async function ended(world: Sweeper, over: object = {}): Promise<Record<string, unknown>> {
  await world.settle();
  await world.stand({ one: { ...silentFor(world, 60), ...over } });
  const before = await world.job('one');
  await world.deliver();
  assert.equal((await world.job('one')).status, 'failed');
  return before;
}

describe('what a sweep said of a job', { concurrency: 4 }, () => {
  test('is taken back to the microsecond, with a trace, and the days are collected again', async (t) => {
    const world = sweeper(t);
    const updatedAt = new Timestamp(1_770_000_000, 123_456_000);
    const before = await ended(world, { updatedAt, endedAt: null, error: '', note: 'mine' });
    for (const date of await world.dirtyDays()) await world.collections.dirtyDays.doc(date).delete();
    const dry = await world.deliver({ ...UNDO, dryRun: true });
    assert.equal((await world.job('one')).status, 'failed');
    const { outcome, summary, runId } = await world.deliver(UNDO);
    assert.equal(outcome, 'succeeded');
    assert.deepEqual(summary.takenBack, dry.summary.takenBack);
    const { nightshift, ...after } = await world.job('one');
    assert.deepEqual(after, before);
    const { earlier, ...rest } = nightshift as { earlier: Record<string, unknown>[] };
    assert.deepEqual(rest, {});
    assert.equal(earlier[0]?.rule, 'silent');
    const at = Timestamp.fromDate(world.now());
    assert.deepEqual(earlier[0]?.takenBack, { at, by: 'ada', reason: 'it beats on', runId });
    assert.ok((await world.dirtyDays()).length > 0);
    assert.match((await world.collections.dirtyDays.get()).docs[0]?.get('cause'), /^ada took back how jobs:/);
  });

  test('is not said again by the sweeps that follow, until something new is seen', async (t) => {
    const world = sweeper(t);
    await ended(world);
    await world.deliver(UNDO);
    for (const minutes of [10, 10, 10]) {
      world.pass(minutes);
      await world.deliver();
      assert.equal((await world.job('one')).status, 'running');
    }
    const { summary } = await world.deliver({ jobId: 'one' });
    assert.deepEqual(
      summary.verdicts.map(({ verdict, rule }) => [verdict, rule]),
      [['keep', 'taken-back']],
    );
    // A change of its record is about anything.
    await world.db.doc('jobs/one').update({ type: 'sweep', updatedAt: world.now() });
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.next();
    assert.equal((await world.job('one')).status, 'running');
    await world.db.doc('jobs/one').update({ heartbeatAt: world.now() });
    await world.next();
    world.pass(10);
    await world.deliver();
    await world.next();
    const { status, nightshift } = await world.job('one');
    assert.equal(status, 'failed');
    const { evidence, earlier } = nightshift as Record<string, { rule: string } & unknown[]>;
    assert.deepEqual([evidence?.rule, earlier?.length], ['silent', 1]);
  });

  test('is said again where its backend says something else', async (t) => {
    const world = await askedJobs(t);
    await world.stand({ one: world.silent('one') });
    world.backend.set('one', { state: 'done', endedAt: world.ago(50).toISOString() });
    await world.deliver();
    assert.equal((await world.job('one')).status, 'completed');
    await world.deliver(UNDO);
    await world.next();
    assert.equal((await world.job('one')).status, 'running');
    world.backend.set('one', { state: 'broken', endedAt: world.ago(50).toISOString() });
    await world.next();
    assert.equal((await world.job('one')).status, 'failed');
  });

  test('stays where the record is not as it was left, with the reason', async (t) => {
    const world = sweeper(t);
    await ended(world);
    await world.write({ never: { status: 'completed', startedAt: world.ago(9), endedAt: world.ago(1) } });
    await assert.rejects(
      world.deliver({ ...UNDO, jobId: 'never' }),
      /: no change of ours stands in its record$/,
    );
    await assert.rejects(world.deliver({ ...UNDO, jobId: 'nobody' }), /Cannot find job nobody/);
    const doc = world.db.doc('jobs/one');
    const record = await world.job('one');
    for (const [change, why] of [
      [{ status: 'completed' }, /status was given "failed", and is "completed" now$/],
      [{ endedAt: world.now() }, /endedAt was given the timestamp .*, and is the timestamp .* now$/],
      [{ error: 'OOM' }, /error was given "Lost: /],
      [{ 'nightshift.evidence': 'none' }, /evidence of our change in its record cannot be read$/],
      [{ 'nightshift.evidence.fields': [] }, /of an older release ended it, which kept nothing/],
      [{ 'nightshift.tombstone': { planId: 'p', runId: 'clean-1' } }, /cleanup undo clean-1$/],
    ] as const) {
      await doc.update(change);
      await assert.rejects(world.deliver(UNDO), why);
      await doc.set(record);
    }
    assert.equal((await world.collections.taskRuns.where('body.undo', '==', true).get()).size, 0);
  });

  test('is taken back of a job that only beat on meanwhile, and of a source in mode observe', async (t) => {
    const world = sweeper(t);
    await ended(world);
    world.pass(1);
    const beat = { heartbeatAt: world.now(), updatedAt: world.now() };
    await world.db.doc('jobs/one').update(beat);
    const observed = sweeper(t, { sources: { jobs: beating({ mode: 'observe' }) } });
    await observed.db.doc('jobs/one').set(await world.job('one'));
    await observed.deliver(UNDO);
    await world.deliver(UNDO);
    const { status, endedAt, updatedAt } = await world.job('one');
    assert.deepEqual(
      [status, endedAt, updatedAt],
      ['running', undefined, Timestamp.fromDate(beat.updatedAt)],
    );
    assert.equal((await observed.job('one')).status, 'running');
  });

  test('is taken back with the executions that ended with it, or of one execution alone', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.write({ one: { ...silentFor(world, 60), status: 'completed', endedAt: world.ago(50) } });
    await world.write({ 5: { status: 'running', startedAt: world.ago(100) } }, 'jobs/one/executions');
    await world.deliver();
    world.pass(1 / 60);
    assert.equal((await world.job('jobs/one/executions/5')).status, 'failed');
    await assert.rejects(world.deliver(UNDO), /no change of ours/);
    const { summary } = await world.deliver({ ...UNDO, jobId: 'jobs/one/executions/5' });
    assert.equal((summary.takenBack as unknown[]).length, 1);
    assert.equal((await world.job('jobs/one/executions/5')).status, 'running');
    await world.next();
    assert.equal((await world.job('jobs/one/executions/5')).status, 'running');
  });
});
