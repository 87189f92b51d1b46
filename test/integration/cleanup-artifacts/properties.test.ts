import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo, NOW, policyOf } from '../../support/cleanup.ts';
import { oracle, type TruePlace } from '../../support/cleanup-oracle.ts';
import { WORLD_SOURCES, type World, type WorldOptions, worldOf } from '../../support/cleanup-worlds.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { sized } from '../../support/soak.ts';

/** Worlds that share a database and a run, each in buckets of its own. */
const TOGETHER = sized(10, 25);
/** Of each kind: those in which every text is clear, and those in which some are not. */
const BATCHES = sized(1, 40);
const SEED = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const TAGS = Array.from({ length: TOGETHER }, (_, index) => String.fromCharCode(97 + index));
const CLEANED = TAGS.flatMap((tag) => [`runs${tag}`, `more${tag}`]);
const POLICY = {
  ...NO_GUARDS,
  buckets: CLEANED,
  keepSuccesses: 1,
  models: [{ collection: 'models', artifactUri: 'uri' }],
};
/** `etl` is only observed. */
const SOURCES = {
  ...WORLD_SOURCES,
  etl: { ...WORLD_SOURCES.etl, mode: 'observe' as const },
} as typeof WORLD_SOURCES;

const together = (options: WorldOptions) =>
  fc.tuple(...TAGS.map((tag) => worldOf({ ...options, tag, observed: 'etl' })));

/** Lets a run loose on the worlds, and holds what is left against the oracle. Resolves to how many objects went and stayed. */
async function check(t: TestContext, worlds: readonly World[], isExact: boolean): Promise<[number, number]> {
  const tested = await cleaner(t, { policy: POLICY, sources: SOURCES });
  const { db, collections, live } = tested;
  const jobs = worlds.flatMap((world) => world.jobs);
  for (const source of Object.keys(SOURCES)) {
    const own = jobs.filter((job) => job.source === source);
    await writeDocuments(
      db,
      source,
      own.map(({ name, record }) => [name.slice(name.lastIndexOf('/') + 1), record] as const),
    );
  }
  const roots = worlds.flatMap((world) => world.roots);
  const models = roots.filter(({ isPin }) => !isPin);
  await writeDocuments(
    db,
    'models',
    models.map(({ said }, index) => [`m${index}`, { uri: said }] as const),
  );
  const about = { owner: 'ada', reason: 'the paper', createdAt: NOW };
  await writeDocuments(
    db,
    collections.artifactPins.id,
    roots
      .filter(({ isPin }) => isPin)
      .map(
        ({ said, until }, index) =>
          [`p${index}`, { id: `p${index}`, uri: said, keepUntil: until, ...about }] as const,
      ),
  );
  for (const bucket of [...CLEANED, ...TAGS.map((tag) => `foreign${tag}`)])
    tested.world.addBucket({ name: bucket });
  const objects = new Map<string, { bucket: string; name: string }>();
  const places = [...jobs.flatMap(({ place }) => place ?? []), ...roots.map(({ place }) => place)];
  for (const { bucket, path } of places)
    for (const name of ['x', 'run-1', 'y/z'])
      objects.set(`${bucket}/${path}${name}`, { bucket, name: path + name });
  for (const { bucket, name } of objects.values()) tested.put([name], { bucket, createdAt: daysAgo(60) });

  const { outcome, problems } = await tested.approved();
  assert.notEqual(outcome, 'failed', JSON.stringify(problems));

  const policy = policyOf({ buckets: CLEANED, keepSuccesses: 1 });
  const verdicts = worlds.map((world) => oracle(world.jobs, world.roots, policy, NOW));
  const staying = verdicts.flatMap((verdict) => verdict.staying);
  const going = worlds.flatMap((world, index) =>
    world.jobs.flatMap(({ name, enforced, place }) =>
      enforced && place && verdicts[index]?.deletable.has(name) ? [place] : [],
    ),
  );
  const buckets = new Set([...objects.values()].map(({ bucket }) => bucket));
  const left = new Set([...buckets].flatMap((bucket) => live(bucket).map((name) => `${bucket}/${name}`)));
  for (const [id, { bucket, name }] of objects) {
    const holds = (place: TruePlace) => place.bucket === bucket && name.startsWith(place.path);
    const kept = staying.find(holds);
    assert.ok(!kept || left.has(id), `${id} is gone, which ${kept?.path} keeps`);
    const goes = going.some(holds);
    assert.ok(goes || left.has(id), `${id} is gone, and nothing takes it`);
    if (isExact) assert.equal(left.has(id), !goes, id);
  }
  return [objects.size - left.size, left.size];
}

for (const [what, options] of [
  ['clear', {}],
  ['odd', { odd: 'vague' }],
] as const)
  test(`of ${TOGETHER * BATCHES} worlds whose spellings are ${what} nothing that must stay is gone`, async (t) => {
    t.diagnostic(`seed ${SEED} (repeat with NIGHTSHIFT_SEED=${SEED})`);
    let [gone, kept] = [0, 0];
    await fc.assert(
      fc.asyncProperty(together(options), async (worlds) => {
        await t.test('together', async (inner) => {
          const counts = await check(inner, worlds, what === 'clear');
          gone += counts[0];
          kept += counts[1];
        });
      }),
      { seed: SEED, numRuns: BATCHES, endOnFailure: true },
    );
    t.diagnostic(`${gone} objects gone, ${kept} kept`);
    // How many, is by chance: of ten odd worlds mostly 15 to 42.
    assert.ok(gone > 0 && kept > TOGETHER, `${gone} gone, ${kept} kept`);
  });
