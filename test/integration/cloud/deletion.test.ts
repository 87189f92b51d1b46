import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ApiOptions } from '../../../functions/shared/cloud/rest/rest.ts';
import { chunksOf } from '../../../functions/shared/concurrency.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import type { GcsOptions } from '../../../scripts/stack/stand-ins/gcs/server.ts';
import { LIMITS, rejection } from '../../support/google.ts';
import { BUCKET, countsOf, fill, ODD_NAMES, setupObjects, throughProxy } from '../../support/objects.ts';

const LIFTED = { rate: Number.POSITIVE_INFINITY };

async function setup(context: TestContext, options: GcsOptions & { over?: Partial<ApiOptions> } = {}) {
  const { objects, ...all } = await setupObjects(context, options);
  return {
    ...all,
    deletion: objects.deletion(LIFTED),
    live: () => all.world.live(BUCKET).map(({ name }) => name),
    /** The calls of each batch that was answered. */
    batches: () =>
      all.gcs.requests().reduce<number[]>((sizes, { method }) => {
        if (method === 'batch') sizes.push(0);
        else sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + 1;
        return sizes;
      }, []),
  };
}

describe('delete()', () => {
  test('takes a page in batches of a hundred, each object by its generation, and tells each', async (context) => {
    const { world, gcs, deletion, lines } = await setup(context);
    const items = fill(world, 300);
    const results = await deletion.delete(BUCKET, items, LIMITS);
    assert.deepEqual(
      results,
      items.map((item) => ({ ...item, result: 'deleted', detail: null })),
    );
    assert.equal(world.live(BUCKET).length, 0);
    const calls = gcs.requests().filter(({ method }) => method === 'objects.delete');
    const generations = new Map(items.map(({ name, generation }) => [name, generation]));
    for (const { object, query } of calls)
      assert.deepEqual(Object.fromEntries(query), {
        generation: generations.get(object),
        ifGenerationMatch: generations.get(object),
      });
    assert.deepEqual([gcs.requests().length - calls.length, calls.length], [3, 300]);
    assert.equal(lines.length, 3);
    const [{ ms, ...line } = {}] = lines;
    assert.equal(typeof ms, 'number');
    assert.deepEqual(line, {
      severity: 'DEBUG',
      message: 'Cloud Storage: objects.delete',
      api: 'Cloud Storage',
      operation: 'objects.delete',
      project: 'acme-ml',
      attempt: 1,
      status: 200,
      bucket: BUCKET,
      items: 100,
      statuses: { 204: 100 },
    });
  });

  test('asks for names that follow each other in another order', async (context) => {
    const { world, gcs, deletion } = await setup(context);
    await deletion.delete(BUCKET, fill(world, 100), LIMITS);
    const asked = gcs.requests().flatMap(({ object }) => object || []);
    assert.equal(asked.length, 100);
    assert.notDeepEqual(asked, asked.toSorted());
  });

  test('asks for nothing when there is nothing', async (context) => {
    const { gcs, deletion } = await setup(context);
    assert.deepEqual(await deletion.delete(BUCKET, [], LIMITS), []);
    assert.equal(gcs.requests().length, 0);
  });

  for (const name of ODD_NAMES)
    test(`takes ${JSON.stringify(name)} for nothing else`, async (context) => {
      const { world, deletion, live } = await setup(context);
      const items = fill(world, ODD_NAMES);
      const [doomed] = items.filter((item) => item.name === name);
      assert.ok(doomed);
      assert.deepEqual(countsOf(await deletion.delete(BUCKET, [doomed], LIMITS)), { deleted: 1 });
      assert.deepEqual(new Set(live()), new Set(ODD_NAMES.filter((other) => other !== name)));
    });

  test('leaves what was written since', async (context) => {
    const { world, deletion, live } = await setup(context);
    const items = fill(world, ['overwritten', 'removed', 'marked', 'as it was']);
    fill(world, ['overwritten']);
    const [, removed, marked] = items.map(({ name }) => world.bucket(BUCKET).live(name));
    assert.ok(removed && marked);
    world.bucket(BUCKET).erase(removed);
    world.bucket(BUCKET).patch(marked, { metadata: { keep: 'please' } });
    const asListed = items.map((item) => ({ ...item, metageneration: '1' }));
    const results = await deletion.delete(BUCKET, asListed, LIMITS);
    // No generation is the one that was listed: of an object that was overwritten, that one is gone.
    assert.deepEqual(
      results.map(({ result }) => result),
      ['gone', 'gone', 'changed', 'deleted'],
    );
    assert.match(results[2]?.detail ?? '', /pre-conditions/);
    assert.deepEqual(live(), ['marked', 'overwritten']);
  });

  test('leaves what is held, and says by what', async (context) => {
    const { world, deletion, live } = await setup(context);
    world.putObject({ bucket: BUCKET, name: 'temporary', temporaryHold: true });
    world.putObject({ bucket: BUCKET, name: 'event-based', eventBasedHold: true });
    world.putObject({ bucket: BUCKET, name: 'young' });
    world.putObject({ bucket: BUCKET, name: 'old', createdAt: new Date('2026-01-01T00:00:00Z') });
    world.bucket(BUCKET).retentionSeconds = 86_400;
    const items = world
      .live(BUCKET)
      .map(({ name, generation }) => ({ name, generation: String(generation) }));
    const results = await deletion.delete(BUCKET, items, LIMITS);
    const told = new Map(results.map(({ name, ...rest }) => [name, rest]));
    assert.equal(told.get('old')?.result, 'deleted');
    for (const [name, words] of [
      ['temporary', /active Temporary hold/],
      ['event-based', /active Event-Based hold/],
      ['young', /retention policy/],
    ] as const) {
      assert.equal(told.get(name)?.result, 'held');
      assert.match(told.get(name)?.detail ?? '', words);
    }
    assert.deepEqual(live(), ['event-based', 'temporary', 'young']);
  });

  test('of a generation in a versioned bucket leaves no noncurrent one, and the others', async (context) => {
    const { world, deletion } = await setup(context);
    const bucket = world.bucket(BUCKET);
    bucket.versioning = true;
    const [first] = fill(world, ['model.pt']);
    const [second] = fill(world, ['model.pt']);
    assert.ok(first && second);
    assert.deepEqual(countsOf(await deletion.delete(BUCKET, [first], LIMITS)), { deleted: 1 });
    assert.deepEqual(
      [...world.live(BUCKET), ...world.noncurrent(BUCKET)].map(({ generation }) => String(generation)),
      [second.generation],
    );
    bucket.softDeleteSeconds = 0;
    await deletion.delete(BUCKET, [second], LIMITS);
    assert.deepEqual([world.live(BUCKET), world.noncurrent(BUCKET)], [[], []]);
    // Without soft deletion it is gone for good.
    assert.deepEqual(
      world.softDeleted(BUCKET).map(({ generation }) => String(generation)),
      [first.generation],
    );
  });
});

describe('a refusal of one object', () => {
  test('of two hundred has only that one tried again', async (context) => {
    const { world, gcs, deletion, batches } = await setup(context);
    const items = fill(world, 200);
    gcs.faults.add({ fault: { kind: 'status', status: 503 }, object: items[7]?.name ?? '', times: 2 });
    assert.deepEqual(countsOf(await deletion.delete(BUCKET, items, LIMITS)), { deleted: 200 });
    assert.deepEqual(batches(), [100, 100, 1, 1]);
  });

  test('by HTTP 429 is tried again, not before Retry-After, and halves the rate of its bucket', async (context) => {
    const { world, gcs, objects } = await setupObjects(context);
    const deletion = objects.deletion();
    const items = fill(world, 3);
    gcs.faults.add({ fault: { kind: 'status', status: 429, retryAfter: '1' }, call: 2, times: 1 });
    const begun = performance.now();
    assert.deepEqual(countsOf(await deletion.delete(BUCKET, items, LIMITS)), { deleted: 3 });
    const took = performance.now() - begun;
    assert.ok(took >= 990, `took ${took} ms`);
    assert.deepEqual(deletion.pace(BUCKET), { rate: 500, halvings: 1 });
    assert.deepEqual(deletion.pace('another'), { rate: 1_000, halvings: 0 });
  });

  for (const status of [408, 429, 500, 503])
    test(`by HTTP ${status}, every time, fails it and no other one`, async (context) => {
      const { world, gcs, deletion, live, batches } = await setup(context);
      const items = fill(world, 150);
      gcs.faults.add({ fault: { kind: 'status', status }, object: items[7]?.name ?? '' });
      const results = await deletion.delete(BUCKET, items, LIMITS);
      assert.deepEqual(countsOf(results), { deleted: 149, failed: 1 });
      assert.match(results[7]?.detail ?? '', new RegExp(`object "jobs/000007"\\): HTTP ${status}: `));
      assert.deepEqual(live(), ['jobs/000007']);
      assert.deepEqual(batches().slice(2), [1, 1, 1, 1]);
    });

  test('for good is told at once, and takes nothing from the others', async (context) => {
    const { world, gcs, deletion, batches } = await setup(context);
    const items = fill(world, 100);
    gcs.faults.add({ fault: { kind: 'status', status: 400, message: 'No' }, object: items[7]?.name ?? '' });
    const results = await deletion.delete(BUCKET, items, LIMITS);
    assert.deepEqual(countsOf(results), { deleted: 99, failed: 1 });
    assert.match(results[7]?.detail ?? '', /HTTP 400: No$/);
    assert.deepEqual(batches(), [100]);
  });

  test('that was perhaps deleted before it counts it as ours, once it is gone', async (context) => {
    const { world, gcs, deletion } = await setup(context);
    const [item] = fill(world, ['lost']);
    assert.ok(item);
    gcs.faults.add({ fault: { kind: 'status', status: 503 }, object: 'lost', times: 1 });
    const bucket = world.bucket(BUCKET);
    const running = deletion.delete(BUCKET, [item], { limitMs: 5_000 });
    const live = bucket.live('lost');
    assert.ok(live);
    bucket.erase(live);
    const [result] = await running;
    assert.equal(result?.result, 'deleted');
    assert.match(result?.detail ?? '', /^Gone when tried again after HTTP 503/);
  });

  test('for want of a permission rejects, when what was under way has ended, and begins nothing more', async (context) => {
    const { world, gcs, deletion, live } = await setup(context, { latencyMs: 20 });
    const items = fill(world, 2_000);
    gcs.faults.add({ fault: { kind: 'denied' }, call: 50, times: 1 });
    const error = await rejection(deletion.delete(BUCKET, items, LIMITS));
    assert.ok(error instanceof UpstreamError && !error.retryable && error.status === 403);
    assert.equal(error.permission, 'storage.objects.delete');
    assert.match(
      error.message,
      /bucket acme-artifacts, object "jobs\/\d{6}"\): HTTP 403: .*; missing permission: storage\.objects\.delete$/,
    );
    const left = live().length;
    assert.ok(left >= 2_000 - 1_600, `${left} left`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(live().length, left);
  });
});

describe('a batch', () => {
  test('that is refused for good rejects', async (context) => {
    const { world, gcs, deletion } = await setup(context);
    gcs.faults.add({ fault: { kind: 'status', status: 403, message: 'Forbidden' }, method: 'batch' });
    const error = await rejection(deletion.delete(BUCKET, fill(world, 1), LIMITS));
    assert.match(
      error.message,
      /^Cannot finish Cloud Storage objects\.delete \(project acme-ml\): HTTP 403: Forbidden; missing permission: storage\.objects\.delete$/,
    );
  });

  test('refused by HTTP 429 is tried again as a whole; ten of them halve the rate once', async (context) => {
    // So long that a busy machine has sent all ten before the first is refused.
    const { world, gcs, objects, statuses } = await setupObjects(context, { latencyMs: 1_500 });
    const deletion = objects.deletion({ rate: 100_000 });
    gcs.faults.add({ fault: { kind: 'status', status: 429 }, method: 'batch', times: 10 });
    assert.deepEqual(countsOf(await deletion.delete(BUCKET, fill(world, 1_000), LIMITS)), { deleted: 1_000 });
    assert.deepEqual(deletion.pace(BUCKET), { rate: 50_000, halvings: 1 });
    assert.deepEqual(statuses(), [...Array(10).fill(429), ...Array(10).fill(200)]);
  });

  const UNANSWERED = [
    ['HTTP 503', { kind: 'status', status: 503 }, 503, false],
    ['a connection that is reset', { kind: 'reset' }, 'connection', false],
    ['an answer cut in the middle', { kind: 'truncated' }, 'connection', true],
    ['an answer that stops in the middle', { kind: 'stalled' }, 'deadline', true],
    ['no answer', { kind: 'hang' }, 'deadline', false],
    ['an answer that is no batch', { kind: 'malformed' }, 'malformed', false],
  ] as const;
  for (const [what, fault, logged, done] of UNANSWERED)
    test(`with ${what} is tried again, and nothing is lost or told twice`, async (context) => {
      const over = { retry: { attemptMs: 500 } };
      const { world, gcs, deletion, statuses } = await setup(context, { over });
      const items = fill(world, 250);
      gcs.faults.add({ fault, method: 'batch', times: 1 });
      const results = await deletion.delete(BUCKET, items, LIMITS);
      assert.deepEqual(countsOf(results), { deleted: 250 });
      assert.equal(world.live(BUCKET).length, 0);
      const again = results.filter(({ detail }) => detail !== null);
      assert.equal(again.length > 0, done);
      for (const { detail } of again)
        assert.match(detail ?? '', /^Gone when tried again after a failure on the way/);
      assert.deepEqual(statuses().toSorted(), [200, 200, 200, logged].toSorted());
    });

  test('whose answer lacks one of its parts has that one tried again', async (context) => {
    const { world, gcs } = await setupObjects(context);
    let spoilt = 0;
    const { objects } = await throughProxy(context, gcs, (text) => {
      spoilt += 1;
      return spoilt > 1 ? text : text.replace('response-call+4>', 'response-of-another>');
    });
    const results = await objects.deletion(LIFTED).delete(BUCKET, fill(world, 10), LIMITS);
    assert.deepEqual(countsOf(results), { deleted: 10 });
    assert.equal(results.filter(({ detail }) => detail?.startsWith('Gone when tried again')).length, 1);
    assert.equal(spoilt, 2);
  });

  test('is one of sixteen at most, whatever calls for them', async (context) => {
    const { world, gcs } = await setupObjects(context, { latencyMs: 250 });
    const { objects, seen } = await throughProxy(context, gcs);
    const deletion = objects.deletion(LIFTED);
    const pages = chunksOf(fill(world, 2_000), 1_000);
    await Promise.all(pages.map((page) => deletion.delete(BUCKET, page, LIMITS)));
    assert.equal(world.live(BUCKET).length, 0);
    // Fewer where the machine is too busy to have them all on their way at once.
    assert.ok(seen.most > 8 && seen.most <= 16, `${seen.most} at once`);
  });

  test('waits for no other bucket', async (context) => {
    const { world, gcs, objects } = await setupObjects(context);
    const deletion = objects.deletion({ rate: 20_000 });
    world.addBucket({ name: 'slow' });
    const stop = new AbortController();
    gcs.faults.add({ fault: { kind: 'status', status: 503, retryAfter: '30' }, bucket: 'slow' });
    const slow = deletion.delete('slow', fill(world, 1_700, 'slow'), {
      limitMs: 60_000,
      signal: stop.signal,
    });
    let isSlowDone = false;
    slow.then(() => {
      isSlowDone = true;
    });
    await deletion.delete(BUCKET, fill(world, 300), LIMITS);
    assert.equal(isSlowDone, false);
    stop.abort(new Error('enough'));
    // How many batches were on their way by then depends on the machine.
    const { failed = 0, untried = 0, ...others } = countsOf(await slow);
    assert.deepEqual([failed + untried, others], [1_700, {}]);
  });

  test('waits for the rate of its bucket', async (context) => {
    const { world, objects } = await setupObjects(context);
    const begun = performance.now();
    await objects.deletion().delete(BUCKET, fill(world, 500), LIMITS);
    assert.ok(performance.now() - begun >= 390);
  });
});

describe('the time for a call', () => {
  test('is over for a batch that hangs, which fails, and for the ones behind it, which were not tried', async (context) => {
    const { world, gcs, deletion } = await setup(context);
    gcs.faults.add({ fault: { kind: 'hang' }, method: 'batch' });
    const results = await deletion.delete(BUCKET, fill(world, 1_700), { limitMs: 500 });
    assert.deepEqual(countsOf(results), { failed: 1_600, untried: 100 });
    const detailOf = (result: string) => results.find((each) => each.result === result)?.detail ?? '';
    assert.match(
      detailOf('failed'),
      /^Cannot finish Cloud Storage objects\.delete \(project acme-ml\): no answer within \d+/,
    );
    assert.equal(detailOf('untried'), 'no time left of 500 ms');
  });

  test('is over when the signal says so: what is under way is awaited, nothing begins', async (context) => {
    const { world, deletion } = await setup(context, { latencyMs: 600 });
    const items = fill(world, 1_700);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('the run was taken over')), 200);
    const results = await deletion.delete(BUCKET, items, { ...LIMITS, signal: stop.signal });
    assert.deepEqual(countsOf(results), { deleted: 1_600, untried: 100 });
    assert.equal(world.live(BUCKET).length, 100);
    assert.equal(results.find(({ result }) => result === 'untried')?.detail, 'the run was taken over');
    assert.deepEqual(
      results.map(({ name }) => name),
      items.map(({ name }) => name),
    );
  });

  test('is over before a wait that would not end in it, for the reason of that wait', async (context) => {
    const { world, gcs, deletion } = await setup(context);
    gcs.faults.add({ fault: { kind: 'status', status: 503, retryAfter: '60' }, method: 'batch' });
    const results = await deletion.delete(BUCKET, fill(world, 5), { limitMs: 20_000 });
    assert.deepEqual(countsOf(results), { failed: 5 });
    assert.match(results[0]?.detail ?? '', /HTTP 503/);
  });
});
