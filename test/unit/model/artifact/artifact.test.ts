import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  overlaps,
  type Place,
  type Prefix,
  readArtifactUri,
  readPlace,
  uriOf,
} from '../../../../functions/shared/model/artifact/artifact.ts';
import { prefixOf as at } from '../../../support/cleanup.ts';
import { sized } from '../../../support/soak.ts';

function placeIn(text: string | null): Place {
  const place = readPlace(text);
  assert.equal(place.is, 'read', String(text));
  return (place as { value: Place }).value;
}

function uris(prefixes: readonly Prefix[]): string[] {
  return prefixes.map(uriOf).toSorted();
}

/** Why nothing may be deleted at a place, `null` where something may. */
function faultOf(text: string | null): string | null {
  const read = readArtifactUri(text);
  return read.ok ? null : read.why;
}

describe('readPlace()', () => {
  const SAME = [
    'gs://my-runs/a b/é',
    'gs://my-runs/a b/é/',
    'GS://my-runs/a b/é',
    'Gs://my-runs/a b/é/',
    'gcs://my-runs/a b/é',
    'GCS://my-runs/a b/é/',
    '  gs://my-runs/a b/é/',
    '\tgs://my-runs/a b/é/\n',
    '\ufeffgs://my-runs/a b/é/',
    'gs://my-runs/a b/é\n',
    'gs://my-runs/a%20b/%C3%A9',
    'gs://my-runs/a%2520b/%c3%a9/',
    'gs://my-runs/a b%2F%C3%A9',
    '/gcs/my-runs/a b/é',
    ' /gcs/my-runs/a b/é/ ',
    'file:///gcs/my-runs/a b/é',
    'https://storage.googleapis.com/my-runs/a%20b/%C3%A9',
    'https://storage.googleapis.com/my-runs/a b/é/',
    'HTTPS://Storage.GoogleAPIs.com/my-runs/a%20b/%C3%A9/',
    'http://storage.googleapis.com:80/my-runs/a%20b/%C3%A9',
    '//storage.googleapis.com/my-runs/a%20b/%C3%A9',
    'https://my-runs.storage.googleapis.com/a%20b/%C3%A9',
    'https://My-Runs.storage.googleapis.com/a%20b/%C3%A9',
    'https://storage.europe-west3.rep.googleapis.com/my-runs/a%20b/%C3%A9',
    'https://my-runs.storage.europe-west3.rep.googleapis.com/a%20b/%C3%A9/',
    'https://storage.cloud.google.com/my-runs/a%20b/%C3%A9',
    'https://storage.mtls.cloud.google.com/my-runs/a%20b/%C3%A9',
    'https://storage-download.googleapis.com/my-runs/a%20b/%C3%A9',
    'https://commondatastorage.googleapis.com/my-runs/a%20b/%C3%A9',
    'https://console.cloud.google.com/storage/browser/my-runs/a%20b/%C3%A9',
    'https://console.cloud.google.com/storage/browser/my-runs/a%20b/%C3%A9;tab=objects?project=p&prefix=',
    'https://console.cloud.google.com/storage/browser/_details/my-runs/a%20b/%C3%A9?project=p',
    'https://www.googleapis.com/storage/v1/b/my-runs/o/a%20b%2F%C3%A9',
    'https://storage.googleapis.com/storage/v1/b/my-runs/o/a%20b%2F%C3%A9%2F',
    'https://www.googleapis.com/download/storage/v1/b/my-runs/o/a%20b%2F%C3%A9?alt=media&generation=1',
    'https://storage.googleapis.com/download/storage/v1/b/my-runs/o/a%20b%2F%C3%A9?alt=media',
    'https://firebasestorage.googleapis.com/v0/b/my-runs/o/a%20b%2F%C3%A9?alt=media&token=x',
    'https://storage.googleapis.com/my-runs/a%20b/%C3%A9?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Expires=900',
    'gs:/my-runs/a b/é',
    'gs://MY-RUNS/a b/é',
    'gs://my-runs/a b/é#1712345678901234',
    'gs://my-runs//a b/é',
    'gs://my-runs/./a b/x/../é',
  ];
  for (const text of SAME)
    test(`${JSON.stringify(text)} protects the folder that it names`, () => {
      const { reach, bucket } = placeIn(text);
      assert.equal(bucket, 'my-runs');
      assert.ok(
        reach.some((it) => overlaps(it, at('gs://my-runs/a b/é')) && 'a b/é/'.startsWith(it.path)),
        JSON.stringify(reach),
      );
    });

  // What a clean spelling leaves no doubt about, and names nothing else.
  for (const text of SAME.filter((it) => !it.includes('%') && faultOf(it) === null && !/[\s]$/.test(it)))
    test(`${JSON.stringify(text)} names that folder and nothing else`, () =>
      assert.deepEqual(uris(placeIn(text).folders), ['gs://my-runs/a b/é/']));

  test('leaves open whether a percent sign of a URI is one', () => {
    assert.deepEqual(uris(placeIn('gs://my-runs/a%2Fb').folders), [
      'gs://my-runs/a%2Fb/',
      'gs://my-runs/a/b/',
    ]);
    assert.deepEqual(uris(placeIn('gs://my-runs/100%/%zz/%E9').folders), ['gs://my-runs/100%/%zz/%E9/']);
    assert.deepEqual(placeIn('https://storage.googleapis.com/my-runs/a%20b').folders.map(uriOf), [
      'gs://my-runs/a b/',
      'gs://my-runs/a%20b/',
    ]);
  });

  test('knows what may be a single object: what does not end in a slash', () => {
    assert.deepEqual(placeIn('gs://my-runs/a/model.pkl').objects, ['a/model.pkl']);
    assert.deepEqual(placeIn('gs://my-runs/a/').objects, []);
    assert.deepEqual(placeIn('gs://my-runs').objects, []);
    assert.deepEqual(placeIn('gs://my-runs/a%20b').objects, ['a%20b', 'a b']);
  });

  for (const [text, why] of [
    ['runs/a/', /is not a place in Cloud Storage/],
    ['/runs/a/', /is not a place/],
    ['/mnt/my-runs/a', /is not a place/],
    ['/gcsx/my-runs/a', /is not a place/],
    ['s3://my-runs/a/', /is not a place/],
    ['gsx://my-runs/a', /is not a place/],
    ['models:/churn/3', /is not a place/],
    ['gs:my-runs/a', /is not a place/],
    ['https://example.com/my-runs/a', /is not a place/],
    ['https://storage.googleapis.com.example.com/my-runs/a', /is not a place/],
    ['https://console.cloud.google.com/vertex-ai/training/7', /is not a place/],
    ['see gs://my-runs/a', /is not a place/],
    ['"gs://my-runs/a"', /is not a place/],
    ['gs://', /no bucket can be named ""/],
    ['gs:///my-runs/a', /no bucket can be named ""/],
    ['gs://ru*s/a', /no bucket can be named "ru\*s"/],
    ['gs://-runs/a', /no bucket can be named "-runs"/],
    ['gs://../a', /no bucket can be named "\.\."/],
    ['gs://{bucket}/a', /no bucket can be named/],
    ['gs://user@runs/a', /no bucket can be named/],
    ['https://storage.googleapis.com/', /is not a place/],
    [`gs://${'r'.repeat(223)}/a`, /no bucket/],
    ['/gcs/my-runs/../their-runs/a', /is not a path within one bucket/],
  ] as const)
    test(`${JSON.stringify(text).slice(0, 60)} is unreadable`, () => {
      const place = readPlace(text);
      assert.equal(place.is, 'unreadable');
      assert.match((place as { why: string }).why, why);
    });

  for (const text of [null, '', ' ', '\n'])
    test(`${JSON.stringify(text)} is absent`, () => assert.equal(readPlace(text).is, 'absent'));

  for (const [text, fault, reach] of [
    [
      'gs://my-runs/study//trial-7/',
      'it has an empty folder name',
      ['gs://my-runs/study/', 'gs://my-runs/study/trial-7/'],
    ],
    ['gs://my-runs//', 'it has an empty folder name', ['gs://my-runs/']],
    ['gs://my-runs/a/../b', 'it has a . or .. for a folder name', ['gs://my-runs/a/', 'gs://my-runs/b/']],
    ['gs://my-runs/..', 'it has a . or .. for a folder name', ['gs://my-runs/']],
    ['gs://my-runs/a/./b/', 'it has a . or .. for a folder name', ['gs://my-runs/a/', 'gs://my-runs/a/b/']],
    ['gs://my-runs/a/run-*/x', 'it has a wildcard', ['gs://my-runs/a/']],
    ['gs://my-runs/run-[12]/', 'it has a wildcard', ['gs://my-runs/']],
    ['gs://my-runs/a/b\u0000c/d', 'it has a control character', ['gs://my-runs/a/']],
    [
      'gs://my-runs/a%2F..%2Fb',
      'it has a . or .. for a folder name',
      ['gs://my-runs/a%2F..%2Fb/', 'gs://my-runs/a/', 'gs://my-runs/b/'],
    ],
    ['gs:/my-runs/a', 'it has not two slashes after gs:', ['gs://my-runs/a/']],
    ['gs://MY-RUNS/a', 'no bucket can be named "MY-RUNS"', ['gs://my-runs/a/']],
    [
      'gs://my-runs/a#1712345678901234',
      'it names one generation of an object',
      ['gs://my-runs/a#1712345678901234/', 'gs://my-runs/a/'],
    ],
    ['https://storage.googleapis.com/my-runs/a?b', 'it has a wildcard', ['gs://my-runs/', 'gs://my-runs/a/']],
    [`gs://my-runs/a/${'é'.repeat(512)}`, 'it is longer than 1024 bytes', ['gs://my-runs/a/']],
    [`gs://my-runs/${'a'.repeat(100_000)}`, 'it is longer than 1024 bytes', ['gs://my-runs/']],
  ] as const)
    test(`${JSON.stringify(text).slice(0, 60)} is kept around and never deleted: ${fault}`, () => {
      assert.equal(faultOf(text), fault);
      assert.deepEqual(uris(placeIn(text).reach), [...reach].toSorted());
    });

  test('names a whole bucket, which is no job’s', () => {
    for (const text of [
      'gs://my-runs',
      'gs://my-runs/',
      '/gcs/my-runs',
      'https://storage.googleapis.com/my-runs',
    ]) {
      assert.deepEqual(uris(placeIn(text).reach), ['gs://my-runs/']);
      assert.equal(faultOf(text), 'it names a whole bucket');
    }
  });

  test('compares names byte for byte', () => {
    for (const [one, other] of [
      ['gs://my-runs/caf\u00e9', 'gs://my-runs/cafe\u0301'],
      ['gs://my-runs/Run-1', 'gs://my-runs/run-1'],
      ['gs://my-runs/lr=0.1,bs={1}#2', 'gs://my-runs/lr=0.1,bs={1}'],
    ] as const)
      assert.ok(!overlaps(at(one), at(other)), one);
  });

  test('never throws, and of whatever names a bucket keeps what the text ends in', (context) => {
    const seed = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
    context.diagnostic(`seed ${seed} (repeat with NIGHTSHIFT_SEED=${seed})`);
    const part = fc.oneof(
      fc.constantFrom(
        'gs',
        'GCS',
        ':',
        '/',
        '//',
        '/gcs/',
        'my-runs',
        'a',
        '..',
        '.',
        '%2F',
        '%',
        '*',
        '\n',
        ' ',
        '#',
        '?',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.constantFrom('', 'gs://my-runs/', '/gcs/my-runs/'), (tail, head) => {
        const place = readPlace(head + tail);
        if (place.is !== 'read') return;
        const { bucket, folders, reach, fault } = place.value;
        assert.ok(reach.length > 0);
        for (const each of [...folders, ...reach]) assert.equal(each.bucket, bucket);
        for (const { path } of reach) assert.ok(path === '' || path.endsWith('/'), path);
        if (fault === null) assert.deepEqual(uris(reach), uris(folders));
        // The text as it stands is among what is kept.
        if (head !== '' && !tail.trim().startsWith('/') && fault === null)
          assert.ok(
            folders.some(({ path }) => path.startsWith(tail.trimEnd().slice(0, -1))),
            JSON.stringify(folders),
          );
      }),
      { seed, numRuns: sized(500, 20_000) },
    );
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
