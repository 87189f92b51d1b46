import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readJob } from '../../../functions/shared/model/job/job.ts';
import { executionsOf, type Source, wordToWrite } from '../../../functions/shared/model/job/source.ts';
import type { Suspect } from '../../../functions/shared/model/job/sweep.ts';
import { suspectOf } from '../../../functions/shared/model/job/verdict/suspicion.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { sourceOf } from '../../support/jobs.ts';
import { ago, NOW, truthOf } from '../../support/suspects.ts';

/** The incidents that Nightshift grew from, replayed from records as they stood in Firestore, in their own words. */

const SOURCE = sourceOf({
  fields: {
    status: 'state',
    type: 'kind',
    startedAt: { path: 'times.started', type: 'seconds' },
    heartbeatAt: { path: 'times.beat', type: 'seconds' },
    endedAt: { path: 'times.ended', type: 'seconds' },
  },
  statuses: {
    WAITING: 'queued',
    IN_PROGRESS: 'running',
    DONE: 'completed',
    ERROR: 'failed',
    STOPPED: 'cancelled',
  },
  sweep: { types: { nightly: { maxRuntimeHours: 2 } } },
  executions: {
    collection: 'runs',
    fields: {
      status: 'state',
      startedAt: { path: 'started', type: 'iso' },
      endedAt: { path: 'ended', type: 'iso' },
    },
  },
});
const RUNS = executionsOf(SOURCE) as Source;

function seconds(minutes: number): number {
  return ago(minutes).getTime() / 1000;
}

function recordOf(source: Source, fields: Record<string, unknown>) {
  return readJob(source, { id: 'x', source: 'jobs', path: 'jobs/x', get: (path) => fields[path] });
}

function conclude(fields: Record<string, unknown>, over: Partial<Suspect> = {}) {
  const job = recordOf(SOURCE, fields);
  const suspect = suspectOf({ job, writtenAt: ago(1), rewrittenAt: null, isExecution: false }, SOURCE, null);
  const verdict = verdictOf({ ...suspect, ...over }, NOW);
  const words = 'state' in verdict ? [wordToWrite(SOURCE, verdict.state), verdict.endedAt] : [];
  return { verdict, short: [verdict.kind, verdict.rule, ...words] };
}

describe('incidents', () => {
  test('a job with status completed whose execution 5 has been running for 22 hours', () => {
    const parent = recordOf(SOURCE, {
      state: 'DONE',
      'times.started': seconds(2000),
      'times.ended': seconds(1310),
    });
    const job = recordOf(RUNS, { state: 'IN_PROGRESS', started: ago(22 * 60).toISOString() });
    const { verdict, short } = conclude({}, { job, parent, hasHeartbeat: false, writtenAt: ago(22 * 60) });
    assert.deepEqual(short, ['lost', 'job-ended', 'ERROR', ago(1310)]);
    assert.match(verdict.because, /^its job x is DONE since .* the execution is IN_PROGRESS; .* for 22 h/);
    assert.deepEqual(conclude({ state: 'DONE' }).short, ['keep', 'ended'], 'the job stays as it is');
  });

  test('a record running since three days, after a restart', () => {
    const fields = { state: 'IN_PROGRESS', 'times.started': seconds(4320), 'times.beat': seconds(4300) };
    assert.deepEqual(conclude(fields).short, ['unknown', 'clock-off'], 'it was written a minute ago');
    const { verdict, short } = conclude(fields, { writtenAt: ago(4300) });
    assert.deepEqual(
      short,
      ['lost', 'silent', 'ERROR', ago(4300)],
      'it counts no hours for which nobody saw it',
    );
    assert.equal(
      verdict.because,
      'no heartbeat for 2 d 23 h (since 2026-03-06 12:20:00 UTC), at most 15 min allowed; there is no backend to ask',
    );
  });

  test('a record that was never written again, without a heartbeat', () => {
    const fields = { state: 'IN_PROGRESS', 'times.started': seconds(30) };
    assert.deepEqual(conclude(fields).short, ['keep', 'not-beating-yet'], 'it was written a minute ago');
    const short = ['lost', 'no-heartbeat', 'ERROR', ago(30)];
    assert.deepEqual(conclude(fields, { writtenAt: ago(30) }).short, short);
    assert.deepEqual(conclude({ ...fields, 'times.beat': 'None' }, { writtenAt: ago(30) }).short, short);
  });

  test('a heartbeat that nobody can read', () => {
    const fields = { state: 'IN_PROGRESS', 'times.started': seconds(30) };
    for (const beat of ['soon', ago(1), { at: 3 }]) {
      const { verdict, short } = conclude({ ...fields, 'times.beat': beat }, { writtenAt: ago(30) });
      assert.deepEqual(short, ['unknown', 'unreadable']);
      assert.match(verdict.because, /^its heartbeatAt cannot be read: .* is not a time in seconds/);
    }
  });

  test('a heartbeat in the future is none', () => {
    const fields = { state: 'IN_PROGRESS', 'times.started': seconds(90), 'times.beat': seconds(-600) };
    assert.deepEqual(conclude(fields).short, ['unknown', 'clock-off']);
    const { short } = conclude(fields, { writtenAt: ago(30) });
    assert.deepEqual(short, ['lost', 'no-heartbeat', 'ERROR', ago(90)]);
  });

  test('a status nobody mapped is told, and left alone', () => {
    const { verdict, short } = conclude(
      { state: 'PAUSED', 'times.beat': seconds(5000) },
      { truth: truthOf('gone') },
    );
    assert.deepEqual(short, ['unknown', 'unmapped-status']);
    assert.equal(verdict.because, 'nobody mapped its status "PAUSED"');
  });

  test('a job that runs past maxRuntime, and says so', () => {
    const fields = {
      state: 'IN_PROGRESS',
      kind: 'nightly',
      'times.started': seconds(180),
      'times.beat': seconds(1),
    };
    const truth = truthOf('running', { startedAt: ago(180) });
    for (const over of [{}, { truth }, { truth, hasHeartbeat: false }]) {
      const { verdict } = conclude(fields, over);
      assert.deepEqual([verdict.kind, verdict.brokenAt], ['keep', ago(60)]);
      assert.ok('overdue' in verdict && verdict.overdue);
      assert.match(verdict.because, /it runs for 3 h, at most 2 h allowed$/);
    }
  });
});
