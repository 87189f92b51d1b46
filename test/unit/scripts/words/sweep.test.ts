import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { answerInWords } from '../../../../scripts/words/answer.ts';

const NOTHING = {
  scanned: 0,
  kept: 0,
  finished: 0,
  lost: 0,
  failed: 0,
  unknown: 0,
  held: 0,
  observed: 0,
  skippedRace: 0,
  falseLost: 0,
  executionsFixed: 0,
  missedSlots: 0,
  expiredLeases: 0,
  hitLimit: false,
  scheduleDrift: [],
  oldestBacklogSeconds: null,
  detectionSeconds: { p50: null, p95: null, max: null },
  unmapped: [],
};
const VERDICT = {
  source: 'jobs',
  job: 'resnet-1',
  execution: null,
  recordSays: 'running',
  backendSays: 'SUCCEEDED',
  verdict: 'finish',
  rule: 'backend-ended',
  because: 'Vertex AI says that it completed',
  written: 'dry run',
  endedAt: '2026-03-09T12:00:00.000Z',
};

/** The lines of an answer as it comes over the wire, without its headline and colours. */
function words(task: string, summary: object, more: object = {}): string[] {
  const answer = { task, runId: `${task}@manual-1`, outcome: 'succeeded', durationMs: 1_200 };
  const told = JSON.parse(JSON.stringify({ ...answer, summary, problems: [], ...more }));
  return answerInWords(told).slice(1).map(stripVTControlCharacters);
}
const swept = (summary: object, more?: object) => words('sweep-stale-jobs', { ...NOTHING, ...summary }, more);

describe('the answer of sweep-stale-jobs in words', () => {
  test('is one line where nothing is silent or over its limits', () =>
    assert.deepEqual(swept({}), ['    no job is silent or over its limits']));

  test('says how many of those that it had ended live', () =>
    assert.equal(
      swept({ scanned: 3, kept: 3, falseLost: 2 }).at(-1)?.trim(),
      'Found alive 2 jobs that a sweep had ended: see ops alarms',
    ));

  test('says that what was looked at may stay', () =>
    assert.deepEqual(swept({ scanned: 3, kept: 3 }), [
      '    3 records looked at, none of them to end',
      '      Kept        3 jobs, as they are',
    ]));

  test('tells how many were ended and how, what waits, and what nobody can tell', () =>
    assert.deepEqual(
      swept({
        scanned: 1_214,
        kept: 1_190,
        finished: 6,
        failed: 4,
        lost: 5,
        unknown: 2,
        held: 3,
        observed: 4,
        overdue: 9,
        skippedRace: 1,
        executionsFixed: 1,
        missedSlots: 2,
        expiredLeases: 1,
        hitLimit: true,
        scheduleDrift: ['prune-records: its job is paused'],
        oldestBacklogSeconds: 5_400,
        detectionSeconds: { p50: 540, p95: 720, max: 4_000 },
        unmapped: [{ source: 'jobs', status: 'waiting', count: 7 }],
      }),
      [
        '    1,214 records looked at, ended 16: 6 finished, 4 failed, 5 lost, 1 execution',
        '      Kept        1,190 jobs, as they are',
        '      Overdue     9 jobs past the longest that they may run: see ops alarms',
        '      Held        3 jobs that nothing but silence speaks against:',
        '                  the next sweep decides',
        '      Unknown     2 jobs, of which nobody can tell',
        '      Observed    4 jobs of sources in mode observe, left as they are',
        '      Moved       1 job, while they were looked at: left alone',
        '      Unmapped    jobs: 7 jobs with status "waiting"',
        '      Found       half within 9 min of the broken limit, 95 % within 12 min,',
        '                  the last after 1 h 7 min',
        '      Our tasks   2 slots missed, 1 run lost',
        '      Schedules   prune-records: its job is paused: see ops schedules',
        '      Left        more than there was time for; the oldest waits for 1 h 30 min',
      ],
    ));

  test('tells what it ended and why, and of many only the first', () => {
    const row = (job: string, over = {}) => ({
      source: 'jobs',
      job,
      verdict: 'lost',
      because: 'silent',
      ...over,
    });
    const rows = [row('a'), row('b', { execution: '5', verdict: 'fail' }), row('c'), row('d')];
    assert.deepEqual(swept({ scanned: 6, lost: 6, ended: rows, endedOmitted: 2 }), [
      '    6 records looked at, ended 6: 6 lost',
      '      Ended       jobs a: lost, silent',
      '                  jobs b, execution 5: failed, silent',
      '                  jobs c: lost, silent',
      '                  and 3 more: see ops runs',
    ]);
  });

  test('tells what was taken back', () => {
    const row = { source: 'jobs', job: 'a', path: 'jobs/a', was: 'FAILED', is: 'RUNNING', because: 'silent' };
    const told = (more = {}) => words('sweep-stale-jobs', { takenBack: [row], documentsRead: 2 }, more);
    assert.deepEqual(told(), [
      '    taken back: 1 record',
      '      jobs a (jobs/a): RUNNING again; it was FAILED because: silent',
    ]);
    assert.equal(told({ dryRun: true })[0], '    would take back: 1 record');
  });

  test('tells each job of a dry run first: the record, the backend, the verdict and why', () =>
    assert.deepEqual(
      swept(
        {
          scanned: 2,
          finished: 1,
          unknown: 1,
          verdictsOmitted: 4,
          verdicts: [
            {
              ...VERDICT,
              job: 'resnet-2',
              execution: '5',
              backendSays: null,
              verdict: 'unknown',
              endedAt: null,
              rule: 'gone-once',
              because: 'no such job',
              written: 'no',
            },
            VERDICT,
          ],
        },
        { dryRun: true },
      ),
      [
        '    VERDICT  SOURCE  JOB                    RECORD SAYS  BACKEND SAYS  END',
        '    finish   jobs    resnet-1               running      SUCCEEDED     2026-03-09 12:00:00Z  would be ended',
        '      Vertex AI says that it completed (backend-ended)',
        '    unknown  jobs    resnet-2, execution 5  running      -             -',
        '      no such job (gone-once)',
        '    and 4 jobs more',
        '',
        '    2 records looked at, would end 1: 1 finished',
        '      Unknown     1 job, of which nobody can tell',
      ],
    ));

  test('is harmless whatever the records and backends say', () => {
    const said = '\u001b[2Jaway\nwith it';
    const summary = { ...NOTHING, scanned: 1, verdicts: [{ ...VERDICT, because: said, backendSays: said }] };
    const lines = answerInWords({ task: 'sweep-stale-jobs', outcome: 'succeeded', summary });
    assert.ok(!lines.some((line) => line.includes('\u001b[2J') || line.includes('\n')));
    assert.match(lines.join('\n'), /away with it \(backend-ended\)/);
  });
});

const PRUNED = {
  prunedRuns: 0,
  prunedAlarms: 0,
  prunedPlans: 0,
  prunedJournal: 0,
  prunedStrays: 0,
  skippedRace: 0,
  remaining: { runs: 0, alarms: 0 },
  kept: [],
  oldestOverdueHours: 0,
  documentsRead: 7,
  dryRun: false,
};

describe('the answer of prune-records in words', () => {
  const pruned = (summary: object, more?: object) => words('prune-records', { ...PRUNED, ...summary }, more);

  test('is one line where nothing is past its time', () =>
    assert.deepEqual(pruned({}), ['    no record of ours is past its time']));

  test('tells what went, what stays and why, what is left, and how late that is', () =>
    assert.deepEqual(
      pruned({
        prunedRuns: 1_200,
        prunedAlarms: 1,
        prunedJournal: 2,
        skippedRace: 1,
        oldestOverdueHours: 50,
        kept: [{ kind: 'runs', reason: 'it has not ended', count: 3 }],
        remaining: { runs: 30, alarms: 0 },
      }),
      [
        '    removed 1,200 runs, 1 alarm, 2 journal entries',
        '      Kept        3 runs: it has not ended',
        '      Moved       1 record meanwhile: left alone',
        '      Left        30 runs, for the next run',
        '      Overdue     the oldest by 2 d 2 h',
      ],
    ));

  test('says of a dry run what would go', () =>
    assert.deepEqual(pruned({ prunedRuns: 2 }, { dryRun: true }), ['    would remove 2 runs']));
});
