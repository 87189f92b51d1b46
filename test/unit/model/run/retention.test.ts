import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, DAY_MS, HOUR_MS } from '../../../../functions/shared/dates.ts';
import { OUTCOMES, type Outcome } from '../../../../functions/shared/model/run/outcomes.ts';
import {
  expireAtOf,
  type RunRetention,
  runRetentionSchema,
} from '../../../../functions/shared/model/run/retention.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';

const END = new Date('2026-03-04T02:00:00.000Z');

/** Days that the record of a run is kept which ended at END. */
function keptDays(
  ended: { outcome?: Outcome; endedAt?: Date; durationMs?: number } = {},
  history: { lastSuccessAt?: Date | null; typicalDurationMs?: number | null } = {},
  retention: Partial<RunRetention> = {},
): number {
  const run = { outcome: 'succeeded' as const, endedAt: END, durationMs: 1000, ...ended };
  const known = { lastSuccessAt: END, typicalDurationMs: 1000, ...history };
  const expireAt = expireAtOf(run, known, runRetentionSchema.parse(retention));
  return (expireAt.getTime() - run.endedAt.getTime()) / DAY_MS;
}

describe('expireAtOf()', () => {
  for (const outcome of OUTCOMES.filter((it) => !['succeeded', 'skipped', 'running'].includes(it)))
    test(`keeps a run that ended ${outcome} for 30 days`, () => assert.equal(keptDays({ outcome }), 30));

  test('keeps a skipped run for 2 days, whatever was before', () =>
    assert.equal(keptDays({ outcome: 'skipped' }, { lastSuccessAt: null }), 2));

  test('keeps one success of each 4 hours for 30 days, the others for 2', () => {
    // 00:00, 04:00, ... UTC begin a new sample.
    const begin = new Date('2026-03-04T04:00:00.000Z');
    const before = addMs(begin, -1);
    assert.equal(keptDays({ endedAt: begin }, { lastSuccessAt: before }), 30);
    assert.equal(keptDays({ endedAt: before }, { lastSuccessAt: new Date('2026-03-04T00:00:00Z') }), 2);
    assert.equal(
      keptDays({ endedAt: new Date(begin.getTime() + 4 * HOUR_MS - 1) }, { lastSuccessAt: begin }),
      2,
    );
    assert.equal(keptDays({ endedAt: addMs(begin, 4 * HOUR_MS) }, { lastSuccessAt: begin }), 30);
  });

  test('keeps the first success for 30 days', () => assert.equal(keptDays({}, { lastSuccessAt: null }), 30));

  for (const [durationMs, days] of [
    [1999, 2],
    [2000, 2],
    [2001, 30],
  ] as const)
    test(`keeps a success of ${durationMs} ms, typically 1000, for ${days} days`, () =>
      assert.equal(keptDays({ durationMs }), days));

  test('calls nothing slow while nothing is typical', () =>
    assert.equal(keptDays({ durationMs: 1e9 }, { typicalDurationMs: null }), 2));
});

describe('retention.runs', () => {
  test('sets how long each is kept, what is a sample, and what is slow', () => {
    const set = { days: 60, routineDays: 1, sampleHours: 12, slowFactor: 3 };
    const inTheSample = { lastSuccessAt: new Date('2026-03-04T00:00:00Z') };
    assert.equal(keptDays({ outcome: 'failed' }, {}, set), 60);
    assert.equal(keptDays({ outcome: 'skipped' }, {}, set), 1);
    assert.equal(keptDays({}, inTheSample, set), 1);
    assert.equal(keptDays({}, { lastSuccessAt: new Date('2026-03-03T23:59:59Z') }, set), 60);
    assert.equal(keptDays({ durationMs: 3000 }, inTheSample, set), 1);
    assert.equal(keptDays({ durationMs: 3001 }, inTheSample, set), 60);
  });

  for (const [value, says] of [
    [{ routineDays: 0 }, 'routineDays: Cannot use 0; expected at least 1'],
    [{ days: 1.5 }, 'days: Cannot use 1.5; expected an integer'],
    [{ routineDays: 31 }, 'routineDays: Cannot use 31; expected at most days, which is 30'],
    [{ slowFactor: 0.5 }, 'slowFactor: Cannot use 0.5; expected at least 1'],
    [{ sampleHours: 25 }, 'sampleHours: Cannot use 25; expected at most 24'],
    [
      { day: 2 },
      'day: Unknown key "day", did you mean "days"?; expected one of days, routineDays, sampleHours, slowFactor',
    ],
  ] as const)
    test(`is refused as ${JSON.stringify(value)}`, () => {
      const parsed = parseWithProblems(runRetentionSchema, value);
      const problems = parsed.ok ? [] : parsed.problems;
      assert.deepEqual(
        problems.map(({ path, message, expected }) => `${path}: ${message}; expected ${expected}`),
        [says],
      );
    });
});
