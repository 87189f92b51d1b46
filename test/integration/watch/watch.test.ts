import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { type Run, scheduledRunId } from '../../../functions/shared/model/run/run.ts';
import { SLOT } from '../../support/health.ts';
import { claimTerm, ending, scheduled, TASK } from '../../support/lifecycle.ts';
import { freshWatch, ranAt, SWEEP, watched } from '../../support/watch.ts';

const OFTEN = { schedule: '*/10 * * * *' };
const after = (ms: number) => addMs(SLOT, ms);
const ID = scheduledRunId('duty', SLOT);

describe('expired leases', () => {
  test('the attempt ends lost at the end of its lease, with one alarm; its late finish is only lateCompletion', async () => {
    await using records = freshWatch();
    const term = await claimTerm(records.claimant({ leaseMs: 50 }));
    const { leaseExpiresAt } = (await records.health()).current ?? {};
    const tasks = [watched(TASK, { startGraceSeconds: 60, timeoutSeconds: 60 })];
    assert.equal((await records.sweep(leaseExpiresAt ?? SLOT, tasks)).expiredLeases, 0, 'not at its end yet');
    const found = await records.sweep(new Date(Date.now() + MINUTE_MS / 4), tasks);
    assert.deepEqual(found, { missedSlots: 0, expiredLeases: 1, scheduleDrift: null, problems: [] });
    const run = await records.run(term.runId);
    assert.deepEqual([run.outcome, run.endedAt], ['lost', leaseExpiresAt]);
    const { current, consecutiveFailures, openAlarms } = await records.health();
    assert.deepEqual([current, consecutiveFailures], [null, 1]);
    assert.deepEqual(openAlarms, [`${TASK}:stuck:${leaseExpiresAt?.toISOString()}`]);
    assert.equal((await records.sweep(new Date(Date.now() + HOUR_MS / 4), tasks)).expiredLeases, 0);
    assert.equal(await term.finish(ending('succeeded')), 'late');
    assert.equal((await records.run(term.runId)).attempts[0]?.lateCompletion?.outcome, 'succeeded');
    const alarms = await records.alarms();
    assert.deepEqual(
      alarms.map(({ kind, runId }) => [kind, runId]),
      [['stuck', term.runId]],
    );
    const next = await claimTerm(records.claimant());
    await next.finish(ending('partial'));
    assert.deepEqual((await records.health()).openAlarms, [], 'a good run closes it');
  });

  test('a takeover by a claim opens the same alarm, once', async () => {
    await using records = freshWatch();
    await claimTerm(records.claimant({ leaseMs: 50 }));
    await pause(60);
    const second = await claimTerm(records.claimant());
    assert.equal((await records.health()).openAlarms.length, 1);
    await records.sweep(new Date(), [watched(TASK)]);
    assert.deepEqual(
      (await records.alarms()).map(({ kind }) => kind),
      ['stuck'],
    );
    await second.finish(ending('succeeded'));
    assert.ok((await records.alarms())[0]?.closedAt);
  });

  test('a lease of a run without a record is let go', async () => {
    await using records = freshWatch();
    const term = await claimTerm(records.claimant({ leaseMs: 50 }));
    await records.collections.taskRuns.doc(term.runId).delete();
    const found = await records.sweep(new Date(Date.now() + MINUTE_MS / 4), [watched(TASK)]);
    assert.equal(found.expiredLeases, 1);
    assert.equal((await records.health()).current, null);
  });
});

describe('missed slots', () => {
  test('a task that never ran is seen: watched from the first sweep on, and missed at its next slot', async () => {
    await using records = freshWatch();
    const tasks = [watched('duty')];
    assert.equal((await records.sweep(after(-HOUR_MS), tasks)).missedSlots, 0);
    const seen = await records.healthOf('duty');
    assert.deepEqual([seen.watchedUntil, seen.nextExpectedAt], [after(-HOUR_MS), SLOT]);
    assert.equal((await records.sweep(after(14 * MINUTE_MS), tasks)).missedSlots, 0);
    assert.equal((await records.sweep(after(15 * MINUTE_MS), tasks)).missedSlots, 1);
    assert.equal((await records.sweep(after(25 * MINUTE_MS), tasks)).missedSlots, 0, 'once');
    const [run] = await records.missed('duty');
    assert.equal(run?.runId, ID);
    const [alarm, ...others] = await records.alarms();
    assert.deepEqual([alarm?.kind, alarm?.brokenAt, others], ['missed', after(15 * MINUTE_MS), []]);
  });

  test('slot after slot is missed: the record of one is no run over the next', async () => {
    await using records = freshWatch();
    await records.know('duty', { ...OFTEN, watchedUntil: after(-1), strip: [] });
    for (const minutes of [15, 25, 35])
      assert.equal(
        (await records.sweep(after(minutes * MINUTE_MS), [watched('duty', OFTEN)])).missedSlots,
        1,
      );
    assert.equal((await records.healthOf('duty')).consecutiveFailures, 3);
    assert.deepEqual(
      (await records.alarms()).map(({ brokenAt }) => brokenAt),
      [after(15 * MINUTE_MS)],
      'one incident',
    );
  });

  test('the sweeper off for half an hour: what ran meanwhile is not missed, what was skipped is', async () => {
    await using records = freshWatch();
    await records.know('duty', { ...OFTEN, watchedUntil: after(-10 * MINUTE_MS) });
    for (const [minutes, outcome] of [
      [0, 'succeeded'],
      [10, 'skipped'],
      [20, 'failed'],
      [30, 'lost'],
    ] as const)
      await records.ran('duty', after(minutes * MINUTE_MS), { outcome, duplicates: 3 });
    const task = watched('duty', { ...OFTEN, startGraceSeconds: 300 });
    const found = await records.sweep(after(39 * MINUTE_MS), [task]);
    const missed = await records.missed('duty');
    assert.equal(found.missedSlots, 1);
    assert.deepEqual(
      missed.map(({ slot, cause, duplicates, attempts }) => [slot, cause, duplicates, attempts.length]),
      [[after(10 * MINUTE_MS), 'skipped', 3, 2]],
    );
    assert.deepEqual((await records.healthOf('duty')).watchedUntil, after(30 * MINUTE_MS));
  });

  test('a long run over the next slot has not done that, nor has a dry run; one that began after it has', async () => {
    await using records = freshWatch();
    const tasks = [watched('duty', OFTEN)];
    await records.know('duty', { ...OFTEN, watchedUntil: after(-1) });
    await records.ran('duty', SLOT, { startedAt: after(0), endedAt: after(11 * MINUTE_MS) });
    const manual = (name: string, from: number, to: number, over: Partial<Run> = {}) =>
      records.ran('duty', after(1), {
        runId: `duty@manual-${name}`,
        slot: null,
        trigger: 'manual',
        startedAt: after(from * MINUTE_MS),
        endedAt: after(to * MINUTE_MS),
        ...over,
      });
    await manual('dry', 1, 31, { dryRun: true, whole: false });
    await manual('whole', 22, 25);
    await manual('part', 31, 33, { whole: false, body: { source: 'jobs' } });
    const found = await records.sweep(after(46 * MINUTE_MS), tasks);
    assert.equal(found.missedSlots, 2);
    assert.deepEqual(
      (await records.missed('duty')).map(({ slot, error }) => [slot, error?.message]),
      [
        [after(10 * MINUTE_MS), 'duty did not run at 2026-03-04T02:10:00.000Z'],
        [
          after(30 * MINUTE_MS),
          'duty did not run at 2026-03-04T02:30:00.000Z: duty@manual-part began at 2026-03-04T02:31:00.000Z, but was asked for {"source":"jobs"} alone',
        ],
      ],
    );
  });

  test('a slot that found another run live is late, then missed, then taken up all the same', async () => {
    await using records = freshWatch();
    const slot = new Date(Math.floor(Date.now() / 600_000) * 600_000);
    const task = watched(TASK, { ...OFTEN, startGraceSeconds: 60, timeoutSeconds: 60 });
    const claimant = records.claimant({ expectation: task.expectation, nextSlot: task.nextSlot });
    await records.know(TASK, {
      ...OFTEN,
      watchedUntil: addMs(slot, -1),
      nextExpectedAt: slot,
      strip: [],
    });
    const manual = { ...scheduled(), runId: `${TASK}@manual-x`, slot: null, whole: false, body: { part: 1 } };
    const part = await claimTerm(claimant, { ...manual, trigger: 'manual' });
    const skip = () => claimant.claim(scheduled(slot), 30_000);
    assert.equal((await skip()).kind, 'skipped');
    assert.deepEqual((await records.health()).nextExpectedAt, slot, 'nobody has done it yet');
    const now = new Date(Math.max(Date.now(), slot.getTime() + MINUTE_MS));
    assert.equal((await records.sweep(now, [task])).missedSlots, 1);
    const runId = scheduledRunId(TASK, slot);
    assert.match(
      (await records.run(runId)).error?.message ?? '',
      new RegExp(`found ${part.runId} live \\(HTTP 409\\)`),
    );
    assert.equal((await skip()).kind, 'skipped');
    const missed = await records.run(runId);
    assert.deepEqual([missed.outcome, missed.cause], ['missed', 'skipped'], 'that is no news');
    await part.finish(ending('succeeded'));
    assert.equal((await records.health()).consecutiveFailures, 1, 'a part has not done it');
    const late = await claimTerm(claimant, scheduled(slot));
    await late.finish(ending('succeeded'));
    const run = await records.run(runId);
    assert.deepEqual(
      [run.outcome, run.arrivedLate, run.cause, run.attempts.map(({ outcome }) => outcome)],
      ['succeeded', true, 'finished late', ['skipped', 'missed', 'skipped', 'succeeded']],
    );
    const { consecutiveFailures, openAlarms } = await records.health();
    assert.deepEqual([consecutiveFailures, openAlarms], [0, []]);
  });

  test('a record of the slot that nobody can read is told, and the watch goes on', async () => {
    await using records = freshWatch();
    await records.know('duty', { ...OFTEN, watchedUntil: after(-1) });
    const { taskRuns } = records.collections;
    // One is among the runs of that time, the other is not: its start is no time.
    await taskRuns.doc(ID).set({ task: 'duty', startedAt: after(1), attempts: 'none' });
    await taskRuns.doc(scheduledRunId('duty', after(10 * MINUTE_MS))).set({ task: 'duty', startedAt: 'now' });
    const found = await records.sweep(after(35 * MINUTE_MS), [watched('duty', OFTEN)]);
    assert.equal(found.missedSlots, 1, 'the slot at 20 minutes');
    assert.match(
      found.problems[0]?.message ?? '',
      /from 2026-03-04T02:00:00.000Z to 2026-03-04T02:10:00.000Z .* cannot be read$/,
    );
    assert.deepEqual((await records.healthOf('duty')).watchedUntil, after(20 * MINUTE_MS));
  });

  test('records of runs from before some fields were there are read', async () => {
    await using records = freshWatch();
    await records.know('duty', { ...OFTEN, watchedUntil: after(-1) });
    const { arrivedLate: _, cause: __, ...old } = ranAt('duty', SLOT);
    await records.collections.taskRuns.doc(ID).set(old);
    assert.equal((await records.sweep(after(15 * MINUTE_MS), [watched('duty', OFTEN)])).missedSlots, 0);
  });

  test('after a day off every task has its missed slots, capped, and one alarm', async () => {
    await using records = freshWatch();
    const watchedUntil = after(-DAY_MS);
    await records.know('duty', { watchedUntil: after(-DAY_MS - HOUR_MS) });
    await records.know('often', { ...OFTEN, watchedUntil });
    // The sweep itself, too: its record is held by its own run.
    await records.know(SWEEP, { ...OFTEN, watchedUntil });
    const own = watched(SWEEP, OFTEN);
    const tasks = [watched('duty'), watched('often', OFTEN), own];
    const found = await records.sweep(after(15 * MINUTE_MS), tasks, { own });
    assert.deepEqual(found, {
      missedSlots: 2 + 144 + 144,
      expiredLeases: 0,
      scheduleDrift: null,
      problems: [],
    });
    for (const [task, count] of [
      ['duty', 2],
      ['often', 101],
      [SWEEP, 101],
    ] as const)
      assert.equal((await records.missed(task)).length, count, task);
    const alarms = await records.alarms();
    assert.deepEqual(
      alarms.map(({ subject, kind, closedAt }) => [subject, kind, closedAt !== null]).sort(),
      [
        ['duty', 'missed', false],
        ['often', 'missed', false],
        [SWEEP, 'missed', true],
      ],
      'the sweep that is back closes its own',
    );
    const health = await records.healthOf(SWEEP);
    assert.deepEqual([health.consecutiveFailures, health.openAlarms, health.current], [0, [], null]);
    assert.equal(health.strip.length, 60);
    assert.equal((await records.sweep(after(20 * MINUTE_MS), tasks, { own })).missedSlots, 0);
  });

  test('a late arrival keeps its own outcome, says that it was late, and closes the alarm', async () => {
    await using records = freshWatch();
    const now = new Date();
    const own = { ...OFTEN, startGraceSeconds: 60 };
    const task = watched(TASK, own);
    const slot = new Date(Math.floor(now.getTime() / 600_000) * 600_000 - 1_200_000);
    await records.know(TASK, { ...OFTEN, watchedUntil: addMs(slot, -1) });
    await records.sweep(addMs(slot, 2 * MINUTE_MS), [task]);
    const runId = scheduledRunId(TASK, slot);
    assert.equal((await records.run(runId)).outcome, 'missed');
    const term = await claimTerm(records.claimant({ expectation: task.expectation }), scheduled(slot));
    assert.equal(term.attempt, 2);
    await term.finish(ending('succeeded'));
    const run = await records.run(runId);
    assert.deepEqual([run.outcome, run.arrivedLate], ['succeeded', true]);
    assert.deepEqual(
      run.attempts.map(({ outcome }) => outcome),
      ['missed', 'succeeded'],
    );
    const { consecutiveFailures, openAlarms, strip } = await records.health();
    assert.deepEqual([consecutiveFailures, openAlarms], [0, []]);
    assert.equal(strip.filter((entry) => entry.runId === runId).length, 1);
  });
});

describe('a dry run', () => {
  test('counts and writes nothing', async () => {
    await using records = freshWatch();
    await records.know('duty', { watchedUntil: after(-HOUR_MS) });
    await claimTerm(records.claimant({ leaseMs: 1 }));
    const before = await everything(records);
    const tasks = [watched('duty'), watched(TASK), watched('new')];
    const found = await records.sweep(new Date(Date.now() + MINUTE_MS), tasks, { dryRun: true });
    assert.equal(found.expiredLeases, 1);
    assert.ok(found.missedSlots > 0);
    assert.deepEqual(await everything(records), before);
  });
});

describe('one task that nobody can read', () => {
  test('hides no other, and is told', async () => {
    await using records = freshWatch();
    await records.collections.tasks.doc('broken').set({ task: 'broken', current: 'somebody' });
    await records.know('duty', { watchedUntil: after(-HOUR_MS) });
    const found = await records.sweep(after(HOUR_MS), [watched('broken'), watched('duty')]);
    assert.equal(found.missedSlots, 1);
    assert.deepEqual(
      found.problems.map(({ path }) => path),
      ['broken'],
    );
    assert.match(found.problems[0]?.message ?? '', /Cannot watch it: Cannot read tasks\/broken/);
  });
});

async function everything({ collections }: ReturnType<typeof freshWatch>): Promise<unknown[]> {
  const all = await Promise.all(
    [collections.tasks, collections.taskRuns, collections.alarms].map((it) => it.get()),
  );
  return all.flatMap(({ docs }) => docs.map((document) => [document.id, document.updateTime.toDate()]));
}
