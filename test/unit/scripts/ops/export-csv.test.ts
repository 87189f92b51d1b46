import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { csvOf } from '../../../../scripts/ops/export/csv.ts';

describe('csvOf()', () => {
  test('has a column for each path of any row, and nothing where a row has none', () =>
    assert.equal(
      csvOf([
        { a: 1, b: { c: 'x', d: null } },
        { a: 2, e: [1, 'y'], at: new Date(0) },
      ]),
      'a,b.c,b.d,e,at\r\n1,x,,,\r\n2,,,"[1,""y""]",1970-01-01T00:00:00.000Z\r\n',
    ));

  test('makes no text a formula, and leaves numbers numbers', () => {
    const cells = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', -1, 1e21, 'a=b', "'=x"];
    const [, ...lines] = csvOf(cells.map((cell) => ({ cell }))).split('\r\n');
    assert.deepEqual(lines.slice(0, 5), ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx"]);
    assert.deepEqual(lines.slice(5, 10), ['"\'\rx"', '-1', '1e+21', 'a=b', "'=x"]);
  });

  test('quotes what would end a cell or a line', () =>
    assert.equal(csvOf([{ a: 'x,"y"\nz' }]), 'a\r\n"x,""y""\nz"\r\n'));
});
