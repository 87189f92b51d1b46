import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  because,
  daysAgo,
  going,
  type PlannedWords,
  pinOf,
  plannedOf,
  planOf,
  prefixOf,
  reasonsOf,
  wholePlanOf,
} from '../../support/cleanup.ts';
import { unread } from '../../support/jobs.ts';

describe('planCleanup() of parents', () => {
  const chain = [
    plannedOf({ id: 'a' }),
    plannedOf({ id: 'b', resumedFrom: 'a' }),
    plannedOf({ id: 'c', resumedFrom: 'gs://runs/b/checkpoints/step-9.ckpt' }),
    plannedOf({ id: 'd', resumedFrom: 'c' }),
  ];

  test('deletes a chain that nobody needs', () => assert.equal(going({ jobs: chain }).length, 4));

  test('keeps all that a kept job goes back to, and not what goes back to it', () => {
    const world = { jobs: chain, roots: { pins: [pinOf('gs://runs/c')] } };
    assert.deepEqual(reasonsOf(world), { a: 'parent', b: 'parent', c: 'pinned', d: 'eligible' });
    assert.equal(because(world, 'a'), 'jobs:jobs/b, which stays, resumes from it');
  });

  for (const resumedFrom of [
    'p',
    'gs://runs/p',
    'gs://runs/p/',
    'gs://runs/p/x.ckpt',
    'gs://runs',
    'gs://runs/p//x',
  ])
    test(`keeps what a live job without artifacts yet resumes from by ${resumedFrom}`, () =>
      assert.deepEqual(
        reasonsOf({
          jobs: [
            plannedOf({ id: 'p' }),
            plannedOf({ id: 'live', state: 'queued', artifactUri: null, resumedFrom }),
          ],
        }),
        { live: 'active', p: 'parent' },
      ));

  for (const resumedFrom of ['gs://runs/p1', 'gs://more/p', 's3://more/z', 'other', ''])
    test(`keeps nothing for ${JSON.stringify(resumedFrom)}`, () =>
      assert.deepEqual(
        going({ jobs: [plannedOf({ id: 'p' }), plannedOf({ id: 'live', state: 'running', resumedFrom })] }),
        ['p'],
      ));

  test('knows an id and a URI in all sources', () => {
    const parents = [plannedOf({ id: 'p' }), plannedOf({ id: 'q' })];
    const namesake = plannedOf({ id: 'q', source: 'more', artifactUri: 'gs://runs/own' });
    const from = (resumedFrom: string) =>
      going({
        jobs: [
          ...parents,
          namesake,
          plannedOf({ id: 'live', source: 'more', state: 'running', resumedFrom }),
        ],
      });
    assert.deepEqual(from('p'), ['q', 'q']);
    assert.deepEqual(from('q'), ['p']);
    assert.deepEqual(from('gs://runs/p'), ['q', 'q']);
  });

  const live = (resumedFrom: string) => plannedOf({ id: 'live', state: 'running', resumedFrom });
  const wholeBucket = (words: Omit<PlannedWords, 'id'> = {}) =>
    plannedOf({ id: 'p', artifactUri: 'gs://runs', ...words });
  const bystander = plannedOf({ id: 'x' });

  for (const field of ['id', 'backendId'] as const)
    test(`keeps the place of a job whose ${field} cannot be read, which a name that nobody has may mean`, () => {
      const parent = wholeBucket({ unreadable: [unread(field)] });
      assert.deepEqual(going({ jobs: [parent, live('12345'), bystander] }), []);
      assert.deepEqual(going({ jobs: [parent, live(''), bystander] }), ['x']);
      assert.deepEqual(going({ jobs: [parent, live('q'), plannedOf({ id: 'q' }), bystander] }), ['x']);
      assert.deepEqual(going({ jobs: [parent, live('q/5'), plannedOf({ id: 'q' }), bystander] }), ['x']);
      const deletedBefore = { ...parent, added: { ...parent.added, deletedAt: daysAgo(1) } };
      assert.deepEqual(going({ jobs: [deletedBefore, live('12345'), bystander] }), ['x']);
    });

  test('takes a name that nobody has for that of a job which is gone, as long as all names can be read', () =>
    assert.deepEqual(going({ jobs: [wholeBucket(), live('12345'), bystander] }), ['x']));

  test('keeps every job of an id that several have', () =>
    assert.deepEqual(
      going({
        jobs: [
          plannedOf({ id: 'p', path: 'jobs/1', artifactUri: 'gs://runs/1' }),
          plannedOf({ id: 'p', path: 'jobs/2', artifactUri: 'gs://runs/2' }),
          plannedOf({ id: 'live', state: 'running', resumedFrom: 'p' }),
        ],
      }),
      [],
    ));

  test('keeps nothing for an ended job whose artifacts are deleted, though its own end is young', () =>
    assert.deepEqual(
      going({
        jobs: [
          plannedOf({ id: 'p' }),
          plannedOf({
            id: 'child',
            endedAt: daysAgo(1),
            resumedFrom: 'p',
            added: { deletedAt: daysAgo(1) },
          }),
        ],
      }),
      ['p'],
    ));

  const MARKS = {
    'nothing-there': {
      nothingThere: { at: daysAgo(1), life: { uri: 'gs://runs/link/', endedAt: daysAgo(30) } },
    },
    'deleted-before': { deletedAt: daysAgo(1) },
  } as const;
  for (const [reason, added] of Object.entries(MARKS)) {
    const link = (over: Omit<PlannedWords, 'id'> = {}) =>
      plannedOf({ id: 'link', resumedFrom: 'p', added, ...over });

    for (const resumedFrom of ['link', 'gs://runs/link/step-7'])
      test(`keeps what a ${reason} one began from, while another that resumes from ${resumedFrom} lives`, () =>
        assert.deepEqual(
          reasonsOf({ jobs: [plannedOf({ id: 'p' }), link(), live(resumedFrom), bystander] }),
          {
            link: reason,
            live: 'active',
            p: 'parent',
            x: 'eligible',
          },
        ));

    test(`keeps what a later job wrote at the place of a ${reason} one, while another resumes from it`, () => {
      const jobs = [
        link({ resumedFrom: null }),
        plannedOf({ id: 'again', artifactUri: 'gs://runs/link', endedAt: daysAgo(20) }),
        bystander,
      ];
      assert.deepEqual(going({ jobs: [...jobs, live('link')] }), ['x']);
      assert.deepEqual(going({ jobs }), ['x', 'again']);
    });

    test(`sends children and what a ${reason} one began from in one group`, () => {
      const child = plannedOf({ id: 'child', resumedFrom: 'link' });
      const { groups } = wholePlanOf({ jobs: [plannedOf({ id: 'p' }), link(), child, bystander] });
      assert.deepEqual(groups, [['jobs:jobs/child', 'jobs:jobs/p'], ['jobs:jobs/x']]);
    });
  }

  const PLACELESS = [
    ['without artifacts', { artifactUri: null }],
    ['that names a whole bucket', { artifactUri: 'gs://runs' }],
    ['in a foreign bucket', { artifactUri: 'gs://foreign/a' }],
  ] as const;
  const WANTED = [
    ['is young', { endedAt: daysAgo(1) }],
    ['beat after its end', { heartbeatAt: daysAgo(1) }],
    ['has an end that cannot be read', { endedAt: null, unreadable: [unread('endedAt')] }],
    ['has a heartbeat that cannot be read', { heartbeatAt: null, unreadable: [unread('heartbeatAt')] }],
    ['has no end', { endedAt: null }],
  ] as const;
  for (const [what, place] of PLACELESS) {
    for (const [why, over] of WANTED)
      test(`keeps the parent of an ended job ${what}, which ${why}, and nothing else`, () => {
        const jobs = [
          plannedOf({ id: 'p' }),
          plannedOf({ id: 'other' }),
          plannedOf({ id: 'child', resumedFrom: 'p', ...over, ...place }),
        ];
        assert.deepEqual(going({ jobs }), ['other']);
      });
    for (const state of ['failed', 'completed'] as const)
      test(`keeps nothing for an old ${state} job ${what}`, () =>
        assert.deepEqual(
          going({
            jobs: [plannedOf({ id: 'p' }), plannedOf({ id: 'child', state, resumedFrom: 'p', ...place })],
            policy: { keepSuccesses: what === 'without artifacts' ? 1 : 0 },
          }),
          ['p'],
        ));
  }

  test('ends with cycles: nobody is kept by himself, all by one that is', () => {
    const cycle = ['a', 'b', 'c'].map((id, index) =>
      plannedOf({ id, resumedFrom: ['b', 'c', 'a'][index] as string }),
    );
    assert.equal(going({ jobs: cycle }).length, 3);
    const kept = { jobs: cycle, roots: { protectedPrefixes: [prefixOf('gs://runs/b')] } };
    assert.deepEqual(reasonsOf(kept), { a: 'parent', b: 'protected', c: 'parent' });
    assert.deepEqual(going({ jobs: [plannedOf({ id: 'a', resumedFrom: 'a' })] }), ['a']);
  });

  test('keeps what overlaps a parent, and the parents of that', () =>
    assert.deepEqual(
      reasonsOf({
        jobs: [
          plannedOf({ id: 'live', state: 'running', resumedFrom: 'p' }),
          plannedOf({ id: 'p', artifactUri: 'gs://runs/shared/p' }),
          plannedOf({ id: 'q', artifactUri: 'gs://runs/shared', resumedFrom: 'r' }),
          plannedOf({ id: 'r' }),
          plannedOf({ id: 's', resumedFrom: 'r' }),
        ],
      }),
      { live: 'active', p: 'parent', q: 'overlap', r: 'parent', s: 'eligible' },
    ));
});

describe('planCleanup() of prefixes that overlap', () => {
  const at = (id: string, artifactUri: string, over: Omit<PlannedWords, 'id'> = {}) =>
    plannedOf({ id, artifactUri, ...over });

  for (const live of [
    'gs://runs/a',
    'gs://runs/a/b',
    'gs://runs/a/b/c',
    'gs://runs',
    'gs://runs/a/../z',
    'gs://runs/z/../../y',
    'gs://runs/*',
  ])
    test(`a live job at ${live} keeps what it may reach`, () =>
      assert.deepEqual(
        reasonsOf({ jobs: [at('x', 'gs://runs/a/b/'), at('live', live, { state: 'running' })] }),
        { live: 'active', x: 'overlap' },
      ));

  for (const live of ['gs://runs/a/b0', 'gs://runs/a/c', 'gs://more', 's3://more/z', null])
    test(`a live job at ${live} keeps nothing else`, () =>
      assert.deepEqual(
        going({
          jobs: [at('x', 'gs://runs/a/b/'), plannedOf({ id: 'live', artifactUri: live, state: 'running' })],
        }),
        ['x'],
      ));

  test('a live job in a bucket that is not allowed keeps its parents', () =>
    assert.deepEqual(
      going({
        jobs: [plannedOf({ id: 'p' }), at('live', 'gs://foreign', { state: 'running', resumedFrom: 'p' })],
      }),
      [],
    ));

  test('run-1 is not run-10', () =>
    assert.deepEqual(
      going({
        jobs: [at('run-1', 'gs://runs/run-1'), at('run-10', 'gs://runs/run-10', { endedAt: daysAgo(1) })],
      }),
      ['run-1'],
    ));

  test('two jobs with one prefix go together or not at all', () => {
    const jobs = [at('first', 'gs://runs/out'), at('second', 'gs://runs/out/')];
    assert.deepEqual(going({ jobs }), ['first', 'second']);
    const again = [...jobs, at('third', 'gs://runs/out', { endedAt: daysAgo(1) })];
    assert.deepEqual(reasonsOf({ jobs: again }), { first: 'overlap', second: 'overlap', third: 'young' });
  });

  for (const [what, over] of [
    ['that is deleted', { added: { deletedAt: daysAgo(1) } }],
    ['that names a whole bucket', { artifactUri: 'gs://runs' }],
  ] as const)
    test(`an ended job ${what} keeps nothing`, () =>
      assert.deepEqual(
        going({
          jobs: [at('x', 'gs://runs/a/b'), at('old', 'gs://runs/a', { endedAt: daysAgo(1), ...over })],
        }),
        ['x'],
      ));

  test('tells of a neighbour the job that holds both', () => {
    const world = {
      jobs: [
        at('sweep', 'gs://runs/sweep'),
        at('trial-1', 'gs://runs/sweep/1', { state: 'running' }),
        at('trial-2', 'gs://runs/sweep/2'),
      ],
    };
    const words = (uri: string, job: string) =>
      `it overlaps the artifacts in ${uri} of jobs:jobs/${job}, which stays`;
    assert.equal(because(world, 'sweep'), words('gs://runs/sweep/1/', 'trial-1'));
    assert.equal(because(world, 'trial-2'), words('gs://runs/sweep/', 'sweep'));
  });

  test('what only overlaps one that goes goes too', () =>
    assert.deepEqual(
      going({ jobs: [at('in', 'gs://runs/a/b'), at('out', 'gs://runs/a', { endedAt: daysAgo(40) })] }),
      ['out', 'in'],
    ));
});

describe('planCleanup() with sources that are only observed', () => {
  const observed = (words: PlannedWords) => plannedOf({ source: 'seen', enforced: false, ...words });

  test('decides for them as for others', () => {
    const [decision] = planOf({ jobs: [observed({ id: 'x' })] });
    assert.deepEqual([decision?.decision, decision?.enforced], ['delete', false]);
  });

  test('deletes nothing that their artifacts share or that their jobs resume from, since these stay', () =>
    assert.deepEqual(
      reasonsOf({
        jobs: [
          observed({ id: 'seen', artifactUri: 'gs://runs/a', resumedFrom: 'gs://runs/parent' }),
          plannedOf({ id: 'in', artifactUri: 'gs://runs/a/b' }),
          observed({ id: 'child', resumedFrom: 'gs://runs/parent' }),
          plannedOf({ id: 'parent', resumedFrom: 'grandparent' }),
          plannedOf({ id: 'grandparent' }),
        ],
      }),
      { seen: 'overlap', in: 'overlap', child: 'eligible', parent: 'parent', grandparent: 'parent' },
    ));
});
