import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  brokenDays,
  chunked,
  daysMadeDirty,
  daysToHeal,
  mayHaveMoved,
  movedFrom,
  wholeRunDays,
  windowBefore,
} from '../../../functions/collect-metrics/plan.ts';
import { addDays, daysBetween } from '../../../functions/shared/dates.ts';
import { jobOf, utc } from '../../support/jobs.ts';

const MONDAY = '2026-03-09';
const SUNDAY = '2026-03-08';

function stored(dates: readonly string[], status: 'final' | 'provisional' | 'conflict' = 'final') {
  return new Map(dates.map((date) => [date, { status }]));
}

const SETTLED = { dirty: [], unsettled: [] };

describe('wholeRunDays()', () => {
  test('asks for the whole window when nothing is stored', () => {
    const days = wholeRunDays(MONDAY, new Map(), SETTLED);
    assert.deepEqual([days.length, days[0], days.at(-1)], [35, '2026-02-02', SUNDAY]);
    assert.deepEqual(days, windowBefore(MONDAY));
  });

  test('asks for the three trailing days when all is final', () =>
    assert.deepEqual(wholeRunDays(MONDAY, stored(windowBefore(MONDAY)), SETTLED), [
      '2026-03-06',
      '2026-03-07',
      '2026-03-08',
    ]));

  test('asks for all 35 days on a Sunday although all is final', () =>
    assert.equal(wholeRunDays(SUNDAY, stored(windowBefore(SUNDAY)), SETTLED).length, 35));

  test('asks for gaps, for what is not final and for what is in conflict', () => {
    const days = stored(windowBefore(MONDAY));
    days.delete('2026-02-10');
    days.set('2026-02-12', { status: 'provisional' });
    days.set('2026-02-14', { status: 'conflict' });
    assert.deepEqual(wholeRunDays(MONDAY, days, SETTLED).slice(0, -3), [
      '2026-02-10',
      '2026-02-12',
      '2026-02-14',
    ]);
  });

  test('asks for dirty and unsettled days of any age, those beyond the window last, but never for today', () =>
    assert.deepEqual(
      wholeRunDays(MONDAY, stored(windowBefore(MONDAY)), {
        dirty: [MONDAY, '2026-03-07', '2020-05-05', '2026-02-20'],
        unsettled: ['2019-01-01', '2020-05-05', '2026-02-21'],
      }),
      [
        ...['2026-02-20', '2026-02-21', '2026-03-06', '2026-03-07', '2026-03-08'],
        ...['2019-01-01', '2020-05-05'],
      ],
    ));
});

describe('movedFrom()', () => {
  const job = jobOf({ id: 'moved', startedAt: utc('2026-01-28T10:00'), endedAt: utc('2026-01-28T12:00') });
  for (const [what, day, moved] of [
    ['the day it is on', '2026-01-28', false],
    ['a day it has left', '2026-01-20', true],
    ['a trailing day, collected anyway', '2026-03-06', false],
  ] as const)
    test(`is ${moved} for ${what}`, () => assert.equal(movedFrom(day, job, MONDAY), moved));
});

describe('mayHaveMoved()', () => {
  for (const [what, createdAt, may] of [
    ['created before the trailing days', utc('2026-03-05T23:59:59.999'), true],
    ['created on a trailing day', utc('2026-03-06T00:00'), false],
    ['that does not say when it was created', null, true],
  ] as const)
    test(`is ${may} for a job ${what}`, () =>
      assert.equal(mayHaveMoved(jobOf({ id: 'moved', createdAt }), MONDAY), may));
});

describe('daysMadeDirty()', () => {
  const CASES: [what: string, job: Partial<Parameters<typeof jobOf>[0]>, days: string[]][] = [
    ['an old job', { startedAt: utc('2026-01-05T10:00'), endedAt: utc('2026-01-05T12:00') }, ['2026-01-05']],
    [
      'an old job of many days',
      { startedAt: utc('2026-01-01T10:00'), endedAt: utc('2026-01-05T12:00') },
      ['2026-01-01', '2026-01-05'],
    ],
    ['an old job that never started', { startedAt: null, endedAt: utc('2026-01-05T12:00') }, ['2026-01-05']],
    [
      'a job that ended just before the trailing days',
      { startedAt: utc('2026-03-05T10:00'), endedAt: utc('2026-03-05T23:59:59.999') },
      ['2026-03-05'],
    ],
    [
      'a job that ended on the first trailing day',
      { startedAt: utc('2026-03-05T10:00'), endedAt: utc('2026-03-06T00:00') },
      [],
    ],
    ['a job that runs', { state: 'running', startedAt: utc('2026-01-01T10:00'), endedAt: null }, []],
    ['a job without an end', { startedAt: utc('2026-01-01T10:00'), endedAt: null }, []],
    ['a job nobody can tell the state of', { state: 'unknown', endedAt: utc('2026-01-01T10:00') }, []],
  ];
  for (const [what, job, days] of CASES)
    test(`gives ${days.length === 0 ? 'none' : days.join(' and ')} for ${what}`, () =>
      assert.deepEqual(daysMadeDirty(jobOf({ id: 'x', ...job }), MONDAY), days));
});

describe('chunked()', () => {
  test('joins consecutive days, at most seven', () => {
    const days = [...daysBetween('2026-02-01', '2026-02-09'), '2026-02-11', '2026-02-12', '2026-03-01'];
    assert.deepEqual(
      chunked(days).map((chunk) => [chunk[0], chunk.length]),
      [
        ['2026-02-01', 7],
        ['2026-02-08', 2],
        ['2026-02-11', 2],
        ['2026-03-01', 1],
      ],
    );
    assert.deepEqual(chunked(days).flat(), days);
    assert.deepEqual(chunked([]), []);
  });
});

describe('brokenDays()', () => {
  const seen = (date: string, own: boolean, next: boolean | null = null) => ({ date, broken: { own, next } });
  test('goes by the last look at a check', () => {
    assert.deepEqual(brokenDays([seen('2026-03-01', true)]), ['2026-03-01']);
    assert.deepEqual(brokenDays([seen('2026-03-02', false, true), seen('2026-03-03', false)]), []);
    assert.deepEqual(brokenDays([seen('2026-03-02', true), seen('2026-03-01', false, false)]), []);
    assert.deepEqual(brokenDays([seen('2026-03-02', false, true)]), ['2026-03-03']);
  });
});

describe('daysToHeal()', () => {
  const DAY = '2026-02-20';
  test('goes back from a day whose day before was not tried', () =>
    assert.deepEqual(daysToHeal([DAY], new Set([DAY]), MONDAY), daysBetween('2026-02-13', '2026-02-19')));
  test('goes on from a tried day to the next one', () =>
    assert.deepEqual(
      daysToHeal([DAY], new Set([addDays(DAY, -1)]), MONDAY),
      daysBetween('2026-02-20', '2026-02-26'),
    ));
  test('leaves what was tried, and today', () => {
    assert.deepEqual(daysToHeal([DAY], new Set([DAY, addDays(DAY, -1)]), MONDAY), []);
    assert.deepEqual(daysToHeal([MONDAY], new Set([SUNDAY]), MONDAY), []);
  });
});
