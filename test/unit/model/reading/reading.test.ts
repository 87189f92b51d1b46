import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addMs } from '../../../../functions/shared/dates.ts';
import {
  isNone,
  JSON_TIME_TYPES,
  PLAUSIBLE_TIMES,
  type Reading,
  readAmount,
  readHold,
  readId,
  readJsonTime,
  readText,
  readTime,
  TIME_TYPES,
  type TimeForm,
  writeTime,
} from '../../../../functions/shared/model/reading/reading.ts';
import { sized } from '../../../support/soak.ts';

const NUM_RUNS = sized(300, 10_000);

/** What a reading came to, in a form that fits into a table. */
function told(reading: Reading<unknown>): unknown {
  if (reading.is !== 'read') return reading.is;
  return reading.value instanceof Date ? reading.value.toISOString() : reading.value;
}

const TEN = '2026-11-12T10:00:00.000Z';
const ISO: TimeForm = { type: 'iso' };

describe('readTime()', () => {
  for (const text of [
    '2026-11-12T10:00:00Z',
    '2026-11-12t10:00:00z',
    '2026-11-12 10:00:00+00',
    '2026-11-12 10:00:00+0000',
    '2026-11-12 10:00:00.000000+00:00',
    '2026-11-12T10:00:00 UTC',
    '2026-11-12 10:00:00 +0000',
    '2026-11-12T02:00:00-08:00',
    '2026-11-12T10:00Z',
    '2026-11-12T10:00:00,000Z',
    '2026-11-12T10:00:00.000999999Z',
    '2026-11-12T10:00:00Z  ',
  ])
    test(`reads ${text}`, () => assert.equal(told(readTime(text, ISO)), TEN));

  for (const [text, zone, instant] of [
    ['2026-11-12 10:00:00', 'UTC', TEN],
    ['2026-11-12 02:00:00', '-08:00', TEN],
    ['2026-11-12 11:00:00', 'Europe/Berlin', TEN],
    ['2026-07-12 12:00:00', 'Europe/Berlin', '2026-07-12T10:00:00.000Z'],
    ['2026-03-29 01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59.000Z'],
    ['2026-03-29 03:00:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25 04:00:00', 'Europe/Berlin', '2026-10-25T03:00:00.000Z'],
    ['2026-11-12', 'UTC', '2026-11-12T00:00:00.000Z'],
    ['2026-11-12T10:00:00Z', 'Asia/Tokyo', TEN],
  ] as const)
    test(`reads ${text} in ${zone}`, () =>
      assert.equal(told(readTime(text, { type: 'iso', zone })), instant));

  for (const [value, type, instant] of [
    [new Date(TEN), 'timestamp', TEN],
    [1_794_477_600, 'seconds', TEN],
    [1_794_477_600.9996, 'seconds', '2026-11-12T10:00:00.999Z'],
    [1_794_477_600.001, 'seconds', '2026-11-12T10:00:00.001Z'],
    [1_794_477_600_000.9, 'millis', TEN],
    [1_794_477_600_000_999, 'micros', TEN],
    [1_794_477_600_000_999n, 'micros', TEN],
  ] as const)
    test(`reads ${value} as ${type}`, () => assert.equal(told(readTime(value, { type })), instant));

  test('cuts off what is below the millisecond, so that nothing falls into the next day', () =>
    assert.equal(told(readTime('2026-11-12T23:59:59.9999996Z', ISO)), '2026-11-12T23:59:59.999Z'));

  for (const type of [...TIME_TYPES, ...JSON_TIME_TYPES])
    for (const value of [
      null,
      undefined,
      '',
      ' ',
      0,
      '0',
      'None',
      'NULL',
      '\\N',
      'Unknown',
      'N/A',
      '-',
      'NaT',
    ])
      test(`takes ${String(value)} for no ${type}`, () =>
        assert.equal(told(readTime(value, { type })), 'absent'));

  for (const [value, type] of [
    ['1970-01-01', 'iso'],
    ['1970-01-01T00:00:00Z', 'iso'],
    ['1970-01-01 01:00:00+01:00', 'iso'],
    ['0001-01-01T00:00:00Z', 'iso'],
    ['9999-12-31T23:59:59.999999Z', 'iso'],
    ['0000-00-00 00:00:00', 'iso'],
    [new Date(0), 'timestamp'],
    [new Date('0001-01-01T00:00:00Z'), 'timestamp'],
    [new Date('9999-12-31T23:59:59.999Z'), 'timestamp'],
    [-62_135_596_800, 'seconds'],
    [253_402_300_799, 'seconds'],
    [Number.NaN, 'millis'],
  ] as const)
    test(`takes ${value} for no time`, () =>
      assert.equal(told(readTime(value, { type, zone: type === 'iso' ? 'UTC' : undefined })), 'absent'));

  for (const text of [
    '0001-01-01T00:00:00',
    '1970-01-01 00:00:00',
    '9999-12-31',
    '9999-12-31 23:59:59.999999',
  ])
    test(`takes ${text} for none in every zone`, () => assert.equal(told(readTime(text, ISO)), 'absent'));

  for (const [value, type] of [
    ['2026-11-12 10:00:00', 'iso'],
    ['2026-11-12', 'iso'],
    ['2026-02-30T10:00:00Z', 'iso'],
    ['2026-11-12T25:00:00Z', 'iso'],
    ['2026-11-12T10:00:00+25:00', 'iso'],
    [' 2026-11-12T10:00:00Z', 'iso'],
    ['Thu, 12 Nov 2026 10:00:00 GMT', 'iso'],
    ['1794477600', 'seconds'],
    ['soon', 'iso'],
    [1_767_225, 'millis'],
    [900, 'seconds'],
    [1_762_941_600, 'micros'],
    ['1970-01-01T00:29:27Z', 'iso'],
    [1_794_477_600, 'iso'],
    [1_794_477_600, 'millis'],
    [1_794_477_600_000, 'seconds'],
    [1e300, 'seconds'],
    [Number.POSITIVE_INFINITY, 'millis'],
    ['1999-12-31T23:59:59Z', 'iso'],
    ['2200-01-01T00:00:00Z', 'iso'],
    [new Date(Number.NaN), 'timestamp'],
    ['2026-11-12T10:00:00Z', 'timestamp'],
    [true, 'timestamp'],
    [{ seconds: 1 }, 'timestamp'],
    [[], 'iso'],
  ] as const)
    test(`cannot read ${JSON.stringify(value)} as ${type}`, () =>
      assert.equal(told(readTime(value, { type })), 'unreadable'));

  test('says what stands there and what was expected', () =>
    assert.deepEqual(readTime('2026-11-12 10:00:00', ISO), {
      is: 'unreadable',
      why: '"2026-11-12 10:00:00" is not an ISO time as text with its zone',
    }));

  test('reads what was written, whatever the type', () => {
    const range = {
      min: PLAUSIBLE_TIMES.from,
      max: addMs(PLAUSIBLE_TIMES.to, -1),
      noInvalidDate: true,
    };
    fc.assert(
      fc.property(fc.date(range), fc.constantFrom(...TIME_TYPES), (instant, type) => {
        assert.deepEqual(readTime(writeTime(instant, type), { type }), { is: 'read', value: instant });
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe('readHold()', () => {
  for (const [value, type, until] of [
    ['9999-12-31', 'iso', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59.999999Z', 'iso', '9999-12-31T23:59:59.999Z'],
    [new Date('9999-12-31T00:00:00Z'), 'timestamp', '9999-12-31T23:59:59.999Z'],
    [253_402_300_799, 'seconds', '9999-12-31T23:59:59.999Z'],
    ['2300-01-01T00:00:00Z', 'iso', '9999-12-31T23:59:59.999Z'],
    ['2026-11-12T10:00:00Z', 'iso', TEN],
    ['0001-01-01T00:00:00Z', 'iso', 'absent'],
    [null, 'iso', 'absent'],
    ['for ever', 'iso', 'unreadable'],
  ] as const)
    test(`reads ${value} as ${until}`, () => assert.equal(told(readHold(value, { type })), until));
});

describe('readJsonTime()', () => {
  for (const [value, type] of [
    ['Thu, 12 Nov 2026 10:00:00 GMT', 'http'],
    ['Thu, 12 Nov 2026 11:00:00 +0100', 'http'],
    ['1794477600', 'seconds'],
    ['1794477600000', 'millis'],
    ['1794477600000000', 'micros'],
    ['2026-11-12T10:00:00Z', 'iso'],
  ] as const)
    test(`reads ${value} as ${type}`, () => assert.equal(told(readJsonTime(value, { type })), TEN));
});

describe('readId()', () => {
  for (const [value, id] of [
    ['7', '7'],
    [' run-1\n', 'run-1'],
    [7, '7'],
    [0, '0'],
    [9_007_199_254_740_993n, '9007199254740993'],
    [1_234_567_890_123_456_789n, '1234567890123456789'],
    [null, 'absent'],
    ['', 'absent'],
    ['None', 'absent'],
    [Number.NaN, 'absent'],
    [2 ** 60, 'unreadable'],
    [1.5, 'unreadable'],
    [true, 'unreadable'],
    [{}, 'unreadable'],
    [['a'], 'unreadable'],
    [new Date(0), 'unreadable'],
  ] as const)
    test(`makes ${id} of ${typeof value} ${String(value)}`, () => assert.equal(told(readId(value)), id));
});

describe('readAmount()', () => {
  for (const [value, amount] of [
    [8, 8],
    ['8', 8],
    ['0.5', 0.5],
    [0, 0],
    [8n, 8],
    [null, 'absent'],
    ['None', 'absent'],
    [Number.NaN, 'absent'],
    [-1, 'unreadable'],
    ['eight', 'unreadable'],
    [101, 'unreadable'],
    [1e308, 'unreadable'],
    [2n ** 64n, 'unreadable'],
    ['0x10', 'unreadable'],
    [Number.POSITIVE_INFINITY, 'unreadable'],
    [{}, 'unreadable'],
  ] as const)
    test(`makes ${amount} of ${typeof value} ${String(value)}`, () =>
      assert.equal(told(readAmount(value, 100)), amount));
});

describe('every reader', () => {
  test('reads any value whatever without throwing, and never takes for absent what is there', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withNullPrototype: true,
      withMap: true,
    });
    const forms = [...TIME_TYPES, ...JSON_TIME_TYPES].map((type) => ({ type }));
    fc.assert(
      fc.property(anything, fc.constantFrom(...forms), (value, form) => {
        const readings = [readId(value), readText(value), readAmount(value, 1e6), readJsonTime(value, form)];
        for (const reading of readings) {
          if (reading.is === 'unreadable') assert.ok(reading.why.length < 200);
          if (reading.is === 'absent' && typeof value === 'object')
            assert.ok(value === null || value instanceof Date);
        }
        if (!isNone(value)) assert.notEqual(readId(value).is, 'absent');
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
