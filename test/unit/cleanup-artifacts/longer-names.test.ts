import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { behind, longerName, longerNameAt } from '../../../functions/cleanup-artifacts/look/longer-names.ts';
import type { StoredObject } from '../../../functions/shared/cloud/storage/objects.ts';

const PAGE = 3;

/** What is found in a bucket of these objects, listed by small pages, and how often it was listed. */
async function found(path: string, names: readonly string[]) {
  let lists = 0;
  const longer = await longerNameAt(
    { bucket: 'runs', folders: [], objects: [path], fault: null, reach: [] },
    async (target, { startOffset = '' }) => {
      lists += 1;
      const page = names.toSorted().filter((name) => name.startsWith(target.path) && name >= startOffset);
      return page.slice(0, PAGE).map((name) => ({ name }) as StoredObject);
    },
  );
  return { name: longer?.name, isCertain: longer?.isCertain, lists };
}

describe('longerName()', () => {
  for (const [path, rest, isCertain] of [
    ['ck/model.ckpt-1000', '.index', true],
    ['ck/model', '-00000-of-00001', true],
    ['ck/part-', '00000-of-00002', true],
    ['ck/model.', 'pt', true],
    ['ck/epoch', '_1.pt', false],
    ['ck/epoch', '1.pt', false],
    ['ck/best', '=0.1.ckpt', false],
    ['ck/epoch', 's.json', false],
    ['ck/run-1', '0', undefined],
    ['ck/run-1', '0.log', undefined],
    ['ck/run-1', '-again/m', undefined],
    ['ck/run-1', '/m', undefined],
    ['ck/run-1', '', undefined],
  ] as const)
    test(`${path} and ${path}${rest}: ${isCertain ?? 'another'}`, () =>
      assert.equal(longerName(path + rest, path)?.isCertain, isCertain));
});

describe('longerNameAt()', () => {
  const folders = (count: number, of: (index: number) => string) =>
    Array.from({ length: count }, (_, index) =>
      ['a', 'b', 'c', 'd'].map((file) => `${of(index)}/${file}`),
    ).flat();

  test('goes past folders and numbers that begin alike, whatever is in them', async () => {
    const numbers = folders(90, (index) => `run-1${index}`);
    assert.deepEqual(await found('run-1', [...numbers, 'run-1_a.pt']), {
      name: 'run-1_a.pt',
      isCertain: false,
      lists: 2,
    });
    assert.deepEqual(await found('run-1', numbers), { name: undefined, isCertain: undefined, lists: 2 });
    const named = folders(9, (index) => `exp-${index}`);
    assert.deepEqual(await found('exp', [...named, 'exp.log']), {
      name: 'exp.log',
      isCertain: true,
      lists: 10,
    });
    assert.equal((await found('exp', ['exp'])).name, undefined);
    assert.equal(behind('run-1/a', 'run-1'), 'run-10');
  });

  test('takes too many of them for names that may be meant', async () => {
    const many = await found(
      'exp',
      folders(1_000, (index) => `exp_${index}`),
    );
    assert.equal(many.isCertain, false);
    assert.ok(many.lists <= 51, `${many.lists} lists`);
  });
});
