import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../functions/shared/dates.ts';
import {
  type End,
  endAfterLog,
  endKey,
  isLogDue,
  type LogAnswer,
  lookedAtAgain,
  newEnd,
  tailOf,
  withEnd,
} from '../../../../functions/shared/model/workload/end.ts';
import {
  busyUntil,
  otherThan,
  REFRESHERS,
  type Refresh,
  recentReads,
  refreshBegun,
  slowTables,
  type TableSeen,
  tableSeen,
} from '../../../../functions/shared/model/workload/refresh.ts';
import { failedRow, NOTHING_SAID, noon } from '../../../support/workloads.ts';

const NEW = newEnd('vertex', failedRow('7'), NOTHING_SAID, { needsLog: true, now: noon() });
const DENIED: LogAnswer = { kind: 'unreadable', error: '403 logging.logEntries.list' };
/** The waits after each of some answers in a row. */
function waits(...answers: LogAnswer[]): (number | null)[] {
  let end: End = NEW;
  let now = noon();
  return answers.map((answer) => {
    end = endAfterLog(end, answer, now);
    const waitMs = end.nextTryAt && end.nextTryAt.getTime() - now.getTime();
    now = end.nextTryAt ?? now;
    return waitMs;
  });
}

describe('the log of an end', () => {
  test('is due at once where only it can tell why, and never where the platform says enough', () => {
    assert.equal(isLogDue(NEW, noon()), true);
    const plain = newEnd('vertex', failedRow('7'), NOTHING_SAID, { needsLog: false, now: noon() });
    assert.equal(isLogDue(plain, noon(1e6)), false);
  });

  test('is read once where it has lines', () => {
    const end = endAfterLog(NEW, { kind: 'lines', lines: ['KeyError: 1'] }, noon());
    assert.deepEqual([end.log, end.tail, end.nextTryAt], ['read', ['KeyError: 1'], null]);
  });

  test('is read once more where it gave no reason so soon after the end, and then no more', () => {
    const read = endAfterLog({ ...NEW, endedAt: noon() }, { kind: 'lines', lines: ['x'] }, noon(1));
    const reason = { line: 'x', category: 'unknown', source: 'log', rule: 'exit' } as const;
    const waits = (end: End, wasRead: boolean, minute: number) =>
      lookedAtAgain(end, { wasRead, now: noon(minute) }).nextTryAt;
    assert.deepEqual(waits({ ...read, reason }, false, 1), noon(3));
    assert.equal(waits({ ...read, reason }, true, 1), null);
    assert.equal(waits({ ...read, reason }, false, 3), null);
    assert.equal(waits({ ...read, reason: { ...reason, category: 'python' } }, false, 1), null);
    const gone = endAfterLog({ ...read, reason, nextTryAt: noon(3) }, { kind: 'empty' }, noon(3));
    assert.deepEqual([gone.log, gone.tail, gone.nextTryAt], ['read', ['x'], null]);
  });

  test('that is empty is read three times more, for entries come late', () =>
    assert.deepEqual(waits(...Array<LogAnswer>(4).fill({ kind: 'empty' })), [
      20 * SECOND_MS,
      2 * MINUTE_MS,
      10 * MINUTE_MS,
      null,
    ]));

  test('that cannot be read is tried for ever, at last once an hour, and is no reason', () => {
    const all = waits(...Array<LogAnswer>(12).fill(DENIED));
    assert.deepEqual(all.slice(0, 3), [MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS]);
    assert.equal(all.at(-1), HOUR_MS);
    const row = withEnd(failedRow('7'), endAfterLog(NEW, DENIED, noon()));
    assert.deepEqual([row.reason, row.note], [null, 'log not read: 403 logging.logEntries.list']);
  });

  test('once it can be read is as good as one that always could', () => {
    const end = endAfterLog(endAfterLog(NEW, DENIED, noon()), { kind: 'lines', lines: ['x'] }, noon(2));
    assert.deepEqual([end.log, withEnd(failedRow('7'), end).note], ['read', null]);
  });
});

describe('the record of an end', () => {
  test('has an id that no other has, and that is no path', () => {
    assert.equal(endKey('runner', { region: 'global', id: 'a/b~c' }), 'runner~global~a%2Fb%7Ec');
  });

  test('keeps the last forty lines, and never more than 8 KB', () => {
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`);
    assert.deepEqual(tailOf(lines), lines.slice(-40));
    const long = tailOf(Array<string>(40).fill('x'.repeat(100_000)));
    assert.ok(long.join('').length <= 8_192 && long.length > 0);
  });
});

describe('a refresh', () => {
  const first = refreshBegun(null, { by: 'schedule', token: 'a', now: noon() });

  test('holds off another one until it ends, or is dead', () => {
    assert.equal(busyUntil(null, noon()), null);
    assert.deepEqual(busyUntil(first, noon(1)), addMs(noon(), 90 * SECOND_MS));
    assert.equal(busyUntil(first, noon(2)), null);
    assert.equal(busyUntil({ ...first, lease: null }, noon()), null);
  });

  test('is not repeated for a while, but that the duty of a schedule is done by a whole one alone', () => {
    const APART = 25 * SECOND_MS;
    const ended = { ...first, lease: null, tables: { vertex: { askedAt: noon(), version: 1, tookMs: 9 } } };
    const half = { ...ended, tables: { vertex: { askedAt: noon(-5), version: 1, tookMs: 9 } } };
    const at = (ms: number, refresh: Refresh | null, by: Refresh['by']) =>
      otherThan(refresh, { by, apartMs: APART, now: addMs(noon(), ms) });
    for (const by of REFRESHERS) {
      const soon = { by: 'schedule', startedAt: noon(), isUnderWay: false, until: addMs(noon(), APART) };
      assert.deepEqual(at(APART - 1, ended, by), soon);
      assert.equal(at(APART, ended, by), null);
      assert.equal(at(0, null, by), null);
      assert.equal(at(0, first, by)?.isUnderWay, true);
      // Of a clock that was set back.
      assert.equal(at(-60 * MINUTE_MS, ended, by), null);
    }
    assert.equal(at(1, half, 'schedule'), null);
    assert.equal(at(1, half, 'viewer')?.isUnderWay, false);
  });

  test('tells of a table that takes nearly all of its time three times in a row, however often it is noted', () => {
    let seen: TableSeen | undefined;
    const told: number[] = [];
    for (const [at, tookMs] of [9_700, 12_000, 9_700, 9_700, 400, 9_700].entries()) {
      for (const version of [1, 2]) {
        const slowest = { region: 'us-east4', ms: tookMs };
        seen = tableSeen(seen, { askedAt: noon(at), version, tookMs, slowest });
      }
      const tables = seen ? { vertex: seen } : {};
      told.push(...slowTables({ tables }).map(({ times }) => times), at);
    }
    assert.deepEqual(told, [0, 1, 3, 2, 4, 3, 4, 5]);
    assert.deepEqual(seen?.slow, { times: 1, region: 'us-east4', ms: 9_700 });
  });

  test('counts on, and remembers the readings of the last minute alone', () => {
    const logReads = [noon(), addMs(noon(1), -1), noon(1)];
    const second = refreshBegun({ ...first, logReads }, { by: 'viewer', token: 'b', now: noon(1) });
    assert.deepEqual([second.count, second.logReads.length], [2, 2]);
    assert.deepEqual(recentReads(logReads, noon(5)), []);
  });
});
