import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { addMs, SECOND_MS } from '../../../../../functions/shared/dates.ts';
import type { Refresh } from '../../../../../functions/shared/model/workload/refresh.ts';
import type { RegionResult, Snapshot } from '../../../../../functions/shared/model/workload/snapshot.ts';
import type { TableName } from '../../../../../functions/shared/model/workload/tables.ts';
import { viewOf, type Watched } from '../../../../../scripts/ops/watch/view.ts';
import { columnsOf } from '../../../../../scripts/words/columns.ts';
import { ENTRY } from '../../../../support/entry.ts';
import { answered, failedRow, hung, noon, row, vertexSnapshot } from '../../../../support/workloads.ts';

const [WEST, EAST] = ['europe-west4', 'us-east1'];
const DUTY = { ...ENTRY, task: 'duty' };
const NARROW = { columns: 80, rows: 24 };
const WIDE = { columns: 200, rows: 50 };
const OOM = { line: 'OOMKilled: 137', category: 'oom', source: 'error', rule: 'oom-killed' };

const REFRESH: Refresh = {
  count: 7,
  by: 'schedule',
  startedAt: noon(),
  lease: null,
  progress: null,
  hung: [],
  tables: {},
  logReads: [],
};

/** What is watched, of the table of Vertex AI that one snapshot is. */
function watched(vertex: Snapshot | undefined, over: Partial<Watched> = {}, refresh = REFRESH): Watched {
  const tables = new Map<TableName, Snapshot>(vertex ? [['vertex', vertex]] : []);
  return {
    place: 'the local stack',
    names: ['vertex'],
    workloads: { value: { refresh, tables, unreadable: [] }, readAt: noon(), failing: null },
    tasks: {
      value: [{ entry: DUTY, health: undefined, last: undefined, unreadable: undefined }],
      readAt: noon(),
      failing: null,
    },
    ...over,
  };
}

const snapshotOf = (results: readonly RegionResult[], before?: Snapshot) =>
  vertexSnapshot(results, before).snapshot;
const seen = (...args: Parameters<typeof viewOf>) => viewOf(...args).map(stripVTControlCharacters);

describe('viewOf()', () => {
  const two = snapshotOf([answered(WEST, [row('1'), failedRow('2', { reason: OOM })]), answered(EAST, [])]);

  test('shows counts, age, durations and reasons, the tasks behind', () =>
    assert.deepEqual(seen(watched(two), addMs(noon(), 7 * SECOND_MS), NARROW), [
      '2026-11-21 12:00:07Z  the local stack',
      'refreshed by schedule at 2026-11-21 12:00:00Z, 7 s ago',
      'Vertex AI, 7 s ago: 1 running, 1 failed',
      '  running  20 min 7 s  europe-west4            train-1',
      '  failed       19 min  europe-west4  67 s ago  train-2',
      '    oom: OOMKilled: 137',
      'Tasks: ok',
      `  new  duty  next in 14 h    has not run yet`,
    ]));

  test('ticks each second, and shows reasons beside the rows where there is room', () => {
    const lineAt = (seconds: number) => seen(watched(two), addMs(noon(), seconds * SECOND_MS), WIDE)[3];
    assert.match(lineAt(1) ?? '', / 20 min 1 s /);
    assert.match(lineAt(2) ?? '', / 20 min 2 s /);
    assert.match(seen(watched(two), noon(), WIDE)[4] ?? '', /train-2 {2}oom: OOMKilled: 137$/);
  });

  test('a region without an answer stops ticking, and says since when; the others tick on', () => {
    const after = snapshotOf([hung(WEST, noon(2)), answered(EAST, [row('3')], noon(2))], two);
    const lines = seen(watched(after), noon(4), NARROW);
    assert.ok(
      lines.some((line) => /^ {2}running {2}≥ 20 min {2}europe-west4 .*train-1$/.test(line)),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) => /^ {2}running {4}24 min {2}us-east1 .*train-3$/.test(line)),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) =>
        line.startsWith('  ! europe-west4: no answer since 2026-11-21 12:02:00Z, seen 4 min ago'),
      ),
    );
    const late = seen(watched(after), noon(30), WIDE);
    assert.ok(
      late.some((line) => /unknown .*train-1 {2}running when seen last, 2026-11-21 12:00:00Z/.test(line)),
    );
  });

  test('names the job of ours that a workload is, in a narrow terminal below it', () => {
    const ourJob = { source: 'training', id: 'night-12' };
    const own = snapshotOf([answered(WEST, [row('1', { ourJob }), failedRow('2', { reason: OOM })])]);
    const [wide, narrow] = [WIDE, NARROW].map((size) => seen(watched(own), noon(), size).join('\n'));
    assert.match(wide ?? '', / train-1 {2}training\/night-12\n.* train-2 {21}oom: OOMKilled: 137\n/);
    assert.match(narrow ?? '', / train-1\n {4}job training\/night-12\n.* train-2\n {4}oom: OOMKilled: 137\n/);
    assert.doesNotMatch(seen(watched(two), noon(), WIDE).join('\n'), /night/);
  });

  test('stops all that ticks while Firestore gives no answer, keeps what was read, and says since when', () => {
    const silent = { since: noon(1), why: 'no answer within 6 s', isSilent: true };
    const base = watched(two);
    const lines = seen(
      {
        ...base,
        workloads: { ...base.workloads, failing: silent },
        tasks: { value: undefined, readAt: null, failing: silent },
      },
      noon(2),
      WIDE,
    );
    assert.ok(
      lines.some((line) => / ≥ 20 min .*train-1/.test(line)),
      lines.join('\n'),
    );
    assert.match(
      lines[1] ?? '',
      /^! workload tables: no answer since 2026-11-21 12:01:00Z, read 2 min ago: no answer within 6 s$/,
    );
    assert.ok(
      lines.some((line) => line.startsWith('! tasks: no answer since') && line.includes('never read')),
    );
  });

  test('names what a refresh waits for and what it gave up on, and says when none has been for long', () => {
    const call = {
      table: 'vertex',
      operation: 'customJobs.list',
      region: WEST,
      stage: 'connection',
      since: noon(),
    };
    const live: Refresh = {
      ...REFRESH,
      lease: { token: 't', expiresAt: noon(1) },
      progress: { asked: 56, answered: 55, pending: [call] },
      hung: [{ ...call, region: EAST }],
    };
    const lines = seen(watched(two, {}, live), addMs(noon(), 4 * SECOND_MS), NARROW);
    assert.match(lines[1] ?? '', /^refreshing by schedule since .*: 55 of 56 calls answered$/);
    assert.equal(lines[2], '  waits for vertex: customJobs.list (europe-west4), at connection, for 4.0 s');
    assert.equal(lines[3], '  gave up on vertex: customJobs.list (us-east1), at connection');
    assert.match(seen(watched(two), noon(20), NARROW)[1] ?? '', /20 min ago: nothing here is newer$/);
    assert.match(seen(watched(two, {}, live), noon(20), NARROW)[1] ?? '', /and that never ended$/);
  });

  test('before anything was read says so, and of a table that was never asked', () => {
    const nothing = { value: undefined, readAt: null, failing: null };
    const lines = seen(watched(undefined, { workloads: nothing, tasks: nothing }), noon(), NARROW);
    assert.deepEqual(lines.slice(1), [
      'reading the workload tables ...',
      'reading the tasks ...',
      'Vertex AI: not asked yet',
      'Tasks: -',
    ]);
  });

  describe('in a terminal that is too small', () => {
    const rows = Array.from({ length: 40 }, (_, index) => row(`r${index}`, { startedAt: noon(-index) }));
    const many = snapshotOf([answered(WEST, [...rows, failedRow('lost', { reason: OOM })])]);

    test('shows the newest failure with its reason among the rows, and counts what is left out', () => {
      const lines = seen(watched(many), noon(), { columns: 60, rows: 12 });
      assert.equal(lines.length, 12);
      assert.ok(lines.includes('    oom: OOMKilled: 137'));
      assert.ok(lines.includes('  … 36 rows more'), lines.join('\n'));
      assert.match(lines.at(-1) ?? '', /^ {2}new /);
    });

    test('shows a silent region and the failure beside it, where only five lines are left', () => {
      const places = ['us-east4', 'us-west1', 'us-west2'];
      const silent = places.map((place, index) => hung(place, noon(-index)));
      const after = snapshotOf([answered(WEST, [...rows, failedRow('lost', { reason: OOM })]), ...silent]);
      const shown = seen(watched(after), noon(), { columns: 80, rows: 2 + 1 + 5 + 2 });
      assert.deepEqual(
        shown.slice(3, 8).map((line) => line.trim().split(/ +/, 2).join(' ')),
        ['! us-east4:', 'running 0', 'failed 19', 'oom: OOMKilled:', '… 2'],
      );
    });

    for (const columns of [20, 60, 80, 200])
      for (const height of [1, 2, 5, 24, 50])
        test(`paints at most ${columns} x ${height}, with colours that end`, () => {
          const lines = viewOf(watched(many), noon(), { columns, rows: height });
          assert.ok(lines.length <= height);
          for (const line of lines) assert.ok(columnsOf(line) <= columns, line);
        });
  });

  test('no name or reason steers the terminal, turns a line or makes it too wide', () => {
    const name = '\u001b[2J\u202egnp\u2066\n\u0007\u009b1A訓練🚀e\u0301\ud800'.repeat(8);
    const hostile = snapshotOf([
      answered(WEST, [
        row('1', { name }),
        failedRow('2', { name, reason: { ...OOM, line: name }, note: name }),
      ]),
      { ...hung(EAST), answer: { kind: 'failed', error: name, timedOut: false } },
    ]);
    for (const size of [NARROW, WIDE, { columns: 30, rows: 10 }, undefined])
      for (const line of viewOf(watched(hostile), noon(), size)) {
        assert.doesNotMatch(stripVTControlCharacters(line), /[\p{Cc}\p{Bidi_Control}]/u);
        if (size) assert.ok(columnsOf(line) <= size.columns, line);
      }
  });
});
