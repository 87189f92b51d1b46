import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, DAY_MS, HOUR_MS } from '../../../../functions/shared/dates.ts';
import {
  expireAtOf,
  manualRunId,
  OUTCOMES,
  type Outcome,
  scheduledRunId,
} from '../../../../functions/shared/model/run/run.ts';

const END = new Date('2026-03-04T02:00:00.000Z');

/** Days that the record of a run is kept which ended at END. */
function keptDays(
  ended: { outcome?: Outcome; endedAt?: Date; durationMs?: number } = {},
  history: { lastSuccessAt?: Date | null; typicalDurationMs?: number | null } = {},
): number {
  const run = { outcome: 'succeeded' as const, endedAt: END, durationMs: 1000, ...ended };
  const known = { lastSuccessAt: END, typicalDurationMs: 1000, ...history };
  return (expireAtOf(run, known).getTime() - run.endedAt.getTime()) / DAY_MS;
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

describe('run ids', () => {
  test('of one slot meet, whatever offset its text had', () => {
    const texts = ['2026-03-04T02:00:00Z', '2026-03-04T03:00:00.000+01:00'];
    assert.equal(new Set(texts.map((text) => scheduledRunId('duty', new Date(text)))).size, 1);
  });
  test('of a manual run can be no slot', () => assert.equal(manualRunId('duty', 'x'), 'duty@manual-x'));
});
