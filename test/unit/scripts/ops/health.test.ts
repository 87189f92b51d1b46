import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { addMs, MINUTE_MS } from '../../../../functions/shared/dates.ts';
import type { JobHealth } from '../../../../functions/shared/model/job/sweep.ts';
import type { Alarm } from '../../../../functions/shared/model/run/alarm.ts';
import { healthReport, type Known } from '../../../../functions/shared/model/run/health-report.ts';
import { healthInWords } from '../../../../scripts/ops/health/health-words.ts';
import { type TaskRow, taskRow } from '../../../../scripts/ops/tasks/task-row.ts';
import { ENTRY } from '../../../support/entry.ts';
import { at, healthOf } from '../../../support/health.ts';

const NOW = at(-3_600);
const ENTRY_OF_DUTY = { ...ENTRY, task: 'duty' };

function task(over: Parameters<typeof healthOf>[0] = {}): TaskRow {
  return taskRow(ENTRY_OF_DUTY, healthOf(over), NOW);
}

function block(over: Partial<JobHealth> = {}): JobHealth {
  return {
    source: 'jobs',
    running: 12,
    suspended: 0,
    scheduled: 3,
    longRunning: 2,
    recent24h: 40,
    stale: 0,
    unknown: 0,
    watched: 4,
    falseLost: 0,
    reports: null,
    at: addMs(NOW, -5 * MINUTE_MS),
    ...over,
  };
}

function report(over: Partial<Known> = {}) {
  const blocks = new Map([['jobs', block()]]);
  return healthReport({
    tasks: [task()],
    alarms: [],
    blocks,
    sweepEveryMs: 10 * MINUTE_MS,
    now: NOW,
    ...over,
  });
}

const ALARM: Alarm = {
  id: 'jobs:overdue:x',
  subject: 'jobs',
  kind: 'overdue',
  message: 'resnet-1 runs on',
  runId: null,
  brokenAt: at(-7_200),
  openedAt: at(-7_100),
  closedAt: null,
  closedBecause: null,
};

describe('healthReport()', () => {
  test('finds nothing wrong where tasks, jobs and alarms are as they should be', () =>
    assert.deepEqual([report().ok, report().wrong], [true, []]));

  for (const [what, over, wrong] of [
    ['a task that is failing', { consecutiveFailures: 2 }, /^duty is failing \(2 in a row/],
    ['a task that is late', { nextExpectedAt: at(-86_400) }, /^duty is late \(due/],
  ] as const)
    test(`says ${what}`, () => {
      const { ok, wrong: told } = report({ tasks: [task(over)] });
      assert.equal(ok, false);
      assert.match(told.join(), wrong);
    });

  test('does not mind a task whose last run was partial, nor one that is disabled', () => {
    const disabled = taskRow({ ...ENTRY_OF_DUTY, enabled: false }, healthOf({ consecutiveFailures: 9 }), NOW);
    assert.equal(report({ tasks: [task({ lastOutcome: 'partial' }), disabled] }).ok, true);
  });

  test('says a stale job, and an open alarm', () =>
    assert.deepEqual(report({ blocks: new Map([['jobs', block({ stale: 2 })]]), alarms: [ALARM] }).wrong, [
      'jobs: 2 stale jobs',
      '1 open alarm',
    ]));

  describe('with an alarm that is muted', () => {
    const mute = { until: addMs(NOW, MINUTE_MS), by: 'ann', reason: 'known', at: NOW };
    const muted = (over: Partial<Alarm>): Alarm => ({ ...ALARM, mute, ...over });

    test('finds nothing wrong until its time, and keeps it among the alarms, behind the others', () => {
      const { ok, alarms, muted: count } = report({ alarms: [muted({})] });
      assert.deepEqual([ok, alarms.length, count], [true, 1, 1]);
      const { wrong, alarms: both } = report({ alarms: [muted({}), ALARM] });
      assert.deepEqual([wrong, both], [['1 open alarm'], [ALARM, muted({})]]);
      const over = muted({ mute: { ...mute, until: NOW } });
      assert.deepEqual(report({ alarms: [over] }).wrong, ['1 open alarm']);
    });

    for (const [kind, over] of [
      ['failing', { consecutiveFailures: 2 }],
      ['missed', { nextExpectedAt: at(-86_400) }],
    ] as const)
      test(`does not mind the task that the alarm ${kind} is about, and minds any other`, () => {
        const alarm = muted({ kind, subject: 'duty' });
        assert.equal(report({ tasks: [task(over)], alarms: [alarm] }).ok, true);
        const other = { ...alarm, subject: 'other' };
        assert.equal(report({ tasks: [task(over)], alarms: [other] }).ok, false);
        assert.equal(report({ tasks: [task(over)], alarms: [muted({ subject: 'duty' })] }).ok, false);
      });

    test('does not mind the jobs that lived, which the alarm found-alive is about', () => {
      const blocks = new Map([['jobs', block({ falseLost: 1 })]]);
      const found = muted({ kind: 'found-alive', subject: 'jobs' });
      const { ok, sources } = report({ blocks, alarms: [found] });
      assert.deepEqual([ok, sources.map((one) => one.at && one.falseLost)], [true, [1]]);
    });
  });

  test('says how many of those that the sweep ended were ended wrongly', () =>
    assert.deepEqual(report({ blocks: new Map([['jobs', block({ falseLost: 1 })]]) }).wrong, [
      'jobs: 1 of 4 that the sweep ended were ended wrongly',
    ]));

  test('believes what the last three sweeps found, and nothing older', () => {
    const seen = (minutes: number) =>
      report({ blocks: new Map([['jobs', block({ at: addMs(NOW, -minutes * MINUTE_MS) })]]) }).wrong;
    assert.deepEqual(seen(30), []);
    assert.deepEqual(seen(31), ['jobs: last looked at 31 min ago']);
  });

  test('says that nobody looks where there is no block, or no sweep', () => {
    assert.deepEqual(report({ blocks: new Map([['etl', undefined]]) }).wrong, [
      'etl: no sweep has looked at it yet',
    ]);
    assert.deepEqual(report({ sweepEveryMs: null }).wrong, ['jobs: last looked at 5 min ago']);
  });
});

describe('healthInWords()', () => {
  const words = (over: Partial<Known> = {}) => healthInWords(report(over), NOW).map(stripVTControlCharacters);

  test('says in its first line that nothing is wrong, then how jobs and tasks stand', () =>
    assert.deepEqual(words(), [
      'ok: nothing is wrong',
      '',
      'JOBS OF  RUNNING  LONG-RUNNING  SUSPENDED  SCHEDULED  LAST 24 H  STALE  UNKNOWN  FALSE LOST  AS OF',
      'jobs          12             2          0          3         40      0        0      0 of 4  5 min ago',
      '',
      'TASK  STATE  WHY',
      'duty  ok     last run succeeded',
    ]));

  test('says in its first line that an alarm is muted', () => {
    const mute = { until: addMs(NOW, MINUTE_MS), by: 'ann', reason: 'known', at: NOW };
    assert.equal(words({ alarms: [{ ...ALARM, mute }] })[0], 'ok: nothing is wrong; 1 open alarm muted');
  });

  test('says in its first line what is wrong, on one line whatever is stored', () => {
    const lastError = { name: 'Error', message: 'no\nanswer', stack: '' };
    const [first, second] = words({ tasks: [task({ consecutiveFailures: 1, lastError })], alarms: [ALARM] });
    assert.match(first ?? '', /^wrong: duty is failing \(.*\); 1 open alarm$/);
    assert.equal(second, '');
  });

  test('shows what nobody knows as -, never as 0', () =>
    assert.equal(
      words({ blocks: new Map([['etl', undefined]]) })[3],
      'etl            -             -          -          -          -      -        -           -  no sweep yet',
    ));

  test('tells the first alarms and where the others are', () => {
    const lines = words({ alarms: Array(7).fill(ALARM) });
    assert.equal(lines.filter((line) => line.startsWith('overdue')).length, 5);
    assert.equal(lines.at(-1), 'and 2 alarms more: npm run -s ops -- alarms');
  });
});
