import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Root, Roots } from '../../../functions/cleanup-artifacts/decision.ts';
import { artifactRecord, artifactSource, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import {
  daysAgo,
  modelOf,
  NOW,
  type PlannedWords,
  pinOf,
  plannedOf,
  policyOf,
} from '../../support/cleanup.ts';
import { oracle } from '../../support/cleanup-oracle.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { sized } from '../../support/soak.ts';

/** Worlds that share a database and a run, each in a bucket of its own. */
const TOGETHER = sized(15, 25);
const BATCHES = sized(1, 80);
const SEED = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const BUCKETS = Array.from({ length: TOGETHER }, (_, index) => `world${String.fromCharCode(97 + index)}`);
const POLICY = {
  ...NO_GUARDS,
  buckets: BUCKETS,
  keepSuccesses: 1,
  models: [{ collection: 'models', artifactUri: 'uri' }],
};
const MOST_JOBS = 9;

function seldom<T>(value: fc.Arbitrary<T>, times = 9): fc.Arbitrary<T | null> {
  return fc.oneof({ arbitrary: fc.constant(null), weight: times }, { arbitrary: value, weight: 1 });
}

/** Folders in and beside each other. */
const path = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'run-1', 'run-10', 'run-100', 'é😀', '%2F', 'A'),
    fc.array(fc.constantFrom('x', 'y', 'run-1'), { maxLength: 2 }),
  )
  .map(([first, rest]) => [first, ...rest]);
const slash = fc.constantFrom('', '/');
const end = fc.oneof(
  { arbitrary: fc.integer({ min: 8, max: 40 }).map(daysAgo), weight: 8 },
  { arbitrary: fc.constantFrom(daysAgo(1), daysAgo(7), daysAgo(13), daysAgo(-1), null), weight: 1 },
);
const status = fc.constantFrom('completed', 'failed', 'failed', 'failed', 'cancelled');

const job = fc.record({
  source: fc.constantFrom('jobs', 'jobs', 'jobs', 'jobs', 'etl'),
  project: fc.constantFrom('alpha', 'beta'),
  status: fc.oneof(
    { arbitrary: status, weight: 12 },
    { arbitrary: fc.constantFrom('running', 'queued', 'weird'), weight: 1 },
  ),
  path,
  slash,
  spoilt: seldom(fc.constantFrom('/../a', '//a', '/*'), 19),
  endedAt: end,
  registeredModel: seldom(fc.constant('resnet@3'), 19),
  keepUntil: seldom(fc.constantFrom(daysAgo(1), daysAgo(-1)), 14),
  from: seldom(
    fc.oneof(
      fc.integer({ min: 0, max: MOST_JOBS - 1 }),
      fc.tuple(path, slash).map(([some, last]) => some.join('/') + last),
    ),
    2,
  ),
  endInferred: fc.integer({ min: 0, max: 9 }).map((it) => it === 0),
  tombstone: seldom(fc.constant({ planId: 'plan', runId: 'run' }), 14),
  deletedAt: seldom(fc.constant(daysAgo(2)), 14),
});

const world = fc.record({
  jobs: fc.array(job, { minLength: 2, maxLength: MOST_JOBS }),
  models: fc.array(fc.tuple(path, fc.constantFrom('', '/', '/model.pkl')), { maxLength: 1 }),
  pins: fc.array(fc.tuple(path, fc.constantFrom(null, daysAgo(1), daysAgo(-1))), { maxLength: 1 }),
  strays: fc.array(path, { maxLength: 4 }),
});
type Generated = typeof world extends fc.Arbitrary<infer W> ? W : never;

/** A world in the bucket `at`: as the oracle sees it, as the records are, and the objects. */
function placed({ jobs, models, pins, strays }: Generated, at: string) {
  const uri = (some: string) => `gs://${at}/${some}`;
  const words: PlannedWords[] = [];
  const records: { source: string; id: string; data: Record<string, unknown> }[] = [];
  for (const [index, it] of jobs.entries()) {
    const { source, endedAt, registeredModel, keepUntil, endInferred, tombstone, deletedAt } = it;
    const id = `${at}-${index}`;
    const artifactUri = uri(it.path.join('/')) + (it.spoilt ?? it.slash);
    const resumedFrom =
      typeof it.from === 'number' ? `${at}-${it.from}` : it.from === null ? null : uri(it.from);
    const own = {
      project: `${at}-${it.project}`,
      status: it.status,
      registeredModel,
      keepUntil,
      resumedFrom,
    };
    const added = { endInferred, tombstone, deletedAt };
    const state = it.status === 'weird' ? 'unknown' : (it.status as 'completed');
    words.push({ id, source, ...own, state, endedAt, artifactUri, added });
    const data = { ...own, endedAt, startedAt: null, artifactUri, nightshift: added };
    records.push({ source, id, data });
  }
  const paths = [...jobs.map((it) => it.path), ...strays];
  return {
    words,
    records,
    models: models.map(([some, last]) => uri(some.join('/')) + last),
    pins: pins.map(([some, keepUntil]) => ({ uri: `${uri(some.join('/'))}/`, keepUntil })),
    objects: paths.flatMap((some) =>
      ['x', 'run-1', 'y/z'].map((name) => ({ bucket: at, name: `${some.join('/')}/${name}` })),
    ),
  };
}

async function check(t: TestContext, generated: readonly Generated[]): Promise<[gone: number, live: number]> {
  const sources = { jobs: artifactSource(), etl: artifactSource({ collection: 'etl', mode: 'observe' }) };
  const tested = await cleaner(t, { policy: POLICY, sources });
  const { db, collections, live } = tested;
  const worlds = generated.map((each, index) => placed(each, BUCKETS[index] as string));
  for (const source of ['jobs', 'etl']) {
    const own = worlds.flatMap(({ records }) => records.filter((it) => it.source === source));
    await writeDocuments(
      db,
      source,
      own.map(({ id, data }) => [id, artifactRecord(id, data)] as const),
    );
  }
  const models = worlds.flatMap((it) => it.models);
  await writeDocuments(
    db,
    'models',
    models.map((uri, index) => [`m${index}`, { uri }] as const),
  );
  const about = { owner: 'ada', reason: 'the paper', createdAt: NOW };
  const pins = worlds.flatMap((it) => it.pins).map((pin, index) => ({ id: `p${index}`, ...pin, ...about }));
  await writeDocuments(
    db,
    collections.artifactPins.id,
    pins.map((pin) => [pin.id, pin] as const),
  );
  const objects = new Set<string>();
  for (const bucket of BUCKETS) tested.world.addBucket({ name: bucket });
  for (const { bucket, name } of worlds.flatMap((it) => it.objects)) {
    if (!objects.has(`gs://${bucket}/${name}`)) tested.put([name], { bucket, createdAt: daysAgo(60) });
    objects.add(`gs://${bucket}/${name}`);
  }

  await tested.approve();
  const { outcome, problems } = await tested.deliver();
  assert.notEqual(outcome, 'failed', JSON.stringify(problems));

  const jobs = worlds
    .flatMap(({ words }) => words)
    .map((it) => plannedOf({ ...it, enforced: it.source === 'jobs' }));
  const roots: Roots = {
    models: models.map((uri): Root => modelOf(uri)),
    pins: pins.map(({ uri, keepUntil }) => pinOf(uri, keepUntil)),
    protectedPrefixes: [],
  };
  const { deletable, staying } = oracle(jobs, roots, policyOf({ buckets: BUCKETS, keepSuccesses: 1 }), NOW);
  const going = jobs
    .filter(({ name, enforced }) => enforced && deletable.has(name))
    .map(({ artifactUri }) => {
      return artifactUri?.endsWith('/') ? artifactUri : `${artifactUri}/`;
    });
  const left = new Set(BUCKETS.flatMap((bucket) => live(bucket).map((name) => `gs://${bucket}/${name}`)));
  for (const name of objects) {
    const below = (uri: string) => name.startsWith(uri);
    const stays = staying.find(below);
    const goes = going.find(below);
    assert.ok(!stays || left.has(name), `${name} is gone, which ${stays} keeps`);
    assert.equal(left.has(name), goes === undefined, `${name}: ${goes ?? 'nothing'} takes it`);
  }
  return [objects.size - left.size, left.size];
}

test(`of ${TOGETHER * BATCHES} worlds nothing below a kept prefix is gone, and all that may go is`, async (t) => {
  t.diagnostic(`seed ${SEED} (repeat with NIGHTSHIFT_SEED=${SEED})`);
  let [gone, live] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(world, { minLength: TOGETHER, maxLength: TOGETHER }), async (worlds) => {
      await t.test('together', async (inner) => {
        const counts = await check(inner, worlds);
        gone += counts[0];
        live += counts[1];
      });
    }),
    { seed: SEED, numRuns: BATCHES, endOnFailure: true },
  );
  t.diagnostic(`${gone} objects gone, ${live} kept`);
  assert.ok(gone > TOGETHER && live > TOGETHER);
});
