import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS } from '../../../functions/shared/dates.ts';
import type { SampleWorld } from './world.ts';

/** prune-records on the sample world. */
export function prunes(world: () => SampleWorld): void {
  test('what has expired is pruned', async () => {
    const { run, db } = world();
    const alarm = db.collection('alarms').doc('closed-long-ago');
    await alarm.set({ closedAt: new Date(Date.now() - 100 * DAY_MS) });
    const { outcome, summary } = await run<{ prunedAlarms: number }>('prune-records');
    assert.deepEqual([outcome, summary.prunedAlarms], ['succeeded', 1]);
    assert.equal((await alarm.get()).exists, false);
  });
}
