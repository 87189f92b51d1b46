import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Health, healthAt } from '../../../../functions/shared/model/run/health.ts';
import { taskSchema } from '../../../../functions/status/api/schemas.ts';
import { badgeAt } from '../../../../functions/status/rules/badge.ts';
import { taskAnswer, worstTasksFirst } from '../../../../functions/status/rules/task-answer.ts';
import { at, currentRun, healthOf } from '../../../support/health.ts';
import { duty } from '../../../support/status.ts';

const DUTY = duty('duty');
const ERROR = { name: 'Error', message: 'no quota\nsecond line', stack: '' };

/** Records in every state, with the instants around which they change. */
const RECORDS: Record<string, Health> = {
  'is quiet': healthOf(),
  runs: healthOf({ current: currentRun() }),
  'renews its lease': healthOf({ current: currentRun({ heartbeatAt: at(500), leaseExpiresAt: at(590) }) }),
  failed: healthOf({ consecutiveFailures: 2, lastOutcome: 'failed', lastError: ERROR }),
  'is retried': healthOf({ consecutiveFailures: 1, lastOutcome: 'lost', current: currentRun() }),
  'was partial': healthOf({ lastOutcome: 'partial' }),
  'is off': healthOf({ enabled: false, current: currentRun() }),
};

describe('the badge of a task', () => {
  for (const [name, health] of Object.entries(RECORDS))
    test(`of one that ${name}: an old answer has the badge of the record, at every second`, () => {
      const answer = JSON.parse(JSON.stringify(taskAnswer(DUTY, health, at(-3_000))));
      taskSchema.parse(answer);
      for (let second = -60; second <= 1_200; second += 1)
        assert.deepEqual(badgeAt(answer, at(second)), healthAt(health, at(second)), `at ${second} s`);
    });

  test('turns late at lateAt and stuck at stuckAt, not a millisecond before', () => {
    const quiet = taskAnswer(DUTY, healthOf(), at(0));
    assert.equal(quiet.lateAt, at(900).toISOString());
    assert.equal(badgeAt(quiet, at(900)).state, 'ok');
    assert.equal(badgeAt(quiet, at(900.001)).state, 'late');
    const running = taskAnswer(DUTY, healthOf({ current: currentRun() }), at(0));
    assert.equal(running.stuckAt, at(90).toISOString());
    assert.equal(badgeAt(running, at(90)).state, 'running');
    assert.equal(badgeAt(running, at(90.001)).state, 'stuck');
  });

  test('of a task that never ran is new, or disabled, and it is never late', () => {
    assert.equal(taskAnswer(DUTY, undefined, at(0)).state, 'new');
    assert.equal(badgeAt(taskAnswer(DUTY, undefined, at(0)), at(86_400)).state, 'new');
    assert.equal(taskAnswer({ ...DUTY, enabled: false }, undefined, at(0)).state, 'disabled');
  });

  test('an answer names instants, so that it is the same as long as nothing changes', () => {
    const late = (now: Date) => taskAnswer(DUTY, healthOf(), now);
    assert.equal(late(at(1_000)).reason, 'due 2026-03-04 02:00:00 UTC, grace 900 s');
    assert.deepEqual(late(at(1_000)), late(at(5_000)));
  });

  test('the worst task comes first, one that is off last', () => {
    const tasks = Object.entries(RECORDS).map(([task, health]) =>
      taskAnswer({ ...DUTY, task }, health, at(100)),
    );
    assert.deepEqual(
      worstTasksFirst(tasks).map(({ state }) => state),
      ['stuck', 'stuck', 'failing', 'degraded', 'running', 'ok', 'disabled'],
    );
  });
});
