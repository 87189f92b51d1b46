import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checksOf } from '../../../functions/collect-metrics/rules/checks.ts';
import { figuresOf } from '../../../functions/collect-metrics/rules/figures.ts';
import {
  DAY_MS,
  daysBetween,
  earlierOf,
  HOUR_MS,
  laterOf,
  startOfDay,
} from '../../../functions/shared/dates.ts';
import type { Figures } from '../../../functions/shared/model/day/day.ts';
import { isTerminal, type Job } from '../../../functions/shared/model/job/job.ts';
import { jobOf } from '../../support/jobs.ts';
import { sized } from '../../support/soak.ts';

/** Jobs live within these days; figures are taken over two more on each side. */
const FIRST = startOfDay('2026-03-03').getTime();
const SPAN_DAYS = 8;
const DAYS = daysBetween('2026-03-01', '2026-03-12');
const NUM_RUNS = sized(200, 2_000);
const SEED = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${SEED} (repeat with NIGHTSHIFT_SEED=${SEED}), ${NUM_RUNS} runs a property`);

/** Any millisecond, but midnights and their neighbours far more often than chance would have them. */
const instant = fc
  .oneof(
    fc.integer({ min: 0, max: SPAN_DAYS * DAY_MS }),
    fc
      .tuple(fc.integer({ min: 0, max: SPAN_DAYS }), fc.constantFrom(-1, 0, 1))
      .map(([day, off]) => day * DAY_MS + off),
  )
  .map((offset) => new Date(FIRST + offset));

const job = fc
  .record({
    state: fc.constantFrom<Job['state']>(
      ...(['completed', 'failed', 'cancelled', 'running', 'suspended', 'queued', 'unknown'] as const),
    ),
    project: fc.constantFrom('alpha', 'beta', 'gamma'),
    startedAt: fc.option(instant, { freq: 8 }),
    endedAt: fc.option(instant, { freq: 8 }),
    createdAt: fc.option(instant),
    heartbeatAt: fc.option(instant),
    updatedAt: fc.option(instant),
    gpus: fc.constantFrom(0, 0.5, 1, 2, 8, 1 / 3),
  })
  .map((over) => jobOf({ id: 'unnamed', ...over }));

/** Any records at all, dirty ones among them, each under a name of its own. */
const jobs = fc.array(job, { maxLength: 30 }).map((all) =>
  all.map((it, index) => ({
    ...it,
    id: `job-${index}`,
    name: `jobs:jobs/job-${index}`,
    path: `jobs/job-${index}`,
  })),
);

/** Nothing has ended, or started to run, after now. */
const world = fc.record({ jobs, now: instant }).map(({ jobs, now }) => ({
  now,
  jobs: jobs.map((it) => ({
    ...it,
    startedAt: it.startedAt && earlierOf(it.startedAt, now),
    endedAt: it.endedAt && earlierOf(it.endedAt, now),
  })),
}));

/** Whether a job is under way; an end before its start is that of an earlier attempt. */
function isUnderWay({ state, startedAt, endedAt }: Job): boolean {
  return (
    (state === 'running' || state === 'suspended') && startedAt !== null && !(endedAt && endedAt >= startedAt)
  );
}

/** Until when a job used its GPUs; `null` where it does not count. */
function usedUntil(it: Job, now: Date): Date | null {
  if (isTerminal(it.state)) return it.endedAt;
  if (!isUnderWay(it)) return null;
  if (it.state === 'running') return now;
  const start = it.startedAt as Date;
  const sign = [it.heartbeatAt, it.updatedAt].find((at) => at && at >= start) ?? start;
  return laterOf(start, earlierOf(sign, now));
}

function overDays({ jobs, now }: { jobs: Job[]; now: Date }): Figures[] {
  return DAYS.map((day) => figuresOf(day, jobs, now));
}

function sum(figures: readonly Figures[], of: (figures: Figures) => number): number {
  return figures.reduce((total, it) => total + of(it), 0);
}

/** What each day's rounding may add up to. */
const ROUNDING = DAYS.length * 1e-6;

function near(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= ROUNDING, `${what}: ${actual}, expected ${expected}`);
}

function always<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, holds), { seed: SEED, numRuns: NUM_RUNS });
}

describe('figuresOf()', () => {
  test('gives days that prove each other, whatever the records', () =>
    always(world, (given) => {
      const figures = overDays(given);
      for (const [index, day] of DAYS.entries()) {
        const before = figures[index - 1];
        if (!before) continue;
        const { inFlight, hoursUsed } = checksOf(figures[index] as Figures, before);
        assert.deepEqual([day, inFlight.status, hoursUsed.status], [day, 'holds', 'holds']);
      }
    }));

  test('splits the hours of every job over its days without losing any', () =>
    always(world, (given) => {
      const hours = given.jobs.map((it) => {
        const { startedAt, gpus } = it;
        const end = usedUntil(it, given.now);
        return startedAt && end ? (gpus * Math.max(0, end.getTime() - startedAt.getTime())) / HOUR_MS : 0;
      });
      near(
        sum(overDays(given), (it) => it.gpu.hoursUsed),
        hours.reduce((total, it) => total + it, 0),
        'hours used',
      );
    }));

  test('counts every job that ended once, and every start once', () =>
    always(world, (given) => {
      const figures = overDays(given);
      const ended = (state: Job['state']) =>
        given.jobs.filter((it) => it.state === state && it.endedAt).length;
      for (const state of ['completed', 'failed', 'cancelled'] as const)
        assert.equal(
          sum(figures, (it) => it.jobs[state]),
          ended(state),
          state,
        );
      const started = given.jobs.filter(
        (it) => isUnderWay(it) || (isTerminal(it.state) && it.startedAt && it.endedAt),
      );
      assert.equal(
        sum(figures, (it) => it.jobs.started),
        started.length,
      );
    }));

  test('gives the same figures in whatever order the records arrive', () =>
    always(
      world.chain(({ jobs, now }) =>
        fc.record({
          jobs: fc.constant(jobs),
          now: fc.constant(now),
          shuffled: fc.shuffledSubarray(jobs, { minLength: jobs.length }),
        }),
      ),
      ({ jobs, now, shuffled }) =>
        assert.deepEqual(overDays({ jobs: shuffled, now }), overDays({ jobs, now })),
    ));

  test('gives project rows that add up to the day', () =>
    always(world, (given) => {
      for (const { jobs, gpu, projects } of overDays(given)) {
        for (const key of Object.keys(jobs) as (keyof typeof jobs)[])
          assert.equal(
            projects.reduce((total, row) => total + row.jobs[key], 0),
            jobs[key],
            key,
          );
        for (const key of Object.keys(gpu) as (keyof typeof gpu)[])
          near(
            projects.reduce((total, row) => total + row.gpu[key], 0),
            gpu[key],
            key,
          );
      }
    }));

  test('never uses more than every GPU around the clock', () =>
    always(world, (given) => {
      const gpus = given.jobs.reduce((total, it) => total + it.gpus, 0);
      for (const { gpu } of overDays(given)) assert.ok(gpu.hoursUsed <= gpus * 24 + 1e-6);
    }));
});
