import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleaner } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

describe('cleanup-artifacts', { concurrency: 4 }, () => {
  test('waits for approval first, then deletes what nothing keeps, and tells the truth about bytes', async (t) => {
    const { write, put, live, deliver, plans, now, job } = await cleaner(t);
    await write({ old: {}, young: { endedAt: daysAgo(3) }, busy: { status: 'running', endedAt: null } });
    put(['old/a', 'old/b/c', 'young/a', 'busy/a', 'other/a']);

    const first = await deliver();
    assert.deepEqual([first.outcome, live().length], ['partial', 5]);
    const { planId } = first.summary as { planId: string };
    assert.match(first.problems[0]?.message ?? '', /no plan was approved yet.*cleanup approve plan-/);
    assert.equal(await plans.approve(planId, now()), 'approved');

    const second = await deliver();
    assert.deepEqual(live(), ['busy/a', 'other/a', 'young/a']);
    const { keptByReason, ...summary } = second.summary as Record<string, unknown>;
    assert.deepEqual(keptByReason, { active: 1, young: 1 });
    assert.equal(second.outcome, 'succeeded');
    for (const [key, value] of Object.entries({
      planId,
      considered: 3,
      deletedJobs: 1,
      keptJobs: 2,
      objectsDeleted: 2,
      bytesPlanned: 200,
      bytesDeleted: 200,
      bytesPendingSoftDelete: 200,
      bytesFree: 0,
      changedSincePlan: 0,
      held: 0,
      failed: 0,
      remaining: 0,
      oldestEligibleAgeDays: null,
    }))
      assert.deepEqual(summary[key], value, key);
    assert.ok((await job('old'))?.nightshift);

    const third = await deliver();
    assert.deepEqual([third.outcome, third.summary.objectsDeleted], ['succeeded', 0]);
  });

  test('undo brings every object back and keeps it', async (t) => {
    const { write, put, live, approved, deliver, pass } = await cleaner(t);
    await write({ old: {} });
    put(['old/a', 'old/b']);
    const { runId } = await approved();
    assert.deepEqual(live(), []);
    const undone = await deliver({ undo: runId });
    assert.deepEqual(
      [undone.outcome, undone.summary],
      [
        'succeeded',
        {
          undo: runId,
          jobs: 1,
          objects: 2,
          restored: 2,
          newerKept: 0,
          outsideWindow: 0,
          failed: 0,
          versionsLeft: 0,
          revived: 0,
        },
      ],
    );
    assert.deepEqual(live(), ['old/a', 'old/b']);
    pass(1);
    await deliver();
    assert.deepEqual(live(), ['old/a', 'old/b']);
  });
});
