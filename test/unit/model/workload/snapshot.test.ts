import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  asSeenAt,
  hasChanged,
  MOST_ROWS,
  snapshotSchema,
  withRows,
} from '../../../../functions/shared/model/workload/snapshot.ts';
import {
  answered,
  failedRow,
  hung,
  noon,
  regionOf,
  row,
  vertexSnapshot,
} from '../../../support/workloads.ts';

const WEST = 'europe-west4';
const EAST = 'us-east1';
const ids = ({ rows }: { rows: readonly { id: string }[] }) => rows.map(({ id }) => id);

describe('a table after a refresh', () => {
  test('holds what every region answered, those that have not ended first, then the newest', () => {
    const { snapshot, vanished } = vertexSnapshot([
      answered(WEST, [failedRow('old', { endedAt: noon(-9) }), failedRow('new')]),
      answered(EAST, [row('live')]),
    ]);
    assert.deepEqual(ids(snapshot), ['live', 'new', 'old']);
    assert.deepEqual(snapshot.counts, { running: 1, failed: 2 });
    assert.deepEqual([snapshot.complete, snapshot.asOf, vanished], [true, noon(), []]);
  });

  test('a region without an answer keeps its rows, and says since when', () => {
    const first = vertexSnapshot([answered(WEST, [row('a')]), answered(EAST, [row('b')])]).snapshot;
    const second = vertexSnapshot([hung(WEST, noon(5)), answered(EAST, [], noon(5))], first);
    const third = vertexSnapshot(
      [hung(WEST, noon(60)), answered(EAST, [], noon(60))],
      second.snapshot,
    ).snapshot;
    assert.deepEqual(
      third.rows.filter(({ region }) => region === WEST).map(({ id, state }) => [id, state]),
      [['a', 'running']],
    );
    const west = regionOf(third, WEST);
    assert.deepEqual([west.state, west.asOf, west.since], ['skipped', noon(), noon(5)]);
    assert.deepEqual([third.complete, third.asOf], [false, noon()]);
  });

  test('an answer without rows empties a region', () => {
    const first = vertexSnapshot([answered(WEST, [failedRow('a')])]).snapshot;
    const { snapshot, vanished } = vertexSnapshot([answered(WEST, [])], first);
    assert.deepEqual([snapshot.rows, snapshot.counts, vanished], [[], {}, []]);
  });

  test('what ran and is listed no more is kept until somebody has asked about it by id', () => {
    const first = vertexSnapshot([answered(WEST, [row('a'), row('b')])]).snapshot;
    const { snapshot, vanished } = vertexSnapshot([answered(WEST, [row('b')])], first);
    assert.deepEqual(ids({ rows: vanished }), ['a']);
    assert.deepEqual(ids(snapshot).sort(), ['a', 'b']);
    assert.equal(hasChanged(first, snapshot), false, 'what is not known yet is not written');
    // Asked in vain, it is asked about again.
    assert.deepEqual(ids({ rows: vertexSnapshot([answered(WEST, [row('b')])], snapshot).vanished }), ['a']);
  });

  test('a row that has ended keeps the reason that is known of it, and one that lives again does not', () => {
    const reason = { line: 'CUDA out of memory', category: 'gpu', source: 'log', rule: 'cuda-oom' };
    const first = vertexSnapshot([
      answered(WEST, [failedRow('a', { reason }), failedRow('b', { reason })]),
    ]).snapshot;
    const { snapshot } = vertexSnapshot([answered(WEST, [failedRow('a'), row('b')])], first);
    assert.deepEqual(
      snapshot.rows.map(({ id, reason: why }) => [id, why?.line]),
      [
        ['b', undefined],
        ['a', 'CUDA out of memory'],
      ],
    );
  });

  test('regions that the settings name no more go, with their rows', () => {
    const first = vertexSnapshot([answered(WEST, [row('a')]), answered(EAST, [row('b')])]).snapshot;
    const after = vertexSnapshot([answered(WEST, [row('a')])], {
      ...first,
      regions: { [WEST]: regionOf(first, WEST) },
    });
    assert.deepEqual(ids(after.snapshot), ['a']);
  });

  test('holds the first rows of many, and counts all of them', () => {
    const many = Array.from({ length: 70 }, (_, index) => row(`j${index}`));
    const { snapshot } = vertexSnapshot([answered(WEST, [...many, failedRow('z')])]);
    assert.equal(snapshot.rows.length, MOST_ROWS);
    assert.deepEqual(snapshot.counts, { running: 70, failed: 1 });
    const ended = withRows(
      snapshot,
      snapshot.rows.map((it, index) => (index === 0 ? failedRow(it.id) : it)),
    );
    assert.deepEqual(ended.counts, { running: 69, failed: 2 });
    assert.ok(JSON.stringify(snapshotSchema.parse(snapshot)).length < 60_000);
  });

  test('a region that is not enabled spoils neither the age nor the completeness of the others', () => {
    const off = {
      region: EAST,
      answer: { kind: 'unavailable', error: 'off' },
      rows: [],
      asked: { at: noon(), ms: 9 },
    } as const;
    const { snapshot } = vertexSnapshot([answered(WEST, [row('a')]), off]);
    assert.deepEqual([snapshot.complete, snapshot.asOf], [true, noon()]);
  });
});

describe('a table that nothing happened to', () => {
  const first = vertexSnapshot([answered(WEST, [row('a')]), hung(EAST)]).snapshot;
  const again = (at: Date) => vertexSnapshot([answered(WEST, [row('a')], at)], first).snapshot;

  test('need not be written, and one in which anything moved does', () => {
    assert.equal(hasChanged(null, first), true);
    assert.equal(hasChanged(first, again(noon(5))), false);
    assert.equal(hasChanged(first, vertexSnapshot([answered(WEST, [row('b')])], first).snapshot), true);
    assert.equal(hasChanged(first, vertexSnapshot([hung(WEST)], first).snapshot), true);
    assert.equal(hasChanged(first, vertexSnapshot([answered(EAST, [])], first).snapshot), true);
  });

  test('is as old as the refresh that found it so, but for the regions that did not answer', () => {
    const seen = asSeenAt(first, noon(5));
    assert.deepEqual(
      [regionOf(seen, WEST).asOf, regionOf(seen, EAST).asOf, seen.asOf],
      [noon(5), null, null],
    );
  });
});
