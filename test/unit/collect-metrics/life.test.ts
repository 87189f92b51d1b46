import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { figuresOf } from '../../../functions/collect-metrics/rules/figures.ts';
import { addDays, type Day, daysBetween } from '../../../functions/shared/dates.ts';
import { type Job, readJob } from '../../../functions/shared/model/job/job.ts';
import { lifeOf } from '../../../functions/shared/model/job/life.ts';
import { checkWords, DATE } from '../../support/days.ts';
import { jobOf, sourceOf, unread, utc } from '../../support/jobs.ts';

const NOW = utc('2026-03-12T02:00');

/** What is told of a job, such as `malformed on 2026-03-09: completed without an end`. */
function told(over: Partial<Job>, now = NOW): string {
  const life = lifeOf(jobOf({ id: 'x', ...over }), now);
  if (life.kind === 'life') return 'counts';
  const where =
    typeof life.reported === 'string' ? life.reported : Object.entries(life.reported).flat().join(' ');
  return `${life.fault} ${where}: ${life.because}`;
}

const AT = utc('2026-03-08T10:00');
const LATER = utc('2026-03-09T10:00');

describe('lifeOf()', () => {
  const CASES: [what: string, job: Partial<Job>, words: string][] = [
    ['a job that ran', {}, 'counts'],
    ['a job that never started', { startedAt: null }, 'counts'],
    ['an end that is missing', { endedAt: null }, 'malformed on 2026-03-09: completed without an end'],
    [
      'an end that is missing, of a job that never started',
      { state: 'failed', startedAt: null, endedAt: null, createdAt: AT },
      'malformed on 2026-03-08: failed without an end',
    ],
    [
      'no time at all',
      { state: 'cancelled', startedAt: null, endedAt: null },
      'malformed when found: cancelled without an end',
    ],
    [
      'an end that cannot be read',
      { endedAt: null, startedAt: null, createdAt: AT, unreadable: [unread('endedAt')] },
      'malformed on 2026-03-08: endedAt "?" is not what was expected',
    ],
    [
      'an end that sorts among the texts of a day',
      { endedAt: null, createdAt: AT, unreadable: [{ ...unread('endedAt'), day: '2026-03-10' }] },
      'malformed on 2026-03-10: endedAt "?" is not what was expected',
    ],
    [
      'an end that sorts among the texts of a day to come',
      {
        endedAt: null,
        startedAt: null,
        createdAt: AT,
        unreadable: [{ ...unread('endedAt'), day: '2026-12-31' }],
      },
      'malformed on 2026-03-08: endedAt "?" is not what was expected',
    ],
    [
      'a start that cannot be read',
      { startedAt: null, unreadable: [unread('startedAt')] },
      'malformed on 2026-03-09: startedAt "?" is not what was expected',
    ],
    [
      'an end fourteen hours ahead, by a clock in another zone',
      { endedAt: utc('2026-03-12T16:00') },
      'counts',
    ],
    [
      'an end further in the future',
      { endedAt: utc('2026-03-12T16:00:00.001') },
      'malformed on 2026-03-12: completed with an end in the future',
    ],
    ['a job that runs', { state: 'running', startedAt: AT, endedAt: null }, 'counts'],
    ['a job that runs again', { state: 'running', startedAt: LATER, endedAt: AT }, 'counts'],
    [
      'a job that runs and ended',
      { state: 'running', startedAt: AT, endedAt: LATER },
      'malformed from 2026-03-08: running with an end after its start',
    ],
    [
      'a job that runs and ended as it started',
      { state: 'running', startedAt: AT, endedAt: AT },
      'malformed from 2026-03-08: running with an end after its start',
    ],
    [
      'a suspended job that ended',
      { state: 'suspended', startedAt: AT, endedAt: LATER },
      'malformed from 2026-03-08: suspended with an end after its start',
    ],
    [
      'a job that runs and has an end that cannot be read',
      { state: 'running', startedAt: AT, endedAt: null, unreadable: [unread('endedAt')] },
      'malformed from 2026-03-08: endedAt "?" is not what was expected',
    ],
    [
      'a job that runs without a start',
      { state: 'running', createdAt: AT, startedAt: null, endedAt: null },
      'malformed from 2026-03-08: running without a start',
    ],
    [
      'a job that runs without any time',
      { state: 'running', startedAt: null, endedAt: null },
      'malformed when found: running without a start',
    ],
    [
      'a job that will have started',
      { state: 'running', createdAt: AT, startedAt: utc('2026-03-13T00:00'), endedAt: null },
      'malformed from 2026-03-08: running with a start in the future',
    ],
    ['a job that waits', { state: 'queued', startedAt: null, endedAt: null }, 'counts'],
    ['a job that waits again, after it had started', { state: 'queued', endedAt: null }, 'counts'],
    [
      'a job that waits and ended after its start',
      { state: 'queued' },
      'malformed on 2026-03-09: queued with an end after its start',
    ],
    [
      'a status nobody mapped',
      { state: 'unknown', status: 'ODD' },
      'unmapped on 2026-03-09: status "ODD" is not mapped',
    ],
    ['no status', { state: 'unknown', status: '' }, 'unmapped on 2026-03-09: no status'],
    [
      'a status that cannot be read',
      { state: 'unknown', status: '', unreadable: [unread('status')] },
      'unmapped on 2026-03-09: status "?" is not what was expected',
    ],
  ];
  for (const [what, job, words] of CASES)
    test(`says of ${what}: ${words}`, () => assert.equal(told(job), words));
});

describe('a suspended job', () => {
  const through = daysBetween('2026-03-07', '2026-03-11');
  const ran = { id: 'x', startedAt: utc('2026-03-08T12:00'), endedAt: null, gpus: 2 };
  const hoursOn = (job: Job, days: readonly Day[] = through) =>
    days.map((day) => figuresOf(day, [job], NOW).gpu.hoursUsed);

  const SIGNS: [what: string, job: Partial<Job>, hours: number[]][] = [
    [
      'its last heartbeat',
      { heartbeatAt: utc('2026-03-09T06:00'), updatedAt: utc('2026-03-11T06:00') },
      [0, 24, 12, 0, 0],
    ],
    ['its last change where it never beat', { updatedAt: utc('2026-03-09T06:00') }, [0, 24, 12, 0, 0]],
    ['the last write where it says nothing', { writtenAt: utc('2026-03-09T06:00') }, [0, 24, 12, 0, 0]],
    [
      'its last change where the heartbeat is of an earlier attempt',
      { heartbeatAt: utc('2026-03-01T00:00'), updatedAt: utc('2026-03-09T06:00') },
      [0, 24, 12, 0, 0],
    ],
    ['its start where nobody can tell', {}, [0, 0, 0, 0, 0]],
    ['now at most', { heartbeatAt: utc('2026-04-01T00:00') }, [0, 24, 48, 48, 48]],
  ];
  for (const [what, signs, hours] of SIGNS)
    test(`uses its GPUs up to ${what}`, () =>
      assert.deepEqual(hoursOn(jobOf({ ...ran, ...signs, state: 'suspended' })), hours));

  test('stays in flight, and its days prove each other', () => {
    const job = jobOf({ ...ran, state: 'suspended', heartbeatAt: utc('2026-03-09T06:00') });
    const days = through.map((day) => figuresOf(day, [job], NOW));
    assert.deepEqual(
      days.map(({ jobs }) => [jobs.started, jobs.inFlight]),
      [
        [0, 0],
        [1, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
    );
    for (const [index, figures] of days.entries())
      if (index > 0) assert.equal(checkWords(figures, days[index - 1] ?? null), 'holds holds');
  });

  test('keeps the days before as they were when it ran, and when it goes on', () => {
    const before = daysBetween('2026-03-07', '2026-03-08');
    const runs = jobOf({ ...ran, state: 'running' });
    const stops = jobOf({ ...ran, state: 'suspended', heartbeatAt: utc('2026-03-09T06:00') });
    assert.deepEqual(hoursOn(stops, before), hoursOn(runs, before));
    const [started] = figuresOf('2026-03-08', [stops], NOW).members;
    assert.equal(started, 'jobs:jobs/x');
  });

  test('is told where its last sign of use cannot be read', () => {
    const job = jobOf({ ...ran, state: 'suspended', unreadable: [unread('heartbeatAt')] });
    assert.deepEqual(figuresOf('2026-03-08', [job], NOW).faults.malformed, ['x']);
    const runs = jobOf({ ...ran, state: 'running', unreadable: [unread('heartbeatAt')] });
    assert.deepEqual(figuresOf('2026-03-08', [runs], NOW).faults.malformed, []);
  });
});

describe('figuresOf()', () => {
  test('counts no hour of a job that runs and has ended, and tells of it on every day that it would run', () => {
    const ghost = jobOf({ id: 'ghost', state: 'running', startedAt: AT, endedAt: LATER, gpus: 8 });
    const told = daysBetween('2026-03-07', '2026-03-11').map((day) => {
      const { gpu, jobs, faults } = figuresOf(day, [ghost], NOW);
      return [gpu.hoursUsed, jobs.inFlight, faults.malformed.join()];
    });
    assert.deepEqual(told, [[0, 0, ''], ...Array(4).fill([0, 0, 'ghost'])]);
  });

  test('tells a record that names no day only where it is found', () => {
    const timeless = jobOf({ id: 'timeless', startedAt: null, endedAt: null });
    const figures = (tells: boolean) => figuresOf(DATE, [timeless], NOW, (id) => tells && id === 'timeless');
    assert.deepEqual(figures(true).faults.malformed, ['timeless']);
    assert.deepEqual(figures(false).faults.malformed, []);
  });

  test('gives the reasons of some faults in words', () => {
    const { faults } = figuresOf(DATE, [jobOf({ id: 'x', endedAt: null })], NOW);
    assert.deepEqual(faults.reasons, [{ id: 'x', because: 'completed without an end' }]);
    const many = Array.from({ length: 120 }, (_, index) => jobOf({ id: `x-${index}`, endedAt: null }));
    const told = figuresOf(DATE, many, NOW).faults;
    assert.deepEqual([told.malformed.length, told.totals.malformed, told.reasons.length], [100, 120, 20]);
  });

  test('counts the jobs that ended on the day at an end that nobody told', () => {
    const added = { ...jobOf({ id: 'x' }).added, endInferred: true };
    const jobs = [jobOf({ id: 'guessed', added }), jobOf({ id: 'told' })];
    assert.equal(figuresOf(DATE, jobs, NOW).inferredEnds, 1);
    assert.equal(figuresOf(addDays(DATE, 1), jobs, NOW).inferredEnds, 0);
  });

  // Through the reader, as records have them.
  const AMOUNTS: [value: unknown, hours: number, told: boolean][] = [
    [4, 8, false],
    [0.5, 1, false],
    ['4', 8, false],
    [1e6, 2e6, false],
    [1e6 + 1, 0, true],
    [1e308, 0, true],
    [Number.POSITIVE_INFINITY, 0, true],
    [-1, 0, true],
    ['eight', 0, true],
    [true, 0, true],
    [['a', 'list'], 0, true],
    [{ a: 'map' }, 0, true],
    [2n ** 63n, 0, true],
    [Number.NaN, 0, false],
    [null, 0, false],
    ['N/A', 0, false],
  ];
  for (const [value, hours, isTold] of AMOUNTS)
    test(`counts ${hours} GPU-hours of ${String(value)} GPUs${isTold ? ', and tells of it' : ''}`, () => {
      const record = {
        status: 'completed',
        gpus: value,
        startedAt: utc('2026-03-09T10:00'),
        endedAt: utc('2026-03-09T12:00'),
      };
      const get = (path: string) => Reflect.get(record, path);
      const job = readJob(sourceOf(), { id: 'x', source: 'jobs', path: 'jobs/x', get });
      const { gpu, jobs, faults } = figuresOf(DATE, [job], NOW);
      assert.deepEqual([jobs.completed, gpu.hoursUsed, faults.malformed.length], [1, hours, isTold ? 1 : 0]);
    });
});
