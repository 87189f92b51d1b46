import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alarmsNow } from '../../../functions/report/rules/alarms.ts';
import { changeOf, dirtyDaysOf, supersededBy } from '../../../functions/report/rules/changes.ts';
import { fold } from '../../../functions/report/rules/fold.ts';
import type { ReportedRecord, TimedReport } from '../../../functions/report/rules/reported-record.ts';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import { minutesAgo, NOTHING, NOW } from './histories.ts';

function told(over: Partial<TimedReport> = {}): TimedReport {
  const base = {
    execution: 'A',
    seq: 1,
    at: minutesAgo(10),
    startedAt: minutesAgo(60),
    clock: 'boot',
    by: null,
  };
  return { ...base, state: 'running', host: 'h1', ...over } as TimedReport;
}
const ending = (
  state: 'completed' | 'failed' | 'cancelled',
  over: object = {},
  report: Partial<TimedReport> = {},
) => told({ seq: 2, state, end: { state, ...over } as TimedReport['end'], ...report });

/** The record after reports, and what became of the last. */
function after(record: ReportedRecord, ...reports: TimedReport[]) {
  const { record: next, results } = fold(record, reports, NOW);
  return { ...next, last: results.at(-1)?.result, problem: results.at(-1)?.problem };
}

const RUNNING: ReportedRecord = { ...NOTHING, state: 'running', startedAt: minutesAgo(70) };
const ENDED: ReportedRecord = { ...RUNNING, state: 'failed', endedAt: minutesAgo(20), ending: 'recorded' };

describe('a report of a job', () => {
  test('that waits makes it wait, and never again once it runs', () => {
    assert.equal(after(NOTHING, told({ state: 'queued', startedAt: null })).state, 'queued');
    assert.equal(after(NOTHING, told(), told({ seq: 2, state: 'queued' })).state, 'running');
  });

  test('that is suspended goes on by a new try alone', () => {
    const suspended = { ...after(NOTHING, told()), state: 'suspended' as const };
    assert.equal(after(suspended, told({ seq: 2 })).state, 'suspended');
    assert.equal(
      after(suspended, told({ execution: 'B', startedAt: minutesAgo(5), at: minutesAgo(4) })).state,
      'running',
    );
  });

  test('that may be tried again ends its execution, and not its job', () => {
    const { state, endedAt, report } = after(RUNNING, ending('failed', { final: false, exitCode: 7 }));
    assert.deepEqual([state, endedAt, report?.state, report?.exitCode], ['running', null, 'failed', 7]);
    assert.equal(report?.endReceivedAt, null);
  });

  test('that names no execution is of the newest, where that is of the same reporter', () => {
    const mine = after(NOTHING, told({ by: 'a@b' }));
    const bare = told({ execution: undefined, seq: undefined, startedAt: null, at: NOW, by: 'a@b' });
    const joined = after(mine, bare);
    assert.deepEqual([joined.report?.execution, joined.report?.seq, joined.heartbeatAt], ['A', 1, NOW]);
    assert.equal(after(mine, { ...bare, by: 'c@d' }).report?.execution, 'by c@d');
    assert.equal(
      after(joined, told({ seq: 2, by: 'a@b' })).last,
      'applied',
      'and takes no number of its own',
    );
  });

  test('of an execution without a start began when its name was made, where that is a ULID', () => {
    const { report } = after(NOTHING, told({ execution: '01ARZ3NDEKTSV4RRFFQ69G5FAV', startedAt: null }));
    assert.deepEqual(report?.startedAt, new Date('2016-07-30T23:54:10.259Z'));
  });

  test('that is gone is believed from its own host alone', () => {
    const known = after(NOTHING, told());
    const gone = after(known, told({ seq: 2, state: 'gone', at: NOW }));
    assert.deepEqual([gone.state, gone.report?.goneAt, gone.heartbeatAt], ['running', NOW, minutesAgo(10)]);
    assert.equal(after(gone, told({ seq: 3 })).report?.goneAt, null, 'whoever beats again is not gone');
    const other = after(known, told({ seq: 2, state: 'gone', host: 'h2' }));
    assert.deepEqual([other.last, other.problem?.path, other.report?.goneAt], ['rejected', 'host', null]);
  });

  test('says why it failed, where nobody has', () => {
    const error = (end: object) => after(RUNNING, ending('failed', end)).error;
    assert.equal(error({ error: 'boom', exitCode: 1 }), 'boom');
    assert.equal(error({ exitCode: 3 }), 'Exit code 3');
    assert.equal(error({ signal: 'SIGKILL', cause: 'oom' }), 'Killed by SIGKILL: out of memory');
    assert.equal(error({}), 'Failed');
    assert.equal(after({ ...RUNNING, error: 'theirs' }, ending('failed', { error: 'ours' })).error, 'theirs');
    assert.equal(after(RUNNING, ending('completed')).error, null);
  });

  test('fills what a recorded end lacks, once', () => {
    const filled = after(ENDED, ending('failed', { exitCode: 9, cause: 'signal', error: 'boom' }));
    assert.deepEqual([filled.last, filled.error, filled.report?.exitCode], ['duplicate', 'boom', 9]);
    assert.deepEqual([filled.endedAt, filled.report?.endReceivedAt], [ENDED.endedAt, null]);
    assert.equal(after(filled, ending('failed', { exitCode: 1 }, { seq: 3 })).report?.exitCode, 9);
  });

  test('that may be tried again corrects no end that was presumed', () => {
    const lost = { ...ENDED, ending: 'presumed' as const, foundAt: minutesAgo(15) };
    const { last, state, ending: how, report } = after(lost, ending('failed', { final: false }));
    assert.deepEqual([last, state, how, report?.falseLost], ['ended', 'failed', 'presumed', false]);
  });
});

describe('what reports write', () => {
  const change = (before: ReportedRecord, record: ReportedRecord) => changeOf(before, record, 'RUNNING', NOW);

  test('is nothing where they change nothing', () => {
    const record = fold(RUNNING, [told()], NOW).record;
    assert.equal(change(record, fold(record, [told()], NOW).record), null);
  });

  test('are the fields that change', () => {
    const { report, ...fields } = change(RUNNING, fold(RUNNING, [told()], NOW).record) ?? assert.fail();
    assert.equal(report.execution, 'A');
    assert.deepEqual(fields, { at: NOW, startedAt: minutesAgo(60), heartbeatAt: minutesAgo(10) });
  });

  test('has its evidence where an end takes the place of another, or is presumed', () => {
    const lost = { ...ENDED, ending: 'presumed' as const };
    const corrected = change(lost, fold(lost, [ending('completed')], NOW).record)?.ending;
    assert.equal(corrected?.endInferred, false);
    assert.partialDeepStrictEqual(corrected?.evidence, {
      verdict: 'finish',
      rule: 'reported-end',
      because: 'execution A on h1 told its own end: completed',
      was: 'RUNNING',
    });
    const record = fold(NOTHING, [told()], NOW).record;
    const closed = change(record, supersededBy(record, 'B', NOW))?.ending;
    assert.deepEqual([closed?.endInferred, closed?.evidence.rule], [true, 'superseded']);
    assert.equal(change(RUNNING, fold(RUNNING, [ending('completed')], NOW).record)?.ending, undefined);
  });

  test('makes days before today wrong, at most 400', () => {
    const at = NOW;
    const days = (over: object) => dirtyDaysOf({ report: {} as never, at, ...over });
    assert.deepEqual(days({}), []);
    assert.deepEqual(days({ endedAt: minutesAgo(5) }), []);
    assert.deepEqual(days({ endedAt: new Date('2026-11-26T23:00:00Z') }), ['2026-11-26', '2026-11-27']);
    assert.equal(days({ startedAt: new Date('2001-01-01T00:00:00Z') }).length, 400);
  });
});

describe('the alarms about a reported job', () => {
  const silentMs = 15 * MINUTE_MS;
  const of = (before: ReportedRecord, record: ReportedRecord) =>
    alarmsNow({ source: 'jobs', id: 'a', before, after: record, silentMs }, NOW);
  const newer = told({ execution: 'B', startedAt: minutesAgo(30), host: 'h2' });

  test('tell of two executions at once, and no more once the older is silent', () => {
    const { record } = fold(NOTHING, [newer, told({ at: minutesAgo(9) })], NOW);
    const { open, close } = of(NOTHING, record);
    assert.deepEqual(
      open.map(({ kind, brokenAt }) => [kind, brokenAt]),
      [['double-run', minutesAgo(30)]],
    );
    assert.deepEqual(close, []);
    const silent = fold(NOTHING, [newer, told({ at: minutesAgo(20) })], NOW).record;
    const over = of(silent, silent);
    assert.deepEqual(
      [over.open, over.close.map(({ id }) => id)],
      [[], [`jobs:double-run:${minutesAgo(30).toISOString()}`]],
    );
  });

  test('say nothing of one that ended before the newer began', () => {
    const { record } = fold(
      NOTHING,
      [ending('failed', { final: false }, { at: minutesAgo(31) }), newer],
      NOW,
    );
    assert.deepEqual(of(NOTHING, record), { open: [], close: [] });
  });
});
