import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../../functions/shared/dates.ts';
import type { Evidence } from '../../../../functions/shared/model/job/evidence.ts';
import type { Job } from '../../../../functions/shared/model/job/job.ts';
import { executionRow, jobRow } from '../../../../scripts/ops/jobs/job-row.ts';
import { executionsInWords, jobsInWords } from '../../../../scripts/ops/jobs/job-words.ts';
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
