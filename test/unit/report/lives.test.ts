import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minutesAgo } from './histories.ts';
import { after, ended, RUNNING, told } from './tries.ts';

describe('the life of an execution', () => {
  const again = { startedAt: minutesAgo(40) };

  test('is another one by its number, or by a later start and a count from the beginning', () => {
    for (const next of [again, { ...again, attempt: 2 }, { attempt: 2, startedAt: null }]) {
      const first = [told(60, { seq: 8, attempt: 1 })];
      const { results, report, state } = after(
        RUNNING,
        ...first,
        told(39, { seq: 1, attempt: 1, ...next }),
        ended(60, { seq: 9, attempt: 1 }),
        told(38, { seq: 2, attempt: 1, ...next }),
      );
      assert.deepEqual(results, ['applied', 'applied', 'older', 'applied']);
      assert.deepEqual([report?.seq, report?.restarted, state], [2, true, 'running']);
    }
  });

  test('is the same where its clock is set', () => {
    const first = told(60, { seq: 8 });
    const back = after(RUNNING, first, told(50, { seq: 9, startedAt: minutesAgo(50) }));
    assert.deepEqual([back.results, back.report?.startedAt], [['applied', 'applied'], minutesAgo(120)]);
    assert.deepEqual(after(RUNNING, first, told(50, { seq: 9, startedAt: minutesAgo(900) })).results, [
      'applied',
      'applied',
    ]);
  });

  test('ends with its end, whatever number was guessed for it', () => {
    const gone = told(50, { seq: 9, state: 'gone' });
    for (const seq of [8, 9]) {
      const { results, state } = after(RUNNING, told(60, { seq: 8 }), gone, ended(55, { seq }));
      assert.deepEqual([results, state], [['applied', 'applied', 'applied'], 'failed']);
    }
    const retried = [ended(60, { seq: 3 }, { final: false }), ended(60, { seq: 3 }, { final: false })];
    const completed = told(30, { seq: 3, state: 'completed', end: { state: 'completed' } });
    assert.deepEqual(after(RUNNING, ...retried, completed).results, ['applied', 'duplicate', 'applied']);
  });
});

describe('the order of executions', () => {
  const named = (execution: string, attempt: number, minutes: number, over: object = {}) =>
    told(minutes, { execution, attempt, seq: 1, ...over });

  test('that began together follows their numbers, not their names', () => {
    const { results, report } = after(
      RUNNING,
      named('attempt-10', 10, 30),
      named('attempt-9', 9, 40),
      named('attempt-10', 10, 20, { seq: 2 }),
    );
    assert.deepEqual([results, report?.execution], [['applied', 'older', 'applied'], 'attempt-10']);
    assert.deepEqual(after(RUNNING, named('attempt-9', 9, 30), named('attempt-10', 10, 20)).results, [
      'applied',
      'applied',
    ]);
  });

  test('follows the starts that they tell, also where neither is believed', () => {
    const made = { ...RUNNING, startedAt: null, notBefore: minutesAgo(5) };
    const { results, report, startedAt } = after(
      made,
      told(30, { execution: 'x9', startedAt: minutesAgo(60) }),
      told(8, { execution: 'a1', startedAt: minutesAgo(11) }),
      told(7, { execution: 'x9', startedAt: minutesAgo(60) }),
    );
    assert.deepEqual(results, ['applied', 'applied', 'older']);
    assert.deepEqual([report?.execution, report?.startedAt, startedAt], ['a1', minutesAgo(5), minutesAgo(5)]);
  });
});

test('a start that nobody told takes no other place, and is better than none', () => {
  const bare = told(30, { startedAt: null });
  assert.deepEqual(after(RUNNING, bare).startedAt, minutesAgo(120));
  assert.deepEqual(after({ ...RUNNING, startedAt: null }, bare).startedAt, minutesAgo(30));
  const lost = { ...RUNNING, state: 'failed', ending: 'presumed' } as const;
  assert.deepEqual(after(lost, ended(30, { startedAt: null })).startedAt, minutesAgo(120));
  assert.deepEqual(after(RUNNING, told(30, { startedAt: minutesAgo(40) })).startedAt, minutesAgo(40));
});
