import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sized } from '../../support/soak.ts';
import { beating, type Sweeper, sweeper } from '../../support/sweeper.ts';

/** Writes `count` jobs of which the first `silent` stopped beating 20 minutes ago, while the others beat. */
async function jobsOf(world: Sweeper, count: number, silent: number): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => [
    `job-${String(index).padStart(4, '0')}`,
    {
      status: 'running',
      startedAt: world.ago(30),
      heartbeatAt: world.ago(index < silent ? 20 : 0),
    },
  ]);
  await world.stand(Object.fromEntries(records));
}

const countOf = async (world: Sweeper, status: string) =>
  Object.values(await world.statuses()).filter((it) => it === status).length;

describe('a sweep that may be blind', { concurrency: 4 }, () => {
  test('holds the ends of 600 of 1,000 jobs that fell silent at once, for one interval, with one alarm', async (t) => {
    const [ALL, SILENT] = [sized(100, 1_000), sized(60, 600)];
    const world = sweeper(t);
    await world.settle();
    await jobsOf(world, ALL, SILENT);
    const first = await world.deliver();
    assert.deepEqual(
      [first.outcome, first.summary.held, first.summary.lost, await countOf(world, 'running')],
      ['partial', SILENT, 0, ALL],
    );
    assert.match(
      first.problems[0]?.message ?? '',
      new RegExp(`${SILENT} of the ${ALL} active jobs fell silent`),
    );
    const [alarm, ...others] = await world.alarms();
    assert.deepEqual(
      [alarm?.kind, alarm?.subject, alarm?.closedAt, others.length],
      ['sweeper-blind', 'sweep-stale-jobs', null, 0],
    );
    // Dated at the limit: silent for 20 minutes, of which 15 are allowed.
    assert.deepEqual(alarm?.brokenAt, world.ago(5));

    world.pass(10);
    await beat(world, ALL, SILENT);
    const second = await world.deliver();
    assert.deepEqual(
      [second.outcome, second.summary.held, second.summary.lost, await countOf(world, 'running')],
      ['succeeded', 0, SILENT, ALL - SILENT],
    );
    const [closed, ...more] = await world.alarms();
    assert.notEqual(closed?.closedAt, null);
    assert.deepEqual([closed?.id, more.length], [alarm?.id, 0]);
  });

  test('holds what it doubted before, too, when most others fall silent', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await jobsOf(world, 20, 3);
    assert.deepEqual([(await world.deliver()).summary.held, await world.alarms()], [3, []]);
    // The others last beat just then.
    world.pass(20);
    const { summary } = await world.deliver();
    assert.deepEqual([summary.held, summary.lost], [20, 0]);
    assert.equal((await world.alarms()).length, 1);
    assert.equal((await world.next()).summary.lost, 20);
  });

  test('ends nothing of what beats again after all', async (t) => {
    const world = sweeper(t);
    await world.settle();
    await jobsOf(world, 20, 20);
    assert.equal((await world.deliver()).summary.held, 20);
    world.pass(10);
    await beat(world, 20, 0);
    assert.deepEqual((await world.deliver()).summary.scanned, 0);
    assert.equal(await countOf(world, 'running'), 20);
  });

  test('holds what it would end after it was off for more than three intervals', async (t) => {
    const world = sweeper(t);
    await world.settle();
    world.pass(45);
    await jobsOf(world, 3, 1);
    const first = await world.deliver();
    assert.deepEqual([first.summary.held, first.summary.lost], [1, 0]);
    assert.deepEqual(
      (await world.alarms()).map(({ kind, closedAt }) => [kind, closedAt]),
      [['sweeper-blind', null]],
    );
    world.pass(10);
    await beat(world, 3, 1);
    assert.equal((await world.deliver()).summary.lost, 1);
    assert.ok((await world.alarms()).every(({ closedAt }) => closedAt !== null));
  });
});

describe('a source in mode observe', () => {
  test('with 500 ghosts is shown, and nothing of it is written', async (t) => {
    const GHOSTS = sized(60, 500);
    const world = sweeper(t, { sources: { jobs: beating({ mode: 'observe' }) } });
    await jobsOf(world, GHOSTS, GHOSTS);
    const before = await updateTimes(world);
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      const { summary, outcome } = await world.next();
      assert.deepEqual([outcome, summary.observed, summary.lost, summary.held], ['succeeded', GHOSTS, 0, 0]);
    }
    const { summary } = await world.deliver({ dryRun: true });
    assert.equal(summary.verdicts.length, Math.min(300, GHOSTS));
    assert.equal(summary.verdictsOmitted, GHOSTS > 300 ? GHOSTS - 300 : undefined);
    assert.ok(
      summary.verdicts.every(
        (it) => it.verdict === 'lost' && it.rule === 'silent' && it.written === 'observe',
      ),
    );
    assert.deepEqual(await updateTimes(world), before);
    assert.deepEqual([await world.alarms(), await world.dirtyDays()], [[], []]);
    assert.equal((await world.health()).stale, GHOSTS);
  });
});

/** A heartbeat of now of all but the first `silent` jobs. */
async function beat(world: Sweeper, count: number, silent: number): Promise<void> {
  const batch = world.db.batch();
  for (let index = silent; index < count; index += 1)
    batch.update(world.db.doc(`jobs/job-${String(index).padStart(4, '0')}`), { heartbeatAt: world.now() });
  await batch.commit();
}

async function updateTimes(world: Sweeper): Promise<string[]> {
  const { docs } = await world.db.collection('jobs').get();
  return docs.map((document) => `${document.id} ${document.updateTime.toDate().toISOString()}`);
}
