import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshFile } from '../../../support/folders.ts';
import { ops } from '../../../support/ops.ts';
import { sized } from '../../../support/soak.ts';

/** No emulator, no project, no stack. */
const ALONE = { FIRESTORE_EMULATOR_HOST: '' };
const reason = (args: string[], input = '') => ops(['reason', ...args], { env: ALONE, input });

const LOG =
  'INFO begin\nTraceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    g()\nKeyError: \'shard\'\nContainer called exit(1).\n';
const many = (...cases: unknown[]) =>
  cases.map((it) => (typeof it === 'string' ? it : JSON.stringify(it))).join('\n');

describe('ops reason', () => {
  test('prints the category and the line, of a file and of standard input', async () => {
    const expected = "python: KeyError: 'shard' (a.py:3)\n";
    const file = await reason([freshFile('train.log', LOG)]);
    assert.deepEqual(file, { code: 0, stdout: expected, stderr: '' });
    assert.deepEqual(await reason(['-'], LOG.replaceAll('\n', '\r\n')), {
      code: 0,
      stdout: expected,
      stderr: '',
    });
  });

  test('tells a program what else the log says, and by which rule', async () => {
    const { code, stdout } = await reason(['-', '--json'], LOG);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      line: "KeyError: 'shard' (a.py:3)",
      category: 'python',
      rule: 'exception',
      also: [],
    });
  });

  test('reads what gcloud logging read prints as JSON, in the order of its times', async () => {
    const entry = (second: string, textPayload: string) => ({
      insertId: second,
      timestamp: `2026-11-27T10:00:${second}Z`,
      resource: { type: 'ml_job', labels: { job_id: '7', task_name: 'workerpool0-0' } },
      severity: 'ERROR',
      textPayload,
    });
    const [begin, frame, end] = LOG.split('\n')
      .slice(1, 5)
      .join('\n')
      .split(/\n(?= {2}File|KeyError)/);
    const list = [entry('01.25', end ?? ''), entry('01', frame ?? ''), entry('00.5', begin ?? '')];
    const expected = { code: 0, stdout: "python: KeyError: 'shard' (a.py:3)\n", stderr: '' };
    for (const entries of [list, list.toReversed(), [list[1], list[0], list[2]]])
      assert.deepEqual(await reason(['-'], JSON.stringify(entries, null, 2)), expected);
    const { stdout } = await reason(['-'], `[{"half": 1},\nKeyError: 'x'`);
    assert.equal(stdout, "python: KeyError: 'x'\n");
  });

  test('of many logs prints one line of JSON each, in their order, with the id', async () => {
    const input = many(
      { id: 'a', system: 'vertex-ai', lines: ['Replicas low on memory: workerpool0.'] },
      '',
      { id: 7, system: 'cloud-run', lines: LOG.split('\n'), expect: { category: 'python' } },
      { id: 'a', lines: [] },
    );
    const { code, stdout, stderr } = await reason(['-'], input);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => {
          const { id, category, line: text } = JSON.parse(line);
          return [id, category, text];
        }),
      [
        ['a', 'oom', 'Replicas low on memory: workerpool0.'],
        [7, 'python', "KeyError: 'shard' (a.py:3)"],
        ['a', 'unknown', 'no exit code, no output'],
      ],
    );
  });

  test('names each line that is no log, goes on, and says so by its exit code', async () => {
    const good = { id: 'good', lines: ['TIMEOUT'] };
    const input = many(
      '{"id": "broken',
      good,
      [1],
      { id: 'x', lines: 'text' },
      { lines: [] },
      { id: 1, lines: ['a', 2] },
      good,
    );
    const { code, stdout, stderr } = await reason(['-'], input);
    assert.equal(code, 1);
    assert.equal(stdout.trim().split('\n').length, 2);
    assert.deepEqual(stderr.trim().split('\n'), [
      'Cannot read line 1: it is no JSON',
      'Cannot read line 3: it is no object with id and lines',
      'Cannot read line 4: its lines have to be a list of texts',
      'Cannot read line 5: its id has to be a text or a number',
      'Cannot read line 6: each of its lines has to be a text: lines[1] is none',
    ]);
  });

  test('takes structured lines of one log for a log', async () => {
    const { stdout } = await reason(
      ['-'],
      many({ severity: 'INFO', message: 'begin' }, { severity: 'ERROR', message: 'ValueError: no rows' }),
    );
    assert.equal(stdout, 'python: ValueError: no rows\n');
  });

  test('reads whatever bytes a log holds, and of a long one its end', async () => {
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.from('x\n'.repeat(5_000)),
      Buffer.from(LOG),
    ]);
    const { code, stdout } = await reason([freshFile('train.log', bytes.toString('latin1'))]);
    assert.deepEqual([code, stdout], [0, "python: KeyError: 'shard' (a.py:3)\n"]);
  });

  test('says of an empty log that there is none, and of a file that is not there that it is not', async () => {
    assert.deepEqual(await reason(['-']), {
      code: 0,
      stdout: 'unknown: no exit code, no output\n',
      stderr: '',
    });
    const { code, stdout, stderr } = await reason(['/nowhere/train.log']);
    assert.deepEqual([code, stdout, stderr], [2, '', 'Cannot read /nowhere/train.log: no such file\n']);
    assert.match((await reason(['/'])).stderr, /^Cannot read \/: it is a folder/);
  });

  test('goes through many logs in the order in which they came', async () => {
    const count = sized(2_000, 100_000);
    const input = Array.from({ length: count }, (_, id) =>
      JSON.stringify({ id, lines: [`line ${id}`, LOG] }),
    ).join('\n');
    const { code, stdout } = await reason(['-'], input);
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    assert.deepEqual([code, ids.length, ids.every((id, at) => id === at)], [0, count, true]);
  });
});
