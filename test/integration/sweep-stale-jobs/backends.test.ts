import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { askedJobs } from '../../support/asked-jobs.ts';
import { firestoreAt } from '../../support/firestore.ts';
import { EXECUTIONS, MAPPING } from '../../support/sweeper.ts';

describe('jobs whose backend is asked', { concurrency: 4 }, () => {
  test('end as it says, with its end and its error, and are never asked about again', async (t) => {
    const world = await askedJobs(t);
    const { backend, silent, ago } = world;
    const [startedAt, endedAt] = [ago(110), ago(50)];
    const told = { startedAt: startedAt.toISOString(), endedAt: endedAt.toISOString() };
    await world.stand({
      ran: silent('a'),
      broke: silent('b'),
      stopped: silent('c'),
      runs: silent('d'),
      fell: silent('b', { error: 'their own words' }),
      queued: silent('d', { status: 'queued' }),
    });
    backend.set('a', { state: 'done', ...told });
    backend.set('b', { state: 'broken', error: 'out of memory', ...told });
    backend.set('c', { state: 'stopped', ...told });
    backend.set('d', { state: 'busy', startedAt: startedAt.toISOString() });
    const { summary, outcome } = await world.deliver();
    assert.equal(outcome, 'succeeded');
    const { finished, failed, lost, held, kept } = summary;
    assert.deepEqual(
      { finished, failed, lost, held, kept },
      { finished: 2, failed: 2, lost: 0, held: 0, kept: 2 },
    );
    assert.deepEqual(await world.statuses(), {
      ran: 'completed',
      broke: 'failed',
      stopped: 'cancelled',
      runs: 'running',
      fell: 'failed',
      queued: 'queued',
    });
    const broke = await world.job('broke');
    assert.deepEqual([broke.error, broke.endedAt], ['out of memory', Timestamp.fromDate(endedAt)]);
    assert.equal((await world.job('fell')).error, 'their own words');
    const { evidence, endInferred } = broke.nightshift as {
      evidence: Record<string, unknown>;
      endInferred: unknown;
    };
    assert.deepEqual(
      [evidence.verdict, evidence.rule, evidence.said, evidence.askedAt, endInferred],
      ['fail', 'backend-ended', evidence.said, Timestamp.fromDate(world.now()), false],
    );
    assert.match(String(evidence.backend), /^127\.0\.0\.1:\d+$/);

    const before = world.asked();
    backend.delete('d');
    await world.next();
    assert.equal(world.asked() - before, 1);
  });

  test('end all of them, though what it says of one is half a character', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    const ids = Array.from({ length: 21 }, (_, index) => `job-${index}`);
    await world.stand(Object.fromEntries(ids.map((id) => [id, world.silent(id)])));
    const endedAt = world.ago(50).toISOString();
    for (const id of ids) world.backend.set(id, { state: 'broken', error: 'no memory', endedAt });
    world.backend.set('job-7', { state: 'broken', error: 'OOM \ud83d', endedAt });
    const { summary, outcome } = await world.deliver();
    assert.deepEqual([summary.failed, outcome], [21, 'succeeded']);
    assert.equal((await world.job('job-7')).error, 'OOM \ufffd');
  });

  test('named there by integers of nineteen digits are each asked after by its own', async (t) => {
    const host = process.env.FIRESTORE_EMULATOR_HOST ?? '';
    // As the functions open it.
    const openSource = (_: string, project: string) => firestoreAt(t, host, project, { useBigInt: true });
    const world = await askedJobs(t, {}, { openSource });
    const [done, busy, waits] = [1234567890123456789n, 1234567890123456790n, 1234567890123456791n];
    const silent = (backendId: bigint, over = {}) => world.silent('', { backendId, ...over });
    await world.write({
      done: silent(done, { heartbeatAt: world.ago(55) }),
      busy: silent(busy),
      waits: silent(waits, { status: 'queued' }),
    });
    const told = { startedAt: world.ago(110).toISOString(), endedAt: world.ago(50).toISOString() };
    world.backend.set(String(done), { state: 'done', ...told });
    world.backend.set(String(busy), { state: 'busy' });
    world.backend.set(String(waits), { state: 'waiting' });
    await world.deliver();
    assert.equal(world.asked(), 2);
    // What waits is only asked about once nothing was seen of it for a while.
    world.pass(30);
    assert.equal((await world.deliver()).summary.kept, 2);
    assert.equal(world.asked(), 4);
    assert.deepEqual(await world.statuses(), { done: 'completed', busy: 'running', waits: 'queued' });
  });

  test('in mode observe are asked about their end once, not in every sweep', async (t) => {
    const world = await askedJobs(t, { mode: 'observe' });
    await world.stand({ ran: world.silent('a'), runs: world.silent('b') });
    world.backend.set('a', { state: 'done', endedAt: world.ago(50).toISOString() });
    world.backend.set('b', { state: 'busy' });
    const first = await world.deliver();
    const second = await world.next();
    assert.deepEqual([first.summary.observed, second.summary.observed], [1, 1]);
    assert.equal(world.asked(), 3);
    assert.deepEqual(await world.statuses(), { ran: 'running', runs: 'running' });
    assert.equal((await world.job('ran')).nightshift, undefined);
  });

  const faults: Record<string, Fault> = {
    'is not there': { kind: 'reset' },
    'never answers': { kind: 'hang' },
    'denies it': { kind: 'denied' },
    'has had too many questions': { kind: 'status', status: 429 },
    'is broken': { kind: 'status', status: 500 },
    'says what nobody can read': { kind: 'malformed' },
    'says half a word': { kind: 'truncated' },
    'says 404 of a page, not of the job': { kind: 'malformed', text: '<h1>Not found</h1>', status: 404 },
  };
  test('are unknown, and none is ended, while it cannot be asked or nobody can read what it says', async (t) => {
    const world = await askedJobs(t, {}, { limitMs: 1_000 });
    const ids = Array.from({ length: 6 }, (_, index) => `job-${index}`);
    for (const id of ids) world.backend.set(id, { state: 'done', endedAt: world.ago(50).toISOString() });
    await world.stand(Object.fromEntries(ids.map((id) => [id, world.silent(id)])));
    for (const [what, fault] of Object.entries(faults)) {
      const remove = world.faults.add({ fault });
      const { summary, outcome } = await world.next();
      assert.deepEqual([summary.unknown, outcome], [6, 'succeeded'], `it ${what}`);
      assert.ok(Object.values(await world.statuses()).every((status) => status === 'running'));
      remove();
    }
    assert.deepEqual([(await world.health()).unknown, (await world.health()).stale], [6, 6]);
    assert.equal((await world.next()).summary.finished, 6);
  });

  test('are not ended by the end of a try before that took its time to go down', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    const begun = world.now();
    await world.write({
      runs: { status: 'running', backendId: 'runs', createdAt: world.ago(200), startedAt: begun },
      waits: { status: 'queued', backendId: 'waits', createdAt: world.ago(200), updatedAt: begun },
    });
    const before = { state: 'stopped', startedAt: world.ago(190).toISOString() };
    const endedAt = new Date(begun.getTime() + 40_000).toISOString();
    for (const id of ['runs', 'waits']) world.backend.set(id, { ...before, endedAt });
    for (let sweeps = 0; sweeps < 4; sweeps += 1) await world.next();
    assert.deepEqual(await world.statuses(), { runs: 'running', waits: 'queued' });
  });

  test('that it does not have are lost only by the second 404, and only when silent, too', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    await world.knowBackend();
    await world.stand({ gone: world.silent('x'), fresh: world.silent('y', { heartbeatAt: world.ago(1) }) });
    const first = await world.deliver();
    assert.deepEqual([first.summary.unknown, first.summary.lost], [1, 0]);
    // A heartbeat since then: that 404 was about another life.
    const beat = (id: string) => world.db.doc(`jobs/${id}`).update({ heartbeatAt: world.now() });
    await beat('gone');
    for (const verdict of ['none', 'unknown', 'lost']) {
      await beat('fresh');
      const { summary } = await world.next();
      assert.deepEqual(
        [summary.scanned, summary.unknown, summary.lost],
        { none: [0, 0, 0], unknown: [1, 1, 0], lost: [1, 0, 1] }[verdict],
        verdict,
      );
    }
    assert.deepEqual(await world.statuses(), { gone: 'failed', fresh: 'running' });
    const { evidence } = (await world.job('gone')).nightshift as { evidence: Record<string, unknown> };
    assert.deepEqual([evidence.verdict, evidence.rule], ['lost', 'gone']);
  });

  test('and that were written since the first 404 are asked about twice more', async (t) => {
    const world = await askedJobs(t);
    await world.knowBackend();
    await world.stand({ gone: world.silent('x') });
    await world.deliver();
    world.pass(1);
    await world.db.doc('jobs/gone').update({ note: 'somebody cares' });
    for (const lost of [0, 0, 1]) assert.equal((await world.next()).summary.lost, lost);
  });

  test('are never lost by the 404 of an address that may be wrong', async (t) => {
    const world = await askedJobs(t);
    await world.settle();
    await world.stand({ a: world.silent('a'), b: world.silent('b', { heartbeatAt: world.ago(600) }) });
    for (let sweeps = 0; sweeps < 3; sweeps += 1) assert.deepEqual((await world.next()).summary.unknown, 2);
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual(
      summary.verdicts.map(({ rule }) => rule),
      ['gone-unplaced', 'gone-unplaced'],
    );
    // One that it knows proves the address.
    await world.stand({ c: world.silent('c') });
    world.backend.set('c', { state: 'busy' });
    assert.deepEqual((await world.next()).summary.lost, 2);
  });

  test('are not lost by it where nothing that it tells of others has a state', async (t) => {
    const world = await askedJobs(t, {}, {}, { absent: 'running' });
    await world.settle();
    await world.stand({ a: world.silent('a'), b: world.silent('b', { heartbeatAt: world.ago(600) }) });
    world.backend.set('a', { error: 'unknown tenant' });
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      const { kept, unknown, lost } = (await world.next()).summary;
      assert.deepEqual([kept, unknown, lost], [1, 1, 0]);
    }
    // One that is told with its state proves the address.
    world.backend.set('a', { state: 'busy' });
    assert.deepEqual((await world.next()).summary.lost, 1);
  });

  test('are lost by such a 404 once it tells of one that shows life, which is asked about for that alone', async (t) => {
    const world = await askedJobs(t);
    const beat = async () => {
      const live = world.silent('l', { heartbeatAt: world.now() });
      await world.stand({ live, unnamed: { ...live, backendId: null } });
    };
    await world.settle();
    await world.stand({ gone: world.silent('a') });
    await beat();
    // It does not know that one either.
    assert.deepEqual([(await world.next()).summary.lost, world.asked()], [0, 2]);
    world.backend.set('l', { state: 'busy' });
    await beat();
    assert.deepEqual([(await world.next()).summary.lost, world.asked()], [1, 4]);
    // From then on it is known.
    await world.stand({ other: world.silent('b') });
    await beat();
    await world.next();
    assert.equal(world.asked(), 5);
    assert.deepEqual(await world.statuses(), {
      gone: 'failed',
      live: 'running',
      unnamed: 'running',
      other: 'running',
    });
  });

  test('keep their executions, which have no name there, while it says that they run', async (t) => {
    const world = await askedJobs(t, { executions: EXECUTIONS });
    await world.settle();
    const beats = { heartbeatAt: world.now() };
    const jobs = ['runs', 'mute', 'over'];
    await world.stand(Object.fromEntries(jobs.map((id) => [id, world.silent(id, beats)])));
    world.backend.set('runs', { state: 'busy' });
    world.backend.set('mute', { state: 'who knows' });
    world.backend.set('over', { state: 'done', endedAt: world.ago(1).toISOString() });
    for (const id of jobs)
      await world.stand({ 1: { status: 'running', startedAt: world.ago(30 * 60) } }, `jobs/${id}/executions`);
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual(
      summary.verdicts.flatMap(({ job, execution, rule }) => (execution ? [[job, rule]] : [])).sort(),
      [
        ['mute', 'job-unknown'],
        ['over', 'max-runtime'],
        ['runs', 'job-goes-on'],
      ],
    );
    await world.next();
    const statuses = jobs.map(async (id) => (await world.job(`jobs/${id}/executions/1`)).status);
    assert.deepEqual(await Promise.all(statuses), ['running', 'running', 'failed']);
  });

  test('of which it suddenly has more than half no more are unknown, however often it says so', async (t) => {
    const world = await askedJobs(t);
    const ids = Array.from({ length: 6 }, (_, index) => `job-${index}`);
    await world.stand(Object.fromEntries(ids.map((id) => [id, world.silent(id)])));
    for (let sweeps = 0; sweeps < 4; sweeps += 1) assert.equal((await world.next()).summary.unknown, 6);
    assert.ok(Object.values(await world.statuses()).every((status) => status === 'running'));
  });
});

test('an end that a backend told while the source was observed is asked for again before it is written', async (t) => {
  const { heartbeatAt: _, ...fields } = MAPPING.fields;
  const world = await askedJobs(t, { fields, mode: 'observe' });
  const { backend, ago } = world;
  const at = (minutes: number) => ago(minutes).toISOString();
  await world.settle();
  await world.stand({ a: { status: 'running', backendId: 'a', startedAt: ago(120) } });
  backend.set('a', { state: 'broken', startedAt: at(119), endedAt: at(50), error: 'NODE_FAIL' });
  await world.deliver();
  // Put back into the queue, and begun once more under its name.
  backend.set('a', { state: 'busy', startedAt: at(10) });
  await world.next();
  const asked = world.asked();
  world.replaceStores((store) => ({ ...store, source: { ...store.source, mode: 'enforce' } }));
  await world.next();
  assert.deepEqual(await world.statuses(), { a: 'running' });
  assert.equal(world.asked(), asked + 1);
});
