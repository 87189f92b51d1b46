import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { MINUTE_MS } from '../../../../functions/shared/dates.ts';
import {
  activeJobs,
  customJobs,
  JOB_PROJECT,
  STALE_AFTER_MINUTES,
} from '../../../../scripts/bench/active-jobs.ts';
import { median, quantile, rounded, SEMI_SPACE_MEGABYTES } from '../../../../scripts/bench/bench.ts';
import { history, jobsOfDay } from '../../../../scripts/bench/job-history.ts';
import { inTurn } from '../../../../scripts/bench/one-by-one.ts';
import { tableOf } from '../../../../scripts/bench/table.ts';
import { ROOT } from '../../../../scripts/shared/places.ts';

const DAY = '2026-03-04';

function bench(...args: string[]) {
  return spawnSync(process.execPath, [join(ROOT, 'scripts/bench/main.ts'), ...args], { encoding: 'utf8' });
}

describe('npm run bench', () => {
  for (const args of [[], ['nope'], ['toString'], ['collect', 'cold-start'], ['collect', '--jsn']])
    test(`of ${JSON.stringify(args)} names the benches on standard error, and fails`, () => {
      const { status, stdout, stderr } = bench(...args);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^ {2}collect +\S/m);
      assert.match(stderr, /^ {2}cold-start +\S/m);
      assert.match(stderr, /^ {2}sources +\S/m);
      assert.match(stderr, /^ {2}sweep +\S/m);
    });
});

describe('the table of a bench', () => {
  test('has a column per figure, in its unit, and the ratios', () =>
    assert.deepEqual(
      tableOf('collect', {
        rows: [
          { name: 'ours', documentsRead: 754, seconds: 0.5, peakMemoryBytes: 150e6 },
          { name: 'naive', documentsRead: 100_400, seconds: 12.345, peakMemoryBytes: 1.5e9 },
        ],
        ratios: { 'reads-naive': 0.008 },
        peakMemoryBytes: 150e6,
      }),
      [
        'collect   documents read   seconds   peak memory',
        'ours                 754    0.50 s        150 MB',
        'naive            100,400   12.35 s      1,500 MB',
        '',
        'Ours divided by the other:',
        '  reads-naive   0.008',
        '',
        'Peak memory of our function: 150 MB',
      ],
    ));
});

describe('the figures of a bench', () => {
  test('are medians and quantiles, to a thousandth', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.throws(() => median([]), RangeError);
    assert.equal(quantile([4, 1, 3, 2], 0.99), 4);
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2);
    assert.throws(() => quantile([], 0.5), RangeError);
    assert.equal(rounded(0.123456), 0.123);
  });
});

describe('the history of a bench', () => {
  test('has as many jobs as asked for, none of which touches the measured day', () => {
    const jobs = history(DAY, 5_000, 15_000);
    assert.equal(new Set(jobs.map(({ id }) => id)).size, 10_000);
    const latest = Math.max(...jobs.map(({ endedAt }) => endedAt?.getTime() ?? Number.POSITIVE_INFINITY));
    assert.ok(latest < new Date('2026-03-03T00:00:00Z').getTime());
  });

  test('lies before a day that has every kind of job', () => {
    const jobs = jobsOfDay(DAY);
    assert.equal(new Set(jobs.map(({ id }) => id)).size, jobs.length);
    assert.deepEqual([...new Set(jobs.map(({ status }) => status))].sort(), [
      'completed',
      'failed',
      'running',
    ]);
    assert.ok(jobs.some(({ startedAt, status }) => !startedAt && status === 'failed'));
  });
});

describe('the active jobs of a bench', () => {
  const now = new Date('2026-03-04T12:00:00Z');
  const ageOf = (at: Date | null) => (now.getTime() - (at?.getTime() ?? Number.NaN)) / MINUTE_MS;

  test('run for less than a day, and as many of them are stale as asked for, written at once or in parts', () => {
    const jobs = [...activeJobs(now, 0, 300, 200), ...activeJobs(now, 300, 1_000, 200)];
    assert.deepEqual(jobs, activeJobs(now, 0, 1_000, 200));
    assert.equal(new Set(jobs.map(({ id }) => id)).size, 1_000);
    const silent = jobs.filter(({ heartbeatAt }) => ageOf(heartbeatAt) > STALE_AFTER_MINUTES);
    const alive = jobs.filter(({ heartbeatAt }) => ageOf(heartbeatAt) <= 1);
    assert.deepEqual([silent.length, alive.length], [200, 800]);
    const day = 24 * 60;
    assert.ok(jobs.every(({ status, startedAt }) => status === 'running' && ageOf(startedAt) < day));
    assert.ok(jobs.every(({ startedAt, heartbeatAt }) => Number(startedAt) < Number(heartbeatAt)));
  });

  test('run where their records say, too', () => {
    const names = customJobs(now, 10).map(({ id, region, state }) => [
      ...[`projects/${JOB_PROJECT}/locations/${region}/customJobs/${id}`, state],
    ]);
    const told = activeJobs(now, 0, 10, 10).map(({ backendId }) => [backendId, 'JOB_STATE_RUNNING']);
    assert.deepEqual(names, told);
  });
});

describe('clients that are asked in turn', () => {
  test('begin a call when the one before has ended, whosever it was and however it ended', async () => {
    const told: string[] = [];
    const clientOf = (name: string) => ({
      name,
      async ask(fails: boolean) {
        told.push(`${name} begins`);
        await setImmediate();
        told.push(`${name} ends`);
        if (fails) throw new Error(`${name} failed`);
        return name;
      },
    });
    const turn = inTurn();
    const [one, two] = [turn(clientOf('one')), turn(clientOf('two'))];
    const answers = await Promise.allSettled([one.ask(true), two.ask(false), one.ask(false)]);
    assert.deepEqual(told, [
      ...['one begins', 'one ends', 'two begins', 'two ends', 'one begins', 'one ends'],
    ]);
    assert.deepEqual(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.message)),
      ['one failed', 'two', 'one'],
    );
    assert.equal(one.name, 'one');
  });

  test('gives report the young generation that Terraform deploys it with', () => {
    const infra = readFileSync(join(ROOT, 'infra/main.tf'), 'utf8');
    assert.ok(infra.includes(`NODE_OPTIONS = "--max-semi-space-size=${SEMI_SPACE_MEGABYTES}"`));
  });
});
