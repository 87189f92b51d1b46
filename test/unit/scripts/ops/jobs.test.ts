import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../../functions/shared/dates.ts';
import type { Evidence } from '../../../../functions/shared/model/job/evidence.ts';
import type { Job } from '../../../../functions/shared/model/job/job.ts';
import { storedReportSchema } from '../../../../functions/shared/model/report/stored.ts';
import { executionRow, jobRow } from '../../../../scripts/ops/jobs/job-row.ts';
import { executionsInWords, jobInWords, jobsInWords } from '../../../../scripts/ops/jobs/job-words.ts';
import { jobOf, NOTHING_ADDED, sourceOf, utc } from '../../../support/jobs.ts';

const NOW = utc('2026-03-09T12:00');
const time = (path: string) => ({ path, type: 'timestamp' });
const { fields } = sourceOf();
const SOURCE = sourceOf({
  fields: { ...fields, heartbeatAt: time('heartbeatAt'), backendId: 'backendId' },
  backend: { kind: 'vertex-ai', region: 'us-central1' },
  executions: {
    collection: 'executions',
    fields: {
      status: 'status',
      startedAt: time('start'),
      endedAt: time('end'),
      heartbeatAt: time('beat'),
    },
  },
});

const ago = (ms: number) => addMs(NOW, -ms);
/** A job that runs for two hours and beat a minute ago. */
const running = (over: Partial<Job> = {}): Job =>
  jobOf({
    id: 'resnet-1',
    state: 'running',
    status: 'RUNNING',
    startedAt: ago(2 * HOUR_MS),
    endedAt: null,
    heartbeatAt: ago(MINUTE_MS),
    backendId: '42',
    ...over,
  });
const rowOf = (over: Partial<Job> = {}, source = SOURCE, writtenAt = NOW) =>
  jobRow({ name: 'jobs', source }, { job: running(over), writtenAt, now: NOW });
const executionOf = (over: Partial<Job>, parent: Partial<Job> = {}) =>
  executionRow(
    { name: 'jobs', source: SOURCE },
    { job: { ...running(over), writtenAt: NOW }, parent: running(parent), now: NOW },
  );

describe('what is wrong with a job by its record', () => {
  test('is nothing while it beats within its limits', () => assert.deepEqual(rowOf().wrong, []));

  const cases: [what: string, over: Partial<Job>, wrong: string][] = [
    [
      'its silence',
      { heartbeatAt: ago(20 * MINUTE_MS) },
      'no heartbeat for 20 min (since 2026-03-09 11:40:00 UTC), at most 15 min allowed',
    ],
    [
      'a clock in another zone',
      { heartbeatAt: ago(8 * HOUR_MS), startedAt: ago(9 * HOUR_MS) },
      'its record was written 0 s ago, but the heartbeat in it lies 8 h before that: a clock is off, or in another zone',
    ],
    ['a run beyond its limit', { startedAt: ago(30 * HOUR_MS) }, 'runs for 30 h, at most 24 h allowed'],
    ['a heartbeat of the future', { heartbeatAt: ago(-3 * HOUR_MS) }, 'its heartbeat lies 3 h in the future'],
    [
      'a field of another type',
      { unreadable: [{ field: 'gpus', why: '"two" is not a number' }] },
      'gpus cannot be read: "two" is not a number',
    ],
    ['a status that nobody mapped', { state: 'unknown', status: 'odd' }, 'nobody mapped its status'],
  ];
  for (const [what, over, wrong] of cases)
    test(`is ${what}`, () => assert.deepEqual(rowOf(over).wrong, [wrong]));

  test('is that it waits beyond its limit, where there is one', () => {
    const queued = {
      state: 'queued',
      startedAt: null,
      heartbeatAt: null,
      createdAt: ago(3 * HOUR_MS),
    } as const;
    assert.deepEqual(rowOf(queued).wrong, []);
    const limited = { ...SOURCE, sweep: { ...SOURCE.sweep, maxQueuedHours: 2 } };
    assert.deepEqual(rowOf(queued, limited).wrong, ['queued for 3 h, at most 2 h allowed']);
  });

  test('is no silence where the source maps no heartbeat', () => {
    const { heartbeatAt: _, ...others } = SOURCE.fields;
    assert.deepEqual(rowOf({ heartbeatAt: null }, { ...SOURCE, fields: others }).wrong, []);
  });

  test('is told of a record without any clock once nobody has written it for too long', () => {
    const clockless = { startedAt: null, heartbeatAt: null };
    assert.deepEqual(rowOf(clockless).wrong, []);
    assert.match(rowOf(clockless, SOURCE, ago(HOUR_MS)).wrong.join(), /^no usable heartbeat/);
  });

  test('is of an execution also that its job has ended', () => {
    assert.deepEqual(executionOf({}, { state: 'completed', status: 'DONE' }).wrong, ['its job is DONE']);
    assert.deepEqual(executionOf({ state: 'failed' }, { state: 'completed' }).wrong, []);
  });
});

describe('jobsInWords()', () => {
  const words = (...rows: Parameters<typeof jobsInWords>[0]) =>
    jobsInWords(rows, NOW).map(stripVTControlCharacters);

  test('shows where each runs, since when, its heartbeat, and what is wrong', () =>
    assert.deepEqual(
      words(rowOf(), rowOf({ id: 'resnet-2', startedAt: ago(30 * HOUR_MS), backendId: null })),
      [
        'SOURCE  JOB       PROJECT  STATUS   SINCE                  FOR  HEARTBEAT  RUNS ON',
        'jobs    resnet-1  alpha    RUNNING  2026-03-09 10:00:00Z   2 h  60 s ago   vertex-ai 42',
        'jobs    resnet-2  alpha    RUNNING  2026-03-08 06:00:00Z  30 h  60 s ago   -',
        '  ! runs for 30 h, at most 24 h allowed',
      ],
    ));

  test('leaves out what nothing is known of', () =>
    assert.equal(
      words(rowOf({ heartbeatAt: null, backendId: null }))[0],
      'SOURCE  JOB       PROJECT  STATUS   SINCE                 FOR',
    ));

  test('keeps what is stored on one harmless line', () =>
    assert.match(words(rowOf({ id: '\u001b[2Ja\nb' }))[1] ?? '', /^jobs {4}a b {2}alpha/));
});

test('executionsInWords() shows how each went, and what a sweep ended it by', () => {
  const evidence: Evidence = {
    verdict: 'lost',
    rule: 'job-ended',
    because: 'its job has ended',
    backend: null,
    askedAt: null,
    said: null,
    was: 'RUNNING',
    foundAt: NOW,
    runId: 'sweep-stale-jobs@x',
    by: null,
    fields: [],
  };
  const added = { ...NOTHING_ADDED, endInferred: true, evidence };
  const rows = [
    executionOf({ id: '2', backendId: null }, { state: 'failed', status: 'failed' }),
    executionOf({
      id: '1',
      state: 'failed',
      status: 'FAILED',
      endedAt: ago(HOUR_MS),
      backendId: null,
      added,
    }),
  ];
  assert.deepEqual(executionsInWords(rows, NOW).map(stripVTControlCharacters), [
    'EXECUTION  STATUS   STARTED               ENDED                 FOR  HEARTBEAT',
    '2          RUNNING  2026-03-09 10:00:00Z  -                     2 h  60 s ago',
    '  ! its job is failed',
    '1          FAILED   2026-03-09 10:00:00Z  2026-03-09 11:00:00Z  1 h  60 s ago',
    '  ended by sweep-stale-jobs@x: its job has ended',
  ]);
});

describe('what a job reports', () => {
  const report = storedReportSchema.parse({
    execution: '01JDQ3',
    host: 'gpu-7',
    receivedAt: ago(MINUTE_MS),
    clock: 'boot',
    aliveAt: ago(MINUTE_MS),
    startedAt: ago(2 * HOUR_MS),
    state: 'running',
    progress: { fraction: 0.429, step: 51_200, of: 120_000 },
    progressAt: ago(40 * MINUTE_MS),
    checkpoint: { uri: 'gs://runs/a/ckpt-51000/', step: 51_000 },
  });
  const reporting = (over: Partial<typeof report> = {}) =>
    rowOf({ added: { ...NOTHING_ADDED, report: { ...report, ...over } } });

  test('stands beside its record: how far it is, or how it ended', () => {
    const told = (over: Partial<typeof report>) => jobsInWords([reporting(over)], NOW).join('\n');
    assert.match(told({}), /REPORTS.*\n.* 42 %, step 51,200 of 120,000 /);
    assert.match(told({ state: 'failed', cause: 'oom' }), / failed, oom /);
    assert.doesNotMatch(jobsInWords([rowOf()], NOW).join('\n'), /REPORTS/);
  });

  test('is told whole of one job', () => {
    const row = { ...reporting({ state: 'gone', goneAt: ago(MINUTE_MS) }), path: 'jobs/a', writtenAt: NOW };
    const words = jobInWords(row, NOW).map(stripVTControlCharacters).join('\n');
    for (const line of [
      /Reports +gone\n/,
      /Execution +01JDQ3 on gpu-7\n/,
      /Last alive +2026-03-09 11:59:00Z, 60 s ago\n/,
      /Found dead +2026-03-09 11:59:00Z, 60 s ago\n/,
      /Progress +42 %, step 51,200 of 120,000, since 2026-03-09 11:20:00Z\n/,
      /Checkpoint +gs:\/\/runs\/a\/ckpt-51000\/, step 51,000\n/,
    ])
      assert.match(words, line);
  });

  test('that stays the same for too long is wrong', () => {
    const source = { ...SOURCE, sweep: { ...SOURCE.sweep, stalledAfterMinutes: 30 } };
    const row = rowOf({ added: { ...NOTHING_ADDED, report } }, source);
    assert.deepEqual(row.wrong, [
      'its progress is the same at step 51200 for 40 min, at most 30 min allowed',
    ]);
  });
});
