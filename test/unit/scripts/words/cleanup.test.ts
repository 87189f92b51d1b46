import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { KEEP_REASONS } from '../../../../functions/shared/model/cleanup/cleanup.ts';
import { answerInWords } from '../../../../scripts/words/answer.ts';
import { keptInWords, reasonInWords } from '../../../../scripts/words/keep.ts';

const PLAN = 'plan-b46d1e9f-5bca-4158-ad21-c9f46598007c';
const RUN = 'cleanup-artifacts@manual-1';
const NOTHING = {
  deletedJobs: 0,
  objectsDeleted: 0,
  bytesDeleted: 0,
  bytesPendingSoftDelete: 0,
  bytesFree: 0,
  observedJobs: 0,
  changedSincePlan: 0,
  keptAfterAll: [],
  held: 0,
  failed: 0,
  remaining: 0,
  pendingUntil: null,
  oldestEligibleAgeDays: null,
  badUris: [],
  tripped: [],
  documentsRead: 18,
  pace: { runs: { rate: 1000, halvings: 0 } },
};
const PLANNED = {
  ...NOTHING,
  planId: PLAN,
  planStatus: 'applying',
  considered: 17,
  eligibleJobs: 4,
  keptJobs: 13,
  objectsPlanned: 132,
  bytesPlanned: 10_380_902,
  keptByReason: { active: 2, 'registered-model': 3, young: 8 },
};
const DELETED = {
  ...PLANNED,
  deletedJobs: 4,
  objectsDeleted: 132,
  bytesDeleted: 10_380_902,
  bytesPendingSoftDelete: 10_380_902,
  pendingUntil: '2026-11-29T09:37:49.343Z',
};
const KEPT = '      Kept        13 of 17 jobs: 8 young, 3 registered models, 2 active';

/** The lines of an answer of cleanup-artifacts as it comes over the wire, without its headline and colours. */
function words(summary: object, more: object = {}): string[] {
  const answer = { task: 'cleanup-artifacts', runId: RUN, outcome: 'succeeded', durationMs: 1_200 };
  const told = JSON.parse(JSON.stringify({ ...answer, summary, problems: [], ...more }));
  return answerInWords(told).slice(1).map(stripVTControlCharacters);
}

describe('the answer of cleanup-artifacts in words', () => {
  test('tells what was deleted, until when it can be had back, and how', () =>
    assert.deepEqual(words(DELETED), [
      '    artifacts of 4 jobs deleted: 132 objects, 9.9 MiB',
      '      Planned     artifacts of 4 jobs: 132 objects, 9.9 MiB',
      '      Soft delete 9.9 MiB can be brought back until 2026-11-29, 0 B is free',
      KEPT,
      `      Undo it     npm run -s ops -- cleanup undo ${RUN}`,
    ]));

  test('says that what a bucket without soft delete lost is gone', () =>
    assert.ok(
      words({ ...DELETED, bytesPendingSoftDelete: 0, bytesFree: 10_380_902 }).includes(
        '      Soft delete off: nothing of it can be brought back',
      ),
    ));

  test('tells of a plan that waits which guards hold it and the commands that go on, each on one line', () => {
    const tripped = [
      { guard: 'share-of-jobs', words: '40 of the 60 ended jobs with artifacts, over 50 %' },
      { guard: 'new-policy', words: 'no plan was approved yet' },
    ];
    const problems = [{ path: 'plan', message: 'Nothing was deleted, the plan waits, and so on' }];
    assert.deepEqual(
      words({ ...PLANNED, planStatus: 'waiting', tripped }, { outcome: 'partial', problems }),
      [
        '    the plan waits for approval, nothing of it was deleted',
        '      Planned     artifacts of 4 jobs: 132 objects, 9.9 MiB',
        KEPT,
        '      Guards      40 of the 60 ended jobs with artifacts, over 50 %',
        '                  no plan was approved yet',
        `      See it      npm run -s ops -- cleanup plans ${PLAN}`,
        `      Approve it  npm run -s ops -- cleanup approve ${PLAN}`,
      ],
    );
  });

  test('tells of a dry run what would go, and how to do it', () =>
    assert.deepEqual(words({ ...PLANNED, planStatus: 'proposed' }, { dryRun: true }), [
      '    would delete artifacts of 4 jobs: 132 objects, 9.9 MiB',
      KEPT,
      `      See it      npm run -s ops -- cleanup plans ${PLAN}`,
      `      Apply it    npm run -s ops -- cleanup apply ${PLAN}`,
    ]));

  test('tells all that went another way than planned, harmlessly, and its problems', () => {
    const lines = words(
      {
        ...DELETED,
        deletedJobs: 1,
        objectsDeleted: 30,
        observedJobs: 1,
        changedSincePlan: 1,
        held: 2,
        failed: 3,
        remaining: 2,
        oldestEligibleAgeDays: 32.71,
        badUris: [{ job: 'jobs:jobs/a', because: 'its URI cannot\u001b[2J be used' }],
        keptAfterAll: ['b', 'c', 'd', 'e'].map((id) => ({ job: id, because: 'it is pinned now' })),
        pace: { runs: { rate: 250, halvings: 2 } },
      },
      { outcome: 'partial', problems: [{ path: 'jobs:jobs/f', message: 'HTTP 503' }] },
    );
    assert.deepEqual(lines.slice(4), [
      '      Observed    1 job, of which nothing is deleted',
      '      Bad URIs    jobs:jobs/a: its URI cannot be used',
      '      Kept late   b: it is pinned now',
      '                  c: it is pinned now',
      '                  d: it is pinned now',
      '                  and 1 more',
      '      Changed     1 object newer than the plan stay',
      '      Held        2 objects under a hold or a retention policy stay',
      '      Failed      3 objects',
      '      Left        2 jobs, with which the next run goes on',
      '      Pace        runs slowed down 2 times, to 250 objects/s',
      '      Oldest      eligible for 32.7 days',
      `      Undo it     npm run -s ops -- cleanup undo ${RUN}`,
      '    ! jobs:jobs/f: HTTP 503',
    ]);
  });

  test('names the roots that cannot be taken at their word, and what is kept for them', () => {
    const oddRoots = [
      { by: 'jobs:jobs/a resumedFrom', why: '"models:/x/1" names no place', keeps: [], key: 'models:/x/1' },
      { by: 'jobs:jobs/b artifactUri', why: 'it has a wildcard', keeps: ['gs://runs/b/'], key: null },
    ];
    const text = words({ ...PLANNED, eligibleJobs: 0, oddRoots })
      .join(' ')
      .replaceAll(/ +/g, ' ');
    assert.match(
      text,
      /Odd roots jobs:jobs\/a resumedFrom: "models:\/x\/1" names no place; nobody knows what it keeps/,
    );
    assert.match(text, /jobs:jobs\/b artifactUri: it has a wildcard; keeps gs:\/\/runs\/b\//);
  });

  test('says of a plan that was applied that it is done, and how to undo its runs', () =>
    assert.deepEqual(
      words({
        planId: PLAN,
        planStatus: 'applied',
        alreadyAppliedAt: '2026-11-22T09:37:49.343Z',
        runs: [RUN],
        deletedJobs: 0,
        objectsDeleted: 0,
      }),
      [
        `    ${PLAN} was applied on 2026-11-22: nothing is left to do of it`,
        `      Undo it     npm run -s ops -- cleanup undo ${RUN}`,
      ],
    ));

  test('says so when there is nothing to delete', () =>
    assert.deepEqual(words({ ...PLANNED, eligibleJobs: 0, objectsPlanned: 0, bytesPlanned: 0 }), [
      '    nothing to delete',
      KEPT,
    ]));

  test('tells keys that nothing here has heard of', () =>
    assert.equal(words({ ...PLANNED, eligibleJobs: 0, bucketsSwept: 3 }).at(-1), '    buckets swept: 3'));
});

describe('the answer of an undo in words', () => {
  const UNDONE = {
    undo: RUN,
    jobs: 4,
    objects: 132,
    restored: 132,
    newerKept: 0,
    outsideWindow: 0,
    failed: 0,
  };

  test('proves by count what came back', () =>
    assert.deepEqual(words(UNDONE), [
      `    132 of 132 objects of 4 jobs came back, which ${RUN} had deleted`,
      '      Pinned      4 jobs, so that no later run deletes them again soon',
    ]));

  test('tells what did not, and why', () =>
    assert.deepEqual(
      words({ ...UNDONE, restored: 100, newerKept: 2, outsideWindow: 29, failed: 1 }).slice(1, -1),
      [
        '      Newer       2 objects stand there again already, and stay',
        "      Too late    29 objects are beyond soft delete's time",
        '      Failed      1 object',
      ],
    ));
});

describe('reasons to keep', () => {
  test('all have words, for one job and for several', () => {
    for (const reason of KEEP_REASONS)
      for (const count of [1, 2]) assert.match(reasonInWords(reason, count), /^[a-zA-Z ]+$/, reason);
    assert.deepEqual(
      [1, 2].map((count) => reasonInWords('newest-success', count)),
      ['newest success', 'newest successes'],
    );
  });

  test('are told with the commonest first, also one that nothing here has heard of', () =>
    assert.equal(
      keptInWords({ held: 1, later: 1_200, fullMoon: 2 }),
      '1,200 left to a later plan, 2 full moon, 1 on hold',
    ));
});
