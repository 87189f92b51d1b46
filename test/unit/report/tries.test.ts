import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReportedRecord } from '../../../functions/report/rules/reported-record.ts';
import { minutesAgo, NOTHING, NOW } from './histories.ts';
import { after, ended, RUNNING, told, written } from './tries.ts';

describe('a record that began anew', () => {
  test('is told by its start, which no report brought', () => {
    const anew = written({ startedAt: minutesAgo(30) }, told(60));
    const { results, state, report } = after(anew, ended(31), told(29), ended(27, {}, { final: false }));
    assert.deepEqual(results, ['older', 'older', 'older']);
    assert.deepEqual([state, report?.state, report?.endReceivedAt], ['running', 'failed', null]);
  });

  test('belongs to whoever lives on long after, with its end', () => {
    const anew = written({ startedAt: minutesAgo(30) }, told(60));
    const alive = after(anew, told(20), ended(1));
    assert.deepEqual([alive.results, alive.state], [['applied', 'applied'], 'failed']);
    assert.deepEqual(after(anew, ended(20)).results, ['older'], 'an end alone shows no life');
    assert.deepEqual(after(anew, told(20, { state: 'gone' })).results, ['older'], 'nor does a death');
  });

  test('is not one whose start is written some minutes off', () => {
    for (const minutes of [124, 116]) {
      const off = { ...RUNNING, startedAt: minutesAgo(minutes) };
      const { results, state } = after(off, told(118), ended(114));
      assert.deepEqual([results, state], [['applied', 'applied'], 'failed']);
      const later = written({ startedAt: minutesAgo(minutes) }, told(119));
      assert.equal(after(later, ended(114)).state, 'failed');
    }
  });

  test('is none that reports have met with that start, nor one that begins in the future', () => {
    const early = after({ ...RUNNING, startedAt: minutesAgo(60) }, told(50));
    assert.deepEqual(early.report?.recordStart, minutesAgo(60));
    assert.deepEqual(after(early, ended(58)).results, ['applied']);
    assert.deepEqual(after({ ...RUNNING, startedAt: minutesAgo(-60) }, ended(1)).results, ['applied']);
  });

  test('is not to be seen without a start, nor from a report without one', () => {
    assert.deepEqual(after({ ...RUNNING, startedAt: null }, ended(30)).results, ['applied']);
    const bare = { startedAt: null };
    assert.deepEqual(after(RUNNING, told(30, bare), ended(1, bare)).results, ['applied', 'applied']);
    assert.deepEqual(after({ ...RUNNING, startedAt: minutesAgo(20) }, ended(40, bare)).results, ['older']);
  });

  test('keeps an end that was presumed of it', () => {
    const lost = {
      state: 'failed',
      ending: 'presumed',
      endedAt: minutesAgo(20),
      foundAt: minutesAgo(5),
    } as const;
    assert.deepEqual(after(written({ ...lost, startedAt: minutesAgo(30) }, told(60)), ended(32)).results, [
      'older',
    ]);
    assert.deepEqual(after(written(lost, told(60)), ended(32)).results, ['applied']);
  });

  test('says nothing against the record of an execution itself', () => {
    const own = { ...RUNNING, startedAt: minutesAgo(30), heartbeatAt: minutesAgo(1), isOneTry: true };
    assert.deepEqual(after(own, ended(60)).results, ['applied']);
  });
});

describe('a record that is queued again', () => {
  const queued = written({ state: 'queued', writtenAt: minutesAgo(30) }, told(60));

  test('waits, until life is seen well after that', () => {
    assert.deepEqual([after(queued, told(26)).state, after(queued, ended(10)).state], ['queued', 'queued']);
    const alive = after(queued, told(20), ended(10));
    assert.deepEqual([alive.results, alive.state], [['applied', 'applied'], 'failed']);
  });

  test('is told by what it has behind it, where nobody reported before', () => {
    const waiting: ReportedRecord = { ...NOTHING, state: 'queued', writtenAt: minutesAgo(30) };
    const ran = { ...waiting, startedAt: minutesAgo(121) };
    assert.deepEqual(after(ran, ended(50)).results, ['older']);
    assert.deepEqual(after({ ...waiting, heartbeatAt: minutesAgo(60) }, ended(50)).results, ['older']);
    assert.deepEqual(after(ran, ended(20)).results, ['applied'], 'a short job may outrun its record');
    assert.deepEqual(after(waiting, ended(50)).results, ['applied'], 'it never ran');
    assert.equal(after(ran, told(25, { execution: 'B', startedAt: minutesAgo(26) })).state, 'running');
  });

  test('runs once a report of the one that was queued says so', () => {
    const waits = after(NOTHING, told(60, { state: 'queued', startedAt: null }));
    assert.equal(after({ ...waits, writtenAt: NOW }, told(50)).state, 'running');
  });
});

describe('a heartbeat that no report brought', () => {
  test('shows that a later try lives, where it is well after an end', () => {
    const beats = { ...RUNNING, startedAt: null, heartbeatAt: minutesAgo(2) };
    assert.deepEqual(after(beats, ended(20)).results, ['older']);
    assert.deepEqual(after(beats, ended(6)).results, ['applied']);
    assert.deepEqual(after({ ...beats, heartbeatAt: minutesAgo(-60) }, ended(20)).results, ['applied']);
  });

  test('is none that reports brought', () => {
    assert.deepEqual(after(RUNNING, told(2), ended(20)).results, ['applied', 'applied']);
  });
});

describe('another execution that has not ended', () => {
  const followed = (minutes: number) => ({ ...RUNNING, others: [minutesAgo(120), minutesAgo(minutes)] });

  test('goes on, where it began when the one that ended was over', () => {
    assert.deepEqual(after(followed(20), ended(25)).results, ['older']);
    assert.deepEqual(after(followed(27), ended(25)).results, ['older']);
    assert.deepEqual(after(followed(20), ended(25, {}, { final: false })).results, ['applied']);
  });

  test('says nothing where it began before, or will', () => {
    for (const minutes of [118, 60, -60])
      assert.deepEqual(after(followed(minutes), ended(25)).results, ['applied']);
  });
});
