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
    ['blind-third.jsonl', 'that was written, most of it to deceive, when they stood a third time'],
    ['held-out.jsonl', 'of other systems, written before any rule for it'],
  ] as const)
    test(`${what} is what a person wants to read`, () => {
      const cases = casesOf(file);
      assert.ok(cases.length > 50 && cases.every(({ expect }) => CATEGORIES.includes(expect.category)));
      assert.deepEqual(cases.map(wrongOf).filter(Boolean), []);
    });
});

/** What platforms and exports make of a log. */
const WRAPPED: readonly [what: string, wrap: (line: string) => string][] = [
  ['of a container runtime', (line) => `2026-11-27T10:11:12.123456789Z stderr F ${line}`],
  ['of replicas', (line) => `ERROR 2026-11-27T10:11:12Z ${line}`],
  ['with Windows line ends', (line) => `${line}\r`],
  ['as one structured entry each', (line) => JSON.stringify({ severity: 'ERROR', textPayload: line })],
];

describe('the reason of a log whose lines are', () => {
  const cases = casesOf('public.jsonl').filter(({ expect }) => expect.category !== 'unknown');
  for (const [what, wrap] of WRAPPED)
    test(`${what} stays what it is`, () => {
      const changed = cases.filter(({ lines }) => {
        const wrapped = lines.flatMap((entry) => entry.split('\n')).map(wrap);
        return reasonOf(wrapped).category !== reasonOf(lines).category;
      });
      assert.deepEqual(
        changed.map(({ id }) => id),
        [],
      );
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

  test('is that of the last attempt that says anything, not what cleans up behind its end', () => {
    const { line } = reasonOf([
      'ConnectionRefusedError: [Errno 111] Connection refused',
      'Container called exit(1).',
      'starting over',
      ...traceback('a.py', 8, "KeyError: 'x'"),
      'Container called exit(1).',
      'Exception ignored in: <function Pool.__del__ at 0x7f2b>',
      'Traceback (most recent call last):',
      '  File "/usr/lib/python3.11/pool.py", line 271, in __del__',
      "TypeError: 'NoneType' object is not callable",
      'wandb: Synced 5 W&B file(s), 0 media file(s)',
    ]);
    assert.equal(line, "KeyError: 'x' (a.py:8)");
  });

  test('is found in a traceback whose beginning was cut off', () => {
    const { line, category } = reasonOf([
      '  File "/app/main.py", line 20, in <module>',
      '    step(b)',
      'ZeroDivisionError: division by zero',
      'Container called exit(1).',
    ]);
    assert.deepEqual([category, line], ['python', 'ZeroDivisionError: division by zero (main.py:20)']);
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

  test('of a long line shows the whole name that its rule is about', () => {
    const name = `aiplatform.googleapis.com/${'custom_model_training_'.repeat(3)}gpus`;
    const { line } = reasonOf([
      `ERROR: (gcloud.ai.custom-jobs.create) The following quota metrics exceed quota limits: ${name}`,
    ]);
    assert.ok(line.endsWith(name) && line.length <= 160, line);
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
