import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GcsFaultRule } from '../../../scripts/stack/stand-ins/gcs/faults.ts';
import { LIMITS } from '../../support/google.ts';
import { countsOf, fill, setupObjects } from '../../support/objects.ts';
import { sized } from '../../support/soak.ts';

/** What becomes of an object between the list and the call for it. */
const fate = fc.constantFrom('none', 'none', 'none', 'erased', 'patched', 'held');

const wholeBatch = fc.record({
  method: fc.constant('batch'),
  fault: fc.constantFrom<GcsFaultRule['fault']>(
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429 },
    { kind: 'reset' },
    { kind: 'truncated' },
    { kind: 'malformed' },
  ),
  times: fc.integer({ min: 1, max: 6 }),
});

const singleCall = fc.record({
  call: fc.integer({ min: 1, max: 100 }),
  fault: fc.record({
    kind: fc.constant('status' as const),
    status: fc.constantFrom(400, 408, 429, 500, 503),
  }),
  times: fc.integer({ min: 1, max: 6 }),
});

test('whatever goes wrong, each object is told once, and truly', async (context) => {
  const { world, gcs, objects } = await setupObjects(context, { over: { retry: { attempts: 4 } } });
  const deletion = objects.deletion({ rate: Number.POSITIVE_INFINITY });
  let buckets = 0;
  const seen: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { minLength: 1, maxLength: 250, size: 'max' }),
      fc.array(fc.oneof(wholeBatch, singleCall), { maxLength: 8 }),
      async (fates, faults) => {
        buckets += 1;
        const bucket = world.addBucket({ name: `bucket-${buckets}` });
        const items = fill(world, fates.length, bucket.name).map((item) => ({
          ...item,
          metageneration: '1',
        }));
        for (const [index, { name }] of items.entries()) {
          const live = bucket.live(name);
          assert.ok(live);
          if (fates[index] === 'erased') bucket.erase(live);
          if (fates[index] === 'patched') bucket.patch(live, { contentType: 'text/plain' });
          if (fates[index] === 'held') live.attributes = { temporaryHold: true };
        }
        gcs.faults.clear();
        for (const rule of faults) gcs.faults.add(rule);

        const results = await deletion.delete(bucket.name, items, LIMITS);
        assert.deepEqual(
          results.map(({ name, generation }) => ({ name, generation, metageneration: '1' })),
          items,
        );
        const allowed: Record<string, readonly string[]> = {
          none: ['deleted', 'failed'],
          // After a try that was not answered nobody can tell who it was.
          erased: ['gone', 'deleted', 'failed'],
          patched: ['changed', 'failed'],
          held: ['held', 'failed'],
        };
        for (const [index, { name, result, detail }] of results.entries()) {
          const fate = fates[index] ?? '';
          assert.ok(allowed[fate]?.includes(result), `${fate}: ${result}`);
          if (result === 'deleted') assert.ok(fate !== 'erased' || detail !== null);
          const isLive = bucket.live(name) !== undefined;
          if (result !== 'failed') assert.equal(isLive, result === 'changed' || result === 'held', name);
          else assert.ok(detail);
          if (fate === 'patched' || fate === 'held') assert.ok(isLive);
        }
        for (const [result, count] of Object.entries(countsOf(results)))
          seen[result] = (seen[result] ?? 0) + count;
      },
    ),
    { numRuns: sized(20, 500) },
  );
  assert.deepEqual(Object.keys(seen).sort(), ['changed', 'deleted', 'failed', 'gone', 'held']);
});
