import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GpuFigures, JobFigures } from '../../../functions/shared/model/day/day.ts';
import { collector } from '../../support/collector.ts';
import type { RecordWords } from '../../support/jobs.ts';

type Row = Partial<JobFigures & GpuFigures>;

const NOTHING: JobFigures & GpuFigures = {
  started: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  neverStarted: 0,
  inFlight: 0,
  hoursUsed: 0,
  hoursCompleted: 0,
  hoursAccrued: 0,
};

/** One GPU each; what is not told of a day is zero, and a day that is not told has no row. */
const CASES: { name: string; record: RecordWords; days: Record<string, Row> }[] = [
  {
    name: 'ended in the last millisecond of the day',
    record: { started: '2026-03-09T22:00', ended: '2026-03-09T23:59:59.999' },
    days: { '03-09': { started: 1, completed: 1, hoursUsed: 2, hoursCompleted: 2 } },
  },
  {
    name: 'ended exactly at midnight',
    record: { started: '2026-03-09T22:00', ended: '2026-03-10T00:00' },
    days: {
      '03-09': { started: 1, inFlight: 1, hoursUsed: 2, hoursAccrued: 2 },
      '03-10': { completed: 1, hoursCompleted: 2 },
    },
  },
  {
    name: 'started in the last millisecond of the day',
    record: { started: '2026-03-08T23:59:59.999', ended: '2026-03-09T02:00' },
    days: {
      '03-08': { started: 1, inFlight: 1 },
      '03-09': { completed: 1, hoursUsed: 2, hoursCompleted: 2 },
    },
  },
  {
    name: 'started exactly at midnight',
    record: { started: '2026-03-09T00:00', ended: '2026-03-09T02:00' },
    days: { '03-09': { started: 1, completed: 1, hoursUsed: 2, hoursCompleted: 2 } },
  },
  {
    name: 'ran from midnight to midnight',
    record: { started: '2026-03-08T00:00', ended: '2026-03-09T00:00' },
    days: {
      '03-08': { started: 1, inFlight: 1, hoursUsed: 24, hoursAccrued: 24 },
      '03-09': { completed: 1, hoursCompleted: 24 },
    },
  },
  {
    name: 'ran for ten days',
    record: { started: '2026-02-28T12:00', ended: '2026-03-10T12:00' },
    days: {
      '03-07': { inFlight: 1, hoursUsed: 24, hoursAccrued: 180 },
      '03-08': { inFlight: 1, hoursUsed: 24, hoursAccrued: 204 },
      '03-09': { inFlight: 1, hoursUsed: 24, hoursAccrued: 228 },
      '03-10': { completed: 1, hoursUsed: 12, hoursCompleted: 240 },
    },
  },
  {
    name: 'began before all days asked for and ended after them',
    record: { started: '2026-02-01T00:00', ended: '2026-03-11T01:00' },
    days: {
      '03-07': { inFlight: 1, hoursUsed: 24, hoursAccrued: 840 },
      '03-08': { inFlight: 1, hoursUsed: 24, hoursAccrued: 864 },
      '03-09': { inFlight: 1, hoursUsed: 24, hoursAccrued: 888 },
      '03-10': { inFlight: 1, hoursUsed: 24, hoursAccrued: 912 },
    },
  },
  {
    name: 'ended before it started, a day earlier',
    record: { started: '2026-03-09T12:00', ended: '2026-03-08T12:00' },
    days: { '03-08': { started: 1, completed: 1 } },
  },
  {
    name: 'ended in the instant it started',
    record: { status: 'failed', started: '2026-03-09T12:00', ended: '2026-03-09T12:00' },
    days: { '03-09': { started: 1, failed: 1 } },
  },
  {
    name: 'failed before it ever started',
    record: { status: 'failed', created: '2026-03-08T09:00', started: null, ended: '2026-03-09T09:00' },
    days: { '03-09': { failed: 1, neverStarted: 1 } },
  },
  {
    name: 'runs still',
    record: { status: 'running', started: '2026-03-08T18:00', ended: null },
    days: {
      '03-08': { started: 1, inFlight: 1, hoursUsed: 6, hoursAccrued: 6 },
      '03-09': { inFlight: 1, hoursUsed: 24, hoursAccrued: 30 },
      '03-10': { inFlight: 1, hoursUsed: 24, hoursAccrued: 54 },
    },
  },
  {
    name: 'was queued again after it had run',
    record: { status: 'queued', started: '2026-03-09T10:00', ended: null },
    days: {},
  },
  {
    name: 'waits in the queue',
    record: { status: 'queued', created: '2026-03-09T10:00', started: null, ended: null },
    days: {},
  },
];

describe('collect-metrics', { concurrency: 4 }, () => {
  test('puts every figure of a job on the day it belongs to', async (t) => {
    const { write, deliver, rows } = collector(t);
    await write(
      Object.fromEntries(
        CASES.map(({ name, record }, index) => [`job-${index}`, { ...record, project: name }]),
      ),
    );
    // Each day by itself and all at once must agree, so both ways of reading are tried.
    for (const date of ['2026-03-08', '2026-03-09']) await deliver('2026-03-11T02:00', { date });
    await deliver('2026-03-11T02:00', { from: '2026-03-07', to: '2026-03-10' });

    for (const date of ['03-07', '03-08', '03-09', '03-10']) {
      const stored = Object.values(await rows(`2026-${date}`)) as {
        project: string;
        jobs: JobFigures;
        gpu: GpuFigures;
      }[];
      assert.deepEqual(
        Object.fromEntries(stored.map(({ project, jobs, gpu }) => [project, { ...jobs, ...gpu }])),
        Object.fromEntries(
          CASES.filter(({ days }) => days[date]).map(({ name, days }) => [
            name,
            { ...NOTHING, ...days[date] },
          ]),
        ),
        date,
      );
    }
  });

  test('gives the same figures whether days are collected one by one or together', async (t) => {
    const { write, deliver, updateTimes } = collector(t);
    await write(Object.fromEntries(CASES.map(({ record }, index) => [`job-${index}`, record])));
    await deliver('2026-03-11T02:00', { from: '2026-03-01', to: '2026-03-10' });
    const together = await updateTimes();
    for (const date of Object.keys(together)) await deliver('2026-03-11T02:00', { date });
    assert.deepEqual(await updateTimes(), together);
  });

  test('tells of records it had to mend or leave out, on the day they touch', async (t) => {
    const { write, db, deliver, day } = collector(t);
    await write({
      good: {},
      skewed: { started: '2026-03-09T12:00', ended: '2026-03-09T11:00' },
      endless: { status: 'failed', ended: null },
      'never-started-and-endless': {
        status: 'cancelled',
        created: '2026-03-09T08:00',
        started: null,
        ended: null,
      },
      startless: { status: 'running', created: '2026-03-09T08:00', started: null, ended: null },
      odd: { status: 'PREEMPTED' },
      'odd-as-can-be': { status: 'constructor' },
      'odd-and-unfinished': { status: 'PREEMPTED', created: '2026-03-09T08:00', started: null, ended: null },
      'gpus-in-words': { gpus: 'eight' },
    });
    await db
      .collection('jobs')
      .doc('end-in-words')
      .set({
        status: 'completed',
        project: 'alpha',
        gpus: 1,
        startedAt: new Date('2026-03-09T10:00Z'),
        endedAt: 'at noon',
      });

    await deliver('2026-03-10T02:00', { from: '2026-03-08', to: '2026-03-09' });

    const { jobs, gpu, checks } = await day('2026-03-09');
    // good, skewed and gpus-in-words count; only the GPUs of the last one are left out.
    assert.deepEqual(
      [jobs, gpu],
      [
        { started: 3, completed: 3, failed: 0, cancelled: 0, neverStarted: 0, inFlight: 0 },
        { hoursUsed: 2, hoursCompleted: 2, hoursAccrued: 0 },
      ],
    );
    const { skewed, malformed, unmapped, totals } = checks;
    assert.deepEqual(
      { skewed, malformed: malformed.sort(), unmapped: unmapped.sort(), totals },
      {
        skewed: ['skewed'],
        malformed: ['end-in-words', 'endless', 'gpus-in-words', 'never-started-and-endless', 'startless'],
        unmapped: ['odd', 'odd-and-unfinished', 'odd-as-can-be'],
        totals: { skewed: 1, malformed: 5, unmapped: 3 },
      },
    );
    assert.deepEqual([checks.inFlight.status, checks.hoursUsed.status], ['holds', 'holds']);
    assert.deepEqual((await day('2026-03-08')).checks.totals, { skewed: 0, malformed: 0, unmapped: 0 });
  });
});
