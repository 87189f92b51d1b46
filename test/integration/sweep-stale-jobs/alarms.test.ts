import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs } from '../../../functions/shared/dates.ts';
import { askedJobs } from '../../support/asked-jobs.ts';
import { beating, type Sweeper, sweeper } from '../../support/sweeper.ts';

const open = async (world: Sweeper) =>
  (await world.alarms()).filter(({ closedAt }) => !closedAt).map(({ kind }) => kind);

describe('the alarms about jobs', { concurrency: 4 }, () => {
  test('that nobody can tell about: one after a day, dated then, until somebody can', async (t) => {
    const world = await askedJobs(t, { sweep: { maxRuntimeHours: 72 } });
    world.faults.add({ fault: { kind: 'status', status: 500 } });
    await world.stand({ a: world.silent('a'), b: world.silent('b') });
    await world.deliver();
    const since = world.now();
    for (const minutes of [10, 23 * 60]) {
      world.pass(minutes);
      await world.deliver();
      assert.deepEqual(await open(world), []);
    }
    for (const minutes of [60, 10]) {
      world.pass(minutes);
      await world.deliver();
      assert.deepEqual(await open(world), ['backend-unknown']);
    }
    const [alarm] = await world.alarms();
    assert.deepEqual([alarm?.subject, alarm?.brokenAt], ['jobs', addMs(since, 24 * 3_600_000)]);
    assert.match(alarm?.message ?? '', /2 jobs of source jobs: jobs\/a, jobs\/b$/);
    world.faults.clear();
    const ended = { state: 'done', endedAt: world.ago(30).toISOString() };
    for (const id of ['a', 'b']) world.backend.set(id, ended);
    await world.next();
    assert.deepEqual([await open(world), (await world.alarms()).length], [[], 1]);
  });

  test('that run past their limit: only of those that somebody sees run, and as long as nobody says otherwise', async (t) => {
    const world = await askedJobs(t, { sweep: { maxRuntimeHours: 1 } });
    const long = { startedAt: world.ago(100), createdAt: world.ago(110) };
    await world.stand({ gone: { ...world.silent('gone'), ...long } });
    await world.deliver();
    assert.deepEqual(await open(world), []);
    await world.stand({ seen: { ...world.silent('seen'), ...long } });
    world.backend.set('seen', { state: 'busy' });
    await world.deliver();
    assert.deepEqual(await open(world), ['overdue']);
    assert.match((await world.alarms())[0]?.message ?? '', /^Overdue: jobs:jobs\/seen: /);
    world.faults.add({ fault: { kind: 'status', status: 500 } });
    await world.deliver();
    assert.deepEqual(await open(world), ['overdue']);
  });

  test('of which more run for long than the settings allow: dated when the first too many did', async (t) => {
    const world = sweeper(t, {
      sources: {
        jobs: beating({ sweep: { longRunning: { jobs: 5 } } }),
        others: beating({ collection: 'others' }),
      },
    });
    const sixth = world.ago(62);
    const record = (startedAt: Date) => ({ status: 'running', startedAt, heartbeatAt: world.ago(0) });
    const jobs = Array.from({ length: 8 }, (_, index) => [
      `j${index}`,
      record(index < 5 ? world.ago(100 + index) : sixth),
    ]);
    await world.stand(Object.fromEntries(jobs));
    await world.stand(Object.fromEntries(jobs), 'others');
    await world.deliver();
    const [alarm, ...others] = await world.alarms();
    assert.deepEqual(
      [alarm?.kind, alarm?.subject, alarm?.brokenAt, others.length],
      ['long-running', 'jobs', addMs(sixth, 3_600_000), 0],
    );
    const { running, longRunning, scheduled, recent24h, stale, unknown } = await world.health();
    assert.deepEqual(
      { running, longRunning, scheduled, recent24h, stale, unknown },
      // Of this source, nobody says when its jobs were created.
      { running: 8, longRunning: 8, scheduled: 0, recent24h: 0, stale: 0, unknown: 0 },
    );
    await world.stand({ j8: record(sixth) });
    await world.next();
    const [current, ...more] = await world.alarms();
    assert.match(current?.message ?? '', /^9 jobs of source jobs /);
    assert.deepEqual([current?.openedAt, more], [alarm?.openedAt, []]);
    for (const id of ['j0', 'j1', 'j2', 'j3'])
      await world.db.doc(`jobs/${id}`).update({ status: 'completed' });
    await world.deliver();
    assert.deepEqual([await open(world), (await world.alarms()).length], [[], 1]);
  });

  test('hold their count of a source whose times are text', async (t) => {
    const time = (path: string) => ({ path, type: 'iso' });
    const fields = {
      status: 'status',
      startedAt: time('startedAt'),
      heartbeatAt: time('heartbeatAt'),
      endedAt: time('endedAt'),
    };
    const world = sweeper(t, { sources: { jobs: beating({ fields }) } });
    const text = (minutes: number, zone = 'Z') => world.ago(minutes).toISOString().replace('Z', zone);
    await world.stand({
      hour: { status: 'running', startedAt: text(61), heartbeatAt: text(1) },
      young: { status: 'running', startedAt: text(59), heartbeatAt: text(1) },
      // Their clock on the wall says 9 hours later.
      east: {
        status: 'running',
        startedAt: text(61 - 9 * 60, '+09:00'),
        heartbeatAt: text(1 - 9 * 60, '+09:00'),
      },
      dead: {
        status: 'running',
        startedAt: text(70 - 9 * 60, '+09:00'),
        heartbeatAt: text(30 - 9 * 60, '+09:00'),
      },
    });
    await world.deliver();
    world.pass(1 / 60);
    const { longRunning, recent24h } = await world.health();
    assert.deepEqual([longRunning, recent24h], [3, 4]);
    assert.equal((await world.deliver()).summary.lost, 1);
    assert.equal((await world.job('dead')).status, 'failed');
  });
});
