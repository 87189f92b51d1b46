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

/** Not many: a transaction that was killed holds the emulator's locks for a minute. */
const JOBS = sized(2, 40);
/** Objects of every other job: more than a batch; the others have a few. */
const LARGE = sized(200, 900);
const SMALL = sized(50, 100);
const OBJECTS = (JOBS / 2) * (LARGE + SMALL);
const KILLS = sized(1, 20);
/** At its first batch, once every job is marked: a transaction that is killed keeps its locks for a minute, which only a soak has. */
const IN_MIDST = sized(1, 0) === 1;
/** Jobs whose artifacts wait to be deleted. */
const BACKLOG = sized(5, 20_000);
/** Of 20,000, not all: for each of them the emulator reads the whole collection several times. */
const PER_PLAN = sized(2, 100);
/** In a soak it is waited for; else it is longer than the slowest machine takes to ask again, and ended by hand. */
const LEASE_SECONDS = sized(120, 5);

function start({ project, gcs }: Cleaner) {
  const options = { project, baseUrl: gcs.baseUrl, leaseSeconds: LEASE_SECONDS, policy: NO_GUARDS };
  const script = join(ROOT, 'test/support/cleaner-process.ts');
  return spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function jobsDone({ db }: Cleaner): Promise<Set<string>> {
  const found = await db.collection('jobs').where('nightshift.deletedAt', '!=', null).get();
  return new Set(found.docs.map(({ id }) => `${id}/`));
}

/** Holds that nobody goes on while the lease of the killed run lasts, and ends it. */
async function endLease(world: Cleaner): Promise<void> {
  if (!IN_MIDST) return pause(LEASE_SECONDS * 1_000);
  const left = world.live();
  assert.equal((await world.deliver()).outcome, 'skipped');
  assert.deepEqual(world.live(), left);
  const task = world.collections.tasks.doc('cleanup-artifacts');
  await task.update({ 'current.leaseExpiresAt': new Date() });
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
    const sizes = Array.from({ length: JOBS }, (_, index) => (index % 2 === 0 ? LARGE : SMALL));
    const ids = sizes.map((_, index) => `job-${String(index).padStart(4, '0')}`);
    await write(Object.fromEntries(ids.map((id, index) => [id, { endedAt: daysAgo(900 - index) }])));
    const names = ids.flatMap((id, index) =>
      Array.from({ length: sizes[index] ?? 0 }, (_, object) => `${id}/${String(object).padStart(4, '0')}`),
    );
    assert.equal(names.length, OBJECTS);
    put(names, { createdAt: daysAgo(950) });
    put(['kept/a']);
    const planId = await world.approve();

    const since = (from: number, method: string) =>
      gcs
        .requests()
        .slice(from)
        .filter((request) => request.method === method);
    let killed = 0;
    while (killed < KILLS) {
      const done = await jobsDone(world);
      const seen = gcs.requests().length;
      const child = start(world);
      const ended = once(child, 'close');
      const target = live().length - Math.floor((random() * 2 * live().length) / (KILLS - killed + 1));
      if (IN_MIDST) {
        // Deletes, and cannot come to an end.
        while (since(seen, 'batch').length === 0 && child.exitCode === null) await pause(5);
        gcs.faults.add({ method: 'objects.list', fault: { kind: 'hang' } });
      } else while (live().length > Math.max(target, 1) && child.exitCode === null) await pause(15);
      // Anywhere between two objects, and in what comes before and after them.
      await pause(random() * sized(300, 60));
      child.kill('SIGKILL');
      await ended;
      gcs.faults.clear();
      if (child.signalCode === 'SIGKILL') killed += 1;
      for (const { query } of since(seen, 'objects.list'))
        assert.ok(
          !done.has(query.get('prefix') ?? ''),
          `${query.get('prefix')} was done, and is listed again`,
        );
      await endLease(world);
      if (live().length <= 1) break;
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
    await world.trust();
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
