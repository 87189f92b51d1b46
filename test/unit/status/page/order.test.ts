import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keptOrder } from '../../../../functions/status/page/client/parts/held-order.ts';
import {
  matching,
  nextSorting,
  ordered,
  sortingOf,
} from '../../../../functions/status/page/client/tasks/order.ts';
import { troubledWorld } from '../../../support/page/fixtures.ts';

const TASKS = troubledWorld(new Date('2026-03-09T10:00:00Z')).status.tasks.map((task) => ({
  task,
  state: task.state,
}));
const names = (tasks: readonly (typeof TASKS)[number][]) => tasks.map(({ task }) => task.task);

describe('the order of tasks', () => {
  test('is the worst first, then by name', () =>
    assert.deepEqual(names(ordered(TASKS, sortingOf(null))), [
      'cleanup-artifacts',
      'observe-workloads',
      'collect-metrics',
      'sweep-stale-jobs',
      'prune-records',
    ]));

  test('puts what is switched off after all that is well', () => {
    const [first, ...others] = TASKS.map((it) => ({ ...it, state: 'ok' as const }));
    const off = { ...(first as (typeof TASKS)[number]), state: 'disabled' as const };
    assert.equal(names(ordered([off, ...others], sortingOf(null))).at(-1), 'cleanup-artifacts');
  });

  test('puts what has no value last, whichever way it is sorted', () => {
    const [first, ...others] = TASKS;
    const never = { ...(first as (typeof TASKS)[number]) };
    never.task = { ...never.task, lastStartedAt: null };
    for (const text of ['last', '-last'])
      assert.equal(names(ordered([never, ...others], sortingOf(text))).at(-1), 'cleanup-artifacts');
  });

  test('goes by the address, and by the usual order for what is no column', () => {
    assert.deepEqual(sortingOf('-fails'), { key: 'fails', descending: true });
    for (const text of [null, '', '-', 'constructor', '-__proto__'])
      assert.deepEqual(sortingOf(text), { key: 'status', descending: false });
  });

  test('turns round at a second click on a column', () => {
    assert.equal(nextSorting(sortingOf(null), 'task'), 'task');
    assert.equal(nextSorting(sortingOf('task'), 'task'), '-task');
    assert.equal(nextSorting(sortingOf('-task'), 'task'), 'task');
    assert.equal(nextSorting(sortingOf('task'), 'fails'), '-fails', 'most first');
    assert.equal(nextSorting(sortingOf('-status'), 'status'), '', 'the usual order needs no word');
  });

  test('stands while a person reads: who went is gone, who came is last', () =>
    assert.deepEqual(keptOrder(['a', 'b', 'c'], ['d', 'c', 'a']), ['a', 'c', 'd']));

  test('leaves out what is not looked for', () => {
    assert.deepEqual(names(matching(TASKS, ' METRICS ', '')), ['collect-metrics']);
    assert.deepEqual(names(matching(TASKS, '', 'late')), ['observe-workloads']);
    assert.deepEqual(names(matching(TASKS, 'metrics', 'late')), []);
  });
});
