import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
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
        table(
          columns,
          [
            ['\u001b[31mab\u001b[39m', '1', 'x'],
            ['abcdef', '12,345', 'y'],
          ],
          undefined,
        ),
      ),
      ['NAME     COUNT  WHAT', 'ab           1  x', 'abcdef  12,345  y'],
    ));
  test('cuts only the last column, where the terminal ends', () =>
    assert.deepEqual(plain(table(columns, [['a', '1', 'x'.repeat(50)]], 30)), [
      'NAME  COUNT  WHAT',
      `a         1  ${'x'.repeat(16)}…`,
    ]));
  test('cuts nothing without a terminal', () =>
    assert.equal(table(columns, [['a', '1', 'x'.repeat(500)]], undefined)[1]?.length, 513));
});
