import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { columnsOf, cut } from '../../../../scripts/words/columns.ts';
import { entriesInWords } from '../../../../scripts/words/entries.ts';
import { table } from '../../../../scripts/words/table.ts';
import { firstLine, oneLine, wantsColor } from '../../../../scripts/words/terminal.ts';

describe('wantsColor()', () => {
  for (const [stream, variables, wanted] of [
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{}, {}, false],
    [{}, { CI: 'true' }, false],
    [{}, { FORCE_COLOR: '1' }, true],
    [{ isTTY: true }, { FORCE_COLOR: '0' }, false],
  ] as const)
    test(`is ${wanted} for ${JSON.stringify([stream, variables])}`, () =>
      assert.equal(wantsColor(stream, variables), wanted));
});

describe('oneLine()', () => {
  test('takes from stored text what would break a table or steer the terminal', () =>
    assert.equal(oneLine('a\nb\u001b[31mc\u0007\u009b2Jd\u2028e'), 'a bc d e'));
  test('takes what would turn the text beside it', () =>
    assert.equal(oneLine('a\u202eb\u2066c\u200fd\u001b\u202e[31me'), 'abcd [31me'));
  test('firstLine() keeps the first line that says something, cut at the limit', () => {
    assert.equal(firstLine('\n\n  out of memory\nat x'), 'out of memory');
    assert.equal(firstLine('x'.repeat(30), 10), `${'x'.repeat(9)}…`);
  });
});

describe('table()', () => {
  const columns = [{ title: 'NAME' }, { title: 'COUNT', align: 'right' as const }, { title: 'WHAT' }];
  const plain = (lines: string[]) => lines.map(stripVTControlCharacters);

  test('aligns coloured cells by what is seen of them', () =>
    assert.deepEqual(
      plain(
        table(columns, [
          ['\u001b[31mab\u001b[39m', '1', 'x'],
          ['abcdef', '12,345', 'y'],
        ]),
      ),
      ['NAME     COUNT  WHAT', 'ab           1  x', 'abcdef  12,345  y'],
    ));
  test('cuts only the last column, where the terminal ends', () =>
    assert.deepEqual(plain(table(columns, [['a', '1', 'x'.repeat(50)]], { width: 30 })), [
      'NAME  COUNT  WHAT',
      `a         1  ${'x'.repeat(16)}…`,
    ]));
  test('cuts nothing without a terminal', () =>
    assert.equal(table(columns, [['a', '1', 'x'.repeat(500)]])[1]?.length, 513));

  const jobs = [{ title: 'JOB', whole: true as const }, { title: 'PROJECT', drop: 1 }, { title: 'SAYS' }];
  const id = 'resnet-'.repeat(6);
  test('leaves out what may be left out before it folds, and never cuts an id', () => {
    const rows = [[id, 'vision', 'runs']];
    assert.deepEqual(plain(table(jobs, rows, { width: 50 })), [
      `${'JOB'.padEnd(id.length)}  SAYS`,
      `${id}  runs`,
    ]);
    assert.deepEqual(plain(table(jobs, rows, { width: 30 })), ['JOB', '  SAYS', id, '  runs']);
  });
  test('puts the lines of a row below it', () =>
    assert.deepEqual(plain(table([{ title: 'A' }], [['x'], ['y']], { below: [['  why'], []] })), [
      'A',
      'x',
      '  why',
      'y',
    ]));
  test('keeps columns where characters are wide, or take none', () =>
    assert.deepEqual(
      plain(
        table(
          [{ title: 'NAME' }, { title: 'N' }],
          [
            ['模型', '1'],
            ['e\u0301t', '2'],
            ['👩‍🚀x', '3'],
            ['ab', '4'],
          ],
        ),
      ),
      ['NAME  N', '模型  1', 'e\u0301t    2', '👩‍🚀x   3', 'ab    4'],
    ));
});

describe('columnsOf() and cut()', () => {
  for (const [text, columns] of [
    ['', 0],
    ['abc', 3],
    ['\u001b[31mred\u001b[39m', 3],
    ['模型', 4],
    ['ｱｲ', 2],
    ['한국', 4],
    ['e\u0301', 1],
    ['👍🏽', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['a\u200bb', 2],
    ['…é', 2],
  ] as const)
    test(`${JSON.stringify(text)} takes ${columns} columns`, () => assert.equal(columnsOf(text), columns));

  test('cut() never cuts what is drawn as one character in two', () => {
    assert.equal(cut('模型模型', 5), '模型…');
    assert.equal(cut('模型模型', 4), '模…');
    assert.equal(cut('👩‍🚀👩‍🚀', 3), '👩‍🚀…');
  });
});

test('a label that is longer than most moves the texts of all, and never runs into its own', () => {
  const entries = [
    { label: 'W&B completed', lines: ['1 failed'] },
    { label: 'Logs', lines: ['2 read'] },
  ];
  assert.deepEqual(entriesInWords(entries, 60), ['  W&B completed 1 failed', '  Logs          2 read']);
});
