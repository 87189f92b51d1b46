import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addMs } from '../../../../functions/shared/dates.ts';
import {
  type Fared,
  type MetricSourceRecord,
  metricSourceSchema,
  recordAfter,
} from '../../../../functions/shared/model/day/metric-source.ts';
import { alarmId } from '../../../../functions/shared/model/run/alarm.ts';
import { utc } from '../../../support/jobs.ts';
import { sized } from '../../../support/soak.ts';

const LIMIT = 3;

/** How storage fared in the run of that day of March. */
function fared(day: number, error: string | null, runId = `run-${day}`): Fared {
  return {
    source: 'storage',
    error,
    at: addMs(utc('2026-03-01T02:00'), day * 86_400_000),
    runId,
  };
}

/** The record after these runs, and every alarm that was opened and closed on the way. */
function after(runs: readonly Fared[], limit = LIMIT) {
  let record: MetricSourceRecord | null = null;
  const opened: string[] = [];
  const closed: string[] = [];
  for (const run of runs) {
    const next = recordAfter(record, run, limit);
    record = next?.record ?? record;
    opened.push(...(next?.open ?? []).map(alarmId));
    closed.push(...(next?.close ?? []).map(({ id }) => id));
  }
  return { record, opened, closed };
}

describe('recordAfter()', () => {
  test('changes nothing for a source that answers and never failed', () =>
    assert.equal(recordAfter(null, fared(1, null), LIMIT), null));

  test('remembers the first failure of a row, and the latest error', () => {
    const { record, opened } = after([fared(1, 'denied'), fared(2, 'it hung')]);
    assert.deepEqual(record, {
      source: 'storage',
      failures: 2,
      failingSince: fared(1, null).at,
      error: 'it hung',
      alarmId: null,
      runId: 'run-2',
    });
    assert.deepEqual(opened, []);
    assert.deepEqual(metricSourceSchema.parse(record), record);
  });

  test('opens an alarm for the third failure in a row, dated by that run', () => {
    const { record } = after([fared(1, 'denied'), fared(2, 'denied')]);
    const third = recordAfter(record, fared(3, 'denied: x'), LIMIT);
    assert.deepEqual(third?.open, [
      {
        subject: 'storage',
        kind: 'source-failing',
        brokenAt: fared(3, null).at,
        message: 'Metric source storage failed in 3 runs in a row, since 2026-03-02T02:00:00.000Z: denied: x',
      },
    ]);
    assert.deepEqual(third?.record.alarmId, 'storage:source-failing:2026-03-04T02:00:00.000Z');
  });

  test('opens no second one while it lasts, and keeps the words of the first true', () => {
    const { opened, record } = after([1, 2, 3, 4, 5].map((day) => fared(day, 'denied')));
    assert.equal(opened.length, 1);
    const { reword } = recordAfter(record, fared(6, 'it hung'), LIMIT) ?? {};
    assert.deepEqual(
      reword?.map(({ id }) => id),
      opened,
    );
    assert.match(reword?.[0]?.message ?? '', / failed in 6 runs in a row, since .*: it hung$/);
  });

  test('ends the row with the first answer, and closes its alarm', () => {
    const { record } = after([1, 2, 3].map((day) => fared(day, 'denied')));
    const answer = recordAfter(record, fared(4, null), LIMIT);
    assert.deepEqual(answer, {
      record: {
        source: 'storage',
        failures: 0,
        failingSince: null,
        error: null,
        alarmId: null,
        runId: 'run-4',
      },
      open: [],
      close: [{ id: record?.alarmId, because: 'metric source storage answers again' }],
      reword: [],
    });
    assert.equal(recordAfter(answer.record, fared(5, null), LIMIT), null);
  });

  test('begins a new row after an answer', () => {
    const { record, opened } = after([fared(1, 'a'), fared(2, 'a'), fared(3, null), fared(4, 'b')]);
    assert.deepEqual([record?.failures, record?.failingSince, opened], [1, fared(4, null).at, []]);
  });

  test('counts the attempts of one run once', () => {
    const { record, opened } = after([fared(1, 'a'), fared(2, 'a'), fared(2, 'a'), fared(2, 'a')]);
    assert.deepEqual([record?.failures, opened], [2, []]);
  });

  test('counts a failing attempt of a run whose earlier attempt was answered', () => {
    const { record } = after([fared(1, 'a'), fared(2, 'a'), fared(2, null), fared(2, 'a')]);
    assert.deepEqual([record?.failures, record?.failingSince], [1, fared(2, null).at]);
  });

  test('opens an alarm at once where one failure is the limit', () =>
    assert.equal(after([fared(1, 'a')], 1).opened.length, 1));

  test('has one alarm open while the row is as long as the limit, and none else, whatever happened before', () => {
    const run = fc.record({ fails: fc.boolean(), attempts: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (runs, limit) => {
        const all = runs.flatMap(({ fails, attempts }, day) =>
          Array.from({ length: attempts }, () => fared(day, fails ? 'denied' : null)),
        );
        const { opened, closed, record } = after(all, limit);
        const row = runs.length - 1 - runs.findLastIndex(({ fails }) => !fails);
        const open = opened.filter((id) => !closed.includes(id));
        assert.equal(open.length, row >= limit ? 1 : 0);
        assert.equal(record?.alarmId ?? null, open[0] ?? null);
        assert.equal(record?.failures ?? 0, row);
        assert.equal(new Set(opened).size, opened.length, 'each has an id of its own');
      }),
      { numRuns: sized(300, 3_000) },
    );
  });
});
