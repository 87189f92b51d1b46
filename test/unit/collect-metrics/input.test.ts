import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collectInput, daysNamed } from '../../../functions/collect-metrics/input.ts';
import { parseWithProblems } from '../../../functions/shared/problems.ts';
import { utc } from '../../support/jobs.ts';

const NOW = utc('2026-03-10T02:00');
const TODAY = '2026-03-10';

function problemsOf(body: unknown): string[] {
  const parsed = parseWithProblems(collectInput(NOW), body);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('collectInput()', () => {
  const GOOD = [
    {},
    { dryRun: true },
    { date: '2026-03-09' },
    { date: TODAY },
    { date: '2000-01-01' },
    { date: '2024-02-29', dryRun: false },
    { from: '2026-03-01' },
    { from: TODAY, to: TODAY },
    { from: '2025-02-04', to: TODAY },
  ];
  for (const body of GOOD)
    test(`takes ${JSON.stringify(body)}`, () => assert.deepEqual(problemsOf(body), []));

  const BAD: [body: unknown, problems: string[]][] = [
    [{ date: '2026-03-11' }, ['date: The day has not begun']],
    [{ date: '0000-01-01' }, ['date: The day is before any record']],
    [{ date: '1999-12-31' }, ['date: The day is before any record']],
    [{ date: '2026-02-30' }, ['date: Cannot use "2026-02-30"']],
    [{ date: '2026-3-9' }, ['date: Cannot use "2026-3-9"']],
    [{ date: '2026-03-09T00:00:00Z' }, ['date: Cannot use "2026-03-09T00:00:00Z"']],
    [{ date: 20260309 }, ['date: Cannot use 20260309']],
    [{ day: '2026-03-09' }, ['day: Unknown key "day", did you mean "date"?']],
    [{ date: '2026-03-09', from: '2026-03-01' }, ['from: Cannot use from beside date']],
    [{ to: '2026-03-09' }, ['from: Missing']],
    [{ from: '2026-03-09', to: '2026-03-08' }, ['from: 2026-03-09 is after 2026-03-08']],
    // `to` is yesterday then.
    [{ from: TODAY }, [`from: ${TODAY} is after 2026-03-09`]],
    [{ from: '2025-02-03', to: TODAY }, [`from: 2025-02-03 to ${TODAY} is too long`]],
    [
      { date: '2026-03-11', dryrun: 'yes', dryRun: 'yes' },
      [
        'date: The day has not begun',
        'dryRun: Cannot use "yes"',
        'dryrun: Unknown key "dryrun", did you mean "dryRun"?',
      ],
    ],
  ];
  for (const [body, problems] of BAD)
    test(`refuses ${JSON.stringify(body)}, naming every problem`, () =>
      assert.deepEqual(problemsOf(body).sort(), problems.sort()));
});

describe('daysNamed()', () => {
  test('gives the date, the range, the range up to yesterday, or nothing', () => {
    assert.deepEqual(daysNamed({ date: '2026-03-01' }, TODAY), ['2026-03-01']);
    assert.deepEqual(daysNamed({ from: '2026-02-28', to: '2026-03-01' }, TODAY), [
      '2026-02-28',
      '2026-03-01',
    ]);
    assert.deepEqual(daysNamed({ from: '2026-03-08' }, TODAY), ['2026-03-08', '2026-03-09']);
    assert.equal(daysNamed({ dryRun: true }, TODAY), undefined);
  });
});
