import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Evidence } from '../../../../functions/shared/model/job/evidence.ts';
import type { Job } from '../../../../functions/shared/model/job/job.ts';
import { daysOf } from '../../../../scripts/ops/why/days.ts';
import type { Story } from '../../../../scripts/ops/why/story.ts';
import { storyInWords } from '../../../../scripts/ops/why/words.ts';
import { jobOf, utc } from '../../../support/jobs.ts';

const NOW = utc('2026-03-10T12:00');
const AT = utc('2026-03-10T10:00');

describe('daysOf()', () => {
  const days = (over: Partial<Job>) => {
    const { fault, each } = daysOf(jobOf({ id: 'x', gpus: 2, ...over }), NOW);
    return fault ?? each.map((day) => Object.values(day));
  };
  const startedAt = utc('2026-03-08T18:00');

  test('splits an ended job over the days that it used, as the figures do', () =>
    assert.deepEqual(days({ state: 'failed', startedAt, endedAt: utc('2026-03-10T06:00') }), [
      ['2026-03-08', true, null, 12],
      ['2026-03-09', false, null, 48],
      ['2026-03-10', false, 'failed', 12],
    ]));

  test('counts one that runs up to now', () =>
    assert.deepEqual(days({ state: 'running', startedAt, endedAt: null }).at(-1), [
      '2026-03-10',
      false,
      null,
      24,
    ]));

  test('counts one that never started on the day of its end, and one that waits on none', () => {
    const never = { state: 'cancelled', startedAt: null, endedAt: utc('2026-03-09T06:00') } as const;
    assert.deepEqual(days(never), [['2026-03-09', false, 'cancelled', 0]]);
    assert.deepEqual(days({ state: 'queued', startedAt: null, endedAt: null }), []);
  });

  test('says why one counts on none', () => {
    assert.match(String(days({ state: 'completed', startedAt, endedAt: null })), /^malformed: /);
    assert.match(String(days({ state: 'unknown', status: 'odd', startedAt, endedAt: null })), /^unmapped: /);
  });
});

describe('storyInWords()', () => {
  const evidence: Evidence = {
    verdict: 'lost',
    rule: 'silent',
    because: 'no heartbeat for 40 min',
    backend: 'Vertex AI',
    askedAt: AT,
    said: 'no such job',
    was: 'RUNNING',
    foundAt: AT,
    runId: 'sweep@1',
    by: null,
    fields: [
      { path: 'status', before: 'RUNNING', after: 'FAILED' },
      { path: 'ended', after: AT },
      { path: 'n', before: 9007199254740993n, after: 1 },
    ],
  };
  const { added: _, ...record } = jobOf({
    id: 'x',
    status: 'FAILED',
    state: 'failed',
    startedAt: AT,
    endedAt: AT,
    error: 'Lost: \u001b[2Jsilent',
    project: 'alpha',
    gpus: 1,
    backendId: '7',
  });
  const story = (over: Partial<Story> = {}): Story => ({
    source: 'jobs',
    mode: 'enforce',
    place: 'the local stack (project p)',
    path: 'jobs/x',
    writtenAt: AT,
    record,
    changes: [],
    whyNotTakenBack: null,
    executions: null,
    executionsPath: null,
    backend: { name: 'Vertex AI', state: 'gone', startedAt: null, endedAt: null, words: 'no such job' },
    verdict: { kind: 'keep', rule: 'ended', because: 'its record says FAILED' },
    artifacts: { uri: null, tombstone: null, deletedAt: null, plans: [] },
    days: { fault: null, each: [], countedOn: [], stored: {}, dirty: {} },
    ...over,
  });
  const words = (over?: Partial<Story>) => storyInWords(story(over), NOW, 200).map(stripVTControlCharacters);

  test('tells record, backend and verdict, each on harmless lines', () =>
    assert.deepEqual(words(), [
      'jobs/x, source jobs in mode enforce, the local stack (project p)',
      '',
      '  Record      x: FAILED (failed), project alpha, 1 GPU, backend id 7',
      '              started 2026-03-10 10:00:00Z (2 h ago)',
      '              ended 2026-03-10 10:00:00Z (2 h ago)',
      '              written 2026-03-10 10:00:00Z (2 h ago)',
      '  Error       Lost: silent',
      '  Changes     none of ours',
      '  Backend     gone, asked now: no such job',
      '  Verdict     keep (ended): its record says FAILED',
      '  Days        it counts on none yet',
    ]));

  test('tells each change with its evidence and what it overwrote, and how to take the last one back', () => {
    const takenBack = { at: AT, by: 'ada', reason: 'it beats', runId: 'sweep@2' };
    const changes = [evidence, { ...evidence, by: 'bob', fields: [], takenBack }];
    const told = words({ changes, path: "jobs/o'x" });
    const begin = told.findIndex((line) => line.startsWith('  Changes'));
    assert.deepEqual(told.slice(begin, begin + 12), [
      '  Changes     2026-03-10 10:00:00Z lost by sweep@1',
      '              silent: no heartbeat for 40 min',
      '              Vertex AI was asked 2026-03-10 10:00:00Z: no such job',
      '              status: "RUNNING" -> "FAILED"',
      '              ended: nothing -> 2026-03-10T10:00:00.000Z',
      '              n: 9007199254740993 -> 1',
      '              2026-03-10 10:00:00Z lost by bob, sweep@1',
      '              silent: no heartbeat for 40 min',
      '              Vertex AI was asked 2026-03-10 10:00:00Z: no such job',
      '              taken back 2026-03-10 10:00:00Z by ada: it beats',
      "              take it back: npm run -s ops -- sweep --job 'jobs/o'\\''x' --undo --reason TEXT",
      '  Backend     gone, asked now: no such job',
    ]);
    const why = words({ changes: [evidence], whyNotTakenBack: 'it moved' });
    assert.ok(why.includes('              it cannot be taken back: it moved'), why.join('\n'));
  });

  test('tells its executions, artifacts and days, and where they are told otherwise', () => {
    const times = { startedAt: AT, endedAt: null, heartbeatAt: null };
    const each = [
      { date: '2026-03-09', started: true, ended: null, gpuHours: 14 },
      { date: '2026-03-10', started: false, ended: 'failed' as const, gpuHours: 10.5 },
    ];
    const plan = {
      planId: 'plan-1',
      createdAt: AT,
      status: 'applied',
      decision: 'delete',
      reason: 'eligible',
      because: 'old',
    };
    const told = words({
      executions: [{ id: '5', status: 'LOST', ...times, evidence }],
      executionsPath: 'tries',
      artifacts: {
        uri: 'gs://b/x/',
        tombstone: { planId: 'plan-1', runId: 'clean@1' },
        deletedAt: AT,
        plans: [plan],
      },
      days: {
        fault: null,
        each,
        countedOn: ['2026-03-01', '2026-03-09'],
        stored: { '2026-03-09': 'final' },
        dirty: { '2026-03-10': 'the sweep ended it' },
      },
    });
    assert.deepEqual(told.slice(told.findIndex((line) => line.startsWith('  Executions'))), [
      '  Executions  1 execution',
      '                5  LOST  2026-03-10 10:00:00Z  -',
      '              5 was ended by us: lost by sweep@1, silent: no heartbeat for 40 min',
      '              take it back: npm run -s ops -- sweep --job jobs/x/tries/5 --undo --reason TEXT',
      '  Artifacts   gs://b/x/',
      '              deleted 2026-03-10 10:00:00Z, plan plan-1, run clean@1',
      '              delete by plan-1 of 2026-03-10 10:00:00Z (applied): old',
      '              bring them back: npm run -s ops -- cleanup undo clean@1',
      '  Days        2 days, 24.5 GPU-hours in all',
      '                2026-03-09  started  14.0 GPU-hours       final',
      '                2026-03-10   failed  10.5 GPU-hours  not stored',
      '              counted, too, on 2026-03-01, where its record does not put it now',
      '              2026-03-10 will be collected again: the sweep ended it',
    ]);
  });
});
