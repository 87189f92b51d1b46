import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  addDays,
  dayOf,
  daysBetween,
  earlierOf,
  endOfDay,
  isSunday,
  laterOf,
  parseInstant,
  startOfDay,
} from '../../../functions/shared/dates.ts';

describe('a day', () => {
  for (const [instant, day] of [
    ['2026-03-04T00:00:00.000Z', '2026-03-04'],
    ['2026-03-03T23:59:59.999Z', '2026-03-03'],
    ['2026-03-04T23:59:59.999Z', '2026-03-04'],
    ['2026-03-05T00:00:00.000Z', '2026-03-05'],
  ] as const)
    test(`${instant} lies in ${day}`, () => assert.equal(dayOf(new Date(instant)), day));

  test('begins at midnight UTC and ends where the next begins', () => {
    assert.equal(startOfDay('2026-03-04').toISOString(), '2026-03-04T00:00:00.000Z');
    assert.deepEqual(endOfDay('2026-03-04'), startOfDay('2026-03-05'));
  });

  for (const [day, count, expected] of [
    ['2026-03-04', 0, '2026-03-04'],
    ['2026-02-28', 1, '2026-03-01'],
    ['2028-02-28', 1, '2028-02-29'],
    ['2026-01-01', -1, '2025-12-31'],
    // Clocks change in Europe and America; in UTC every day has 24 hours.
    ['2026-03-29', 1, '2026-03-30'],
    ['2026-11-01', 1, '2026-11-02'],
    ['2026-03-04', 366, '2027-03-05'],
  ] as const)
    test(`${day} and ${count} days is ${expected}`, () => assert.equal(addDays(day, count), expected));

  test('is a Sunday every seventh time', () =>
    assert.deepEqual(daysBetween('2026-03-01', '2026-03-15').filter(isSunday), [
      '2026-03-01',
      '2026-03-08',
      '2026-03-15',
    ]));
});

describe('daysBetween()', () => {
  test('names both ends, oldest first', () =>
    assert.deepEqual(daysBetween('2026-02-27', '2026-03-01'), ['2026-02-27', '2026-02-28', '2026-03-01']));
  test('names one day from a day to itself', () =>
    assert.deepEqual(daysBetween('2026-03-01', '2026-03-01'), ['2026-03-01']));
  test('names none backwards', () => assert.deepEqual(daysBetween('2026-03-02', '2026-03-01'), []));
  test('spans a year that has a leap day', () =>
    assert.equal(daysBetween('2028-01-01', '2028-12-31').length, 366));
});

describe('parseInstant()', () => {
  for (const [text, instant] of [
    ['2026-03-04T02:00:00Z', '2026-03-04T02:00:00.000Z'],
    ['2026-03-04t02:00:00z', '2026-03-04T02:00:00.000Z'],
    ['2026-03-04 02:00:00Z', '2026-03-04T02:00:00.000Z'],
    ['2026-03-04T03:00:00+01:00', '2026-03-04T02:00:00.000Z'],
    ['2026-03-03T21:30:00-04:30', '2026-03-04T02:00:00.000Z'],
    ['2026-03-04T02:00:00.123456Z', '2026-03-04T02:00:00.123Z'],
  ] as const)
    test(`reads ${text}`, () => assert.equal(parseInstant(text)?.toISOString(), instant));

  for (const text of [
    '',
    'now',
    '2026-03-04',
    '2026-03-04T02:00:00',
    '2026-13-04T02:00:00Z',
    '1772589600',
    '2026-03-04T02:00Z',
  ])
    test(`takes "${text}" for no instant`, () => assert.equal(parseInstant(text), undefined));
});

describe('laterOf() and earlierOf()', () => {
  const [early, late] = [new Date(1), new Date(2)];
  test('tell two instants apart whatever their order', () => {
    for (const [a, b] of [
      [early, late],
      [late, early],
    ] as const) {
      assert.deepEqual(laterOf(a, b), late);
      assert.deepEqual(earlierOf(a, b), early);
    }
  });
});
