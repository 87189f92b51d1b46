import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { createLog } from '../../../functions/shared/log.ts';
import type { Summary } from '../../../functions/shared/model/run/run.ts';
import { work } from '../../../functions/shared/run/work.ts';

/** How a task ends that returns `summary`. */
function ended(summary: Summary) {
  const task = {
    name: 'duty',
    input: () => z.strictObject({}),
    run: async () => ({ outcome: 'succeeded' as const, summary }),
  };
  const context = {
    runId: 'duty@1',
    input: {},
    whole: true,
    dryRun: false,
    asOf: new Date(0),
    startedAt: new Date(0),
    budgetUsed: () => 0,
    commit: async () => {},
    stillMine: async () => true,
    now: () => new Date(0),
    log: createLog({}, () => undefined),
  };
  return work(task, context, new AbortController(), 1000);
}

describe('work()', () => {
  test('hands over what the task returned', async () =>
    assert.deepEqual(await ended({ days: 1 }), {
      settled: { outcome: 'succeeded', summary: { days: 1 }, problems: [], error: null },
      ignored: false,
    }));

  test('settles a summary that no record can hold as a failure, and does not throw', async () => {
    const { settled, ignored } = await ended({ bytes: 5n });
    assert.deepEqual([settled.outcome, settled.error?.name, ignored], ['failed', 'TypeError', false]);
  });
});
