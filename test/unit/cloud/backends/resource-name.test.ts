import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { homeOf, readResource } from '../../../../functions/shared/cloud/backends/resource-name.ts';

const HOME = { project: 'acme-ml', region: 'europe-west4', placed: 'guessed' } as const;
const EXECUTION = ['jobs', 'executions'];
const FULL = 'projects/p/locations/us-central1/jobs/train/executions/train-1';

describe('readResource()', () => {
  const NAMES: [name: string, expected: object][] = [
    [FULL, { project: 'p', region: 'us-central1', ids: ['train', 'train-1'], placed: 'named' }],
    [
      FULL.replace('/p/', '/1234567/'),
      { project: '1234567', region: 'us-central1', ids: ['train', 'train-1'], placed: 'named' },
    ],
    [
      FULL.replace('/p/', '/acme.example:p/'),
      { project: 'acme.example:p', region: 'us-central1', ids: ['train', 'train-1'], placed: 'named' },
    ],
    [
      FULL.replace('us-central1', 'global'),
      { project: 'p', region: 'global', ids: ['train', 'train-1'], placed: 'named' },
    ],
    ['train/executions/train-1', { ...HOME, ids: ['train', 'train-1'] }],
    ['train-1', { ...HOME, ids: ['train-1'] }],
  ];
  for (const [name, expected] of NAMES)
    test(`reads ${name}`, () => assert.deepEqual(readResource(name, EXECUTION, HOME), expected));

  const FOREIGN = [
    ...[
      '',
      '/',
      '.',
      '..',
      '/train-1',
      'train-1/',
      'train/train-1',
      'train//train-1',
      'a/executions/b/executions/c',
    ],
    ...[
      'train/executions/',
      'train/executions/..',
      '../executions/e',
      'train/tasks/e',
      'x/train/executions/e',
    ],
    ...['a b', 'a?b', 'a#b', 'a%2fb', 'a:cancel', 'a\\b', 'ä', '-a', 'a\n', 'a@b', 'x'.repeat(129)],
    ...[`/${FULL}`, `${FULL}/`, `${FULL}/x`, `https://run.googleapis.com/v2/${FULL}`, `${FULL}?x=1`],
    ...[FULL.replace('jobs', 'services'), FULL.replace('locations', 'zones'), FULL.replace('/p/', '/../')],
    ...[
      FULL.replace('/p/', '//'),
      FULL.replace('us-central1', '..'),
      FULL.replace('us-central1', 'evil.example#'),
    ],
    ...[
      FULL.replace('us-central1', 'evil.example/x'),
      FULL.replace('us-central1', '-'),
      FULL.replace('train-1', '-'),
    ],
    'projects/p/locations/us-central1/jobs/train',
    'projects/p/locations/us-central1/customJobs/7',
  ];
  for (const name of FOREIGN)
    test(`reads nothing from ${JSON.stringify(name.slice(0, 80))}`, () =>
      assert.equal(readResource(name, EXECUTION, HOME), null));

  test('needs a region for a short name', () => {
    const home = { ...HOME, region: undefined };
    assert.equal(readResource('train-1', EXECUTION, home), null);
    assert.ok(readResource(FULL, EXECUTION, home));
  });
});

describe('homeOf()', () => {
  const SETTINGS: [settings: { googleProject?: string; region?: string }, expected: object][] = [
    [{}, { project: 'ours', region: 'global', placed: 'guessed' }],
    [{ region: 'us-central1' }, { project: 'ours', region: 'us-central1', placed: 'guessed' }],
    [{ googleProject: 'acme' }, { project: 'acme', region: 'global', placed: 'guessed' }],
    [
      { googleProject: 'acme', region: 'us-central1' },
      { project: 'acme', region: 'us-central1', placed: 'named' },
    ],
  ];
  for (const [settings, expected] of SETTINGS)
    test(`of ${JSON.stringify(settings)} is ${JSON.stringify(expected)}`, () =>
      assert.deepEqual(homeOf(settings, settings.googleProject ?? 'ours', 'global'), expected));
});
