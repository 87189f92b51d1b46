import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { nearest, type Problem, parseWithProblems } from '../../../functions/shared/problems.ts';

const schema = z.strictObject({
  date: z.iso.date().optional(),
  dryRun: z.boolean().optional(),
  limits: z.strictObject({ jobs: z.int().min(1).max(100) }).optional(),
  tags: z.array(z.string().max(3)).optional(),
});

function problemsOf(input: unknown): Problem[] {
  const parsed = parseWithProblems(schema, input);
  return parsed.ok ? [] : parsed.problems;
}

describe('parseWithProblems()', () => {
  test('hands over what is right', () =>
    assert.deepEqual(parseWithProblems(schema, { date: '2026-03-04' }), {
      ok: true,
      value: { date: '2026-03-04' },
    }));

  const known = 'one of date, dryRun, limits, tags';
  for (const [input, problem] of [
    [{ dat: 1 }, { path: 'dat', message: 'Unknown key "dat", did you mean "date"?', expected: known }],
    [
      { dryrun: true },
      { path: 'dryrun', message: 'Unknown key "dryrun", did you mean "dryRun"?', expected: known },
    ],
    [
      { somethingElse: 1 },
      { path: 'somethingElse', message: 'Unknown key "somethingElse"', expected: known },
    ],
    [
      { limits: { jobs: 5, job: 5 } },
      { path: 'limits.job', message: 'Unknown key "job", did you mean "jobs"?', expected: 'one of jobs' },
    ],
    [{ dryRun: 'yes' }, { path: 'dryRun', message: 'Cannot use "yes"', expected: 'a boolean' }],
    [
      { date: '2026-02-30' },
      { path: 'date', message: 'Cannot use "2026-02-30"', expected: 'a date of the calendar, YYYY-MM-DD' },
    ],
    [{ date: 20260304 }, { path: 'date', message: 'Cannot use 20260304', expected: 'a string' }],
    [{ limits: {} }, { path: 'limits.jobs', message: 'Missing', expected: 'a number' }],
    [{ limits: { jobs: 0 } }, { path: 'limits.jobs', message: 'Cannot use 0', expected: 'at least 1' }],
    [{ limits: { jobs: 101 } }, { path: 'limits.jobs', message: 'Cannot use 101', expected: 'at most 100' }],
    [{ limits: { jobs: 1.5 } }, { path: 'limits.jobs', message: 'Cannot use 1.5', expected: 'an integer' }],
    [
      { tags: ['ok', 'long'] },
      { path: 'tags.1', message: 'Cannot use "long"', expected: 'at most 3 characters' },
    ],
    [null, { path: '', message: 'Cannot use null', expected: 'an object {date?, dryRun?, limits?, tags?}' }],
    [{ limits: 3 }, { path: 'limits', message: 'Cannot use 3', expected: 'an object {jobs}' }],
    [[], { path: '', message: 'Cannot use []', expected: 'an object {date?, dryRun?, limits?, tags?}' }],
  ] as const)
    test(`tells ${JSON.stringify(input)}: ${problem.message}`, () =>
      assert.deepEqual(problemsOf(input), [problem]));

  test('names every problem at once', () =>
    assert.deepEqual(
      problemsOf({ dat: 1, dryRun: 1, limits: { jobs: 'x' } })
        .map(({ path }) => path)
        .sort(),
      ['dat', 'dryRun', 'limits.jobs'],
    ));

  test('quotes no more of a long value than a line', () => {
    const [problem] = problemsOf({ dryRun: 'x'.repeat(100_000) });
    assert.ok((problem?.message.length ?? 0) < 150);
    assert.match(problem?.message ?? '', /xxx\.\.\.$/);
  });

  test('survives input that nests deeper than the stack', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
    assert.equal(problemsOf({ dryRun: deep })[0]?.path, 'dryRun');
  });
});

describe('nearest()', () => {
  for (const [word, found] of [
    ['statuss', 'status'],
    ['STATUS', 'status'],
    ['strated', 'started'],
    ['xyz', undefined],
    ['', undefined],
  ] as const)
    test(`finds ${found ?? 'nothing'} for "${word}"`, () =>
      assert.equal(nearest(word, ['status', 'started', 'ended']), found));

  test('finds nothing among nothing', () => assert.equal(nearest('status', []), undefined));
});
