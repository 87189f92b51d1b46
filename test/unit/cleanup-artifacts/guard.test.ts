import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type GuardInput,
  guardsTripped,
  type Measured,
  rootCountsAfter,
} from '../../../functions/cleanup-artifacts/plan/guard.ts';
import { daysAgo, type PlannedWords, plannedOf, planOf, policyOf } from '../../support/cleanup.ts';

/** Failed jobs of a project, `kept` of which are held by their records. */
function failed(
  project: string,
  count: number,
  kept: number,
  over: Omit<PlannedWords, 'id'> = {},
): PlannedWords[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${project}-${index}`,
    project,
    ...(index < kept && { registeredModel: 'resnet@3' }),
    ...over,
  }));
}

/** A plan of these jobs, with 10 objects of 100 bytes for each that goes, under an approved policy. */
function inputOf(words: readonly PlannedWords[], over: Partial<GuardInput> = {}): GuardInput {
  const decisions = planOf({ jobs: words.map(plannedOf), policy: { keepSuccesses: 0 } });
  const deletes = decisions
    .filter(({ decision }) => decision === 'delete')
    .map((it): Measured => ({ ...it, objects: 10, bytes: 100 }));
  return {
    deletes,
    decisions,
    policyHash: 'one',
    approvedPolicyHash: 'one',
    rootCounts: {},
    appliedRootCounts: null,
    unreadableRoots: [],
    ...over,
  };
}

const ONE: PlannedWords[] = [{ id: 'x' }];

function words(input: GuardInput, guards: Partial<ReturnType<typeof policyOf>['guards']> = {}): string[] {
  const policy = policyOf();
  const tripped = guardsTripped(input, { ...policy, guards: { ...policy.guards, ...guards } });
  return tripped.map(({ guard, words }) => `${guard}: ${words}`);
}

describe('guardsTripped()', () => {
  test('lets a small plan of a known policy pass', () => assert.deepEqual(words(inputOf(ONE)), []));

  test('counts objects and bytes of all deletions', () => {
    const three = inputOf(failed('alpha', 3, 0));
    assert.deepEqual(words(three, { objects: 30, bytes: 300 }), []);
    assert.deepEqual(words(three, { objects: 29, bytes: 299 }), [
      'objects: 30 objects, over 29',
      'bytes: 300 bytes, over 299',
    ]);
  });

  test('holds more than half of all, from 20 jobs up', () => {
    const projects = (count: number, kept: number) =>
      ['a', 'b', 'c', 'd', 'e'].flatMap((project) => failed(project, count, kept));
    assert.deepEqual(words(inputOf([...projects(4, 2)])), []);
    assert.deepEqual(words(inputOf([...projects(4, 2), { id: 'x' }])), [
      'share-of-jobs: 11 of the 21 ended jobs with artifacts, over 50 %',
    ]);
    assert.deepEqual(words(inputOf(projects(3, 0))), []);
    assert.deepEqual(words(inputOf([...projects(4, 2), { id: 'x' }]), { shareOfJobs: 0.6 }), []);
  });

  test('holds more than 80 % of a project, from 10 jobs up', () => {
    const rest = failed('rest', 30, 30);
    assert.deepEqual(words(inputOf([...rest, ...failed('alpha', 10, 2)])), []);
    assert.deepEqual(words(inputOf([...rest, ...failed('alpha', 10, 1)])), [
      'share-of-project: 9 of the 10 ended jobs of project alpha with artifacts, over 80 %',
    ]);
    assert.deepEqual(words(inputOf([...rest, ...failed('alpha', 9, 0)])), []);
  });

  for (const [what, over] of [
    ['live', { state: 'running', artifactUri: null }],
    ['without artifacts', { artifactUri: null }],
    ['with an unusable URI', { artifactUri: 'gs://runs', registeredModel: null }],
    ['in a foreign bucket', { artifactUri: 'gs://foreign/a' }],
    ['deleted before', { added: { deletedAt: daysAgo(1) } }],
    ['of a source that is only observed', { enforced: false, source: 'seen' }],
  ] as const)
    test(`takes no comfort from jobs that are ${what}`, () => {
      const others = failed('alpha', 50, 50, over).map((it) => ({ ...it, id: `other-${it.id}` }));
      assert.deepEqual(
        words(inputOf([...others, ...failed('alpha', 20, 0)])).map((line) => line.split(':')[0]),
        ['share-of-jobs', 'share-of-project'],
      );
    });

  test("holds a project's last success", () => {
    const success = { id: 's', state: 'completed' } as const;
    const line = 'last-success: no success of project alpha would have artifacts any more';
    assert.deepEqual(words(inputOf([success])), [line]);
    assert.deepEqual(words(inputOf([success, { ...success, id: 't' }])), [line]);
    assert.deepEqual(
      words(inputOf([success, { ...success, id: 'u', project: 'beta', registeredModel: 'x' }])),
      [line],
    );
    assert.deepEqual(words(inputOf([success, { ...success, id: 'v', registeredModel: 'x' }])), []);
    assert.deepEqual(words(inputOf([success, { ...success, id: 'w', artifactUri: null }])), [line]);
    assert.deepEqual(
      words(inputOf([success, { ...success, id: 'seen', source: 'seen', enforced: false }])),
      [],
    );
  });

  for (const [before, now, line] of [
    [1, 0, 'roots-gone: models has no entry any more, after 1'],
    [100, 0, 'roots-gone: models has no entry any more, after 100'],
    [0, 0, undefined],
    [4, 1, undefined],
    [5, 4, undefined],
    [5, 3, 'roots-shrunk: models has 3 entries, after 5'],
    [35, 28, undefined],
    [35, 27, 'roots-shrunk: models has 27 entries, after 35'],
    [5, 50, undefined],
  ] as const)
    test(`roots from ${before} to ${now}: ${line ?? 'passes'}`, () => {
      const counts = { rootCounts: { models: now, pins: 1 }, appliedRootCounts: { models: before } };
      assert.deepEqual(words(inputOf(ONE, counts)), line ? [line] : []);
    });

  test('takes roots that nobody reads any more for gone, whatever they are called', () =>
    assert.deepEqual(words(inputOf(ONE, { rootCounts: {}, appliedRootCounts: { constructor: 2 } })), [
      'roots-gone: constructor has no entry any more, after 2',
    ]));

  test('are lowered by no night in which nothing was judged', () => {
    const counts = {
      rootCounts: { models: 1, pins: 3 },
      appliedRootCounts: { models: 6, pins: 2, vertex: 4 },
    };
    assert.deepEqual(rootCountsAfter(inputOf(ONE, counts)), { models: 1, pins: 3 });
    for (const quiet of [[], [{ id: 'x', enforced: false }]])
      assert.deepEqual(rootCountsAfter(inputOf(quiet, counts)), { models: 6, pins: 3, vertex: 4 });
    assert.deepEqual(rootCountsAfter(inputOf([], { ...counts, appliedRootCounts: null })), counts.rootCounts);
  });

  test('holds the first plan of a policy, and of a changed one', () => {
    assert.deepEqual(words(inputOf(ONE, { approvedPolicyHash: null })), [
      'new-policy: no plan was approved yet',
    ]);
    assert.deepEqual(words(inputOf(ONE, { approvedPolicyHash: 'two' })), [
      'new-policy: the policy, or how a source is read, has changed since a plan was last approved',
    ]);
  });

  test('has nothing against a plan that deletes nothing', () => {
    const bad = { approvedPolicyHash: null, rootCounts: {}, appliedRootCounts: { models: 9 } };
    assert.deepEqual(words(inputOf([], bad)), []);
    assert.deepEqual(words(inputOf([{ id: 'x', enforced: false }], bad)), []);
  });

  test('names every guard at once', () =>
    assert.deepEqual(
      words(
        inputOf([...failed('alpha', 20, 0), { id: 's', state: 'completed' }], {
          approvedPolicyHash: null,
          appliedRootCounts: { models: 9 },
        }),
        { objects: 1, bytes: 1 },
      ).map((line) => line.split(':')[0]),
      ['objects', 'bytes', 'share-of-jobs', 'share-of-project', 'last-success', 'roots-gone', 'new-policy'],
    ));
});
