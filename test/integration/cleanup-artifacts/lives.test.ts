import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs } from '../../../functions/shared/dates.ts';
import { BUCKET, type Cleaner, cleaner, NO_GUARDS, type Setup } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';
import { clientOf } from '../../support/gcs.ts';
import { artifactSource } from '../../support/jobs.ts';

const MINUTE = 60_000;
/** The end of the jobs of these tests, and so many minutes later. */
const after = (minutes: number) => addMs(daysAgo(30), minutes * MINUTE);

const time = (path: string) => ({ path, type: 'timestamp' });
const WITH_TRIES: Setup = {
  policy: NO_GUARDS,
  sources: {
    jobs: artifactSource({
      executions: {
        collection: 'tries',
        fields: {
          status: 'status',
          startedAt: time('startedAt'),
          endedAt: time('endedAt'),
          heartbeatAt: time('heartbeatAt'),
        },
      },
    }),
  },
};

/** Why jobs stay or go in the plan of a run. */
async function reasons(world: Cleaner): Promise<Record<string, string>> {
  const { summary } = await world.approved();
  const lines = await world.lines(summary.planId as string);
  return Object.fromEntries(lines.map(({ id, reason }) => [id, reason]));
}

describe('signs of life after the end', () => {
  test('in the record: a heartbeat later than the grace, or one that nobody can read, keeps the job', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({
      late: { heartbeatAt: after(10.1) },
      lately: { heartbeatAt: daysAgo(0) },
      odd: { heartbeatAt: 'just now' },
      within: { heartbeatAt: after(10) },
      before: { heartbeatAt: daysAgo(31) },
      none: { heartbeatAt: 'None' },
    });
    const ids = ['late', 'lately', 'odd', 'within', 'before', 'none'];
    world.put(ids.map((id) => `${id}/a`));
    const told = await reasons(world);
    assert.deepEqual(told, {
      late: 'signs-of-life',
      lately: 'signs-of-life',
      odd: 'unreadable',
      within: 'eligible',
      before: 'eligible',
      none: 'eligible',
    });
    assert.deepEqual(world.live(), ['late/a', 'lately/a', 'odd/a']);
  });

  const tries: Record<string, { data: Record<string, unknown>; because: RegExp | null }> = {
    running: { data: { status: 'running', startedAt: daysAgo(40) }, because: /execution t is running/ },
    suspended: { data: { status: 'suspended' }, because: /execution t is suspended/ },
    queued: { data: { status: 'queued' }, because: /execution t is queued/ },
    unknown: { data: { status: 'DOING' }, because: /of the unknown status "DOING"/ },
    unreadable: { data: { status: { is: 'running' } }, because: /status of its execution t cannot be read/ },
    beating: { data: { status: 'failed', heartbeatAt: after(11) }, because: /alive at .* after its end/ },
    ended: { data: { status: 'completed', endedAt: after(11) }, because: /alive at .* after its end/ },
    done: { data: { status: 'completed', startedAt: daysAgo(31), endedAt: after(9) }, because: null },
  };
  test('below the record: an execution that is not over, or was not, keeps the job; only of candidates they are read', async (t) => {
    const world = await cleaner(t, WITH_TRIES);
    await world.write({
      ...Object.fromEntries(Object.keys(tries).map((id) => [id, {}])),
      young: { endedAt: daysAgo(1) },
    });
    for (const [id, { data }] of Object.entries(tries)) await world.db.doc(`jobs/${id}/tries/t`).set(data);
    world.put(Object.keys(tries).map((id) => `${id}/a`));
    const { summary } = await world.approved();
    const lines = await world.lines(summary.planId as string);
    for (const [id, { because }] of Object.entries(tries)) {
      const line = lines.find((each) => each.id === id);
      assert.equal(line?.reason, because ? 'signs-of-life' : 'eligible', id);
      assert.match(line?.because ?? '', because ?? /no rule keeps it/);
    }
    assert.deepEqual(
      world.live(),
      Object.keys(tries)
        .filter((id) => id !== 'done')
        .map((id) => `${id}/a`)
        .sort(),
    );
  });

  test('that come between plan and tombstone keep the job', async (t) => {
    const world = await cleaner(t, WITH_TRIES);
    await world.write({ old: {}, beating: {} });
    world.put(['old/a', 'beating/a']);
    await world.trust();
    const moment = world.beforeDeletion(async () => {
      await world.db.doc('jobs/old/tries/t').set({ status: 'running' });
      await world.db.doc('jobs/beating').update({ heartbeatAt: world.now() });
    });
    const { summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual(world.live(), ['beating/a', 'old/a']);
    assert.equal((summary.keptAfterAll as unknown[]).length, 2);
  });
});

describe('a place where nothing lies', () => {
  test('is no deletion: nothing is booked, and it is looked at again after 30 days, or when the record names another', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({
      never: {},
      case: { artifactUri: `gs://${BUCKET}/Old/` },
      encoded: { artifactUri: `gs://${BUCKET}/no%20where/` },
      old: {},
    });
    world.put(['old/a', 'no%2520where/a', 'neverland/a']);
    const first = await reasons(world);
    const nothing = { never: 'nothing-there', case: 'nothing-there', encoded: 'nothing-there' };
    assert.deepEqual(first, { ...nothing, old: 'eligible' });
    assert.deepEqual(world.live(), ['neverland/a', 'no%2520where/a']);
    for (const id of Object.keys(nothing)) {
      const { nightshift } = (await world.job(id)) ?? {};
      assert.equal(nightshift?.deletedAt, undefined, id);
      assert.equal(nightshift?.tombstone, undefined, id);
    }
    const listed = () => world.gcs.requests().filter(({ method }) => method === 'objects.list').length;
    const before = listed();
    world.pass(1);
    assert.deepEqual(await reasons(world), { ...nothing, old: 'deleted-before' });
    assert.equal(listed(), before, 'nobody looks there every night');

    world.put(['Old/a', 'moved/a']);
    await world.db.doc('jobs/never').update({ artifactUri: `gs://${BUCKET}/moved/` });
    assert.deepEqual(await reasons(world), { ...nothing, never: 'eligible', old: 'deleted-before' });
    world.pass(31);
    assert.equal((await reasons(world)).case, 'eligible');
    assert.deepEqual(world.live(), ['neverland/a', 'no%2520where/a']);
    assert.ok((await world.job('case'))?.nightshift?.deletedAt);
  });

  test('that is itself an object means that object alone', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({
      file: { artifactUri: `gs://${BUCKET}/models/churn.pkl` },
      both: { artifactUri: `gs://${BUCKET}/both` },
      folder: { artifactUri: `gs://${BUCKET}/folder/` },
    });
    world.put(['models/churn.pkl', 'models/churn.pkl.bak', 'models/churn.pkl 2', 'both', 'both/a', 'folder']);
    const { summary, runId } = await world.approved();
    const uris = (await world.lines(summary.planId as string)).map(({ id, uri, objects }) => [
      id,
      uri,
      objects,
    ]);
    assert.deepEqual(uris.sort(), [
      ['both', `gs://${BUCKET}/both/`, 1],
      ['file', `gs://${BUCKET}/models/churn.pkl`, 1],
      ['folder', `gs://${BUCKET}/folder/`, null],
    ]);
    assert.deepEqual(world.live(), ['both', 'folder', 'models/churn.pkl 2', 'models/churn.pkl.bak']);
    assert.equal((await world.deliver({ undo: runId })).summary.restored, 2);
    assert.ok(world.live().includes('models/churn.pkl'));
    world.pass(1);
    assert.equal((await reasons(world)).file, 'pinned');
  });

  test('under one of two names that a percent sign leaves open is no reason to take the other, if both hold something', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const uri = (name: string) => ({ artifactUri: `gs://${BUCKET}/${name}/` });
    await world.write({ both: uri('a%20b'), literal: uri('c%20d'), decoded: uri('e%20f') });
    world.put(['a%20b/x', 'a b/x', 'c%20d/x', 'e f/x']);
    assert.deepEqual(await reasons(world), {
      both: 'ambiguous-uri',
      literal: 'eligible',
      decoded: 'eligible',
    });
    assert.deepEqual(world.live(), ['a b/x', 'a%20b/x']);
  });

  test('under a percent sign, that moves to the other name after the plan, keeps the job', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ moved: { artifactUri: `gs://${BUCKET}/a%20b/` } });
    world.put(['a%20b/x']);
    await world.trust();
    const bucket = clientOf(world.gcs).bucket(BUCKET);
    const moment = world.beforeDeletion(async () => {
      await bucket.file('a%20b/x').delete();
      world.put(['a b/x']);
    });
    const { summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual([summary.deletedJobs, world.live()], [0, ['a b/x']]);
    assert.match(JSON.stringify(summary.keptAfterAll), /lie at gs:..runs.a b. now, not at/);
    assert.equal((await world.job('moved'))?.nightshift?.deletedAt ?? null, null);
  });

  test('any more when its turn comes is no deletion, and nothing that kept it', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ old: {} });
    world.put(['old/a']);
    await world.trust();
    const bucket = clientOf(world.gcs).bucket(BUCKET);
    const moment = world.beforeDeletion(() => bucket.file('old/a').delete());
    const { outcome, summary } = await world.deliver();
    assert.ok(await moment);
    assert.deepEqual([outcome, summary.deletedJobs, summary.keptAfterAll], ['succeeded', 0, []]);
    const { tombstone = null, deletedAt = null } = (await world.job('old'))?.nightshift ?? {};
    assert.deepEqual([tombstone, deletedAt], [null, null]);
  });

  test('takes no place among the newest successes, nor does a folder that holds nothing', async (t) => {
    const world = await cleaner(t, { policy: { ...NO_GUARDS, keepSuccesses: 2 } });
    const success = (days: number) => ({ status: 'completed', endedAt: daysAgo(days) });
    await world.write({
      newest: success(1),
      empty: success(10),
      holder: success(11),
      second: success(20),
      third: success(30),
      fourth: success(40),
    });
    world.put(['third/a', 'fourth/a', 'second/a'], { createdAt: daysAgo(60) });
    world.put(['holder/'], { size: 0, createdAt: daysAgo(60) });
    const told = await reasons(world);
    assert.deepEqual(told, {
      newest: 'young',
      empty: 'nothing-there',
      holder: 'eligible',
      second: 'newest-success',
      third: 'newest-success',
      fourth: 'eligible',
    });
    assert.deepEqual(world.live(), ['second/a', 'third/a']);
  });
});

describe('a job that ran again under its id', () => {
  test('has a new life: its new artifacts count, whatever was deleted before', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ again: { artifactUri: `gs://${BUCKET}/study/again/` } });
    world.put(['study/again/a']);
    const { runId } = await world.approved();
    assert.deepEqual(world.live(), []);
    const { deletedAt, deletedLife } = ((await world.job('again'))?.nightshift ?? {}) as Record<
      string,
      unknown
    >;
    assert.ok(deletedAt);
    assert.equal((deletedLife as { uri: string }).uri, `gs://${BUCKET}/study/again/`);

    // It ended yesterday and is registered; the folder around it is another job's, which nobody needs.
    await world.db.doc('jobs/again').update({ endedAt: daysAgo(1), registeredModel: 'churn@4' });
    await world.write({ study: { artifactUri: `gs://${BUCKET}/study/`, endedAt: daysAgo(0.5) } });
    world.put(['study/again/b', 'study/c'], { createdAt: daysAgo(1) });
    world.pass(20);
    assert.deepEqual(await reasons(world), { again: 'registered-model', study: 'overlap' });
    assert.deepEqual(world.live(), ['study/again/b', 'study/c']);

    // Once nobody needs it, it goes as any other; to undo the first deletion brings back that one, and keeps the second.
    await world.db.doc('jobs/again').update({ registeredModel: null });
    const second = await world.approved();
    assert.deepEqual(world.live(), []);
    const { problems } = await world.deliver({ undo: runId });
    assert.doesNotMatch(JSON.stringify(problems), /went on deleting/);
    const { tombstone } = ((await world.job('again'))?.nightshift ?? {}) as { tombstone?: { runId: string } };
    assert.equal(tombstone?.runId, second.runId);
  });

  test('and was marked by a release that kept no life is known by its end', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const nightshift = { tombstone: { planId: 'p', runId: 'r' }, deletedAt: daysAgo(10) };
    await world.write({ same: { nightshift }, again: { nightshift, endedAt: daysAgo(9) } });
    world.put(['same/a', 'again/a']);
    assert.deepEqual(await reasons(world), { same: 'deleted-before', again: 'eligible' });
    assert.deepEqual(world.live(), ['same/a']);
  });
});

test('journal, marks and pins are stamped with the clock of the run', async (t) => {
  const world = await cleaner(t, { policy: NO_GUARDS });
  await world.write({ old: {} });
  world.put(['old/a']);
  const { runId, summary } = await world.approved();
  const now = world.now().getTime();
  const [entry] = (await world.collections.cleanupJournal.get()).docs;
  const stamps = [entry?.get('createdAt'), entry?.get('doneAt')].map((it) => it.toMillis());
  assert.deepEqual(stamps, [now, now]);
  const { deletedAt } = ((await world.job('old'))?.nightshift ?? {}) as {
    deletedAt?: { toMillis(): number };
  };
  assert.equal(deletedAt?.toMillis(), now);
  assert.equal(Date.parse(String(summary.pendingUntil)), now + 7 * 24 * 60 * MINUTE);
  world.pass(2);
  await world.deliver({ undo: runId });
  const [pin] = (await world.collections.artifactPins.get()).docs;
  assert.equal(pin?.get('createdAt').toMillis(), world.now().getTime());
  assert.equal(pin?.get('keepUntil').toMillis(), world.now().getTime() + 30 * 24 * 60 * MINUTE);
});
