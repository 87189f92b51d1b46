import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { reportedSource, reporter } from '../../support/reporter.ts';
import { EXECUTIONS } from '../../support/sweeper.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const ago = (minutes: number) => addMs(NOW, -minutes * MINUTE_MS);
const iso = (minutes: number) => ago(minutes).toISOString();

/** A report of an execution that began an hour ago, on a host of its name. */
function of(execution: string, seq: number, over: object = {}) {
  return {
    job: 'train-1',
    execution,
    seq,
    at: iso(10 - seq),
    startedAt: iso(60),
    host: `host-${execution}`,
    ...over,
  };
}

const END = { state: 'failed', exitCode: 137, cause: 'oom' };

/** A record that the sweep ended, as it writes one. */
function lost(minutes: number) {
  return {
    status: 'failed',
    startedAt: ago(60),
    heartbeatAt: ago(50),
    endedAt: ago(50),
    error: 'Lost: no heartbeat',
    nightshift: {
      endInferred: true,
      evidence: {
        verdict: 'lost',
        rule: 'silent',
        because: 'no heartbeat',
        backend: null,
        askedAt: null,
        said: null,
        was: 'running',
        foundAt: ago(minutes),
        runId: 'sweep-stale-jobs@1',
        by: null,
        fields: [
          { path: 'status', before: 'running', after: 'failed' },
          { path: 'error', after: 'Lost: no heartbeat' },
        ],
      },
    },
  };
}

const nightshift = (record: Record<string, unknown> | undefined) =>
  record?.nightshift as { report: Record<string, unknown>; evidence: Record<string, unknown> } & Record<
    string,
    unknown
  >;

describe('the report service', { concurrency: 4 }, () => {
  test('makes the record of a job, lets it beat, and ends it', async (t) => {
    const { send, job, document } = reporter(t);
    assert.deepEqual(await send([of('A', 1, { state: 'running', progress: { step: 1 } })]), ['applied']);
    assert.deepEqual(await send([of('A', 2), of('A', 2), of('A', 1)]), ['applied', 'duplicate', 'duplicate']);
    assert.deepEqual(await send([of('A', 3, { end: END })]), ['applied']);
    const record = await job('train-1');
    assert.equal(record?.status, 'failed');
    assert.deepEqual([record?.startedAt, record?.heartbeatAt, record?.endedAt], [ago(60), ago(7), ago(7)]);
    assert.equal(record?.error, 'Exit code 137: out of memory');
    const { report } = nightshift(record);
    assert.deepEqual([report.execution, report.seq, report.exitCode, report.cause], ['A', 3, 137, 'oom']);
    assert.deepEqual(report.endReceivedAt, NOW);
    assert.deepEqual(report.progress, { fraction: null, step: 1, of: null, note: null });
    assert.ok(!('goneAt' in report) && !('rivals' in report), 'what never happened takes no room');
    const channel = await document('reportChannels/jobs');
    assert.deepEqual(
      [channel?.accepted, channel?.lastAcceptedAt],
      [1, NOW],
      'the rest waits for 15 s to pass',
    );
  });

  test('takes one bare report, as curl sends it', async (t) => {
    const { post, job } = reporter(t);
    const { status, body } = await post({ job: 'train-1', state: 'running' });
    assert.equal(status, 200);
    assert.deepEqual(body.results, [
      { job: 'train-1', execution: 'by anyone', seq: null, result: 'applied' },
    ]);
    assert.equal((await post({ job: 'train-1', state: 'completed' })).body.results[0]?.result, 'applied');
    const record = await job('train-1');
    assert.deepEqual([record?.status, record?.startedAt, record?.endedAt], ['completed', NOW, NOW]);
  });

  test('moves no recorded end, and keeps what contradicts it', async (t) => {
    const { send, job } = reporter(t);
    await send([of('A', 1, { end: { state: 'completed', exitCode: 0 } })]);
    const before = await job('train-1');
    assert.deepEqual(await send([of('A', 2), of('A', 3, { end: END }), of('A', 3, { end: END })]), [
      'ended',
      'contradicts',
      'contradicts',
    ]);
    const after = await job('train-1');
    assert.deepEqual(
      [after?.status, after?.endedAt, after?.error],
      ['completed', before?.endedAt, undefined],
    );
    assert.equal((nightshift(after).report.contradictions as unknown[]).length, 1);
  });

  test('corrects an end that the sweep inferred, once, and keeps the evidence for both', async (t) => {
    const { db, send, job, document } = reporter(t);
    await db.doc('jobs/train-1').set(lost(40));
    assert.deepEqual(await send([of('A', 1, { end: { state: 'completed', exitCode: 0 } })]), ['applied']);
    const record = await job('train-1');
    assert.deepEqual([record?.status, record?.endedAt, record?.error], ['completed', ago(9), undefined]);
    const { endInferred, evidence, earlier, report } = nightshift(record);
    assert.deepEqual([endInferred, evidence.rule, report.falseLost], [false, 'reported-end', true]);
    assert.deepEqual(
      (earlier as { rule: string }[]).map(({ rule }) => rule),
      ['silent'],
    );
    assert.equal((await document('reportChannels/jobs'))?.falseLost, 1);
    assert.deepEqual(await send([of('A', 2, { end: END })]), ['contradicts']);
  });

  test('tells of a job that lives after the sweep ended it', async (t) => {
    const { db, send, job, document } = reporter(t);
    await db.doc('jobs/train-1').set(lost(40));
    assert.deepEqual(await send([of('A', 1)]), ['ended']);
    assert.equal((await job('train-1'))?.status, 'failed');
    assert.deepEqual(nightshift(await job('train-1')).report.aliveAt, ago(9));
    const alarm = await document(`alarms/jobs:found-alive:${iso(40)}`);
    assert.deepEqual([alarm?.kind, alarm?.closedAt], ['found-alive', null]);
  });

  test('tells of nothing that was heard before the sweep ended it', async (t) => {
    const { db, send, document } = reporter(t);
    await db.doc('jobs/train-1').set(lost(5));
    assert.deepEqual(await send([of('A', 1)]), ['ended']);
    assert.equal(await document(`alarms/jobs:found-alive:${iso(5)}`), undefined);
  });

  test('lets a newer execution take over, and tells of two that run at once until one ends', async (t) => {
    const { db, clock, send, job, document } = reporter(t);
    const newer = (seq: number, over = {}) => of('B', seq, { startedAt: iso(30), ...over });
    await send([of('A', 1, { at: iso(31) })]);
    assert.deepEqual(await send([newer(1)]), ['applied']);
    assert.deepEqual((await job('train-1'))?.startedAt, ago(30));
    const id = `alarms/jobs:double-run:${iso(30)}`;
    assert.equal(await document(id), undefined, 'nothing was heard of the older one since');
    assert.deepEqual(await send([of('A', 3), newer(2)]), ['older', 'applied']);
    const alarm = await document(id);
    assert.match(String(alarm?.message), /execution B on host-B, and execution A on host-A/);
    assert.deepEqual([alarm?.closedAt, alarm?.job], [null, 'train-1']);
    // Whoever closes it while both run is not believed for long.
    await db.doc(id).update({ closedAt: NOW });
    clock.now = new Date(NOW.getTime() + 11 * 60_000);
    await send([of('A', 4, { at: iso(-11) }), newer(3)]);
    assert.equal((await document(id))?.closedAt, null);
    assert.deepEqual(await send([of('A', 5, { end: END })]), ['older']);
    assert.deepEqual((await document(id))?.closedAt, clock.now);
    assert.equal((await job('train-1'))?.status, 'running');
  });

  test('contradicts whoever ended a job by hand in nothing', async (t) => {
    const { db, send, job } = reporter(t);
    const { nightshift: added, ...record } = lost(40);
    const evidence = { ...added.evidence, by: 'ada' };
    await db.doc('jobs/train-1').set({ ...record, nightshift: { ...added, evidence } });
    assert.deepEqual(await send([of('A', 1), of('A', 2, { end: { state: 'completed' } })]), [
      'contradicts',
      'contradicts',
    ]);
    assert.equal((await job('train-1'))?.status, 'failed');
  });

  test('marks the days that an end changes, but not today', async (t) => {
    const { db, clock, send } = reporter(t);
    await send([of('A', 1)]);
    clock.now = new Date('2026-11-30T12:00:00Z');
    // Its reports come two days late.
    await send([of('A', 2, { at: iso(0), end: { state: 'completed' } })]);
    const dirty = await db.collection('dirtyDays').get();
    assert.deepEqual(dirty.docs.map(({ id }) => id).sort(), ['2026-11-28', '2026-11-29']);
  });

  test('asks a job to stop where its record says so', async (t) => {
    const { db, post } = reporter(t);
    await db
      .doc('jobs/train-1')
      .set({ status: 'running', startedAt: ago(60), nightshift: { stopRequested: true } });
    const { body } = await post({ reports: [of('A', 1)] });
    assert.deepEqual([body.stop, body.heartbeatSeconds], [['train-1'], 120]);
  });

  test('refuses a bad report alone, and says what is wrong with it', async (t) => {
    const { post } = reporter(t);
    const { body } = await post({ reports: [of('A', 1, { seq: 'one' }), 7, of('A', 2)] });
    assert.deepEqual(
      body.results.map(({ result }) => result),
      ['rejected', 'rejected', 'applied'],
    );
    assert.deepEqual([body.results[0]?.job, body.results[0]?.problems?.[0]?.path], ['train-1', 'seq']);
  });

  test('does not touch a record that cannot be read', async (t) => {
    const { db, post, job } = reporter(t);
    await db.doc('jobs/train-1').set({ status: 'mystery', startedAt: ago(60) });
    await db.doc('jobs/train-2').set({ status: 'running', startedAt: 'yesterday' });
    const { body } = await post({ reports: [of('A', 1), { ...of('A', 1), job: 'train-2' }] });
    assert.deepEqual(
      body.results.map(({ result }) => result),
      ['later', 'later'],
    );
    assert.equal((await job('train-1'))?.nightshift, undefined);
  });

  test('makes no record where the settings do not say so', async (t) => {
    const { send, job } = reporter(t, { source: reportedSource({ reports: {} }) });
    assert.deepEqual(await send([of('A', 1)]), ['rejected']);
    assert.equal(await job('train-1'), undefined);
  });

  test('keeps each execution in a record of its own, and closes the one that was superseded', async (t) => {
    const { send, document } = reporter(t, { source: reportedSource({ executions: EXECUTIONS }) });
    await send([of('A', 1, { at: iso(31) })]);
    await send([of('B', 1, { startedAt: iso(30) })]);
    const first = await document('jobs/train-1/executions/A');
    assert.deepEqual([first?.status, first?.error], ['failed', 'Superseded by execution B']);
    assert.equal((await document('jobs/train-1/executions/B'))?.status, 'running');
    assert.deepEqual(await send([of('A', 2, { at: iso(30), end: { state: 'cancelled' } })]), ['older']);
    assert.equal(
      (await document('jobs/train-1/executions/A'))?.status,
      'cancelled',
      'its own word corrects ours',
    );
    assert.equal((await document('jobs/train-1'))?.status, 'running');
  });
});
