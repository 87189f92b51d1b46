import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { DailyMetrics } from '../../../../functions/shared/model/day/day.ts';
import { dayInWords } from '../../../../scripts/ops/days/day-block.ts';
import { wrapped } from '../../../../scripts/words/entries.ts';
import { fullDay, projectRow, sourceState, sourceStates } from './full-day.ts';

const NOTHING = {
  jobs: null,
  gpu: null,
  etl: null,
  storage: null,
  bigquery: null,
  cloudRun: null,
  database: null,
  projects: [],
} satisfies Partial<DailyMetrics>;
const ROWS = [projectRow('protein-folding'), projectRow('vision', { artifactBytes: null })];
const YESTERDAY = new Date('2026-11-20T02:00:00Z');

/** The block of a day at 80 columns, without colours. */
function block(...[day, rows = [], width = 80]: Partial<Parameters<typeof dayInWords>>): string[] {
  return dayInWords(day ?? fullDay(), rows, width).map(stripVTControlCharacters);
}

/** The lines under a label, each without its indent. */
function under(label: string, lines: string[]): string[] {
  const first = lines.findIndex((line) => line.startsWith(`  ${label}`));
  if (first === -1) return [];
  const after = lines.slice(first + 1);
  const end = after.findIndex((line) => !line.startsWith(' '.repeat(14)));
  return [lines[first] ?? '', ...after.slice(0, end === -1 ? undefined : end)].map((line) =>
    line.slice(14).trimStart(),
  );
}

describe('dayInWords()', () => {
  test('shows every section of a day, aligned within 80 columns', () => {
    const lines = block(fullDay(), ROWS);
    assert.equal(
      lines.join('\n'),
      `
2026-11-21  provisional, revision 1, collected 2026-11-22 02:00:00Z

  Jobs        15 completed, 3 failed, 0 cancelled, 1 of them never started;
              15 started, 14 in flight at the end
  GPU         507.0 GPU-hours used; jobs that ended took 409.4 in all
  ETL         72 completed, 2 failed; 1 running at the end
  BigQuery    31 tables, 812.4 GiB; 41 jobs completed, 2 failed
                features  30 tables  800.0 GiB
                and 1 more dataset
  Storage     8 buckets, 12.0 TiB in 1,204,331 objects; 310.0 GiB soft-deleted
                sample-artifacts    8.9 TiB  801,220 objects
                sample-datasets     2.9 TiB  403,110 objects
                sample-logs       200.0 GiB         1 object
                and 1 more bucket
  Cloud Run   6 services, 2 active; 120,311 requests (2xx 118,000, 4xx 2,100,
              5xx 211)
                predict (europe-west4)  119,311 requests  211 5xx
                predict (us-central1)     1,000 requests    0 5xx
  Firestore   1.2 GiB, - documents, 9 collections
  Cloud SQL   2 instances, 88.0 GiB, - tables
                registry  80.0 GiB
                mlflow     8.0 GiB
  Projects    3 updated
                                 completed  failed  GPU-hours  artifacts
                protein-folding          8       1      203.0    1.5 TiB
                vision                   8       1      203.0          -
                and 1 more project
  Checks      in flight holds, GPU hours hold, ETL in flight holds
  Sources     all ok`.trimStart(),
    );
    assert.ok(lines.every((line) => line.length <= 80));
  });

  test('leaves out what nobody asked for', () => {
    const { jobs, gpu } = fullDay();
    const lines = block(fullDay({ ...NOTHING, jobs, gpu, sources: { jobs: sourceState() } }));
    assert.deepEqual(
      lines.slice(2).map((line) => line.slice(2, 14).trim()),
      ['Jobs', '', 'GPU', 'Projects', 'Checks', 'Sources'],
    );
  });

  test('shows a source that never answered as -, with its reason, and no figure at all', () => {
    const failed = (error: string) =>
      sourceState({ status: 'failed', error, collectedAt: null, failingSince: YESTERDAY });
    const lines = block(
      fullDay({
        ...NOTHING,
        sources: sourceStates({
          jobs: failed('7 PERMISSION_DENIED'),
          database: failed('no answer within 20 s\nat line 2'),
        }),
      }),
    );
    assert.deepEqual(under('Jobs', lines), ['-  (7 PERMISSION_DENIED)']);
    assert.deepEqual(under('GPU', lines), ['-']);
    assert.deepEqual(under('Projects', lines), ['-']);
    assert.deepEqual(under('Firestore', lines), ['-  (no answer within 20 s)']);
    assert.deepEqual(under('Storage', lines), ['-']);
    assert.deepEqual(under('Cloud SQL', lines), [], 'nobody knows whether it was asked for');
    assert.deepEqual(under('Sources', lines), [
      'jobs failed since 2026-11-20 02:00:00Z',
      'database failed since 2026-11-20 02:00:00Z',
    ]);
    assert.doesNotMatch(lines.slice(2, -4).join('\n'), /\b0\b/);
  });

  test('shows the figures of a stale source, as of when, since when it fails and why', () => {
    const storage = sourceState({
      status: 'stale',
      error: 'no answer within 20 s',
      collectedAt: YESTERDAY,
      failingSince: new Date('2026-11-21T02:00:00Z'),
    });
    const lines = block(fullDay({ sources: sourceStates({ storage }) }));
    assert.match(under('Storage', lines)[0] ?? '', /^8 buckets, 12.0 TiB/);
    assert.deepEqual(under('Sources', lines), [
      'storage stale, as of 2026-11-20 02:00:00Z,',
      'failing since 2026-11-21 02:00:00Z: no answer within 20 s',
    ]);
  });

  test('shows a total that lacks a part as -, the parts that answered, and what is missing', () => {
    const { cloudRun } = fullDay();
    const partial = { services: null, activeServices: null, requests: null, missing: ['europe-west4'] };
    const lines = block(
      fullDay({
        cloudRun: cloudRun && { ...cloudRun, ...partial },
        sources: sourceStates({
          cloudRun: sourceState({ status: 'partial', error: 'no answer from europe-west4' }),
        }),
      }),
    );
    assert.deepEqual(under('Cloud Run', lines), [
      '- services, - active; - requests',
      'predict (europe-west4)  119,311 requests  211 5xx',
      'predict (us-central1)     1,000 requests    0 5xx',
    ]);
    assert.deepEqual(under('Sources', lines), ['cloudRun partial: no answer from europe-west4']);
  });

  test('tells no classes of requests when it does not know every service', () => {
    const { cloudRun } = fullDay();
    const lines = block(fullDay({ cloudRun: cloudRun && { ...cloudRun, more: 12 } }));
    assert.equal(under('Cloud Run', lines)[0], '6 services, 2 active; 120,311 requests');
    assert.equal(under('Cloud Run', lines).at(-1), 'and 12 more services');
  });

  test('says which check is broken, which records are at fault, and how to settle a conflict', () => {
    const { checks } = fullDay();
    const lines = block(
      fullDay({
        status: 'conflict',
        checks: {
          ...checks,
          inFlight: { status: 'broken', expected: 9, actual: 7 },
          hoursUsed: { status: 'unknown', expected: null, actual: 1 },
          skewed: ['jobs/a', 'jobs/b'],
          malformed: ['c', 'd', 'e', 'f'],
          totals: { skewed: 2, malformed: 1_000, unmapped: 0 },
          reasons: [
            { id: 'c', because: 'running with an end after its start' },
            { id: 'd', because: 'endedAt "noon" is not a timestamp' },
          ],
          inferredEnds: 4,
        },
        conflict: { started: 1, ended: 1, hoursCompleted: 0, vanished: ['jobs:jobs/a'], alarmId: 'x' },
      }),
    );
    assert.deepEqual(under('Checks', lines), ['in flight 7, not 9, GPU hours unknown, ETL in flight holds']);
    assert.deepEqual(under('Records', lines), [
      '2 skewed: jobs/a, jobs/b',
      '1,000 malformed: c, d, e and 997 more',
      'c: running with an end after its start',
      'd: endedAt "noon" is not a timestamp',
      '4 ends inferred',
    ]);
    assert.deepEqual(under('Conflict', lines), [
      '1 record vanished: jobs:jobs/a',
      'settle it with: npm run -s ops -- days accept 2026-11-21',
    ]);
  });

  test('says that a day was not over when it was collected', () =>
    assert.match(
      block(fullDay({ collectedAt: new Date('2026-11-21T14:00:00Z'), settledSince: null }))[0] ?? '',
      /collected 2026-11-21 14:00:00Z, before the day's end$/,
    ));

  test('says how to collect a day that nobody did', () =>
    assert.deepEqual(block({ date: '2026-11-20', status: 'missing' }), [
      '2026-11-20  missing',
      '',
      '  nobody collected it; do it with:',
      '    npm run -s ops -- run collect-metrics --date 2026-11-20',
    ]));

  test('lets no stored name or error steer the terminal, break a line or push figures out of it', () => {
    const hostile = `\u001b[2J\u001b]0;pwned\u0007evil\r\nname\u202e${'x'.repeat(500)}`;
    const { storage, cloudRun } = fullDay();
    const bucket = { bucket: hostile, bytes: 1, objects: 1, softDeletedBytes: 0 };
    const lines = dayInWords(
      fullDay({
        storage: storage && { ...storage, perBucket: [bucket] },
        cloudRun: cloudRun && {
          ...cloudRun,
          perService: [{ service: hostile, region: hostile, requests: { '2xx': 1 } }],
        },
        sources: sourceStates({ etl: sourceState({ status: 'stale', error: hostile }) }),
        conflict: { started: 1, ended: 1, hoursCompleted: 0, vanished: [hostile], alarmId: 'x' },
        checks: {
          ...fullDay().checks,
          skewed: [hostile],
          totals: { skewed: 1, malformed: 0, unmapped: 0 },
        },
      }),
      [projectRow(hostile)],
      80,
    );
    const text = stripVTControlCharacters(lines.join('\n'));
    assert.doesNotMatch(lines.map(stripVTControlCharacters).join(''), /\p{Cc}/u);
    for (const steering of ['\u001b[2J', '\u001b]', '\u0007'])
      assert.ok(!lines.join('').includes(steering), 'no control but our own colours');
    assert.match(text, /evil name\S*… +1 B +1 object\n/);
    assert.match(text, /evil name\S*… +8 +1 +203.0 +1.5 TiB\n/);
  });

  test('fits a narrow terminal, but for names', () =>
    assert.ok(block(fullDay(), ROWS, 68).every((line) => line.length <= 68)));
});

describe('wrapped()', () => {
  for (const [text, room, lines] of [
    ['12 34; 67', 9, ['12 34; 67']],
    ['12 34; 678', 9, ['12 34;', '678']],
    ['a, bc: def', 6, ['a, bc:', 'def']],
    ['one two three, four', 8, ['one two', 'three,', 'four']],
    ['1,204,331 objects', 9, ['1,204,331', 'objects']],
    ['', 8, ['']],
  ] as const)
    test(`breaks ${JSON.stringify(text)} at ${room}`, () => assert.deepEqual(wrapped(text, room), lines));
});
