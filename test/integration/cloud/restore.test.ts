import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ApiOptions } from '../../../functions/shared/cloud/rest/rest.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { LIMITS, rejection } from '../../support/google.ts';
import { BUCKET, countsOf, fill, ODD_NAMES, setupObjects } from '../../support/objects.ts';

/** Objects that were there and have been deleted through our own deletion. */
async function setup(
  context: TestContext,
  names: number | readonly string[],
  over: Partial<ApiOptions> = {},
) {
  const { world, objects, ...all } = await setupObjects(context, { over });
  const items = fill(world, names);
  const deletion = objects.deletion({ rate: Number.POSITIVE_INFINITY });
  assert.deepEqual(countsOf(await deletion.delete(BUCKET, items, LIMITS)), { deleted: items.length });
  all.lines.length = 0;
  const live = () => world.live(BUCKET).map(({ name }) => name);
  return { ...all, world, objects, deletion, items, live };
}

describe('restore()', () => {
  test('brings back what was deleted, in batches, by its generation and over nothing', async (context) => {
    const { gcs, world, objects, items, live, lines } = await setup(context, 250);
    const results = await objects.restore(BUCKET, items, LIMITS);
    const made = new Map(world.live(BUCKET).map(({ name, generation }) => [name, String(generation)]));
    assert.deepEqual(
      results,
      items.map((item) => ({ ...item, result: 'restored', detail: null, made: made.get(item.name) })),
    );
    assert.deepEqual(
      live(),
      items.map(({ name }) => name),
    );
    const [{ query } = {}] = gcs.requests().filter(({ method }) => method === 'objects.restore');
    assert.equal(query?.get('ifGenerationMatch'), '0');
    assert.deepEqual(
      lines.map(({ message, items, statuses }) => [message, items, statuses]),
      [100, 100, 50].map((count) => ['Cloud Storage: objects.restore', count, { 200: count }]),
    );
  });

  test('brings back what lies over a generation only while that one is live, which becomes noncurrent', async (context) => {
    const { world, objects, items } = await setup(context, ['a']);
    world.bucket(BUCKET).versioning = true;
    const [old] = items;
    assert.ok(old);
    const { generation } = world.putObject({ bucket: BUCKET, name: 'a', size: 7 });
    const restore = async (over: string) =>
      (await objects.restore(BUCKET, [{ ...old, over }], LIMITS))[0]?.result;
    assert.deepEqual([await restore('0'), await restore(old.generation)], ['already-there', 'already-there']);
    const live = world.bucket(BUCKET).live('a') ?? assert.fail();
    live.metageneration = 2;
    assert.equal(await restore(String(generation)), 'already-there', 'somebody changed what is live');
    live.metageneration = 1;
    assert.equal(await restore(String(generation)), 'restored');
    assert.deepEqual(
      world.noncurrent(BUCKET).map((version) => version.generation),
      [generation],
    );
  });

  test('takes no name for another one', async (context) => {
    const { objects, items, live } = await setup(context, ODD_NAMES);
    assert.deepEqual(countsOf(await objects.restore(BUCKET, items, LIMITS)), { restored: ODD_NAMES.length });
    assert.deepEqual(new Set(live()), new Set(ODD_NAMES));
  });

  test('leaves what was written since', async (context) => {
    const { world, objects, items, live } = await setup(context, ['rewritten', 'lost']);
    const [newer] = fill(world, ['rewritten']);
    const results = await objects.restore(BUCKET, items, LIMITS);
    assert.deepEqual(
      results.map(({ result }) => result),
      ['already-there', 'restored'],
    );
    assert.equal(String(world.bucket(BUCKET).live('rewritten')?.generation), newer?.generation);
    assert.deepEqual(live(), ['lost', 'rewritten']);
  });

  test('of what is restored already changes nothing', async (context) => {
    const { world, objects, items } = await setup(context, 3);
    await objects.restore(BUCKET, items, LIMITS);
    const before = world.live(BUCKET);
    assert.deepEqual(countsOf(await objects.restore(BUCKET, items, LIMITS)), { 'already-there': 3 });
    assert.deepEqual(world.live(BUCKET), before);
  });

  test('comes too late when the time for it is over', async (context) => {
    const { clock, objects, items, live } = await setup(context, 3);
    clock.pass(604_801);
    assert.deepEqual(countsOf(await objects.restore(BUCKET, items, LIMITS)), { gone: 3 });
    assert.deepEqual(live(), []);
  });

  test('says what it cannot tell: whether a try without an answer did it', async (context) => {
    const over = { retry: { attemptMs: 500 } };
    const { gcs, objects, items, live } = await setup(context, 3, over);
    gcs.faults.add({ fault: { kind: 'stalled' }, method: 'batch', times: 1 });
    const results = await objects.restore(BUCKET, items, LIMITS);
    assert.equal(live().length, 3);
    for (const { result, detail } of results) {
      assert.equal(result, 'perhaps');
      assert.match(detail ?? '', /^Perhaps by the earlier try, which ended with a failure on the way$/);
    }
  });

  test('fails for what no try is answered for, and for nothing else', async (context) => {
    const { gcs, objects, items, live } = await setup(context, 120);
    gcs.faults.add({ fault: { kind: 'status', status: 503 }, object: items[3]?.name ?? '' });
    const results = await objects.restore(BUCKET, items, LIMITS);
    assert.deepEqual(countsOf(results), { restored: 119, failed: 1 });
    assert.match(results[3]?.detail ?? '', /objects\.restore .*HTTP 503/);
    assert.equal(live().length, 119);
  });

  test('without the permission rejects, and names it', async (context) => {
    const { gcs, objects, items } = await setup(context, 2);
    gcs.faults.add({ fault: { kind: 'denied' }, method: 'objects.restore' });
    const error = await rejection(objects.restore(BUCKET, items, LIMITS));
    assert.ok(error instanceof UpstreamError && error.permission === 'storage.objects.restore', error.stack);
  });
});
