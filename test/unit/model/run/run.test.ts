import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Attempt,
  manualRunId,
  newRun,
  runSchema,
  scheduledRunId,
} from '../../../../functions/shared/model/run/run.ts';
import { SLOT } from '../../../support/health.ts';
import { scheduled } from '../../../support/lifecycle.ts';

function attemptOf(attempt: number, over: Partial<Attempt> = {}): Attempt {
  const token = `token ${attempt}`;
  return { attempt, token, startedAt: SLOT, endedAt: null, outcome: 'running', error: null, ...over };
}

describe('newRun()', () => {
  test('is a whole record, whose top level is its newest attempt', () => {
    const run = newRun(scheduled(SLOT), attemptOf(2), [attemptOf(1, { outcome: 'failed', endedAt: SLOT })]);
    assert.deepEqual(runSchema.parse(run), run);
    assert.deepEqual(
      [run.attempt, run.token, run.outcome, run.startedAt, run.endedAt, run.error],
      [2, 'token 2', 'running', SLOT, null, null],
    );
    assert.deepEqual(
      run.attempts.map(({ outcome }) => outcome),
      ['failed', 'running'],
    );
  });

  test('keeps 50 attempts, and the whole stack of the newest alone', () => {
    const error = { name: 'Error', message: 'it failed', stack: 'x'.repeat(5_000) };
    const all = Array.from({ length: 60 }, (_, index) => attemptOf(index + 1, { error }));
    const { attempts } = newRun(scheduled(SLOT), attemptOf(61, { error }), all);
    assert.deepEqual([attempts.length, attempts[0]?.attempt], [50, 12]);
    assert.deepEqual(
      [attempts[0]?.error?.stack.length, attempts.at(-1)?.error?.stack.length],
      [1_024, 5_000],
    );
  });
});

describe('run ids', () => {
  test('of one slot meet, whatever offset its text had', () => {
    const texts = ['2026-03-04T02:00:00Z', '2026-03-04T03:00:00.000+01:00'];
    assert.equal(new Set(texts.map((text) => scheduledRunId('duty', new Date(text)))).size, 1);
  });
  test('of a manual run can be no slot', () => assert.equal(manualRunId('duty', 'x'), 'duty@manual-x'));
});
