import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../../../functions/shared/run/answer.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';
import { seededRandom, sized } from '../../support/soak.ts';

const OBJECTS = sized(1_000, 20_000);
const KILLS = sized(1, 20);
/** Once every job is marked: a transaction that is killed keeps its locks for a minute, which only a soak has. */
const AFTER_MARKS = sized(1, 0) === 1;
/** Not many: a transaction that was killed holds the emulator's locks for a minute. */
const JOBS = OBJECTS / 500;
/** Jobs whose artifacts wait to be deleted. */
const BACKLOG = sized(10, 20_000);
/** Of 20,000, not all: for each of them the emulator reads the whole collection several times. */
const PER_PLAN = sized(4, 100);
const LEASE_SECONDS = 5;

function start({ project, gcs }: Cleaner, leaseSeconds = LEASE_SECONDS) {
  const options = { project, baseUrl: gcs.baseUrl, leaseSeconds, policy: NO_GUARDS };
  const script = join(ROOT, 'test/support/cleaner-process.ts');
  return spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function jobsDone({ db }: Cleaner): Promise<Set<string>> {
  const found = await db.collection('jobs').where('nightshift.deletedAt', '!=', null).get();
  return new Set(found.docs.map(({ id }) => `${id}/`));
}

async function jobsMarked({ db }: Cleaner): Promise<number> {
  const found = await db.collection('jobs').where('nightshift.tombstone.runId', '!=', null).get();
  return found.size;
}

describe('a run that is killed', () => {
  test(`${KILLS} times amid ${OBJECTS} objects is gone on with: each object is accounted for once`, async (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const world = await cleaner(t, {
      policy: NO_GUARDS,
      entry: { leaseSeconds: LEASE_SECONDS },
      gcs: { latencyMs: sized(150, 30) },
    });
    const { gcs, deliver, live, write, put } = world;
    // Few large jobs and many small ones, in the order of their names.
    const sizes = Array.from({ length: JOBS }, (_, index) => (index % 2 === 0 ? 900 : 100));
    const ids = sizes.map((_, index) => `job-${String(index).padStart(4, '0')}`);
    await write(Object.fromEntries(ids.map((id, index) => [id, { endedAt: daysAgo(900 - index) }])));
    const names = ids.flatMap((id, index) =>
      Array.from({ length: sizes[index] ?? 0 }, (_, object) => `${id}/${String(object).padStart(4, '0')}`),
    );
    assert.equal(names.length, OBJECTS);
    put(names, { createdAt: daysAgo(950) });
    put(['kept/a']);
    const planId = await world.approve();

    let killed = 0;
    while (killed < KILLS) {
      const done = await jobsDone(world);
      const seen = gcs.requests().length;
      const child = start(world);
      const ended = once(child, 'close');
      const target = live().length - Math.floor((random() * 2 * live().length) / (KILLS - killed + 1));
      if (AFTER_MARKS) while ((await jobsMarked(world)) < JOBS && child.exitCode === null) await pause(5);
      while (live().length > Math.max(target, 1) && child.exitCode === null) await pause(15);
      // Anywhere between two objects, and in what comes before and after them.
      await pause(random() * 60);
      child.kill('SIGKILL');
      await ended;
      if (child.signalCode === 'SIGKILL') killed += 1;
      const listed = gcs
        .requests()
        .slice(seen)
        .filter(({ method }) => method === 'objects.list');
      for (const { query } of listed)
        assert.ok(
          !done.has(query.get('prefix') ?? ''),
          `${query.get('prefix')} was done, and is listed again`,
        );
      if (live().length <= 1) break;
      await pause(LEASE_SECONDS * 1_000);
    }
    t.diagnostic(`${killed} kills`);
    assert.ok(killed >= Math.min(KILLS, 3));

    let answer: Answer;
    do {
      await pause(100);
      answer = await deliver();
      // A transaction that was killed keeps its locks until Firestore gives it up.
      const locked = answer.problems.every(({ message }) => message.includes('keeps changing'));
      assert.ok(answer.outcome !== 'failed' || locked, JSON.stringify(answer.problems));
    } while (answer.outcome !== 'succeeded');
    assert.deepEqual(live(), ['kept/a']);
    assert.equal((await jobsDone(world)).size, JOBS);
    const journaled = await world.journaled();
    assert.deepEqual(
      journaled.map(({ name, generation, result }) => `${name}#${generation} ${result}`).sort(),
      world.world
        .softDeleted(BUCKET)
        .map(({ name, generation }) => `${name}#${generation} deleted`)
        .sort(),
    );
    const plan = (await world.plans.load(planId)).data;
    assert.equal(plan?.status, 'applied');
  });

  test('is not gone on with while its lease lasts', async (t) => {
    // Longer than the slowest machine takes to ask again.
    const leaseSeconds = 120;
    const world = await cleaner(t, { policy: NO_GUARDS, entry: { leaseSeconds } });
    await world.write({ old: {} });
    world.put(['old/a']);
    await world.approve();
    world.gcs.faults.add({ method: 'batch', fault: { kind: 'hang' } });
    const child = start(world, leaseSeconds);
    while ((await world.journaled()).length === 0) await pause(10);
    child.kill('SIGKILL');
    await once(child, 'close');
    world.gcs.faults.clear();
    assert.equal((await world.deliver()).outcome, 'skipped');
    assert.deepEqual(world.live(), ['old/a']);
    await world.collections.tasks.doc('cleanup-artifacts').update({ 'current.leaseExpiresAt': new Date() });
    assert.equal((await world.deliver()).outcome, 'succeeded');
    assert.deepEqual(world.live(), []);
    assert.equal((await world.journaled()).length, 1);
  });

  test('leaves a backlog that several plans work off without starting over', async (t) => {
    const world = await cleaner(t, { policy: { ...NO_GUARDS, jobsPerPlan: PER_PLAN } });
    const ids = Array.from({ length: BACKLOG }, (_, index) => `job-${String(index).padStart(5, '0')}`);
    await world.write(
      Object.fromEntries(ids.map((id, index) => [id, { endedAt: daysAgo(90 - index / BACKLOG) }])),
    );
    world.put(
      ids.map((id) => `${id}/a`),
      { createdAt: daysAgo(100) },
    );
    await world.approve();
    for (let call = 1; call <= 4; call += 1) {
      const seen = world.gcs.requests().length;
      const { outcome } = await world.deliver();
      assert.equal(outcome, 'succeeded');
      const lists = world.gcs
        .requests()
        .slice(seen)
        .filter(({ method }) => method === 'objects.list');
      const listed = lists.map(({ query }) => (query.get('prefix') ?? '').slice(0, -1));
      // The oldest that are left, and none of those that were done with.
      assert.deepEqual([...new Set(listed)].sort(), ids.slice((call - 1) * PER_PLAN, call * PER_PLAN));
      assert.deepEqual(
        world.live(),
        ids.slice(call * PER_PLAN).map((id) => `${id}/a`),
      );
    }
  });
});
