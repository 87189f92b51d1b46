import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DocumentSnapshot } from '@google-cloud/firestore';
import { topmostPaths, valueAt } from '../../../../functions/shared/store/firestore/value-at.ts';

/** A document that is read as Firestore reads one: paths lead through maps alone. */
function documentOf(data: Record<string, unknown>): Pick<DocumentSnapshot, 'get'> {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return {
    get: (path) =>
      String(path)
        .split('.')
        .reduce<unknown>((value, segment) => (isMap(value) ? value[segment] : undefined), data),
  };
}

describe('valueAt()', () => {
  const above = (value: unknown) => ({ value, isAbove: true });
  const there = (value: unknown) => ({ value, isAbove: false });
  const cases: [what: string, data: Record<string, unknown>, expected: unknown][] = [
    ['the value itself', { a: { b: { c: 1n } } }, there(1)],
    ['a null', { a: { b: { c: null } } }, there(null)],
    ['a list in the way', { a: { b: [{ c: 1n }] } }, above([{ c: 1 }])],
    ['a list further up', { a: [{ b: { c: 1n } }] }, above([{ b: { c: 1 } }])],
    ['a text in the way', { a: 'text' }, above('text')],
    ['false in the way', { a: { b: false } }, above(false)],
    ['a map without it', { a: { b: { d: 1n } } }, there(undefined)],
    ['a null in the way', { a: { b: null } }, there(undefined)],
    ['nothing', {}, there(undefined)],
  ];
  for (const [what, data, expected] of cases)
    test(`finds ${what}`, () => assert.deepEqual(valueAt(documentOf(data), 'a.b.c'), expected));
});

describe('topmostPaths()', () => {
  test('leaves out what lies below another path, and what is there twice', () => {
    const paths = ['times.started', 'times', 'timesheet.id', 'status', 'times.keep.until', 'status'];
    assert.deepEqual(topmostPaths(paths), ['times', 'timesheet.id', 'status']);
  });
});
