import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  ancestorsOf,
  overlaps,
  type Prefix,
  prefixIndex,
  reachOf,
  readArtifactUri,
  readRootUri,
  uriOf,
} from '../../functions/shared/model/artifact.ts';
import { sized } from '../support/soak.ts';

/** What is read, as a URI again, or why nothing is. */
function words(read: ReturnType<typeof readArtifactUri>): string {
  return read.ok ? uriOf(read.prefix) : read.why;
}

function at(uri: string): Prefix {
  const read = readRootUri(uri);
  assert.ok(read.ok, uri);
  return read.prefix;
}

describe('the URI of artifacts', () => {
  for (const [text, prefix] of [
    ['gs://runs/a', 'gs://runs/a/'],
    ['gs://runs/a/', 'gs://runs/a/'],
    ['gs://runs/a/b/c.d', 'gs://runs/a/b/c.d/'],
    ['gs://my.runs_1-x/a', 'gs://my.runs_1-x/a/'],
    // Names are bytes: nothing is decoded, composed, trimmed or folded.
    ['gs://runs/a%2Fb/%2e%2e/', 'gs://runs/a%2Fb/%2e%2e/'],
    ['gs://runs/caf\u00e9', 'gs://runs/caf\u00e9/'],
    ['gs://runs/cafe\u0301', 'gs://runs/cafe\u0301/'],
    ['gs://runs/模型/😀/', 'gs://runs/模型/😀/'],
    ['gs://runs/run 1 ', 'gs://runs/run 1 /'],
    ['gs://runs/Run-1', 'gs://runs/Run-1/'],
    ['gs://runs/...', 'gs://runs/.../'],
    ['gs://runs/.hidden/a..b', 'gs://runs/.hidden/a..b/'],
    ['gs://runs/lr=0.1,bs={1}#2', 'gs://runs/lr=0.1,bs={1}#2/'],
    [`gs://runs/${'é'.repeat(511)}`, `gs://runs/${'é'.repeat(511)}/`],
  ] as const)
    test(`${JSON.stringify(text).slice(0, 40)} is read as it stands`, () => {
      assert.equal(words(readArtifactUri(text)), prefix);
      assert.equal(words(readRootUri(text)), prefix);
    });

  for (const [text, why] of [
    [null, 'it is empty'],
    ['', 'it is empty'],
    [' ', 'it does not begin with gs://'],
    ['runs/a/', 'it does not begin with gs://'],
    ['/runs/a/', 'it does not begin with gs://'],
    ['s3://runs/a/', 'it does not begin with gs://'],
    ['GS://runs/a/', 'it does not begin with gs://'],
    [' gs://runs/a/', 'it does not begin with gs://'],
    ['gs:/runs/a/', 'it does not begin with gs://'],
    ['gs://', 'no bucket can be named ""'],
    ['gs:///a/', 'no bucket can be named ""'],
    ['gs://Runs/a', 'no bucket can be named "Runs"'],
    ['gs://ru/a', 'no bucket can be named "ru"'],
    ['gs://ru*s/a', 'no bucket can be named "ru*s"'],
    ['gs://-runs/a', 'no bucket can be named "-runs"'],
    ['gs://runs./a', 'no bucket can be named "runs."'],
    ['gs://../a', 'no bucket can be named ".."'],
    ['gs://runs\n/a', 'no bucket can be named "runs\\n"'],
    ['gs://user@runs/a', 'no bucket can be named "user@runs"'],
    [`gs://${'r'.repeat(223)}/a`, `no bucket can be named "${'r'.repeat(223)}"`],
    ['gs://runs//', 'it has an empty folder name'],
    ['gs://runs//a', 'it has an empty folder name'],
    ['gs://runs/a//', 'it has an empty folder name'],
    ['gs://runs/a//b', 'it has an empty folder name'],
    ['gs://runs/.', 'it has a . or .. for a folder name'],
    ['gs://runs/..', 'it has a . or .. for a folder name'],
    ['gs://runs/a/../b', 'it has a . or .. for a folder name'],
    ['gs://runs/a/./b/', 'it has a . or .. for a folder name'],
    ['gs://runs/*', 'it has a wildcard'],
    ['gs://runs/run-?', 'it has a wildcard'],
    ['gs://runs/run-[12]/', 'it has a wildcard'],
    ['gs://runs/a\n', 'it has a control character'],
    ['gs://runs/a\u0000/b', 'it has a control character'],
    ['gs://runs/a\u0085', 'it has a control character'],
    [`gs://runs/${'é'.repeat(512)}`, 'it is longer than 1024 bytes'],
    [`gs://runs/${'a'.repeat(1_000_000)}`, 'it is longer than 1024 bytes'],
  ] as const)
    test(`${JSON.stringify(text).slice(0, 40)} is refused: ${why.slice(0, 40)}`, () => {
      assert.equal(words(readArtifactUri(text)), why);
      assert.equal(words(readRootUri(text)), why);
    });

  for (const text of ['gs://runs', 'gs://runs/'])
    test(`${text} is no job's, but a root's`, () => {
      assert.equal(words(readArtifactUri(text)), 'it names a whole bucket');
      assert.equal(words(readRootUri(text)), 'gs://runs/');
    });

  test('of a file is read as the folder of its name, which lies where the file does', () => {
    assert.equal(words(readRootUri('gs://runs/a/model.pkl')), 'gs://runs/a/model.pkl/');
    assert.ok(overlaps(at('gs://runs/a/model.pkl'), at('gs://runs/a/')));
  });

  for (const [text, reach] of [
    ['gs://runs/a', 'gs://runs/a/'],
    ['gs://runs', 'gs://runs/'],
    ['gs://runs/a/../b', 'gs://runs/'],
    ['gs://runs/run-*', 'gs://runs/'],
    ['gs://runs/a//b', 'gs://runs/'],
    ['gs://runs/a\n', 'gs://runs/'],
    ['gs://RUNS/a', undefined],
    ['s3://runs/a', undefined],
    ['job-1', undefined],
    ['', undefined],
    [null, undefined],
  ] as const)
    test(`${JSON.stringify(text)} may name all of ${reach ?? 'nothing'}`, () => {
      const prefix = reachOf(text);
      assert.equal(prefix && uriOf(prefix), reach);
    });
});

describe('overlaps()', () => {
  for (const [one, other, expected] of [
    ['gs://runs/run-1', 'gs://runs/run-1/', true],
    ['gs://runs/run-1', 'gs://runs/run-10', false],
    ['gs://runs/run-1', 'gs://runs/run-1/checkpoints', true],
    ['gs://runs/a/b', 'gs://runs/a/c', false],
    ['gs://runs/a', 'gs://more/a', false],
    ['gs://runs', 'gs://runs/a/b/c', true],
    ['gs://runs', 'gs://runs-2/a', false],
    ['gs://runs/a', 'gs://runs/A', false],
    ['gs://runs/caf\u00e9', 'gs://runs/cafe\u0301', false],
  ] as const)
    test(`${one} and ${other}: ${expected}`, () => {
      assert.equal(overlaps(at(one), at(other)), expected);
      assert.equal(overlaps(at(other), at(one)), expected);
    });
});

describe('ancestorsOf()', () => {
  test('names all that holds a prefix, in both ways to write it', () =>
    assert.deepEqual(ancestorsOf(at('gs://runs/a/b')), [
      ...['gs://runs/a/b/', 'gs://runs/a/b'],
      ...['gs://runs/a/', 'gs://runs/a'],
      ...['gs://runs/', 'gs://runs'],
    ]));

  test('of a whole bucket names the bucket', () =>
    assert.deepEqual(ancestorsOf(at('gs://runs')), ['gs://runs/', 'gs://runs']));
});

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
      { seed, numRuns: sized(1_000, 20_000) },
    );
  });
});
