import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { addMs } from '../../../functions/shared/dates.ts';
import { askedJobs } from '../../support/asked-jobs.ts';
import { beating, EXECUTIONS, type Sweeper, silentSource, sweeper } from '../../support/sweeper.ts';

/** What a job's record holds besides, once it was ended. */
async function evidenceOf(world: Sweeper, path: string): Promise<Record<string, unknown>> {
  const { nightshift } = await world.job(path);
  return (nightshift as { evidence: Record<string, unknown> }).evidence;
}

describe('incidents, replayed', { concurrency: 4 }, () => {
  test('under a job with status completed, execution 5 has been running for 22 hours', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    const endedAt = world.ago(21 * 60);
    const job = { status: 'completed', startedAt: world.ago(30 * 60), endedAt, heartbeatAt: endedAt };
    await world.stand({
      done: job,
      live: { status: 'running', startedAt: world.ago(50), heartbeatAt: world.ago(1) },
    });
    await world.stand(
      {
        4: { status: 'failed', startedAt: world.ago(29 * 60), endedAt: world.ago(23 * 60) },
        5: { status: 'running', startedAt: world.ago(22 * 60) },
      },
      'jobs/done/executions',
    );
    await world.stand({ 1: { status: 'running', startedAt: world.ago(50) } }, 'jobs/live/executions');
    // Executions of somebody else's jobs.
    await world.stand({ a: job }, 'others');
    await world.stand({ 1: { status: 'running', startedAt: world.ago(22 * 60) } }, 'others/a/executions');
    const { summary } = await world.deliver();
    assert.deepEqual([summary.executionsFixed, summary.lost, summary.held], [1, 0, 0]);
    const execution = await world.job('jobs/done/executions/5');
    assert.deepEqual([execution.status, execution.endedAt], ['failed', Timestamp.fromDate(endedAt)]);
    assert.equal((await evidenceOf(world, 'jobs/done/executions/5')).rule, 'job-ended');
    for (const path of ['jobs/live/executions/1', 'others/a/executions/1', 'jobs/live'])
      assert.equal((await world.job(path)).status, 'running', path);
    assert.deepEqual(await world.job('done'), {
      ...job,
      startedAt: Timestamp.fromDate(job.startedAt),
      endedAt: Timestamp.fromDate(endedAt),
      heartbeatAt: Timestamp.fromDate(endedAt),
    });
  });

  test('a job whose executions have all ended follows the newest', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ executions: EXECUTIONS }) } });
    await world.settle();
    await world.stand({ job: { status: 'running', startedAt: world.ago(200), heartbeatAt: world.ago(100) } });
    const endedAt = world.ago(90);
    await world.stand(
      {
        1: { status: 'failed', startedAt: world.ago(190), endedAt: world.ago(150) },
        2: { status: 'completed', startedAt: world.ago(140), endedAt },
      },
      'jobs/job/executions',
    );
    assert.equal((await world.deliver()).summary.finished, 1);
    const { status, endedAt: written } = await world.job('job');
    assert.deepEqual([status, written], ['completed', Timestamp.fromDate(endedAt)]);
  });

  test('a record says "running since three days" after a restart', async (t) => {
    const world = sweeper(t, { sources: { jobs: silentSource() } });
    const startedAt = world.ago(3 * 24 * 60);
    await world.stand({
      ghost: { status: 'running', startedAt },
      long: { status: 'running', startedAt: world.ago(20 * 60) },
    });
    await world.settle();
    assert.equal((await world.deliver()).summary.lost, 1);
    const ghost = await world.job('ghost');
    // Nobody knows how long it ran, so it counts no hours.
    assert.deepEqual([ghost.status, ghost.endedAt], ['failed', Timestamp.fromDate(startedAt)]);
    assert.equal((await evidenceOf(world, 'ghost')).rule, 'max-runtime');
    assert.equal((await world.job('long')).status, 'running');
    assert.equal((await world.dirtyDays()).length, 4);
  });

  test('documents without a heartbeat die by when they were last written, those with an odd one are told', async (t) => {
    const world = sweeper(t);
    const startedAt = world.ago(60);
    await world.write({
      without: { status: 'running', startedAt },
      empty: { status: 'running', startedAt, heartbeatAt: null },
      text: { status: 'running', startedAt, heartbeatAt: 'a minute ago' },
      number: { status: 'running', startedAt, heartbeatAt: 1_770_000_000 },
    });
    await world.settle();
    assert.deepEqual([(await world.deliver()).summary.unknown, (await world.health()).stale], [2, 2]);
    world.pass(10);
    assert.equal((await world.deliver()).summary.scanned, 2);
    world.pass(10);
    assert.deepEqual([(await world.deliver()).summary.held, (await world.next()).summary.lost], [2, 2]);
    assert.deepEqual(await world.statuses(), {
      without: 'failed',
      empty: 'failed',
      text: 'running',
      number: 'running',
    });
    assert.equal((await evidenceOf(world, 'empty')).rule, 'no-heartbeat');
    const { summary } = await world.deliver({ dryRun: true });
    assert.deepEqual(
      summary.verdicts.map(({ job, rule, because }) => [job, rule, because]),
      [
        ['number', 'unreadable', 'its heartbeatAt cannot be read: 1770000000 is not a timestamp'],
        ['text', 'unreadable', 'its heartbeatAt cannot be read: "a minute ago" is not a timestamp'],
      ],
    );
  });

  test('a heartbeat in the future keeps nobody alive', async (t) => {
    const world = sweeper(t);
    await world.write({
      ahead: { status: 'running', startedAt: world.ago(60), heartbeatAt: world.ago(-24 * 60) },
      near: { status: 'running', startedAt: world.ago(60), heartbeatAt: world.ago(-3) },
    });
    await world.settle();
    assert.deepEqual(await world.statuses(), { ahead: 'running', near: 'running' });
    world.pass(17);
    await world.deliver();
    await world.next();
    assert.equal((await world.job('ahead')).status, 'failed');
  });

  test('a status that nobody mapped is told once a day, and left as it is', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating() } });
    const odd = { startedAt: world.ago(600), heartbeatAt: world.ago(500) };
    await world.stand({
      a: { status: 'paused', ...odd },
      b: { status: 'paused', ...odd },
      c: { status: 7, ...odd },
      d: { ...odd },
      e: { status: null, ...odd },
      f: { status: 'completed', ...odd },
      g: { status: true },
    });
    const told = [
      { source: 'jobs', status: 'null', count: 1 },
      { source: 'jobs', status: 'true', count: 1 },
      { source: 'jobs', status: '7', count: 1 },
      { source: 'jobs', status: 'paused', count: 2 },
      { source: 'jobs', status: '', count: 1 },
    ];
    const { summary } = await world.deliver();
    assert.deepEqual([summary.unmapped, summary.scanned], [told, 0]);
    await world.db.doc('jobs/a').update({ status: 'completed' });
    const again = await world.next();
    assert.deepEqual([again.summary.unmapped, again.summary.auditDocumentsRead], [told, 0]);
    world.pass(24 * 60);
    assert.deepEqual(
      (await world.deliver()).summary.unmapped,
      told.map((it) => (it.status === 'paused' ? { ...it, count: 1 } : it)),
    );
    assert.equal((await world.job('b')).status, 'paused');
  });

  test('a job that runs past maxRuntime, and says so, is kept, with one alarm until it ends', async (t) => {
    const world = await askedJobs(t);
    const startedAt = world.ago(25 * 60);
    const long = { status: 'running', startedAt, heartbeatAt: world.ago(1) };
    await world.stand({ a: { ...long, backendId: 'a' }, b: { ...long, backendId: 'b' } });
    world.backend.set('a', { state: 'busy', startedAt: startedAt.toISOString() });
    world.backend.set('b', { state: 'busy', startedAt: startedAt.toISOString() });
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      const { summary } = await world.next();
      assert.deepEqual([summary.kept, summary.overdue, summary.lost], [2, 2, 0]);
    }
    const [alarm, ...others] = await world.alarms();
    assert.deepEqual(
      [alarm?.kind, alarm?.subject, alarm?.closedAt, alarm?.brokenAt, others.length],
      ['overdue', 'jobs', null, addMs(startedAt, 24 * 3_600_000), 0],
    );
    assert.match(alarm?.message ?? '', /jobs:jobs\/a, jobs:jobs\/b/);
    await world.db.doc('jobs/a').update({ status: 'completed' });
    await world.next();
    const [still] = await world.alarms();
    assert.equal(still?.closedAt, null);
    assert.match(still?.message ?? '', /^Overdue: jobs:jobs\/b: .*runs for 25 h/);
    await world.db.doc('jobs/b').update({ status: 'completed' });
    await world.next();
    const closed = await world.alarms();
    assert.ok(closed.length === 1 && closed[0]?.closedAt);
  });
});
