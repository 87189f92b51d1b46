import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPlace, uriOf } from '../../../../functions/shared/model/artifact/artifact.ts';
import { placesIn } from '../../../../functions/shared/model/artifact/locator.ts';
import { otherReadings } from '../../../../functions/shared/model/artifact/other-readings.ts';

function othersOf(text: string): string[] {
  const place = readPlace(text);
  return place.is === 'read' ? otherReadings(place.value).map(uriOf).toSorted() : [];
}

describe('otherReadings()', () => {
  for (const [text, others] of [
    ['gs://runs/exp/a,', ['exp/a/']],
    ['gs://runs/exp/a (best)', ['exp/a (best/', 'exp/a/']],
    ['gs://runs/exp/a:v3', ['exp/a/']],
    ['gs://runs/a, b/c', ['a/']],
    ['gs://runs/exp/ (best)', ['exp/ (best/', 'exp/']],
    ['gs://runs/exp/a\u00adb/', ['exp/ab/']],
    [`gs://runs/exp/a${' x'.repeat(20)}`, ['exp/']],
    ['https://storage.googleapis.com/runs/exp/a,', ['exp/a/']],
    ['/gcs/runs/exp/a;', ['exp/a/']],
  ] as const)
    test(`of ${JSON.stringify(text).slice(0, 60)} are names without the signs`, () => {
      const found = othersOf(text);
      for (const other of others) assert.ok(found.includes(`gs://runs/${other}`), JSON.stringify(found));
    });

  for (const part of [
    '%s',
    '%d',
    '%Y-%m-%d',
    '%RUN%',
    '%date%',
    '`date`',
    ':run_id',
    '...',
    'run-%s',
    '%.3f',
    '\u2026',
  ])
    test(`are the folder around ${part}`, () =>
      assert.ok(othersOf(`gs://runs/study/${part}/x/`).includes('gs://runs/study/')));

  for (const name of [
    'study/run-1/model.ckpt-1000',
    'lr=0.1_bs=32/v1.2.3/',
    'a%20b/%C3%A9t%C3%A9/',
    '%d0%b0%d0%b1/',
    '100%/x',
    '50%sparse/x',
    'a,b (old)/x:y/',
    '@home',
    'users/#1',
    '.hidden/..data',
    'run-1 ',
    '',
  ])
    test(`are none of gs://runs/${name}`, () => assert.deepEqual(othersOf(`gs://runs/${name}`), []));

  test('of hostile texts take no longer than twice as much for twice the length', () => {
    const LENGTH = 300_000;
    for (const part of [',', ' ', '%', '%a', '`', '(', '. ', '\u200d', ':/', 'gs:/', ',/gcs/', 'a/', "'"]) {
      const text = `gs://runs/${part.repeat(LENGTH / part.length)}x`;
      const start = performance.now();
      placesIn(text);
      othersOf(text);
      const took = performance.now() - start;
      assert.ok(took < 1_500, `${JSON.stringify(part)} took ${Math.round(took)} ms`);
    }
  });
});
