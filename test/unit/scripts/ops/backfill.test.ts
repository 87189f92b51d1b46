import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { addDays, daysBetween } from '../../../../functions/shared/dates.ts';
import { daysToFill } from '../../../../scripts/ops/backfill/backfill.ts';
import { newPatience } from '../../../../scripts/ops/backfill/patience.ts';
import { backfillInWords } from '../../../../scripts/ops/backfill/words.ts';

const TODAY = '2026-11-22';

describe('newPatience()', () => {
  test('waits as long as live runs say, 15 min in all', () => {
    const patience = newPatience();
    assert.deepEqual(patience({ busyMs: 600_000 }), {
      pauseMs: 600_000,
      why: 'another run is live, trying again in 10 min',
    });
    assert.deepEqual(patience({ busyMs: 600_000 }), {
      pauseMs: 300_000,
      why: 'another run is live, trying again in 5 min',
    });
    assert.deepEqual(patience({ busyMs: 1 }), { givenUp: 'another run was live for 15 min' });
  });

  test('never asks again at once', () => {
    const verdict = newPatience()({ busyMs: 0 });
    assert.ok('pauseMs' in verdict && verdict.pauseMs === 1_000);
  });

  test('gives up at the third failure, whatever was waited for between', () => {
    const patience = newPatience();
    const failure = 'HTTP 500';
    assert.deepEqual(patience({ failure }), { pauseMs: 2_000, why: 'HTTP 500; try 2 of 3 in 2.0 s' });
    assert.ok('pauseMs' in patience({ busyMs: 5_000 }));
    assert.deepEqual(patience({ failure }), { pauseMs: 5_000, why: 'HTTP 500; try 3 of 3 in 5.0 s' });
    assert.deepEqual(patience({ failure }), { givenUp: 'tried 3 times, HTTP 500' });
  });
});

describe('daysToFill()', () => {
  test('ends with yesterday unless told otherwise, and takes today', () => {
    assert.deepEqual(daysToFill({ from: '2026-11-20' }, TODAY), ['2026-11-20', '2026-11-21']);
    assert.deepEqual(daysToFill({ from: TODAY, to: TODAY }, TODAY), [TODAY]);
    assert.equal(daysToFill({ from: addDays(TODAY, -400) }, TODAY).length, 400);
  });

  for (const [from, to, message] of [
    [TODAY, undefined, /2026-11-22 to 2026-11-21: the first day is after the last/],
    ['2026-11-20', '2026-11-23', /today is 2026-11-22, UTC/],
    [addDays(TODAY, -401), undefined, /401 days, at most 400 at once/],
  ] as const)
    test(`refuses ${from} to ${to ?? 'yesterday'}`, () =>
      assert.throws(() => daysToFill(to ? { from, to } : { from }, TODAY), { exitCode: 2, message }));
});

describe('backfillInWords()', () => {
  test('names the days that are partial, and how many more there are', () => {
    const days = daysBetween('2026-01-01', '2026-01-25');
    const result = { changed: false, final: true, conflict: false, problems: ['sources.storage: denied'] };
    const done = new Map(days.map((date) => [date, result]));
    const lines = backfillInWords({ days, done }, 61_000).map(stripVTControlCharacters);
    assert.equal(
      lines[0],
      '25 days collected in 1 min 1 s, 2026-01-01 to 2026-01-25: 0 changed, 25 final, 25 partial',
    );
    assert.equal(lines[1], '  ! 2026-01-01  sources.storage: denied');
    assert.equal(lines.at(-1), '  and 5 more days that are partial');
    assert.equal(lines.length, 1 + 20 + 1);
  });
});
