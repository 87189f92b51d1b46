import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { overlapsOf } from '../../../../functions/shared/model/job/overlap.ts';
import type { Source } from '../../../../functions/shared/model/job/source.ts';
import { sourceOf } from '../../../support/jobs.ts';

const HOME = { googleProject: 'acme', database: '(default)' };

function source(collection: string, over: Record<string, unknown> = {}): Source {
  const { below, ...more } = over;
  const executions = below ? { collection: below, fields: sourceOf({}).fields } : undefined;
  return { ...sourceOf({}), collection, ...more, executions } as Source;
}

function told(one: Source, other: Source): string[] {
  return overlapsOf({ one, other }, HOME).map(({ source, message }) => `${source}: ${message}`);
}

const GROUP = { group: true };

describe('overlapsOf()', () => {
  for (const [what, one, other] of [
    ['one collection', source('jobs'), source('jobs')],
    ['one collection, of training and of ETL', source('jobs'), source('jobs', { kind: 'etl' })],
    ['one collection, the home spelt out', source('jobs'), source('jobs', HOME)],
    [
      'one elsewhere',
      source('jobs', { database: 'x' }),
      source('jobs', { database: 'x', googleProject: 'acme' }),
    ],
    ['a group', source('jobs', GROUP), source('jobs', GROUP)],
    ['a group and a collection of its id', source('jobs', GROUP), source('tenants/a/jobs')],
    ['a collection and a group of its id', source('jobs'), source('jobs', GROUP)],
    ['the executions of the other as a group', source('jobs', { below: 'tries' }), source('tries', GROUP)],
    ['the executions of one job of the other', source('jobs', { below: 'tries' }), source('jobs/a/tries')],
    [
      'the executions of one job of a group',
      source('jobs', { ...GROUP, below: 'tries' }),
      source('t/x/jobs/a/tries'),
    ],
    ['jobs that are executions of the other', source('tries', GROUP), source('jobs', { below: 'tries' })],
  ] as const)
    test(`finds ${what}`, () => {
      const [message = '', ...more] = told(one, other);
      assert.deepEqual(more, []);
      assert.match(message, /^other: The .* are the .* of source one, too \(project acme, database .*\)$/);
    });

  for (const [what, one, other] of [
    ['two collections', source('jobs'), source('etl')],
    ['one id below two parents', source('tenants/a/jobs'), source('tenants/b/jobs')],
    ['another database', source('jobs'), source('jobs', { database: 'other' })],
    ['another project', source('jobs', GROUP), source('jobs', { googleProject: 'other' })],
    [
      'executions of one id below jobs of two',
      source('jobs', { below: 'tries' }),
      source('etl', { below: 'tries' }),
    ],
    ['executions below jobs of nobody', source('jobs', { below: 'tries' }), source('others/a/tries')],
    ['a group of another id', source('jobs', GROUP), source('tenants/a/myjobs')],
  ] as const)
    test(`finds none in ${what}`, () => assert.deepEqual(told(one, other), []));

  test('finds a group that holds its own executions', () => {
    const own = source('jobs', { ...GROUP, below: 'jobs' });
    assert.deepEqual(overlapsOf({ own }, HOME), [
      {
        source: 'own',
        message:
          'The executions jobs below the records of collection group jobs are its own records of collection group jobs, too (project acme, database (default))',
      },
    ]);
    assert.deepEqual(overlapsOf({ own: source('jobs', { below: 'jobs' }) }, HOME), []);
  });
});
