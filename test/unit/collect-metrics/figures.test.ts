import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { figuresOf } from '../../../functions/collect-metrics/rules/figures.ts';
import { checkWords, DATE, figuresWith } from '../../support/days.ts';
import { jobOf, unread, utc } from '../../support/jobs.ts';

const NOW = utc('2026-03-10T02:00');

describe('figuresOf()', () => {
  test('leaves out a job whose start is of another type than mapped, and names it on the day of its end', () => {
    const job = jobOf({
      id: 'text',
      startedAt: null,
      unreadable: [unread('startedAt')],
      endedAt: utc('2026-03-09T10:00'),
    });
    const { jobs, faults } = figuresOf(DATE, [job], NOW);
    assert.deepEqual([jobs.completed, jobs.neverStarted, faults.malformed], [0, 0, ['text']]);
  });

  test('names the jobs that started or ended on the day, and no others', () => {
    const jobs = [
      jobOf({ id: 'ended', startedAt: utc('2026-03-08T10:00') }),
      jobOf({ id: 'both' }),
      jobOf({ id: 'started', endedAt: utc('2026-03-10T00:00') }),
      jobOf({ id: 'through', startedAt: utc('2026-03-08T10:00'), endedAt: utc('2026-03-10T10:00') }),
      jobOf({ id: 'elsewhere', startedAt: utc('2026-03-10T10:00'), endedAt: utc('2026-03-10T11:00') }),
    ];
    assert.deepEqual(figuresOf(DATE, jobs, NOW).members, [
      'jobs:jobs/both',
      'jobs:jobs/ended',
      'jobs:jobs/started',
    ]);
  });

  test('counts the hours of what runs up to now on a day that is not over', () => {
    const running = jobOf({ id: 'x', state: 'running', endedAt: null, gpus: 4 });
    const { gpu, jobs } = figuresOf(DATE, [running], utc('2026-03-09T11:30'));
    assert.deepEqual(gpu, { hoursUsed: 6, hoursCompleted: 0, hoursAccrued: 6 });
    assert.deepEqual([jobs.started, jobs.inFlight], [1, 1]);
  });

  test('counts no hours for a job whose GPUs are unknown', () => {
    const { gpu, jobs } = figuresOf(DATE, [jobOf({ id: 'x', gpus: 0 })], NOW);
    assert.deepEqual([jobs.completed, gpu.hoursUsed], [1, 0]);
  });

  test('tells a hundred faulty records by id, and all of them by number', () => {
    const jobs = Array.from({ length: 120 }, (_, index) => jobOf({ id: `x-${index}`, endedAt: null }));
    const { faults } = figuresOf(DATE, jobs, NOW);
    assert.deepEqual([faults.malformed.length, faults.totals.malformed], [100, 120]);
  });

  test('tells a faulty record on no day when it has no time at all', () => {
    const timeless = jobOf({ id: 'x', state: 'unknown', startedAt: null, endedAt: null });
    assert.deepEqual(figuresOf(DATE, [timeless], NOW).faults.totals, {
      skewed: 0,
      malformed: 0,
      unmapped: 0,
    });
  });
});

describe('checksOf()', () => {
  const through = { startedAt: utc('2026-03-08T10:00'), endedAt: utc('2026-03-10T10:00') };
  const before = figuresOf('2026-03-08', [jobOf({ id: 'x', ...through })], NOW);
  const CASES: [what: string, job: Parameters<typeof jobOf>[0], words: string][] = [
    ['the same record', { id: 'x', ...through }, 'holds holds'],
    ['a record that is gone', { id: 'y' }, 'broken broken'],
    ['other GPUs', { id: 'x', ...through, gpus: 2 }, 'holds broken'],
    [
      'a start that moved to this day',
      { id: 'x', ...through, startedAt: utc('2026-03-09T00:00') },
      'broken broken',
    ],
    [
      'a start that moved by 30 s',
      { id: 'x', ...through, startedAt: utc('2026-03-08T10:00:30') },
      'holds holds',
    ],
    [
      'a start that moved by 40 s',
      { id: 'x', ...through, startedAt: utc('2026-03-08T10:00:40') },
      'holds broken',
    ],
  ];
  for (const [what, job, words] of CASES)
    test(`says ${words} for ${what}`, () =>
      assert.equal(checkWords(figuresOf(DATE, [jobOf(job)], NOW), before), words));

  test('says unknown without a day before', () =>
    assert.equal(checkWords(figuresWith(1), null), 'unknown unknown'));
});
