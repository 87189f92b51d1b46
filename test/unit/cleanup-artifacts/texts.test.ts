import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Root } from '../../../functions/cleanup-artifacts/plan/decision.ts';
import { readLocator } from '../../../functions/shared/model/job/job.ts';
import { because, daysAgo, going, plannedOf, wholePlanOf } from '../../support/cleanup.ts';

/** Jobs `a`, `b` and `c` at gs://runs/a, b and c, and a running one whose record says `value` in `field`. */
function worldWith(field: 'artifactUri' | 'resumedFrom', value: unknown) {
  const said = readLocator(value);
  const isRead = said.is === 'read';
  const live = plannedOf({
    id: 'live',
    state: 'running',
    artifactUri: null,
    [field]: isRead ? said.value : null,
    unreadable: said.is === 'unreadable' ? [{ field, ...said }] : [],
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

  test('of a million texts costs no more than of those that are looked at, and may mean anything', () => {
    const said = (values: unknown) => readLocator(values) as { texts?: readonly string[]; hasMore?: boolean };
    const many = said(Array.from({ length: 1_000_000 }, (_, index) => [`gs://theirs/${index}`]));
    assert.deepEqual([many.texts?.length, many.hasMore], [20_000, true]);
    const same = said(Array.from({ length: 1_000_000 }, () => ['gs://runs/a']));
    assert.deepEqual([same.texts, same.hasMore], [['gs://runs/a'], undefined]);
    const list = Array.from({ length: 30_000 }, (_, index) => `gs://theirs/${index}`);
    assert.deepEqual(going(worldWith('artifactUri', list)), []);
  });
});

/** The folders of the jobs that a registered model keeps, and whether the plan waits for a person. */
function keptBy(value: unknown): { kept: string; waits: boolean } {
  const said = readLocator(value);
  assert.notEqual(said.is, 'absent');
  const models: Root[] = said.is === 'absent' ? [] : [{ said, by: 'm' }];
  const jobs = ['a', 'b', 'c', 'study/t1'].map((folder) =>
    plannedOf({ id: `job of ${folder}`, artifactUri: `gs://runs/${folder}/` }),
  );
  const world = { jobs, roots: { models } };
  const gone = going(world);
  const left = jobs.filter(({ id }) => !gone.includes(id)).map(({ id }) => id.slice('job of '.length));
  return { kept: left.join(), waits: wholePlanOf(world).oddRoots.some(({ key }) => key !== null) };
}

describe('a text with a place in it', () => {
  const ONE = [
    'a,',
    'a;',
    'a|',
    'a.',
    'a...',
    'a (best)',
    'a#best',
    'a:v3',
    'a@3',
    'a/ (best)',
    'a/,',
    'a (and/or b)',
  ]
    .concat(['a\u200d', 'a\u200e', 'a\u00ad', '\u2060a', 'a - final', "a'", '%Y/x', 'a.)'])
    .map((name) => `gs://runs/${name}`);
  for (const text of ONE)
    test(`keeps what it may name, and waits for nobody: ${JSON.stringify(text)}`, () => {
      const { kept, waits } = keptBy(text);
      assert.ok(kept.split(',').includes('a'), kept);
      assert.equal(waits, false);
    });

  const SEVERAL = [
    'gs://runs/b, a',
    'gs://runs/b,a',
    'gs://runs/b, gs://runs/a,',
    "('gs://runs/a', 'gs://runs/b')",
    'gs://runs/a and gs://runs/b',
    'gs://runs/a:gs://runs/b',
    'gs://runs/a&gs://runs/b',
    'gs://runs/a+gs://runs/b',
    '/gcs/runs/a:/gcs/runs/b',
    'file:/gcs/runs/a:/gcs/runs/b',
    'gs://runs/a;gs://runs/b:',
  ];
  for (const text of SEVERAL)
    test(`keeps all that it names, and waits: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(keptBy(text), { kept: 'a,b', waits: true }));

  const MIXED = [
    'gs://runs/a, models:/churn/3',
    'gs://runs/a,hf://org/m',
    "'gs://runs/a'",
    '`gs://runs/a`',
  ].concat(['(gs://runs/a)', '[m](gs://runs/a)', 'see gs://runs/a.', '\u200egs://runs/a']);
  for (const text of MIXED)
    test(`keeps the one that is ours, and waits: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(keptBy(text), { kept: 'a', waits: true }));

  for (const text of ['gs://runs/lr=0.1,bs=32', 'gs://runs/a1', 'gs://runs/run 1, final', 'file:/gcs/runs/x'])
    test(`keeps nothing for what only looks like it: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(keptBy(text), { kept: '', waits: false }));

  test('of a job that is kept keeps other readings of it, too, and is deleted by its letters alone', () => {
    const at = (id: string, name: string, endedAt = daysAgo(30)) =>
      plannedOf({ id, artifactUri: `gs://runs/${name}`, endedAt });
    const old = [at('a', 'a/'), at('odd', 'd,'), at('b', 'b/')];
    assert.deepEqual(going({ jobs: old }), ['a', 'b', 'odd']);
    const world = { jobs: [...old, at('young', 'a, b', daysAgo(1))] };
    assert.deepEqual(going(world), ['odd']);
    assert.equal(
      because(world, 'a'),
      'it overlaps the artifacts in gs://runs/a/ of jobs:jobs/young, which stays',
    );
  });
});

describe('a place in parts', () => {
  const deep = (value: unknown, depth: number): unknown =>
    depth === 0 ? value : { [`level${depth}`]: deep(value, depth - 1) };
  const versions = Array.from({ length: 1_200 }, (_, index) => [
    `v${index}`,
    index === 1_100 ? 'gs://runs/a/' : `gs://theirs/${index}`,
  ]);
  const PARTS: [what: string, value: unknown, kept: string][] = [
    ['a bucket and the folder around', { bucket: 'runs', prefix: 'study' }, 'study/t1'],
    ['the same with a slash', { bucket: 'runs', prefix: 'study/' }, 'study/t1'],
    ['a folder as a word', 'study', 'study/t1'],
    ['a folder behind a slash', '/study', 'study/t1'],
    ['segments', { s: { bucket: 'runs', path: ['study', 't1'] } }, 'study/t1'],
    ['a job whose id is the name of a folder', ['job of a', 'b'], 'a,b'],
    ['the 1,101st of a map', Object.fromEntries(versions), 'a'],
    ['one that lies as deep as Firestore goes', deep('gs://runs/a/', 19), 'a'],
    ['a part of another name', { bucket: 'runs', prefix: 'stud' }, ''],
  ];
  for (const [what, value, kept] of PARTS)
    test(`keeps what lies there, and waits: ${what}`, () =>
      assert.deepEqual(keptBy(value), { kept, waits: true }));
});
