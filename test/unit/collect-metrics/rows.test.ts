import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedDeadline } from '../../../functions/collect-metrics/sources/limits.ts';
import {
  ifWhole,
  measuredBy,
  measuredOf,
  missingIn,
  namesIn,
  totalOf,
} from '../../../functions/collect-metrics/sources/measurements.ts';
import { largest } from '../../../functions/collect-metrics/sources/rows.ts';
import { MOST_ROWS } from '../../../functions/shared/model/day/sections/section.ts';

describe('largest()', () => {
  const row = (name: string, bytes: number | null) => ({ name, bytes });
  const order = {
    size: (it: { bytes: number | null }) => it.bytes,
    name: (it: { name: string }) => it.name,
  };

  test('sorts by size, then by name, whatever came first, and leaves its input alone', () => {
    const rows = [row('d', 1), row('b', 7), row('unknown', null), row('none', 0), row('a', 7), row('c', 9)];
    const names = (list: typeof rows) => largest(list, order).rows.map(({ name }) => name);
    const before = structuredClone(rows);
    assert.deepEqual(names(rows), ['c', 'a', 'b', 'd', 'none', 'unknown']);
    assert.deepEqual(names(rows.toReversed()), names(rows));
    assert.deepEqual(rows, before);
  });

  for (const [count, told, more] of [
    [0, 0, 0],
    [MOST_ROWS, MOST_ROWS, 0],
    [MOST_ROWS + 1, MOST_ROWS, 1],
  ] as const)
    test(`of ${count} rows tells ${told}, and ${more} more`, () => {
      const rows = Array.from({ length: count }, (_, index) => row(`row-${index}`, index));
      const found = largest(rows, order);
      assert.deepEqual([found.rows.length, found.more], [told, more]);
    });

  test('keeps to the room that is left', () => {
    const rows = [row('a', 1), row('b', 2), row('c', 3)];
    assert.deepEqual(largest(rows, order, 1), { rows: [row('c', 3)], more: 2 });
    assert.deepEqual(largest(rows, order, 0), { rows: [], more: 3 });
  });
});

describe('measurements', () => {
  const at = new Date(0);
  const groups = [
    { labels: { bucket: 'a', type: 'live' }, value: 5, at },
    { labels: { bucket: 'a', type: 'old' }, value: 2, at },
    { labels: { bucket: 'b', type: 'gone' }, value: 9, at },
  ];
  const kept = (labels: Record<string, string>) => labels.type !== 'gone';

  test('add up the groups of a thing, and know a thing of which nothing counts', () => {
    const whole = measuredBy('bucket', { groups, missing: [] }, kept);
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => measuredOf(whole, name)),
      [7, 0, 0],
    );
    assert.equal(totalOf(whole), 7);
  });

  test('of which some are missing have no total, and no figure of what nobody knows', () => {
    const part = measuredBy('bucket', { groups, missing: ['us-west1'] }, kept);
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => measuredOf(part, name)),
      [7, 0, null],
    );
    assert.equal(totalOf(part), null);
  });

  test('that nobody asked for are no zero', () => {
    assert.equal(totalOf(null), null);
    assert.equal(
      ifWhole(null, () => 1),
      null,
    );
  });

  test('name every thing once, and every missing place once and in order', () => {
    const one = measuredBy('bucket', { groups, missing: ['b', 'a'] });
    const other = measuredBy('bucket', { groups: groups.slice(2), missing: ['c', 'a'] });
    assert.deepEqual(namesIn(one, other), ['a', 'b']);
    assert.deepEqual(missingIn(one, null, other), ['a', 'b', 'c']);
  });
});

describe('sharedDeadline()', () => {
  test('gives later calls what is left, never more and never nothing', async () => {
    const signal = new AbortController().signal;
    const left = sharedDeadline({ limitMs: 200, signal });
    assert.ok(left().limitMs > 100 && left().limitMs <= 200);
    assert.equal(left().signal, signal);
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(left().limitMs, 1);
  });
});
