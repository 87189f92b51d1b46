import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { BUCKET, fill, ODD_NAMES, setupObjects } from '../../support/objects.ts';

const LIMITS = { limitMs: 5_000 };

async function setup(context: TestContext) {
  const { world, gcs, objects } = await setupObjects(context);
  const bucket = world.bucket(BUCKET);
  bucket.versioning = true;
  return { world, gcs, bucket, ask: (names: string[]) => objects.generations(BUCKET, names, LIMITS) };
}

describe('generations()', () => {
  test('tells what is live, noncurrent and soft-deleted of a name, the oldest first', async (context) => {
    const { world, bucket, ask } = await setup(context);
    const first = world.putObject({ bucket: BUCKET, name: 'a', content: 'one' });
    const second = world.putObject({ bucket: BUCKET, name: 'a', content: 'two' });
    bucket.erase(first);
    const third = bucket.restore(first);
    const found = (await ask(['a', 'none'])).get('a') ?? assert.fail();
    assert.deepEqual(
      found.map(({ is, generation }) => [is, generation]),
      [
        ['soft-deleted', String(first.generation)],
        ['noncurrent', String(second.generation)],
        ['live', String(third.generation)],
      ],
    );
    const [one, two, again] = found.map(({ content }) => content);
    assert.ok(one && one === again && one !== two);
    assert.deepEqual([...(await ask(['none']))], []);
  });

  for (const count of [3, 60])
    test(`of ${count} names tells nothing of those beside and between them`, async (context) => {
      const { world, ask } = await setup(context);
      const names = fill(world, 100).map(({ name }) => name);
      fill(world, [...names.map((name) => `${name}0`), 'jobs', 'jobz/a', 'jobs/']);
      const wanted = names.filter((_, index) => index % 2 === 0).slice(0, count);
      assert.deepEqual([...(await ask(wanted)).keys()].sort(), wanted.sort());
    });

  test('takes no name for another one', async (context) => {
    const { world, ask } = await setup(context);
    fill(world, ODD_NAMES);
    assert.deepEqual(new Set((await ask(ODD_NAMES)).keys()), new Set(ODD_NAMES));
  });

  test('of a bucket that refuses to list what is soft-deleted tells the rest', async (context) => {
    const { world, gcs, ask } = await setup(context);
    fill(world, ['a']);
    gcs.faults.add({ method: 'objects.list', times: 1, fault: { kind: 'status', status: 412 } });
    assert.deepEqual(
      (await ask(['a'])).get('a')?.map(({ is }) => is),
      ['live'],
    );
    gcs.faults.add({ method: 'objects.list', fault: { kind: 'denied' } });
    await assert.rejects(ask(['a']), /storage\.objects\.list/);
  });
});
