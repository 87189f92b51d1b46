import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readLocator } from '../../../functions/shared/model/job/job.ts';
import { going, plannedOf, wholePlanOf } from '../../support/cleanup.ts';

/** Jobs `a`, `b` and `c` at gs://runs/a, b and c, and a running one whose record says `value` in `field`. */
function worldWith(field: 'artifactUri' | 'resumedFrom', value: unknown) {
  const said = readLocator(value);
  const isRead = said.is === 'read';
  const live = plannedOf({
    id: 'live',
    state: 'running',
    artifactUri: null,
    [field]: isRead ? said.value : null,
    unreadable: said.is === 'unreadable' ? [{ field, why: said.why, texts: said.texts }] : [],
  });
  return { jobs: [...['a', 'b', 'c'].map((id) => plannedOf({ id })), live] };
}

describe('a list or map where one text was expected', () => {
  const PLACES: unknown[] = [
    ['gs://runs/a/'],
    { uri: 'gs://runs/a' },
    { output: [{ path: '/gcs/runs/a/model' }] },
    ['https://storage.googleapis.com/runs/a/x.ckpt', 7],
    'gs://runs\\a\\',
  ];
  for (const value of PLACES)
    test(`${JSON.stringify(value)} as a place keeps what lies there, and is told`, () => {
      const world = worldWith('artifactUri', value);
      assert.deepEqual(going(world), ['b', 'c']);
      assert.ok(wholePlanOf(world).oddRoots.some(({ by }) => by.endsWith('live artifactUri')));
    });

  const PARENTS: unknown[] = [['a'], { job: 'a' }, [['jobs/a']], { from: { id: 'a', step: 7 } }, 'A'];
  for (const value of PARENTS)
    test(`${JSON.stringify(value)} as a parent keeps that parent`, () =>
      assert.deepEqual(going(worldWith('resumedFrom', value)), ['b', 'c']));

  test('keeps all that its texts may mean', () =>
    assert.deepEqual(going(worldWith('resumedFrom', ['a', 'gs://runs/b'])), ['c']));

  test('of a million texts costs no more than of a thousand', () => {
    const said = readLocator(Array.from({ length: 1_000_000 }, () => ['gs://runs/a']));
    assert.equal(said.is === 'unreadable' && said.texts?.length, 1_000);
  });
});
