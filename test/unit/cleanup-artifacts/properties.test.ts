import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Kept, PlannedJob, Roots } from '../../../functions/cleanup-artifacts/decision.ts';
import { planCleanup } from '../../../functions/cleanup-artifacts/plan.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import type { Decision } from '../../../functions/shared/model/cleanup.ts';
import { isUnreadable, type Unreadable } from '../../../functions/shared/model/job.ts';
import type { ArtifactPolicy } from '../../../functions/shared/model/policy.ts';
import { daysAgo, NOW, plannedOf, policyOf, prefixOf } from '../../support/cleanup.ts';
import { oracle, touching } from '../../support/cleanup-oracle.ts';
import { unread } from '../../support/jobs.ts';
import { sized } from '../../support/soak.ts';

const NUM_RUNS = sized(500, 2_000);
const SEED = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${SEED} (repeat with NIGHTSHIFT_SEED=${SEED}), ${NUM_RUNS} worlds a property`);

const MOST_JOBS = 14;

/** `usual` so many times as often as `unusual`. */
function often<T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>, times: number): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: times }, { arbitrary: unusual, weight: 1 });
}

function rarely<T>(value: fc.Arbitrary<T>, times = 15): fc.Arbitrary<T | null> {
  return often<T | null>(fc.constant(null), value, times);
}

const segment = fc.constantFrom('a', 'b', 'c', 'd', 'run-1', 'run-10', 'run-1 ', 'é', '%2F');
const folder = fc
  .tuple(
    often(fc.constant('runs'), fc.constantFrom('more', 'foreign'), 4),
    often(fc.array(segment, { minLength: 2, maxLength: 4 }), fc.array(segment, { maxLength: 1 }), 8),
  )
  .map(([bucket, segments]) => ['gs:/', bucket, ...segments].join('/'));
const uri = fc.tuple(folder, fc.constantFrom('', '/')).map((parts) => parts.join(''));
const spoilt = fc
  .tuple(
    fc.constantFrom('', 's3://runs/a', 'runs/a', 'gs://', 'gs://RUNS/a', 'gs://runs', 'gs://runs/a'),
    uri,
  )
  .chain(([odd, good]) => fc.constantFrom(odd, `${good}//x`, `${good}/../b`, `${good}/*`, `${good}/./b`));
const anyUri = often(uri, spoilt, 12);

/** Long ago most of the time; else about the ages that matter, to the millisecond. */
const end = often(
  fc.integer({ min: 15, max: 40 }).map(daysAgo),
  fc
    .tuple(fc.constantFrom(0, 7, 14), fc.constantFrom(-SECOND_MS, -1, 0, 1, SECOND_MS))
    .map(([days, off]) => new Date(daysAgo(days).getTime() + off)),
  8,
);
const moment = fc.constantFrom(daysAgo(1), NOW, daysAgo(-1));

const state = often(
  fc.constantFrom<PlannedJob['state']>('completed', 'failed', 'cancelled'),
  fc.constantFrom<PlannedJob['state']>('running', 'queued', 'unknown'),
  12,
);

const job = fc
  .record({
    source: fc.constantFrom('jobs', 'jobs', 'jobs', 'etl'),
    project: fc.constantFrom('alpha', 'beta'),
    model: fc.constantFrom('', 'resnet'),
    state,
    artifactUri: often<string | null>(anyUri, fc.constant(null), 15),
    startedAt: rarely(end, 6),
    endedAt: often<Date | null>(end, fc.constant(null), 15),
    registeredModel: rarely(fc.constant('resnet@3')),
    keepUntil: rarely(moment, 6),
    resumedFrom: rarely(
      fc.oneof(
        fc.integer({ min: 0, max: MOST_JOBS }).map((index) => `job-${index}`),
        anyUri,
      ),
      1,
    ),
    added: fc.record({
      endInferred: fc.boolean(),
      tombstone: rarely(fc.constant({ planId: 'plan', runId: 'run' })),
      deletedAt: rarely(fc.constant(daysAgo(1))),
    }),
    unreadable: often<Unreadable[]>(
      fc.constant([]),
      fc.constantFrom([unread('keepUntil')], [unread('endedAt')]),
      20,
    ),
  })
  .map((over) => ({ ...over, ...(isUnreadable(over, 'endedAt') && { endedAt: null }) }));

const root = often(
  uri,
  folder.map((it) => `${it}/model.pkl`),
  5,
).map(prefixOf);
const model = fc.record({ prefix: root, by: fc.constantFrom('registry', 'vertex') });
const pin = fc.record({
  prefix: root,
  keepUntil: fc.option(moment),
  owner: fc.constantFrom('ada', 'undo'),
  reason: fc.constantFrom('the paper', 'put back'),
});
const roots: fc.Arbitrary<Roots> = fc.record({
  models: fc.array(model, { maxLength: 1 }),
  pins: fc.array(pin, { maxLength: 1 }),
  protectedPrefixes: fc.array(root, { maxLength: 1 }),
});

const policy = fc
  .record({
    keepSuccesses: fc.constantFrom(0, 1, 3),
    buckets: fc.constantFrom<string[]>(['runs', 'more'], ['runs']),
    jobsPerPlan: fc.constant(MOST_JOBS * 2),
  })
  .map((over) => policyOf(over));

interface World {
  jobs: PlannedJob[];
  roots: Roots;
  policy: ArtifactPolicy;
}

const world: fc.Arbitrary<World> = fc
  .record({
    jobs: fc.array(job, { minLength: 6, maxLength: MOST_JOBS, size: 'max' }),
    observed: often<string | null>(fc.constant(null), fc.constantFrom('etl', 'jobs'), 3),
    roots,
    policy,
  })
  .map(({ observed, jobs, ...rest }) => ({
    ...rest,
    jobs: jobs.map((over, index) =>
      plannedOf({ ...over, id: `job-${index}`, enforced: over.source !== observed }),
    ),
  }));

function plan({ jobs, roots, policy }: World, found?: ReadonlyMap<string, Kept>): Decision[] {
  return planCleanup(jobs, roots, policy, NOW, found);
}

function deleted(decisions: readonly Decision[]): string[] {
  return decisions.filter(({ decision }) => decision === 'delete').map(({ job }) => job);
}

function always<T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, predicate), { seed: SEED, numRuns: NUM_RUNS });
}

describe('planCleanup() in any world', () => {
  test('deletes what a naive reading of the design deletes, and nothing else', () => {
    const seen = { deletions: 0, parents: 0, overlaps: 0 };
    always(world, (given) => {
      const decisions = plan(given);
      const { deletable, staying } = oracle(given.jobs, given.roots, given.policy, NOW);
      assert.deepEqual(deleted(decisions).toSorted(), [...deletable].toSorted());
      for (const { decision, uri, enforced, job } of decisions) {
        if (decision === 'keep' || !enforced) continue;
        const lost = staying.filter((it) => touching(it, uri as string));
        assert.deepEqual(lost, [], `${job} holds what must stay`);
      }
      seen.deletions += deletable.size;
      seen.parents += decisions.filter(({ reason }) => reason === 'parent').length;
      seen.overlaps += decisions.filter(({ reason }) => reason === 'overlap').length;
    });
    // Worlds in which nothing happens would prove nothing.
    for (const [what, times] of Object.entries(seen)) assert.ok(times > NUM_RUNS / 10, `${times} ${what}`);
  });

  test('decides on every job once', () =>
    always(world, (given) =>
      assert.deepEqual(
        plan(given)
          .map((it) => it.job)
          .toSorted(),
        given.jobs.map(({ name }) => name).toSorted(),
      ),
    ));

  test('says the same, to the word, in whatever order jobs and roots come', () =>
    always(
      world.chain(({ jobs, roots, policy }) =>
        fc.record({
          given: fc.constant({ jobs, roots: twice(roots), policy }),
          jobs: fc.shuffledSubarray(jobs, { minLength: jobs.length }),
        }),
      ),
      ({ given, jobs }) => {
        const { models, pins, protectedPrefixes } = given.roots;
        const shuffled = {
          models: models.toReversed(),
          pins: pins.toReversed(),
          protectedPrefixes: protectedPrefixes.toReversed(),
        };
        assert.deepEqual(plan({ ...given, jobs, roots: shuffled }), plan(given));
      },
    ));

  test('never deletes more for another root, another live job or another finding', () =>
    always(
      fc.record({ given: world, model, pin, prefix: root, job, which: fc.nat({ max: MOST_JOBS - 1 }) }),
      ({ given, model, pin, prefix, job, which }) => {
        const before = new Set(deleted(plan(given)));
        const { models, pins, protectedPrefixes } = given.roots;
        const live = plannedOf({ ...job, id: 'live', state: 'running' });
        for (const after of [
          plan({ ...given, roots: { ...given.roots, models: [...models, model] } }),
          plan({ ...given, roots: { ...given.roots, pins: [...pins, pin] } }),
          plan({ ...given, roots: { ...given.roots, protectedPrefixes: [...protectedPrefixes, prefix] } }),
          plan({ ...given, jobs: [...given.jobs, live] }),
          plan(given, new Map([[`jobs:jobs/job-${which}`, { reason: 'held', because: 'a hold' }]])),
        ])
          assert.deepEqual(
            deleted(after).filter((it) => !before.has(it)),
            [],
          );
      },
    ));

  test('leaves for later only what nothing that goes touches, and goes on the next time', () =>
    always(fc.record({ given: world, jobsPerPlan: fc.integer({ min: 1, max: 4 }) }), (it) => {
      const all = deleted(plan(it.given));
      const decisions = plan({ ...it.given, policy: { ...it.given.policy, jobsPerPlan: it.jobsPerPlan } });
      const later = decisions.filter(({ reason }) => reason === 'later');
      const going = decisions.filter(({ decision }) => decision === 'delete');
      assert.deepEqual([...going, ...later].map(({ job }) => job).toSorted(), all.toSorted());
      assert.equal(going.length === 0, all.length === 0, 'every plan gets on');
      for (const one of going)
        assert.ok(!later.some(({ uri }) => touching(`${uri}`, `${one.uri}`)), `${one.job} goes too early`);
      for (const enforced of [true, false]) {
        const mine = going.filter((one) => one.enforced === enforced);
        const apart = mine.some((one) => !mine.every(({ uri }) => touching(`${uri}`, `${one.uri}`)));
        if (mine.length > it.jobsPerPlan)
          assert.ok(!apart || sameFamily(mine), 'only a whole family is more');
      }
    }));
});

/** Two jobs of a family need not touch, but one of the family holds both. */
function sameFamily(decisions: readonly Decision[]): boolean {
  return decisions.some((top) => decisions.every(({ uri }) => uri?.startsWith(`${top.uri}`)));
}

/** Roots that name the same prefix for several reasons. */
function twice({ models, pins, protectedPrefixes }: Roots): Roots {
  return {
    models: models.flatMap((it) => [it, { ...it, by: 'another' }]),
    pins: pins.flatMap((it) => [it, { ...it, owner: 'eve' }, { ...it, keepUntil: daysAgo(-9) }]),
    protectedPrefixes,
  };
}
