import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  brokenDays,
  chunked,
  daysMadeDirty,
  daysToHeal,
  mayHaveMoved,
  movedFrom,
  type StoredDay,
  wholeRunDays,
  windowBefore,
  withinReach,
} from '../../../functions/collect-metrics/rules/plan.ts';
import { addDays, daysBetween } from '../../../functions/shared/dates.ts';
import type { MetricSource, SourceState } from '../../../functions/shared/model/day/day.ts';
import { jobOf, utc } from '../../support/jobs.ts';

const MONDAY = '2026-03-09';
const SUNDAY = '2026-03-08';

const SETTLED_STATE: SourceState = {
  status: 'ok',
  durationMs: 1,
  error: null,
  collectedAt: utc('2026-03-02T02:00'),
  failingSince: null,
  settledSince: utc('2026-03-01T02:00'),
  fingerprint: 'x',
};
const OPEN_STATE: SourceState = { ...SETTLED_STATE, collectedAt: SETTLED_STATE.settledSince };

/** A stored day whose sources are all settled, but for those in `open`. */
function day(status: StoredDay['status'], open: readonly MetricSource[] = []): StoredDay {
  return {
    status,
    sources: Object.fromEntries(
      CONFIGURED.map((source) => [source, open.includes(source) ? OPEN_STATE : SETTLED_STATE]),
    ),
  };
}

function stored(dates: readonly string[]): Map<string, StoredDay> {
  return new Map(dates.map((date) => [date, day('final')]));
}

const CONFIGURED: readonly MetricSource[] = ['jobs', 'storage'];

/** The plan on `today`, as "date: sources". */
function plan(today: string, days: ReadonlyMap<string, StoredDay>, dirty: string[] = []): string[] {
  return wholeRunDays(today, days, { dirty: new Set(dirty), configured: CONFIGURED }).map(
    ({ date, ask }) => `${date}: ${ask.join(' ')}`,
  );
}
const TRAILING = ['2026-03-06', '2026-03-07', '2026-03-08'].map((date) => `${date}: jobs storage`);

describe('wholeRunDays()', () => {
  test('asks every source for the whole window when nothing is stored', () =>
    assert.deepEqual(
      plan(MONDAY, new Map()),
      daysBetween('2026-02-02', SUNDAY).map((date) => `${date}: jobs storage`),
    ));

  test('asks for the three trailing days when all is final', () =>
    assert.deepEqual(plan(MONDAY, stored(windowBefore(MONDAY))), TRAILING));

  test('asks for all 35 days on a Sunday although all is final', () =>
    assert.equal(plan(SUNDAY, stored(windowBefore(SUNDAY))).length, 35));

  test('asks for gaps whole, and else only the sources that have not settled', () => {
    const days = stored(windowBefore(MONDAY));
    days.delete('2026-02-10');
    days.set('2026-02-12', day('provisional', ['storage']));
    days.set('2026-02-13', day('provisional', ['jobs']));
    assert.deepEqual(plan(MONDAY, days).slice(0, -3), [
      '2026-02-10: jobs storage',
      '2026-02-12: storage',
      '2026-02-13: jobs',
    ]);
  });

  test('asks a final day for a source that it has never heard of', () => {
    const days = stored(windowBefore(MONDAY));
    days.set('2026-02-12', { status: 'final', sources: { jobs: SETTLED_STATE } });
    assert.deepEqual(plan(MONDAY, days).slice(0, -3), ['2026-02-12: storage']);
  });

  test('asks the books again for what is in conflict, or was until a person accepted it', () => {
    const days = stored(windowBefore(MONDAY));
    days.set('2026-02-14', day('conflict'));
    days.set('2026-02-15', day('provisional'));
    assert.deepEqual(plan(MONDAY, days).slice(0, -3), ['2026-02-14: jobs', '2026-02-15: jobs']);
  });

  test('asks no API of the platform for days that it tells nothing true of', () => {
    const all: MetricSource[] = ['jobs', 'etl', 'storage', 'bigquery', 'cloudRun', 'database'];
    const ago = (days: number) => withinReach(all, addDays(MONDAY, -days), MONDAY).join(' ');
    assert.equal(ago(175), all.join(' '));
    assert.equal(ago(176), 'jobs etl storage cloudRun database');
    assert.equal(ago(701), 'jobs etl');
  });

  test('asks for dirty and unsettled days of any age, those beyond the window last, but never for today', () => {
    const days = stored(windowBefore(MONDAY));
    days.set('2025-01-01', day('provisional', ['storage']));
    days.set('2020-05-05', day('provisional', ['storage']));
    days.set('2026-02-21', day('provisional', ['jobs', 'storage']));
    assert.deepEqual(plan(MONDAY, days, [MONDAY, '2026-03-07', '2020-05-05', '2026-02-20', '2018-08-08']), [
      ...['2026-02-20: jobs', '2026-02-21: jobs storage', ...TRAILING],
      ...['2018-08-08: jobs', '2020-05-05: jobs', '2025-01-01: storage'],
    ]);
  });
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
    [
      'a job that is suspended',
      { state: 'suspended', startedAt: utc('2026-01-01T10:00'), endedAt: null },
      [],
    ],
    ['a job without an end', { startedAt: utc('2026-01-01T10:00'), endedAt: null }, ['2026-01-01']],
    [
      'a job without start and end',
      { createdAt: utc('2026-01-01T10:00'), startedAt: null, endedAt: null },
      ['2026-01-01'],
    ],
    ['a job without any time', { startedAt: null, endedAt: null }, []],
    [
      'a job nobody can tell the state of',
      { state: 'unknown', endedAt: utc('2026-01-01T10:00') },
      ['2026-01-01'],
    ],
    ['a job that is told on a trailing day', { startedAt: utc('2026-03-06T10:00'), endedAt: null }, []],
  ];
  for (const [what, job, days] of CASES)
    test(`gives ${days.length === 0 ? 'none' : days.join(' and ')} for ${what}`, () =>
      assert.deepEqual(daysMadeDirty(jobOf({ id: 'x', ...job }), MONDAY), days));
});

describe('chunked()', () => {
  test('joins consecutive days, at most seven', () => {
    const days = [...daysBetween('2026-02-01', '2026-02-09'), '2026-02-11', '2026-02-12', '2026-03-01'];
    const planned = days.map((date) => ({ date, ask: CONFIGURED }));
    assert.deepEqual(
      chunked(planned).map((chunk) => [chunk[0]?.date, chunk.length]),
      [
        ['2026-02-01', 7],
        ['2026-02-08', 2],
        ['2026-02-11', 2],
        ['2026-03-01', 1],
      ],
    );
    assert.deepEqual(chunked(planned).flat(), planned);
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
