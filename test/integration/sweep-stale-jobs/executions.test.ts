import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  beating,
  EXECUTIONS,
  live,
  MAPPING,
  named,
  type Sweeper,
  silentFor,
  sweeper,
} from '../../support/sweeper.ts';

const SOURCES = { jobs: beating({ executions: EXECUTIONS }) };

/** Ten jobs whose only execution failed 25 minutes ago; their programs wait before they try again. */
async function backingOff(world: Sweeper): Promise<string[]> {
  const ids = Array.from({ length: 10 }, (_, index) => named(index));
  const job = { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(25) };
  await world.stand(Object.fromEntries(ids.map((id) => [id, job])));
  const failed = { status: 'failed', startedAt: world.ago(119), endedAt: world.ago(25) };
  for (const id of ids) await world.stand({ 1: failed }, `jobs/${id}/executions`);
  return ids;
}

async function counts(world: Sweeper): Promise<Record<string, number>> {
  const words = Object.values(await world.statuses()).map(String);
  return Object.fromEntries(
    [...new Set(words)].map((word) => [word, words.filter((it) => it === word).length]),
  );
}

describe('silent jobs whose only execution failed', { concurrency: 4 }, () => {
  test('are not ended in the first sweep of all, nor at all where they go on before the second', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    const ids = await backingOff(world);
    const { summary } = await world.deliver();
    assert.deepEqual([summary.failed, summary.held, await counts(world)], [0, 10, { running: 10 }]);
    world.pass(9);
    for (const id of ids) await world.db.doc(`jobs/${id}`).update({ heartbeatAt: world.now() });
    world.pass(1);
    await world.deliver();
    assert.deepEqual(await counts(world), { running: 10 });
  });

  test('are ended once two sweeps find them so, and never again after they went on', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    const ids = await backingOff(world);
    await world.write(live(world, 1));
    await world.deliver();
    await world.next();
    assert.deepEqual(await counts(world), { failed: 10, running: 1 });
    const [first] = ids;
    await world.db.doc(`jobs/${first}`).update({ status: 'running', heartbeatAt: world.now() });
    for (let sweeps = 0; sweeps < 5; sweeps += 1) await world.next();
    assert.equal((await world.job(first ?? '')).status, 'running');
    const { summary } = await world.deliver({ dryRun: true, jobId: first });
    assert.deepEqual(
      summary.verdicts.map(({ rule, verdict }) => [rule, verdict]),
      [['came-back', 'unknown']],
    );
  });

  test('end as the last of their executions did, also where that does not say when it began', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    const job = { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(25) };
    await world.stand({ one: job });
    await world.stand(
      {
        first: { status: 'completed', startedAt: world.ago(119), endedAt: world.ago(60) },
        second: { status: 'failed', endedAt: world.ago(30) },
      },
      'jobs/one/executions',
    );
    await world.write(live(world, 1));
    await world.deliver();
    await world.next();
    assert.equal((await world.job('one')).status, 'failed');
  });

  test('are left while a clock of theirs is off, and while something writes their records', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    await world.settle();
    const job = { status: 'running', startedAt: world.ago(120) };
    await world.write({
      behind: { ...job, heartbeatAt: world.ago(70) },
      rewritten: { ...job, heartbeatAt: world.ago(17) },
    });
    await world.db.doc('jobs/rewritten').update({ type: 'sweep' });
    const failed = { status: 'failed', startedAt: world.ago(119), endedAt: world.ago(60) };
    for (const id of ['behind', 'rewritten']) await world.stand({ 1: failed }, `jobs/${id}/executions`);
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual(summary.verdicts.map(({ job, rule, verdict }) => [job, rule, verdict]).sort(), [
      ['behind', 'clock-off', 'unknown'],
      ['rewritten', 'still-written', 'unknown'],
    ]);
    await world.deliver();
    assert.deepEqual(await counts(world), { running: 2 });
  });
});

describe('executions below a job that has not ended', { concurrency: 4 }, () => {
  const EXECUTION = 'jobs/job/executions/1';

  test('are not ended for their age while it beats, and are once both are silent', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    await world.settle();
    await world.write({
      job: { status: 'running', startedAt: world.ago(25 * 60), heartbeatAt: world.ago(1) },
    });
    await world.stand({ 1: { status: 'running', startedAt: world.ago(25 * 60) } }, 'jobs/job/executions');
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      assert.equal((await world.next()).summary.executionsFixed, 0);
      await world.db.doc('jobs/job').update({ heartbeatAt: world.now() });
    }
    assert.equal((await world.job(EXECUTION)).status, 'running');
    const fixed: unknown[] = [];
    for (let sweeps = 0; sweeps < 4; sweeps += 1) fixed.push((await world.next()).summary.executionsFixed);
    assert.deepEqual(fixed, [0, 0, 1, 0], 'found silent by two sweeps');
  });

  test('go on while it is paused, and have the same time to beat as it has when it goes on', async (t) => {
    const fields = { ...EXECUTIONS.fields, heartbeatAt: MAPPING.fields.heartbeatAt };
    const statuses = { ...MAPPING.statuses, paused: 'suspended' };
    const source = beating({ statuses, executions: { ...EXECUTIONS, fields } });
    const world = sweeper(t, { sources: { jobs: source } });
    await world.settle();
    await world.stand({ job: { ...silentFor(world, 20), status: 'paused' } });
    await world.stand({ 1: silentFor(world, 20) }, 'jobs/job/executions');
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.next();
    const both = async () => [(await world.job('job')).status, (await world.job(EXECUTION)).status];
    assert.deepEqual(await both(), ['paused', 'running']);
    await world.db.doc('jobs/job').update({ status: 'running' });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) await world.next();
    assert.deepEqual(await both(), ['running', 'running']);
    await world.db.doc('jobs/job').update({ heartbeatAt: world.now() });
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      await world.next();
      await world.db.doc(EXECUTION).update({ heartbeatAt: world.now() });
    }
    assert.deepEqual(await both(), ['running', 'running']);
  });
});
