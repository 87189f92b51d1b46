import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { CatalogEntry } from '../../../../functions/shared/catalog.ts';
import type { DailyMetrics } from '../../../../functions/shared/model/day/day.ts';
import type { Health } from '../../../../functions/shared/model/run/health.ts';
import type { Run } from '../../../../functions/shared/model/run/run.ts';
import { daysInWords } from '../../../../scripts/ops/days/days-table.ts';
import { runsInWords, summaryInShort } from '../../../../scripts/ops/runs/runs-words.ts';
import { taskRow } from '../../../../scripts/ops/tasks/task-row.ts';
import { tasksInWords } from '../../../../scripts/ops/tasks/task-words.ts';
import { ENTRY } from '../../../support/entry.ts';

// Each record has what its view reads and no more, so that a new field of the model breaks no test here.

const plain = (lines: string[]) => lines.map(stripVTControlCharacters);
const NOW = new Date('2026-01-03T05:00:00Z');
const entry = (more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  task: 'collect-metrics',
  ...ENTRY,
  description: 'the figures',
  ...more,
});

function health(more: Partial<Health> = {}): Health {
  const outcomes = ['failed', ...Array(18).fill('succeeded'), 'partial', 'timed-out'] as const;
  return {
    task: 'collect-metrics',
    enabled: true,
    nextExpectedAt: new Date('2026-01-04T02:00:00Z'),
    startGraceSeconds: 900,
    maxRuntimeSeconds: 540,
    current: null,
    lastStartedAt: new Date('2026-01-03T02:00:00Z'),
    lastOutcome: 'timed-out',
    lastDurationMs: 200_000,
    lastSuccessAt: null,
    lastError: { name: 'Error', message: 'no answer\nat x', stack: '' },
    consecutiveFailures: 3,
    openAlarms: ['collect-metrics:failing:2026-01-01T02:00:00.000Z'],
    strip: outcomes.map((outcome, index) => ({
      runId: `run-${index}`,
      outcome,
      startedAt: NOW,
      durationMs: 1,
    })),
    ...more,
  } as Health;
}

describe('tasksInWords()', () => {
  const words = (...args: Parameters<typeof taskRow>) => plain(tasksInWords([taskRow(...args)], NOW));

  test('shows state, reason, times, failures, the last 20 runs explained, and alarms', () =>
    assert.deepEqual(words(entry(), health(), NOW), [
      'TASK             STATE    NEXT                           LAST RUN                             TOOK  FAILED IN A ROW  LAST 20 RUNS',
      `collect-metrics  failing  2026-01-04 02:00:00Z, in 21 h  2026-01-03 02:00:00Z, 3 h ago  3 min 20 s                3  ${'✓'.repeat(18)}~t`,
      '  3 in a row; last timed-out: no answer',
      '  At 02:00 UTC (0 2 * * *): the figures',
      '  alarm failing of collect-metrics since 2026-01-01 02:00:00Z, 2 d ago: collect-metrics:failing:2026-01-01T02:00:00.000Z',
      '',
      'runs, the newest at the right: ✓ succeeded  ~ partial  t timed-out',
    ]));

  test('shows a task that never ran as new, and nothing it cannot know', () => {
    const [, row, reason] = words(entry(), undefined, NOW);
    assert.match(row ?? '', /^collect-metrics {2}new {4}2026-01-04 02:00:00Z, in 21 h +- +- +- +-$/);
    assert.equal(reason, '  has not run yet');
  });

  test('shows a task switched off since its last run as disabled', () =>
    assert.equal(taskRow(entry({ enabled: false }), health(), NOW).state, 'disabled'));
  test('shows a task switched off before its first run as disabled', () =>
    assert.equal(taskRow(entry({ enabled: false }), undefined, NOW).state, 'disabled'));

  test('tells a run under way beside another state', () => {
    const soon = new Date('2026-01-03T05:01:00Z');
    const current = { startedAt: NOW, heartbeatAt: NOW, leaseExpiresAt: soon } as Health['current'];
    assert.match(words(entry(), health({ current }), NOW)[2] ?? '', /; a run is under way$/);
  });
});

const RUN_ID = 'collect-metrics@2026-01-03T02:00:00.000Z';

describe('runsInWords()', () => {
  const run = (more: Partial<Run>): Run =>
    ({
      trigger: 'scheduled',
      slot: new Date('2026-01-03T02:00:00Z'),
      dryRun: false,
      attempt: 2,
      outcome: 'succeeded',
      startedAt: new Date('2026-01-03T02:00:04Z'),
      durationMs: 1_234,
      summary: { days: ['2026-01-01', '2026-01-02'], changed: 2, sources: { jobs: 'ok' } },
      error: null,
      duplicates: 1,
      runId: RUN_ID,
      ...more,
    }) as Run;

  test('shows a line per run, with the first line of its error or its summary in short', () =>
    assert.deepEqual(
      plain(
        runsInWords(
          [
            run({ arrivedLate: true, startedAt: new Date('2026-01-03T03:15:00Z') }),
            run({}),
            run({
              trigger: 'manual',
              slot: null,
              dryRun: true,
              attempt: 1,
              outcome: 'failed',
              durationMs: null,
              duplicates: 0,
              error: { name: 'Error', message: 'Cannot read\nmore', stack: '' },
            }),
            run({
              outcome: 'partial',
              problems: [
                { path: 'sources.jobs', message: 'no answer' },
                { path: '', message: 'x' },
              ],
            }),
          ],
          NOW,
        ),
      ),
      [
        'STARTED                        OUTCOME     TOOK  TRIGGER          TRY  REPEATS  RUN',
        `2026-01-03 03:15:00Z  2 h ago  succeeded  1.2 s  scheduled, late    2        1  ${RUN_ID}`,
        '  days 2026-01-01 2026-01-02, changed 2',
        `2026-01-03 02:00:04Z  3 h ago  succeeded  1.2 s  scheduled          2        1  ${RUN_ID}`,
        '  days 2026-01-01 2026-01-02, changed 2',
        `2026-01-03 02:00:04Z  3 h ago  failed         -  manual, dry        1        0  ${RUN_ID}`,
        '  Cannot read',
        `2026-01-03 02:00:04Z  3 h ago  partial    1.2 s  scheduled          2        1  ${RUN_ID}`,
        '  sources.jobs: no answer, and 1 more problem',
      ],
    ));

  test('tells below a sweep what it ended and why, and of much how much more', () => {
    const row = (job: string, written = 'yes') => ({
      source: 'jobs',
      job,
      verdict: 'lost',
      because: 'x',
      written,
    });
    const below = (summary: Run['summary']) => plain(runsInWords([run({ summary })], NOW)).slice(3);
    assert.deepEqual(below({ ended: [row('a')], endedOmitted: 7 }), [
      '  jobs a: lost, x',
      '  and 3 jobs more; --json lists them',
    ]);
    assert.deepEqual(below({ verdicts: [row('a'), row('b', 'held')] }), ['  jobs a: lost, x']);
    assert.deepEqual(below({ ended: [...'abcdef'].map((id) => row(id)) }).slice(4), [
      '  jobs e: lost, x',
      '  and 1 job more; --json lists them',
    ]);
  });

  test('summaryInShort() counts long lists and leaves out maps and what is empty', () =>
    assert.equal(
      summaryInShort({ a: [1, 2, 3, 4], b: null, c: [{}], d: [], e: { f: 1 }, g: 0, h: 'x' }),
      'a 4, c 1, g 0, h x',
    ));
});

describe('daysInWords()', () => {
  const holds = { status: 'holds', expected: 1, actual: 1 } as const;
  const day = (more: Partial<DailyMetrics> = {}): DailyMetrics =>
    ({
      date: '2026-01-01',
      status: 'final',
      revision: 2,
      jobs: { started: 1_200, completed: 3, failed: 0, cancelled: 1, neverStarted: 1, inFlight: 7 },
      gpu: { hoursUsed: 12.34, hoursCompleted: 10, hoursAccrued: 0 },
      sources: { jobs: { status: 'ok' } },
      checks: { inFlight: holds, hoursUsed: holds, totals: { skewed: 0, malformed: 0, unmapped: 0 } },
      conflict: null,
      ...more,
    }) as DailyMetrics;
  /** The cells of the first day. */
  const cells = (...days: Parameters<typeof daysInWords>[0]) =>
    (plain(daysInWords(days))[1] ?? '').split(/ {2,}/);

  test('shows the figures of a day', () =>
    assert.deepEqual(cells(day()), [
      ...['2026-01-01', 'final', '2', '1,200', '3', '0', '1', '1', '7', '12.3', '10.0', 'ok', 'ok'],
    ]));

  test('shows what nobody knows as -, never as 0', () => {
    const stale = {
      jobs: { status: 'failed' },
      builds: { status: 'ok' },
    } as unknown as DailyMetrics['sources'];
    assert.deepEqual(cells(day({ jobs: null, gpu: null, sources: stale })).slice(3), [
      ...Array(8).fill('-'),
      'ok',
      'jobs failed',
    ]);
  });

  test('shows a day without a document as missing', () =>
    assert.deepEqual(cells({ date: '2026-01-02', status: 'missing' }), [
      '2026-01-02',
      'missing',
      ...Array(11).fill('-'),
    ]));

  test('says which check is broken and what was wrong with the records', () => {
    const checks = {
      inFlight: { status: 'broken', expected: 9, actual: 7 },
      hoursUsed: { status: 'unknown', expected: null, actual: null },
      totals: { skewed: 2, malformed: 1_000, unmapped: 0 },
    } as DailyMetrics['checks'];
    const [verdict, , notes] = cells(day({ checks })).slice(11);
    assert.equal(verdict, 'broken');
    assert.equal(notes, 'in flight 7, not 9; 2 skewed; 1,000 malformed');
  });

  test('says when the ETL runs do not add up although the jobs do', () => {
    const inFlight = { status: 'broken', expected: 2, actual: 1 } as const;
    const totals = { skewed: 0, malformed: 3, unmapped: 0 };
    const etl = { inFlight, totals } as DailyMetrics['checks']['etl'];
    const [verdict, , notes] = cells(day({ checks: { ...day().checks, etl } })).slice(11);
    assert.equal(verdict, 'broken');
    assert.equal(notes, 'ETL in flight 1, not 2; ETL 3 malformed');
  });

  test('says how to settle a conflict', () => {
    const conflict = { vanished: ['jobs:a', 'jobs:b'] } as DailyMetrics['conflict'];
    const lines = plain(daysInWords([day({ status: 'conflict', conflict })]));
    assert.match(lines[1] ?? '', /conflict .* 2 records vanished$/);
    assert.match(lines[2] ?? '', /settle it with: npm run -s ops -- days accept 2026-01-01$/);
  });
});
