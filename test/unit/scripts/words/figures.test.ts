import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs } from '../../../../functions/shared/dates.ts';
import { bytes, duration, figure, plural, relative, stamp } from '../../../../scripts/words/figures.ts';

const NOW = new Date('2026-03-04T05:06:07.000Z');

describe('duration()', () => {
  for (const [ms, words] of [
    [null, '-'],
    [0, '0.0 s'],
    [412, '0.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [119_900, '2 min'],
    [200_000, '3 min 20 s'],
    [3_599_400, '59 min 59 s'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [47 * 3_600_000, '47 h'],
    [48 * 3_600_000, '2 d'],
    [100 * 3_600_000, '4 d 4 h'],
  ] as const)
    test(`says ${words} for ${ms} ms`, () => assert.equal(duration(ms), words));
});

describe('relative()', () => {
  for (const [seconds, words] of [
    [0, 'now'],
    [-30, '30 s ago'],
    [30, 'in 30 s'],
    [-100, '2 min ago'],
    [3_600, 'in 60 min'],
    [-21 * 3_600, '21 h ago'],
    [-10 * 86_400, '10 d ago'],
  ] as const)
    test(`says ${words} at ${seconds} s`, () =>
      assert.equal(relative(addMs(NOW, seconds * 1000), NOW), words));

  test('says - for an unknown instant', () => assert.equal(relative(null, NOW), '-'));
});

describe('bytes()', () => {
  const KIB = 1024;
  const MIB = 1024 * KIB;
  for (const [amount, words] of [
    [null, '-'],
    [undefined, '-'],
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1,023 B'],
    [1023.4, '1,023 B'],
    [1023.5, '1.0 KiB'],
    [KIB, '1.0 KiB'],
    [1.25 * KIB, '1.3 KiB'],
    [1023.94 * KIB, '1,023.9 KiB'],
    [1023.96 * KIB, '1.0 MiB'],
    [MIB - 1, '1.0 MiB'],
    [MIB, '1.0 MiB'],
    [812.4 * 1024 * MIB, '812.4 GiB'],
    [1024 ** 4, '1.0 TiB'],
    [1024 ** 5, '1.0 PiB'],
    [1024 ** 6, '1.0 EiB'],
    [5_000 * 1024 ** 6, '5,000.0 EiB'],
  ] as const)
    test(`says ${words} for ${amount}`, () => assert.equal(bytes(amount), words));
});

describe('instants and figures', () => {
  test('are in UTC and say so', () => {
    assert.equal(stamp(NOW), '2026-03-04 05:06:07Z');
    assert.equal(stamp(null), '-');
  });
  test('show an unknown figure as -, and 0 as 0', () => {
    assert.equal(figure(null), '-');
    assert.equal(figure(0), '0');
    assert.equal(figure(12_345.67, 1), '12,345.7');
  });
  test('use the right form of the noun', () => {
    assert.equal(plural(1, 'row'), '1 row');
    assert.equal(plural(8_152, 'row'), '8,152 rows');
    assert.equal(plural(null, 'row'), '- rows');
  });
});
