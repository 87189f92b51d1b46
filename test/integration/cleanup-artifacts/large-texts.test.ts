import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';

const MANY = 200;
/** A document may have 1 MiB, so a plan could hold no two such texts. */
const HUGE = 800_000;

const manyOf = (over: (index: number) => Record<string, unknown>) =>
  Object.fromEntries(Array.from({ length: MANY }, (_, index) => [`job-${index}`, over(index)]));

/** The whole line of a job in the last plan. */
async function lineOf(world: Cleaner, planId: unknown, id: string) {
  return (await world.lines(String(planId))).find((line) => line.job === `jobs:jobs/${id}`);
}

describe('large texts', () => {
  test('of URIs that cannot be used are cut in the plan, and hold up no deletion', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    // The cut falls into a character of two units.
    const text = `${'x'.repeat(999)}😀${'x'.repeat(5_000)}`;
    await world.write({ ...manyOf(() => ({ artifactUri: text })), old: {} });
    world.put(['old/a']);
    const { outcome, summary, problems } = await world.approved();
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    assert.deepEqual([summary.considered, world.live()], [MANY + 1, []]);
    assert.equal((await world.lines(summary.planId as string)).length, MANY + 1);
    const { uri, reason } = (await lineOf(world, summary.planId, 'job-7')) ?? {};
    assert.equal(reason, 'bad-uri');
    assert.ok(uri && uri.length <= 1_001 && uri.startsWith('xxx') && uri.endsWith('\ufffd…'), uri ?? '');
  });

  test('of nearly a megabyte, two of which fit into no document, stop no plan', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const huge = 'x'.repeat(HUGE);
    await world.write({
      one: { artifactUri: huge },
      two: { artifactUri: huge },
      three: { project: huge },
      four: { project: huge },
    });
    // In several commits: one of all would be too large.
    await world.write({
      five: { artifactUri: `gs://${huge}` },
      six: { artifactUri: `gs://${huge}` },
      seven: { project: `y${huge}`, status: 'completed' },
    });
    await world.write({
      child: { status: 'running', endedAt: null, artifactUri: null, resumedFrom: `s3://${huge}` },
    });
    world.put(['three/a', 'four/a', 'seven/a']);
    const { outcome, problems } = await world.approved();
    assert.equal(outcome, 'succeeded', JSON.stringify(problems).slice(0, 500));
    assert.deepEqual(world.live(), []);
  });

  test('of a deletion are whole, so that the plan with it is approved', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    // As long as a name may be that has room for an object.
    const id = 'x'.repeat(1_020);
    await world.write({ old: { artifactUri: `gs://${BUCKET}/${id}/` } });
    world.put([`${id}/a`]);
    const planId = await world.approve();
    assert.equal((await lineOf(world, planId, 'old'))?.uri, `gs://${BUCKET}/${id}/`);
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.deepEqual(world.live(), []);
  });

  test('of what many roots may name: the plan waits, tells the first places of each, and can be approved', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const places = Array.from(
      { length: 20 },
      (_, index) => `gs://${BUCKET}/parent-${index}/${'x'.repeat(270)}/`,
    );
    await world.write({
      ...manyOf(() => ({ status: 'running', endedAt: null, artifactUri: null, resumedFrom: places })),
      old: {},
      parent: { artifactUri: places[19] },
    });
    world.put(['old/a', `${places[19]?.slice(`gs://${BUCKET}/`.length)}a`]);
    await world.trust();
    const first = await world.deliver();
    assert.deepEqual(
      [first.outcome, first.summary.planStatus],
      ['partial', 'waiting'],
      JSON.stringify(first.problems),
    );
    const planId = first.summary.planId as string;
    const { data } = await world.plans.load(planId);
    assert.equal(data?.oddRoots.length, MANY, 'the approval has to accept each of them');
    assert.ok(JSON.stringify(data?.oddRoots).length < 300_000);
    assert.deepEqual(data?.oddRoots[0]?.keeps, [...places.slice(0, 3), 'and 17 more']);
    assert.equal(await world.plans.approve(planId, world.now()), 'approved');
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.equal(world.live().length, 1, 'what they name stays, also what is not told');
  });
});
