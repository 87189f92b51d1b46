import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { addMs, DAY_MS, HOUR_MS } from '../../../functions/shared/dates.ts';
import { askedJobs } from '../../support/asked-jobs.ts';
import { beating, EXECUTIONS, MAPPING, type Sweeper, silentFor, sweeper } from '../../support/sweeper.ts';

const SUSPENDED = { statuses: { ...MAPPING.statuses, paused: 'suspended' } };

/** What a dry run tells of each job. */
async function told(world: Sweeper): Promise<Record<string, string>> {
  const { summary } = await world.deliver({ dryRun: true });
  return Object.fromEntries(summary.verdicts.map(({ job, rule }) => [job, rule]));
}

const open = async (world: Sweeper) =>
  (await world.alarms()).filter(({ closedAt }) => !closedAt).map(({ kind }) => kind);

describe('what sweeps saw and heard', { concurrency: 4 }, () => {
  test('is silent for an interval, not for two calls in two seconds', async (t) => {
    const world = sweeper(t);
    await world.write({ dead: silentFor(world, 30) });
    for (let calls = 0; calls < 2; calls += 1) {
      const { summary } = await world.deliver();
      assert.deepEqual([summary.held, summary.lost], [1, 0]);
      world.pass(1 / 30);
    }
    assert.equal((await world.next()).summary.lost, 1);
  });

  test('is a heart that beats by a clock in another zone, until it beats no more', async (t) => {
    const world = sweeper(t);
    const behind = () => addMs(world.now(), -8 * HOUR_MS);
    const startedAt = world.ago(9 * 60);
    await world.settle();
    await world.write({ naive: { status: 'running', startedAt, heartbeatAt: behind() } });
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      const { summary } = await world.deliver();
      assert.deepEqual([summary.unknown, summary.lost, summary.held], [1, 0, 0]);
      if (sweeps === 2) assert.deepEqual(await told(world), { naive: 'clock-off' });
      world.pass(10);
      await world.db.doc('jobs/naive').update({ heartbeatAt: behind() });
    }
    assert.deepEqual([(await world.health()).unknown, (await world.health()).stale], [1, 1]);
    const last = behind();
    const lost: unknown[] = [];
    for (let sweeps = 0; sweeps < 4; sweeps += 1) lost.push((await world.next()).summary.lost);
    // Held for an interval once its silence broke the limit, by the clock of whoever wrote it down.
    assert.deepEqual(lost, [0, 0, 1, 0]);
    assert.deepEqual((await world.job('naive')).endedAt, Timestamp.fromDate(last));
  });

  test('is that its backend said it ran: it ends then, when that knows it no more', async (t) => {
    const { heartbeatAt: _, ...fields } = MAPPING.fields;
    const world = await askedJobs(t, { fields });
    await world.write({ long: { status: 'running', backendId: 'a', startedAt: world.ago(160 * 60) } });
    world.backend.set('a', { state: 'busy' });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) await world.next();
    const heardAt = world.now();
    world.backend.delete('a');
    const lost: unknown[] = [];
    for (let sweeps = 0; sweeps < 2; sweeps += 1) lost.push((await world.next()).summary.lost);
    assert.deepEqual(lost, [0, 1]);
    const { endedAt, nightshift } = await world.job('long');
    assert.deepEqual(endedAt, Timestamp.fromDate(heardAt));
    assert.equal((nightshift as { endInferred: boolean }).endInferred, true);
  });

  test('is nothing that an answer said which was not believed: it is asked for again', async (t) => {
    const world = await askedJobs(t);
    const fresh = { heartbeatAt: world.ago(20) };
    await world.write({ reused: world.silent('7', fresh) });
    world.backend.set('7', {
      state: 'broken',
      startedAt: '2017-03-01T01:00:00Z',
      endedAt: '2017-03-01T02:00:00Z',
    });
    for (let sweeps = 1; sweeps <= 2; sweeps += 1) {
      assert.equal((await world.next()).summary.unknown, 1);
      assert.equal(world.asked(), sweeps);
    }
    assert.deepEqual(await told(world), { reused: 'another-try' });
    const endedAt = world.ago(25);
    world.backend.set('7', { state: 'done', endedAt: endedAt.toISOString() });
    assert.equal((await world.next()).summary.finished, 1);
    assert.deepEqual((await world.job('reused')).endedAt, Timestamp.fromDate(endedAt));
  });

  test('keeps the end that its own record tells, beside saying that it runs', async (t) => {
    const world = sweeper(t);
    const endedAt = world.ago(58);
    await world.settle();
    await world.stand({ over: { ...silentFor(world, 60), endedAt } });
    assert.equal((await world.deliver()).summary.lost, 1);
    const { endedAt: written, nightshift } = await world.job('over');
    assert.deepEqual(written, Timestamp.fromDate(endedAt));
    const { fields } = (nightshift as { evidence: { fields: { path: string; before: unknown }[] } }).evidence;
    assert.deepEqual(fields.find(({ path }) => path === 'endedAt')?.before, Timestamp.fromDate(endedAt));
  });
});

describe('what nobody can read', { concurrency: 4 }, () => {
  test('of a name at a backend does not make it one that nobody can ask about', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    const odd = { map: { id: 3 }, list: [1], rounded: 2 ** 63, flag: true };
    const records = Object.entries(odd).map(([id, backendId]) => [
      id,
      world.silent('', { backendId, heartbeatAt: world.ago(50) }),
    ]);
    const queued = { status: 'queued', createdAt: world.ago(90), backendId: { id: 3 } };
    await world.stand({ ...Object.fromEntries(records), queued });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) await world.next();
    const ids = [...Object.keys(odd), 'queued'];
    assert.deepEqual(await told(world), Object.fromEntries(ids.map((id) => [id, 'unreadable'])));
    assert.ok(Object.values(await world.statuses()).every((it) => it === 'running' || it === 'queued'));
  });

  test('of any time of a silent job keeps it, and is told', async (t) => {
    const world = sweeper(t);
    await world.settle();
    const odd = ['soon', 17, '', { at: 1 }, [world.ago(60)], true];
    const silent = silentFor(world, 50);
    const of = (field: string) =>
      odd.map((value, index) => [`${field}-${index}`, { ...silent, [field]: value }] as const);
    await world.stand(Object.fromEntries(['startedAt', 'heartbeatAt', 'endedAt'].flatMap(of)));
    for (let sweeps = 0; sweeps < 2; sweeps += 1) await world.next();
    const statuses = await world.statuses();
    // An empty text is one of the ways to write that there is none.
    for (const [id, status] of Object.entries(statuses))
      assert.equal(status, id.endsWith('-2') ? 'failed' : 'running', id);
    assert.equal(Object.values(await told(world)).filter((rule) => rule === 'unreadable').length, 15);
    assert.equal((await world.health()).unknown, 15);
  });
});

describe('a job that was stopped on purpose', { concurrency: 4 }, () => {
  test('is never silent, is counted, and may be ended by its backend', async (t) => {
    const world = await askedJobs(t, SUSPENDED);
    const paused = (backendId: string | null) => ({ ...world.silent('', { status: 'paused' }), backendId });
    await world.write({ alone: paused(null), known: paused('k'), ended: paused('e'), unknown: paused('u') });
    world.backend.set('k', { state: 'busy' });
    const endedAt = world.ago(50).toISOString();
    world.backend.set('e', { state: 'done', startedAt: world.ago(120).toISOString(), endedAt });
    for (const minutes of [10, 10, 48 * 60, 10, 10]) {
      world.pass(minutes);
      await world.deliver();
    }
    assert.deepEqual(await world.statuses(), {
      alone: 'paused',
      known: 'paused',
      ended: 'completed',
      unknown: 'paused',
    });
    const { suspended, stale, unknown, running } = await world.health();
    assert.deepEqual(
      { suspended, stale, unknown, running },
      { suspended: 3, stale: 1, unknown: 1, running: 0 },
    );
    assert.deepEqual(await told(world), {
      alone: 'suspended',
      known: 'backend-running',
      unknown: 'gone-suspended',
    });
  });

  test('has time to beat again when it goes on', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating(SUSPENDED) } });
    await world.write({ job: { ...silentFor(world, 20), status: 'paused' } });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) await world.next();
    await world.db.doc('jobs/job').update({ status: 'running' });
    const lost: unknown[] = [];
    for (let sweeps = 0; sweeps < 4; sweeps += 1) lost.push((await world.next()).summary.lost);
    assert.deepEqual(lost, [0, 0, 1, 0]);
  });

  test('keeps its job, as an execution, and ends with that', async (t) => {
    const source = beating({ ...SUSPENDED, executions: { ...EXECUTIONS, statuses: undefined } });
    const world = sweeper(t, { sources: { jobs: source } });
    await world.write({ goes: silentFor(world, 90), over: { ...silentFor(world, 90), status: 'completed' } });
    await world.db.doc('jobs/over').update({ endedAt: world.ago(80) });
    const execution = { status: 'paused', startedAt: world.ago(119) };
    for (const id of ['goes', 'over']) await world.write({ 1: execution }, `jobs/${id}/executions`);
    for (let sweeps = 0; sweeps < 3; sweeps += 1) await world.next();
    assert.equal((await world.job('goes')).status, 'running');
    assert.equal((await world.job('jobs/goes/executions/1')).status, 'paused');
    const { status, endedAt } = await world.job('jobs/over/executions/1');
    assert.deepEqual([status, endedAt], ['failed', (await world.job('over')).endedAt]);
  });
});

describe('a job that shows life after it was ended', { concurrency: 4 }, () => {
  /** Two jobs that a sweep has just ended. */
  async function ended(world: Sweeper): Promise<void> {
    await world.settle();
    await world.stand({ one: silentFor(world, 60), two: silentFor(world, 60) });
    assert.equal((await world.deliver()).summary.lost, 2);
  }

  test('is not ended again for its silence, though its program writes its record whole', async (t) => {
    const world = sweeper(t);
    await ended(world);
    const { startedAt } = await world.job('one');
    for (let sweeps = 0; sweeps < 9; sweeps += 1) {
      if (sweeps % 4 === 1)
        await world.write({ one: { status: 'running', startedAt, heartbeatAt: world.now() } });
      assert.equal((await world.next()).summary.lost, 0);
    }
    assert.deepEqual(await told(world), { one: 'came-back' });
  });

  test('opens an alarm, and counts as an error of the sweep for a day', async (t) => {
    const world = sweeper(t);
    await ended(world);
    const before = await world.next();
    assert.deepEqual([before.summary.falseLost, await open(world)], [0, []]);
    assert.deepEqual([(await world.health()).watched, (await world.health()).falseLost], [2, 0]);
    await world.db.doc('jobs/one').update({ heartbeatAt: world.now() });
    const { summary } = await world.next();
    assert.deepEqual([summary.falseLost, await open(world)], [1, ['found-alive']]);
    assert.equal((await world.health()).falseLost, 1);
    const [alarm] = await world.alarms();
    assert.match(alarm?.message ?? '', /ended a job of source jobs that lived: jobs\/one; .*its heart beats/);
    // Whoever writes it says that it runs: it is not ended again.
    await world.db.doc('jobs/one').update({ status: 'running' });
    for (let sweeps = 0; sweeps < 2; sweeps += 1) {
      const again = await world.next();
      assert.deepEqual([again.summary.falseLost, again.summary.lost], [0, 0]);
    }
    assert.deepEqual(await told(world), { one: 'came-back' });
    world.pass(DAY_MS / 60_000);
    await world.deliver();
    assert.deepEqual([(await world.health()).falseLost, (await world.health()).watched], [0, 0]);
    assert.ok(!(await open(world)).includes('found-alive'));
  });
});
