import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Finding, PlannedJob, Roots } from '../../../functions/cleanup-artifacts/plan/decision.ts';
import { type Plan, planCleanup } from '../../../functions/cleanup-artifacts/plan/plan.ts';
import type { Decision } from '../../../functions/shared/model/cleanup/cleanup.ts';
import type { ArtifactPolicy } from '../../../functions/shared/model/cleanup/policy.ts';
import { daysAgo, modelOf, NOW, pinOf, policyOf } from '../../support/cleanup.ts';
import { oracle, type TruePlace, touching } from '../../support/cleanup-oracle.ts';
import {
  garbage,
  MOST_JOBS,
  nonsense,
  often,
  readIn,
  rootsIn,
  type World,
  type WorldOptions,
  worldOf,
} from '../../support/cleanup-worlds.ts';
import { sized } from '../../support/soak.ts';

const NUM_RUNS = sized(80, 2_000);
const GARBAGE_RUNS = sized(120, 10_000);
const SEED = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${SEED} (repeat with NIGHTSHIFT_SEED=${SEED}), ${NUM_RUNS} worlds a property`);

const policies = fc
  .record({
    keepSuccesses: fc.constantFrom(0, 1, 3),
    buckets: fc.constantFrom<string[]>(['runs', 'more'], ['runs']),
    jobsPerPlan: fc.constant(MOST_JOBS * 2),
  })
  .map((over) => policyOf(over));

interface Given {
  world: World;
  policy: ArtifactPolicy;
}
const given = (options: WorldOptions): fc.Arbitrary<Given> =>
  fc.record({ world: worldOf(options), policy: policies });
const clean = given({});
const odd = given({ odd: 'opaque' });
const any = often(clean, odd, 1);

/** What a plan is made from. */
interface Read {
  jobs: readonly PlannedJob[];
  roots: Roots;
  policy: ArtifactPolicy;
  found?: ReadonlyMap<string, Finding>;
}

function readAll({ world, policy }: Given): Read {
  return { jobs: world.jobs.map(readIn), roots: rootsIn(world), policy };
}

function plan({ jobs, roots, policy, found = new Map() }: Read): Plan {
  return planCleanup(jobs, { roots, policy, now: NOW, found });
}

function deleted({ decisions }: Plan): string[] {
  return decisions.filter(({ decision }) => decision === 'delete').map(({ job }) => job);
}

/** Whether a guard holds the plan for a root that nobody can read. */
function waits({ oddRoots }: Plan): boolean {
  return oddRoots.some(({ key }) => key !== null);
}

/** Jobs whose deletion would take what must stay. */
function wrong(it: Plan, { world, policy }: Given): string[] {
  const { deletable, staying } = oracle(world.jobs, world.roots, policy, NOW);
  const lost = (place: TruePlace) => staying.some((kept) => touching(kept, place));
  return deleted(it).filter((name) => {
    const job = world.jobs.find((each) => each.name === name);
    return !deletable.has(name) || (job?.enforced && job.place !== null && lost(job.place));
  });
}

function always<T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void, numRuns = NUM_RUNS): void {
  fc.assert(fc.property(arbitrary, predicate), { seed: SEED, numRuns });
}

describe('planCleanup() in any world', () => {
  test('deletes what a naive reading of the design deletes, and nothing else', () => {
    const seen = { deletions: 0, parents: 0, overlaps: 0 };
    always(clean, (it) => {
      const made = plan(readAll(it));
      const { deletable } = oracle(it.world.jobs, it.world.roots, it.policy, NOW);
      assert.deepEqual(deleted(made).toSorted(), [...deletable].toSorted());
      assert.deepEqual(wrong(made, it), []);
      seen.deletions += deletable.size;
      seen.parents += made.decisions.filter(({ reason }) => reason === 'parent').length;
      seen.overlaps += made.decisions.filter(({ reason }) => reason === 'overlap').length;
    });
    // Worlds in which nothing happens would prove nothing.
    for (const [what, times] of Object.entries(seen)) assert.ok(times > NUM_RUNS / 20, `${times} ${what}`);
  });

  test('deletes nothing wanted where some records say what nobody can take at its word, or waits', () => {
    const seen = { deletions: 0, waiting: 0, vague: 0 };
    always(odd, (it) => {
      const made = plan(readAll(it));
      if (waits(made)) seen.waiting += 1;
      else {
        assert.deepEqual(wrong(made, it), []);
        seen.deletions += deleted(made).length;
      }
      seen.vague += made.oddRoots.filter(({ key }) => key === null).length;
    });
    for (const [what, times] of Object.entries(seen)) assert.ok(times > NUM_RUNS / 20, `${times} ${what}`);
  });

  test('decides on every job once', () =>
    always(any, (it) => {
      const decided = plan(readAll(it)).decisions.map(({ job }) => job);
      assert.deepEqual(decided.toSorted(), it.world.jobs.map(({ name }) => name).toSorted());
    }));

  test('says the same, to the word, in whatever order jobs and roots come', () =>
    always(
      any.chain((it) => {
        const { jobs, roots, policy } = readAll(it);
        return fc.record({
          read: fc.constant({ jobs, roots: twice(roots), policy }),
          jobs: fc.shuffledSubarray([...jobs], { minLength: jobs.length }),
        });
      }),
      ({ read, jobs }) => {
        const { models, pins, protectedPrefixes } = read.roots;
        const shuffled = {
          models: models.toReversed(),
          pins: pins.toReversed(),
          protectedPrefixes: protectedPrefixes.toReversed(),
        };
        const { decisions } = plan(read);
        assert.deepEqual(plan({ ...read, jobs, roots: shuffled }).decisions, decisions);
      },
    ));

  test('never deletes more for another root, another live job or another finding', () =>
    always(
      fc.record({ it: any, other: any, which: fc.nat({ max: MOST_JOBS - 1 }) }),
      ({ it, other, which }) => {
        const read = readAll(it);
        const before = new Set(deleted(plan(read)));
        const { models, pins, protectedPrefixes } = read.roots;
        const [stranger] = other.world.jobs.map(readIn);
        const [place] = other.world.jobs.flatMap((job) => job.place ?? []);
        assert.ok(stranger);
        const uri = place ? `gs://${place.bucket}/${place.path}` : 'gs://runs/a/';
        const live: PlannedJob = {
          ...stranger,
          id: 'live',
          name: 'jobs:jobs/live',
          source: 'jobs',
          path: 'jobs/live',
          state: 'running',
        };
        const held: Finding = { kept: { reason: 'held', because: 'a hold' }, isEmpty: false };
        for (const after of [
          { ...read, roots: { ...read.roots, models: [...models, modelOf(uri)] } },
          { ...read, roots: { ...read.roots, pins: [...pins, pinOf(uri)] } },
          {
            ...read,
            roots: { ...read.roots, protectedPrefixes: [...protectedPrefixes, ...(place ? [place] : [])] },
          },
          { ...read, jobs: [...read.jobs, live] },
          { ...read, found: new Map([[`jobs:jobs/job-${which}`, held]]) },
        ])
          assert.deepEqual(
            deleted(plan(after)).filter((name) => !before.has(name)),
            [],
          );
      },
    ));

  test('leaves for later only what nothing that goes touches, and goes on the next time', () =>
    always(fc.record({ it: any, jobsPerPlan: fc.integer({ min: 1, max: 4 }) }), ({ it, jobsPerPlan }) => {
      const read = readAll(it);
      const all = deleted(plan(read));
      const { decisions, groups } = plan({ ...read, policy: { ...it.policy, jobsPerPlan } });
      const later = decisions.filter(({ reason }) => reason === 'later');
      const going = decisions.filter(({ decision }) => decision === 'delete');
      assert.deepEqual([...going, ...later].map(({ job }) => job).toSorted(), all.toSorted());
      assert.deepEqual(groups.flat().toSorted(), going.map(({ job }) => job).toSorted());
      assert.equal(going.length === 0, all.length === 0, 'every plan gets on');
      for (const one of going)
        assert.ok(!later.some((other) => besides(it.world, one, other)), `${one.job} goes too early`);
      for (const enforced of [true, false]) {
        const mine = going.filter((one) => one.enforced === enforced);
        const apart = mine.some((one) => !mine.every((other) => besides(it.world, one, other)));
        if (mine.length > jobsPerPlan)
          assert.ok(!apart || sameFamily(it.world, mine), 'only a whole family is more');
      }
    }));
});

describe('planCleanup() of records that nobody can read', () => {
  const FIELDS = [
    'status',
    'startedAt',
    'endedAt',
    'heartbeatAt',
    'keepUntil',
    'id',
    'backendId',
    'artifactUri',
    'resumedFrom',
  ];

  test('never throws, deletes nothing wanted for it, and names the field or waits', () => {
    const seen = new Map<string, number>();
    always(
      fc.record({
        it: clean,
        field: fc.constantFrom(...FIELDS),
        which: fc.nat({ max: MOST_JOBS - 1 }),
        value: garbage,
      }),
      ({ it, field, which, value }) => {
        const index = which % it.world.jobs.length;
        const jobs = it.world.jobs.map((job, at) => {
          if (at !== index) return job;
          const state = field === 'status' ? ('unknown' as const) : job.state;
          const isParents = field === 'resumedFrom';
          const lost = isParents ? { parents: [], parentPlaces: [] } : {};
          const placeless = field === 'artifactUri' ? { place: null } : {};
          const isUnreadable = field !== 'status' && field !== 'artifactUri';
          return {
            ...job,
            state,
            isUnreadable,
            ...lost,
            ...placeless,
            record: { ...job.record, [field]: value },
          };
        });
        const changed = { ...it, world: { ...it.world, jobs } };
        const made = plan(readAll(changed));
        const { name } = jobs[index] as (typeof jobs)[0];
        assert.ok(!deleted(made).includes(name), `${name} goes`);
        if (!waits(made)) assert.deepEqual(wrong(made, changed), []);
        const line = made.decisions.find(({ job }) => job === name);
        const isNamed =
          line?.because.includes(`${field} cannot be read`) ||
          (field === 'status' && line?.reason === 'unknown-status') ||
          (field === 'artifactUri' && line?.reason === 'bad-uri') ||
          made.oddRoots.some(({ by }) => by === `${name} ${field}`);
        // Of a job that lives, and of one that is gone, nothing else decides.
        const decides =
          ['status', 'artifactUri', 'resumedFrom'].includes(field) || line?.reason === 'unreadable';
        if (decides && line?.reason !== 'deleted-before') {
          const needs = !(
            field === 'resumedFrom' &&
            ['no-artifact', 'bad-uri', 'foreign-bucket'].includes(`${line?.reason}`)
          );
          if (needs) assert.ok(isNamed, `${name} ${field} ${JSON.stringify(line)}`);
        }
        seen.set(field, (seen.get(field) ?? 0) + 1);
      },
      GARBAGE_RUNS,
    );
    for (const field of FIELDS) assert.ok(seen.has(field), field);
  });

  test('a root that is no place and no name holds every plan, and is named', () =>
    always(
      fc.record({ it: clean, value: fc.oneof(garbage, nonsense), isPin: fc.boolean() }),
      ({ it, value, isPin }) => {
        const read = readAll(it);
        const said =
          typeof value === 'string'
            ? ({ is: 'read', value } as const)
            : ({ is: 'unreadable', why: 'a map' } as const);
        const roots = isPin
          ? { ...read.roots, pins: [{ said, keepUntil: null, owner: 'eve', reason: 'x' }] }
          : { ...read.roots, models: [{ said, by: 'the odd one' }] };
        const made = plan({ ...read, roots });
        assert.ok(waits(made));
        assert.ok(made.oddRoots.some(({ by }) => by === (isPin ? 'a pin of eve' : 'the odd one')));
      },
      GARBAGE_RUNS,
    ));
});

function placeOf(world: World, { job }: Decision): TruePlace {
  const place = world.jobs.find(({ name }) => name === job)?.place;
  assert.ok(place, job);
  return place;
}

function besides(world: World, one: Decision, other: Decision): boolean {
  return touching(placeOf(world, one), placeOf(world, other));
}

/** Two jobs of a family need not touch, but one of the family holds both. */
function sameFamily(world: World, decisions: readonly Decision[]): boolean {
  return decisions.some((top) =>
    decisions.every((it) => placeOf(world, it).path.startsWith(placeOf(world, top).path)),
  );
}

/** Roots that name the same place for several reasons. */
function twice({ models, pins, protectedPrefixes }: Roots): Roots {
  return {
    models: models.flatMap((it) => [it, { ...it, by: 'another' }]),
    pins: pins.flatMap((it) => [it, { ...it, owner: 'eve' }, { ...it, keepUntil: daysAgo(-9) }]),
    protectedPrefixes,
  };
}
