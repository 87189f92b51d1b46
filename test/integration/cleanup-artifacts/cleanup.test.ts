import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleaner } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

describe('cleanup-artifacts', () => {
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
});
