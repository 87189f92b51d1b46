import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { figuresOf } from '../../../functions/collect-metrics/rules/figures.ts';
import { addDays, daysBetween } from '../../../functions/shared/dates.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import { checkWords } from '../../support/days.ts';
import { jobOf, utc } from '../../support/jobs.ts';

const NOW = utc('2026-03-04T02:00');
const DAYS = daysBetween('2026-02-20', '2026-02-26');
/** Spans 22 to 25 February. */
const LONG = jobOf({
  id: 'long',
  startedAt: utc('2026-02-22T12:00'),
  endedAt: utc('2026-02-25T12:00'),
  gpus: 2,
});
const RUNNING = jobOf({
  id: 'running',
  state: 'running',
  startedAt: utc('2026-02-21T00:00'),
  endedAt: null,
});

/** The checks that are broken when the records became `after` and one day alone was collected since, by day. */
function brokenBy(after: readonly Job[], collected: string): Record<string, string> {
  const figures = new Map(
    [addDays('2026-02-20', -1), ...DAYS].map((date) => [
      date,
      figuresOf(date, date === collected ? after : [LONG, RUNNING], NOW),
    ]),
  );
  const words = DAYS.map((date) => {
    const own = figures.get(date);
    assert.ok(own);
    return [date, checkWords(own, figures.get(addDays(date, -1)) ?? null)] as const;
  });
  return Object.fromEntries(words.filter(([, both]) => both !== 'holds holds'));
}

/** What became of the records, which day was collected since, and the day on which that is seen. */
const CASES: [what: string, after: Job[], collected: string, seen: Record<string, string>][] = [
  ['nothing', [LONG, RUNNING], '2026-02-25', {}],
  [
    'an end that moved to a later day',
    [{ ...LONG, endedAt: utc('2026-02-26T12:00') }, RUNNING],
    '2026-02-25',
    { '2026-02-26': 'broken broken' },
  ],
  [
    'an end that moved within its day',
    [{ ...LONG, endedAt: utc('2026-02-25T06:00') }, RUNNING],
    '2026-02-25',
    {},
  ],
  [
    'a start that moved to an earlier day',
    [{ ...LONG, startedAt: utc('2026-02-21T12:00') }, RUNNING],
    '2026-02-22',
    { '2026-02-22': 'broken broken', '2026-02-23': 'holds broken' },
  ],
  [
    'a record that was deleted, on the day it ended',
    [RUNNING],
    '2026-02-25',
    { '2026-02-25': 'broken broken' },
  ],
  [
    'a record that was deleted, on the day it started',
    [RUNNING],
    '2026-02-22',
    { '2026-02-23': 'broken broken' },
  ],
  [
    'other GPUs, on a day in the middle',
    [{ ...LONG, gpus: 4 }, RUNNING],
    '2026-02-24',
    { '2026-02-24': 'holds broken', '2026-02-25': 'holds broken' },
  ],
  [
    'a job that was still to run and ended long ago',
    [LONG, { ...RUNNING, state: 'completed', endedAt: utc('2026-02-24T00:00') }],
    '2026-02-24',
    { '2026-02-25': 'broken broken' },
  ],
];

describe('the checks of a day and of the one after it', () => {
  for (const [what, after, collected, seen] of CASES)
    test(`tell ${what}`, () => assert.deepEqual(brokenBy(after, collected), seen));
});
