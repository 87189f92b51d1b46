import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, SECOND_MS } from '../../../functions/shared/dates.ts';
import {
  because,
  daysAgo,
  going,
  modelOf,
  NOW,
  type PlannedWords,
  pinOf,
  plannedOf,
  planOf,
  prefixOf,
  reasonsOf,
  tombstoneOf,
  type World,
} from '../../support/cleanup.ts';
import { unread } from '../../support/jobs.ts';

/** The reason told for a job alone in the world. */
function reasonOf(words: Omit<PlannedWords, 'id'>, rest: Omit<World, 'jobs'> = {}): string | undefined {
  return reasonsOf({ jobs: [plannedOf({ id: 'x', ...words })], ...rest }).x;
}

const later = (ms: number) => addMs(NOW, ms);

describe('planCleanup() for a job by itself', () => {
  test('deletes what ended long ago', () => assert.equal(reasonOf({}), 'eligible'));

  test('deletes nothing unless a bucket is allowed', () =>
    assert.equal(reasonOf({}, { policy: { buckets: [] } }), 'foreign-bucket'));

  for (const [reason, words] of [
    ['active', { state: 'queued' }],
    ['active', { state: 'running' }],
    ['active', { state: 'running', artifactUri: null }],
    ['active', { state: 'running', added: { deletedAt: daysAgo(1) } }],
    ['unknown-status', { state: 'unknown' }],
    ['unknown-status', { state: 'unknown', artifactUri: 's3://x' }],
    ['no-artifact', { artifactUri: null }],
    ['no-artifact', { artifactUri: '' }],
    ['bad-uri', { artifactUri: 'gs://runs' }],
    ['bad-uri', { artifactUri: 'gs://runs/' }],
    ['bad-uri', { artifactUri: 'gs://foreign' }],
    ['bad-uri', { artifactUri: 's3://runs/a/' }],
    ['bad-uri', { artifactUri: 'runs/a' }],
    ['bad-uri', { artifactUri: 'gs://runs/a/../b' }],
    ['bad-uri', { artifactUri: 'gs://runs/*' }],
    ['foreign-bucket', { artifactUri: 'gs://runs-2/a' }],
    ['deleted-before', { artifactUri: 'gs://foreign/a', added: { deletedAt: daysAgo(1) } }],
    ['deleted-before', { added: { deletedAt: daysAgo(1) } }],
    ['no-end', { added: { deletedAt: daysAgo(1) }, endedAt: null }],
    ['no-end', { endedAt: null }],
    ['unreadable', { endedAt: null, unreadable: [unread('endedAt')] }],
    ['no-end', { endedAt: null, startedAt: daysAgo(30) }],
    ['future-end', { endedAt: later(1) }],
    ['future-end', { endedAt: later(SECOND_MS), keepUntil: daysAgo(-1) }],
    ['future-end', { startedAt: later(SECOND_MS) }],
    ['young', { endedAt: NOW }],
    ['young', { endedAt: addMs(daysAgo(7), 1) }],
    ['eligible', { endedAt: daysAgo(7) }],
    ['young', { endedAt: daysAgo(7), added: { endInferred: true } }],
    ['young', { endedAt: addMs(daysAgo(14), 1), added: { endInferred: true } }],
    ['eligible', { endedAt: daysAgo(14), added: { endInferred: true } }],
    ['young', { endedAt: daysAgo(30), startedAt: daysAgo(6) }],
    ['young', { endReceivedAt: daysAgo(6) }],
    ['eligible', { endReceivedAt: daysAgo(7) }],
    ['young', { endReceivedAt: daysAgo(13), added: { endInferred: true } }],
    ['young', { endedAt: daysAgo(6), endReceivedAt: daysAgo(20) }],
    ['unreadable', { unreadable: [unread('report')] }],
    ['young', { endedAt: daysAgo(1), registeredModel: 'resnet@3' }],
    ['registered-model', { registeredModel: 'resnet@3', keepUntil: daysAgo(-1) }],
    ['pinned', { keepUntil: later(1) }],
    ['eligible', { keepUntil: NOW }],
    ['unreadable', { unreadable: [unread('keepUntil')] }],
    ['newest-success', { state: 'completed' }],
    ['eligible', { state: 'cancelled' }],
    ['eligible', { added: { tombstone: tombstoneOf() } }],
  ] as const)
    test(`says ${reason} of ${JSON.stringify(words)}`, () =>
      assert.equal(
        reasonOf({ ...words, unreadable: [...(('unreadable' in words && words.unreadable) || [])] }),
        reason,
      ));

  test('tells why in words', () => {
    const tell = (words: Omit<PlannedWords, 'id'>) =>
      because({ jobs: [plannedOf({ id: 'x', ...words })] }, 'x');
    assert.equal(tell({ state: 'unknown', status: 'DONE?' }), 'nobody mapped its status "DONE?"');
    assert.equal(tell({ artifactUri: 'gs://runs' }), 'its URI cannot be used: it names a whole bucket');
    assert.equal(tell({ endedAt: daysAgo(5) }), 'kept until 2026-04-02: younger than 7 days');
    assert.equal(
      tell({ endedAt: daysAgo(5), added: { endInferred: true } }),
      'kept until 2026-04-09: younger than 14 days, twice the age as its end is inferred',
    );
    assert.equal(
      tell({ endReceivedAt: daysAgo(5) }),
      'kept until 2026-04-02: younger than 7 days, from when its end was reported, 2026-03-26',
    );
    assert.equal(
      tell({ unreadable: [unread('keepUntil')] }),
      'its keepUntil cannot be read: "?" is not what was expected',
    );
    assert.equal(tell({ state: 'completed' }), 'the newest success of alpha, resnet');
    assert.equal(tell({}), 'ended on 2026-03-01, and no rule keeps it');
  });

  test('shows of a URI that it can read the one form, and of another what is written', () => {
    const uriOf = (artifactUri: string) => planOf({ jobs: [plannedOf({ id: 'x', artifactUri })] })[0]?.uri;
    assert.equal(uriOf('gs://runs/a'), 'gs://runs/a/');
    assert.equal(uriOf('gs://runs/a/../b'), 'gs://runs/a/../b');
  });

  for (const [days, endInferred, reason] of [
    [0.5, false, 'eligible'],
    [30, false, 'eligible'],
    [30.1, false, 'young'],
    [15.1, true, 'young'],
  ] as const)
    test(`goes by a minimum age of ${days} days, inferred: ${endInferred}`, () =>
      assert.equal(reasonOf({ added: { endInferred } }, { policy: { minimumAgeDays: days } }), reason));
});

describe('planCleanup() with roots', () => {
  for (const [uri, reason] of [
    ['gs://runs/x/', 'registered-model'],
    ['gs://runs/x', 'registered-model'],
    ['gs://runs/x/export/model.pkl', 'registered-model'],
    ['gs://runs', 'registered-model'],
    ['gs://runs/x0/', 'eligible'],
    ['gs://runs/X/', 'eligible'],
    ['gs://more/x/', 'eligible'],
  ] as const)
    test(`a model at ${uri}: ${reason}`, () =>
      assert.equal(reasonOf({}, { roots: { models: [modelOf(uri)] } }), reason));

  for (const [keepUntil, reason] of [
    [null, 'pinned'],
    [later(1), 'pinned'],
    [NOW, 'eligible'],
    [daysAgo(1), 'eligible'],
  ] as const)
    test(`a pin until ${keepUntil?.toISOString() ?? 'ever'}: ${reason}`, () =>
      assert.equal(reasonOf({}, { roots: { pins: [pinOf('gs://runs/x/best/', keepUntil)] } }), reason));

  test('a pin that lasts counts beside a nearer one that has ended', () =>
    assert.equal(
      reasonOf({}, { roots: { pins: [pinOf('gs://runs/x', daysAgo(1)), pinOf('gs://runs', daysAgo(-1))] } }),
      'pinned',
    ));

  for (const [what, roots, gone] of [
    ['a pin', { pins: [pinOf('p')] }, []],
    ['a pin that has ended', { pins: [pinOf('p', daysAgo(1))] }, ['x']],
    ['a registry', { models: [modelOf('p')] }, []],
    ['nobody', {}, ['x']],
  ] as const)
    test(`what a job has that ${what} names by its id stays, a whole bucket, too`, () => {
      const jobs = [plannedOf({ id: 'p', artifactUri: 'gs://runs' }), plannedOf({ id: 'x' })];
      assert.deepEqual(going({ jobs, roots }), gone);
    });

  test('a protected prefix keeps what is in it and what holds it', () =>
    assert.deepEqual(
      reasonsOf({
        jobs: ['gs://runs/a', 'gs://runs/a/b/c', 'gs://runs/a2'].map((artifactUri, index) =>
          plannedOf({ id: `${index}`, artifactUri }),
        ),
        roots: { protectedPrefixes: [prefixOf('gs://runs/a/b')] },
      }),
      { 0: 'protected', 1: 'protected', 2: 'eligible' },
    ));

  test('what a root inside one job keeps, keeps its neighbours through the job that holds both', () => {
    const world = {
      jobs: [
        plannedOf({ id: 'sweep', artifactUri: 'gs://runs/sweep' }),
        plannedOf({ id: 'trial-1', artifactUri: 'gs://runs/sweep/1' }),
        plannedOf({ id: 'trial-2', artifactUri: 'gs://runs/sweep/2' }),
      ],
      roots: { models: [modelOf('gs://runs/sweep/1/model.pkl', 'Vertex model resnet@3')] },
    };
    assert.deepEqual(reasonsOf(world), {
      sweep: 'registered-model',
      'trial-1': 'registered-model',
      'trial-2': 'overlap',
    });
    assert.equal(because(world, 'trial-1'), 'Vertex model resnet@3 names gs://runs/sweep/1/model.pkl/');
    assert.equal(
      because(world, 'trial-2'),
      'it overlaps the artifacts in gs://runs/sweep/ of jobs:jobs/sweep, which stays',
    );
  });
});

describe('planCleanup() of successes', () => {
  const success = (id: string, days: number, over: Omit<PlannedWords, 'id'> = {}) =>
    plannedOf({ id, state: 'completed', endedAt: daysAgo(days), ...over });
  const five = [10, 20, 30, 40, 50].map((days) => success(`d${days}`, days));

  for (const [keepSuccesses, gone] of [
    [0, ['d50', 'd40', 'd30', 'd20', 'd10']],
    [1, ['d50', 'd40', 'd30', 'd20']],
    [3, ['d50', 'd40']],
    [5, []],
  ] as const)
    test(`keeps the newest ${keepSuccesses}`, () =>
      assert.deepEqual(going({ jobs: five, policy: { keepSuccesses } }), gone));

  test('keeps one of every source, project and model, named or not', () => {
    const jobs = [
      success('old', 40),
      success('new', 20),
      success('other-project', 40, { project: 'beta' }),
      success('other-model', 40, { model: 'bert' }),
      success('no-model', 40, { model: '' }),
      success('no-project', 40, { project: 'none' }),
      success('other-source', 40, { source: 'more' }),
    ];
    assert.deepEqual(going({ jobs }), ['old']);
  });

  test('of those that ended together keeps all', () =>
    assert.deepEqual(going({ jobs: [success('a', 20), success('b', 20), success('c', 21)] }), ['c']));

  for (const [what, over] of [
    ['has no artifacts', { artifactUri: null }],
    ['has an unusable URI', { artifactUri: 'gs://runs' }],
    ['lies in a foreign bucket', { artifactUri: 'gs://foreign/a' }],
    ['is deleted', { added: { deletedAt: daysAgo(1) } }],
    ['is being deleted', { added: { tombstone: tombstoneOf() } }],
    ['has no end', { endedAt: null }],
    ['ends in the future', { endedAt: later(SECOND_MS) }],
    ['failed', { state: 'failed' }],
  ] as const)
    test(`does not count one that ${what}`, () =>
      assert.equal(
        reasonsOf({ jobs: [success('old', 40), success('new', 20, over)] }).old,
        'newest-success',
      ));

  test('goes by the later of end and start', () =>
    assert.deepEqual(going({ jobs: [success('a', 50, { startedAt: daysAgo(20) }), success('b', 30)] }), [
      'b',
    ]));
});

describe('planCleanup() after a listing', () => {
  test('keeps what was found, and all that is kept for its sake', () => {
    const jobs = [plannedOf({ id: 'p' }), plannedOf({ id: 'x', resumedFrom: 'p' }), plannedOf({ id: 'y' })];
    const found = new Map([
      ['jobs:jobs/x', { reason: 'written-after-end' as const, because: 'gs://runs/x/late is newer' }],
      ['jobs:jobs/none', { reason: 'held' as const, because: 'a hold' }],
    ]);
    assert.deepEqual(reasonsOf({ jobs, found }), { p: 'parent', x: 'written-after-end', y: 'eligible' });
    assert.equal(because({ jobs, found }, 'x'), 'gs://runs/x/late is newer');
  });

  test('keeps nothing for the sake of a job of which nothing is there, unless something else keeps that', () => {
    const found = new Map([
      ['jobs:jobs/x', { reason: 'nothing-there' as const, because: 'nothing lies there' }],
    ]);
    const world = (over: Omit<PlannedWords, 'id'>) => ({
      jobs: [plannedOf({ id: 'p' }), plannedOf({ id: 'x', resumedFrom: 'p', ...over })],
      found,
    });
    assert.deepEqual(reasonsOf(world({})), { p: 'eligible', x: 'nothing-there' });
    assert.deepEqual(reasonsOf(world({ keepUntil: later(1) })), { p: 'parent', x: 'pinned' });
    const child = plannedOf({ id: 'z', state: 'running', resumedFrom: 'x' });
    const reasons = reasonsOf({ jobs: [...world({}).jobs, child], found });
    assert.deepEqual(reasons, { p: 'parent', x: 'nothing-there', z: 'active' });
  });

  test('lets the next in line move up', () => {
    const jobs = [plannedOf({ id: 'old', endedAt: daysAgo(50) }), plannedOf({ id: 'new' })];
    const found = new Map([['jobs:jobs/old', { reason: 'held' as const, because: 'a hold' }]]);
    assert.deepEqual(going({ jobs, policy: { jobsPerPlan: 1 } }), ['old']);
    assert.deepEqual(going({ jobs, policy: { jobsPerPlan: 1 }, found }), ['new']);
  });
});

describe('planCleanup() of more than a plan may delete', () => {
  const old = (id: string, days: number, artifactUri = `gs://runs/${id}`) =>
    plannedOf({ id, endedAt: daysAgo(days), artifactUri });

  test('takes the oldest, and leaves the rest for later', () => {
    const jobs = [old('b', 30), old('a', 20), old('c', 40), old('d', 30)];
    assert.deepEqual(going({ jobs }), ['c', 'b', 'd', 'a']);
    const world = { jobs, policy: { jobsPerPlan: 3 } };
    assert.deepEqual(reasonsOf(world), { a: 'later', b: 'eligible', c: 'eligible', d: 'eligible' });
    assert.equal(because(world, 'a'), 'a plan deletes at most 3 jobs');
  });

  test('never takes a job whose prefix holds or shares one that waits', () => {
    const jobs = [
      old('a', 50),
      old('out', 40, 'gs://runs/out'),
      old('in', 20, 'gs://runs/out/in'),
      old('b', 30),
    ];
    assert.deepEqual(going({ jobs, policy: { jobsPerPlan: 2 } }), ['a']);
    assert.deepEqual(going({ jobs, policy: { jobsPerPlan: 3 } }), ['a', 'out', 'in']);
  });

  test('takes a family that is larger than that alone, for else it would never go', () => {
    const jobs = [old('out', 40, 'gs://runs/out'), old('in', 20, 'gs://runs/out/in'), old('b', 30)];
    assert.deepEqual(going({ jobs, policy: { jobsPerPlan: 1 } }), ['out', 'in']);
  });

  test('counts what is only observed by itself', () => {
    const seen = { ...old('seen', 60), enforced: false, source: 'seen' };
    assert.deepEqual(going({ jobs: [seen, old('a', 50), old('b', 40)], policy: { jobsPerPlan: 1 } }), [
      'seen',
      'a',
    ]);
  });
});

describe('the nearest rule that kept a deletion', () => {
  const nearest = (world: World) => {
    const found = planOf(world).find(({ id }) => id === 'x');
    return [found?.nearest, found?.eligibleSince?.toISOString().slice(0, 10)];
  };
  const x = (over: Omit<PlannedWords, 'id'> = {}) => plannedOf({ id: 'x', ...over });

  test('is the age, when nothing else ever did', () =>
    assert.deepEqual(nearest({ jobs: [x()] }), ['kept until 2026-03-08: younger than 7 days', '2026-03-08']));

  test('is its own hold, when that lasted longer', () =>
    assert.deepEqual(nearest({ jobs: [x({ keepUntil: daysAgo(2) })] }), [
      'kept until 2026-03-29: its record says so',
      '2026-03-29',
    ]));

  test('is a pin, when that lasted longest', () =>
    assert.deepEqual(
      nearest({
        jobs: [x({ keepUntil: daysAgo(4) })],
        roots: { pins: [pinOf('gs://runs/x', daysAgo(3)), pinOf('gs://runs/x', daysAgo(5))] },
      }),
      ['kept until 2026-03-28: ada pinned gs://runs/x/: the paper', '2026-03-28'],
    ));

  test('is the success that came after it', () => {
    const newer = [10, 12, 15].map((days) =>
      plannedOf({ id: `d${days}`, state: 'completed', endedAt: daysAgo(days) }),
    );
    const jobs = [x({ state: 'completed' }), ...newer];
    assert.deepEqual(nearest({ jobs }), [
      'kept until 2026-03-16: the newest success of alpha, resnet',
      '2026-03-16',
    ]);
    assert.deepEqual(nearest({ jobs, policy: { keepSuccesses: 2 } }), [
      'kept until 2026-03-19: one of the 2 newest successes of alpha, resnet',
      '2026-03-19',
    ]);
    assert.deepEqual(nearest({ jobs, policy: { keepSuccesses: 0 } })[1], '2026-03-08');
  });

  test('is told of no job that stays', () =>
    assert.deepEqual(nearest({ jobs: [x({ endedAt: daysAgo(1) })] }), [null, undefined]));
});
