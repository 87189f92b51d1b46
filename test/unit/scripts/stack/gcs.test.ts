import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { globPattern } from '../../../../scripts/stack/stand-ins/gcs/glob.ts';
import { type Key, SortedList } from '../../../../scripts/stack/stand-ins/gcs/sorted.ts';
import { partialBody } from '../../../../scripts/stack/stand-ins/google/fields.ts';

describe('SortedList', () => {
  const key = fc.record({
    name: fc.integer({ min: 0, max: 400 }).map(String),
    generation: fc.integer({ min: 0, max: 9 }),
  });
  const idOf = ({ name, generation }: Key) => `${name}#${generation}`;
  const inOrder = (a: Key, b: Key) =>
    a.name === b.name ? a.generation - b.generation : a.name < b.name ? -1 : 1;

  test('is what a sorted array would be, whatever is added and removed', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { selector: idOf, minLength: 1_000, maxLength: 3_000 }),
        fc.array(key, { maxLength: 3_000 }),
        key,
        fc.nat(4_000),
        (added, scattered, place, count) => {
          const list = new SortedList<Key>();
          for (const item of added) list.add(item);
          // Many in a row, too, so that whole blocks go.
          const removed = [...scattered, ...added.toSorted(inOrder).slice(-count)];
          for (const item of removed) list.remove(item);
          const gone = new Set(removed.map(idOf));
          const left = added.filter((item) => !gone.has(idOf(item))).sort(inOrder);
          assert.equal(list.size, left.length);
          assert.deepEqual([...list.from({ name: '', generation: 0 })], left);
          const after = left.findIndex((item) => inOrder(item, place) >= 0);
          assert.deepEqual([...list.from(place)], after < 0 ? [] : left.slice(after));
          assert.deepEqual(
            list.lastUpTo(place),
            left.findLast((item) => inOrder(item, place) <= 0),
          );
          assert.deepEqual(
            list.get(place),
            left.find((item) => inOrder(item, place) === 0),
          );
        },
      ),
      { numRuns: 30 },
    ));
});

describe('globPattern()', () => {
  const CASES: [glob: string, matches: string[], not: string[]][] = [
    ['a*', ['a', 'ab', 'a.txt'], ['a/b', 'ba']],
    ['a**', ['a', 'a/b/c', 'a\nb'], ['ba']],
    ['**/*.pt', ['x/y.pt', 'x/y/z.pt'], ['y.pt', 'x/ypt']],
    ['log?.{txt,csv}', ['log1.txt', 'logs.csv'], ['log/.txt', 'log.txt', 'log1.tx']],
    ['[a-c]/[!0-9]', ['a/x', 'c/-'], ['d/x', 'a/1']],
    ['a+(b)|c', ['a+(b)|c'], ['aab', 'c']],
  ];
  for (const [glob, matches, not] of CASES)
    test(glob, () => {
      assert.deepEqual(
        [...matches, ...not].filter((name) => globPattern(glob).test(name)),
        matches,
      );
    });
});

describe('partialBody()', () => {
  const body = { next: 't', items: [{ name: 'a', size: 1, owner: { id: 7, mail: 'x' } }, { name: 'b' }] };
  const CASES: [fields: string, part: object][] = [
    ['next', { next: 't' }],
    ['items/name,next', { items: [{ name: 'a' }, { name: 'b' }], next: 't' }],
    ['items/name,items/size', { items: [{ name: 'a', size: 1 }, { name: 'b' }] }],
    ['items(name,owner/id),next', { items: [{ name: 'a', owner: { id: 7 } }, { name: 'b' }], next: 't' }],
    ['items/owner(id,mail)', { items: [{ owner: { id: 7, mail: 'x' } }, {}] }],
    ['other', {}],
  ];
  for (const [fields, part] of CASES)
    test(`gives of a body only ${fields}`, () => assert.deepEqual(partialBody(body, fields), part));

  test('reads nothing that is not asked for', () => {
    const costly = {
      name: 'a',
      get checksum(): string {
        throw new Error('nobody asked');
      },
    };
    assert.deepEqual(partialBody(costly, 'name'), { name: 'a' });
  });

  for (const fields of ['a(b', 'a,,b', 'a)', 'a b', '(a)'])
    test(`refuses ${fields}`, () =>
      assert.throws(() => partialBody(body, fields), /Invalid field selection/));
});
