import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJob } from '../../../functions/shared/model/job/job.ts';
import { oddTime } from '../../support/odd-records.ts';
import { seedOf, sized } from '../../support/soak.ts';
import { beating, named, silentFor, sweeper } from '../../support/sweeper.ts';

const BATCH = 150;
const BATCHES = sized(1, 67);
/** The times by which a silent job is judged. */
const FIELDS = ['startedAt', 'heartbeatAt', 'endedAt'] as const;

test('what nobody can read in a stored record ends it in no sweep, and is named', async (t) => {
  const seed = seedOf((message) => t.diagnostic(message));
  const source = beating();
  const world = sweeper(t, { sources: { jobs: source } });
  await world.settle();
  const odd = fc.record({ field: fc.constantFrom(...FIELDS), value: oddTime('timestamp') });
  let unreadable = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const values = fc.sample(odd, { seed: seed + batch, numRuns: BATCH });
    const records = values.map(
      ({ field, value }): Record<string, unknown> => ({ ...silentFor(world, 60), [field]: value }),
    );
    const ids = values.map((_, index) => named(index));
    await world.stand({
      ...Object.fromEntries(records.map((record, index) => [ids[index], record])),
      dead: silentFor(world, 60),
    });
    const { summary, problems } = await world.deliver({ dryRun: true });
    assert.deepEqual(problems, []);
    const because = new Map(summary.verdicts.map((row) => [row.job, row.because]));
    await world.next();
    const statuses = await world.statuses();
    assert.equal(statuses.dead, 'failed', 'one that everybody can read ends');
    for (const [index, { field }] of values.entries()) {
      const id = ids[index] as string;
      const job = readJob(source, {
        id,
        source: 'jobs',
        path: `jobs/${id}`,
        get: (path) => records[index]?.[path],
      });
      if (job.unreadable.length === 0) continue;
      unreadable += 1;
      assert.equal(statuses[id], 'running', because.get(id));
      assert.match(because.get(id) ?? '', new RegExp(`its ${field} cannot be read: `));
    }
    const writer = world.db.bulkWriter();
    for (const id of [...ids, 'dead']) void writer.delete(world.db.doc(`jobs/${id}`));
    await writer.close();
  }
  t.diagnostic(`${unreadable} of ${BATCH * BATCHES} had something that nobody can read`);
  assert.ok(unreadable > BATCH / 10);
});
