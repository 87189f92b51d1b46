import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { reasonOf } from '../../../../functions/shared/model/workload/reason.ts';
import { CATEGORIES, type Category } from '../../../../functions/shared/model/workload/rules/rule.ts';

/** The end of a log, in its form reduced from public reports, and what a person wants to read of it. */
interface Case {
  id: string;
  lines: string[];
  expect: { category: Category; contains: string; not?: string[] };
}

function casesOf(file: string): Case[] {
  const text = readFileSync(join(import.meta.dirname, 'cases', file), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);
}

/** What is wrong with the reason that is found in a log; `undefined` for nothing. */
function wrongOf({ id, lines, expect }: Case): string | undefined {
  const { line, category, rule, also } = reasonOf(lines);
  const held = (expect.not ?? []).filter((word) => line.includes(word));
  const isShort =
    [line, ...also].every((shown) => shown.length > 0 && shown.length <= 160) && also.length <= 3;
  const isRight = category === expect.category && line.includes(expect.contains) && held.length === 0;
  return isRight && isShort ? undefined : `${id}: ${category} (${rule}): ${line}`;
}

describe('the reason of a log', () => {
  for (const [file, what] of [
    ['public.jsonl', 'that is reduced from a public report'],
    ['traps.jsonl', 'that holds what only looks like a reason'],
    ['blind.jsonl', 'that was written when the rules stood'],
    ['blind-again.jsonl', 'that was written when they stood again'],
  ] as const)
    test(`${what} is what a person wants to read`, () => {
      const cases = casesOf(file);
      assert.ok(cases.length > 50 && cases.every(({ expect }) => CATEGORIES.includes(expect.category)));
      assert.deepEqual(cases.map(wrongOf).filter(Boolean), []);
    });
});

const traceback = (file: string, line: number, exception: string) => [
  'Traceback (most recent call last):',
  `  File "/app/${file}", line ${line}, in main`,
  '    work()',
  exception,
];

describe('a reason', () => {
  test('says where a program of Python was, in the code of its user', () => {
    const lines = traceback('main.py', 15, '  File "/venv/lib/python3.11/site-packages/x.py", line 3, in y');
    assert.equal(reasonOf([...lines, "KeyError: 'shard'"]).line, "KeyError: 'shard' (main.py:15)");
  });

  test('names what an exception was raised from, where both say something', () => {
    const { line } = reasonOf([
      ...traceback('a.py', 3, "KeyError: 'lr'"),
      '',
      'The above exception was the direct cause of the following exception:',
      '',
      ...traceback('b.py', 9, 'SettingsGone: no learning rate'),
    ]);
    assert.equal(line, "SettingsGone: no learning rate (b.py:9), caused by KeyError: 'lr'");
  });

  test('counts the ranks that say the same', () => {
    const ranks = [0, 1, 2, 3].map(
      (rank) => `[rank${rank}]: torch.OutOfMemoryError: CUDA out of memory. GPU ${rank}`,
    );
    assert.equal(reasonOf(ranks).line, 'torch.OutOfMemoryError: CUDA out of memory. GPU 0 (on 4 ranks)');
  });

  test('of an earlier attempt stands beside that of the last one', () => {
    const { line, also } = reasonOf([
      ...traceback('a.py', 3, 'ConnectionRefusedError: [Errno 111] Connection refused'),
      'Container called exit(1).',
      'begin again',
      'connected now',
      ...traceback('a.py', 8, "KeyError: 'x'"),
      'Container called exit(1).',
    ]);
    assert.equal(line, "KeyError: 'x' (a.py:8)");
    assert.equal(also[0], 'first failed with ConnectionRefusedError: [Errno 111] Connection refused');
  });

  test('that is unknown tells what was said last', () => {
    const { category, line, also } = reasonOf(['loading 3 files', 'Container called exit(1).']);
    assert.deepEqual(
      [category, line, also],
      ['unknown', 'exit 1, no reason in the log', ['last said: loading 3 files']],
    );
  });

  test('cut in the middle keeps what its rule is about', () => {
    const { line } = reasonOf([`${'detail '.repeat(40)}no space left on device ${'more '.repeat(60)}`]);
    assert.ok(line.length > 150 && line.length <= 160);
    assert.match(line, /^no space left on device more .* \.\.\. .*more$/);
  });

  test('of a build names its step, and asks no step that went well', () => {
    const { line } = reasonOf([
      'Step #0 - "lint": error: pathspec \'x\' did not match',
      'Step #1 - "unit": FAILED tests/test_a.py::test_x - ValueError: no',
      'ERROR: build step 1 "python" failed: step exited with non-zero status: 1',
    ]);
    assert.equal(line, 'FAILED tests/test_a.py::test_x - ValueError: no (Step #1 - "unit")');
  });
});
