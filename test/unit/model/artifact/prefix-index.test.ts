import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { overlaps, uriOf } from '../../../../functions/shared/model/artifact/artifact.ts';
import { prefixIndex } from '../../../../functions/shared/model/artifact/prefix-index.ts';
import { prefixOf as at } from '../../../support/cleanup.ts';
import { sized } from '../../../support/soak.ts';

describe('prefixIndex()', () => {
  const index = prefixIndex(
    [
      'gs://runs/a/b',
      'gs://runs/a/b/c',
      'gs://runs/run-10',
      'gs://runs/x/2',
      'gs://runs/x/1',
      'gs://more',
    ].map(at),
  );
  const found = (uri: string) => {
    const prefix = index.overlapping(at(uri));
    return prefix && uriOf(prefix);
  };

  test('finds the nearest that holds a prefix', () => {
    assert.equal(found('gs://runs/a/b/c/d'), 'gs://runs/a/b/c/');
    assert.equal(found('gs://runs/a/b/x'), 'gs://runs/a/b/');
    assert.equal(found('gs://runs/a/b'), 'gs://runs/a/b/');
    assert.equal(found('gs://more/z'), 'gs://more/');
  });

  test('finds the first of those in it when none holds it', () => {
    assert.equal(found('gs://runs/x'), 'gs://runs/x/1/');
    assert.equal(found('gs://runs'), 'gs://runs/a/b/');
  });

  test('finds nothing beside it', () => {
    for (const uri of ['gs://runs/run-1', 'gs://runs/a/c', 'gs://runs/z', 'gs://none/a'])
      assert.equal(found(uri), undefined, uri);
  });

  test('knows the topmost', () => {
    assert.deepEqual(index.topmost(at('gs://runs/a/b/c/d')), at('gs://runs/a/b'));
    assert.equal(index.topmost(at('gs://runs/x')), undefined);
  });

  test('finds what a comparison with each finds', (context) => {
    const seed = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
    context.diagnostic(`seed ${seed} (repeat with NIGHTSHIFT_SEED=${seed})`);
    const folder = fc.array(fc.constantFrom('a', 'b', 'a ', 'run-1', 'run-10', 'é', '😀', '\uffff'), {
      maxLength: 4,
    });
    const prefix = fc
      .tuple(fc.constantFrom('one', 'two'), folder)
      .map(([bucket, folders]) => ({ bucket, path: folders.map((it) => `${it}/`).join('') }));
    fc.assert(
      fc.property(fc.array(prefix), prefix, (all, one) => {
        const index = prefixIndex(all);
        const expected = new Set(all.filter((it) => overlaps(it, one)).map(uriOf));
        assert.deepEqual(index.allOverlapping(one).map(uriOf).toSorted(), [...expected].toSorted());
        const first = index.overlapping(one);
        assert.equal(first === undefined ? 0 : 1, Math.min(expected.size, 1));
        assert.ok(!first || expected.has(uriOf(first)));
        const holding = [...expected]
          .filter((it) => uriOf(one).startsWith(it))
          .sort((a, b) => a.length - b.length);
        const top = index.topmost(one);
        assert.equal(top && uriOf(top), holding[0]);
      }),
      { seed, numRuns: sized(300, 20_000) },
    );
  });
});
