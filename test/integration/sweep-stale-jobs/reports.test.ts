import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Alarm } from '../../../functions/shared/model/run/alarm.ts';
import { beating, EXECUTIONS, type Sweeper, sweeper } from '../../support/sweeper.ts';

const SOURCES = { jobs: beating({ reports: {}, sweep: { stalledAfterMinutes: 30 } }) };

/** A job that began two hours ago and last reported so many minutes ago. */
function reporting(world: Sweeper, minutes: number, report: object = {}, over: object = {}): object {
  const at = world.ago(minutes);
  const told = { execution: 'one', host: 'gpu-7', receivedAt: at, clock: 'boot', aliveAt: at };
  return {
    status: 'running',
    startedAt: world.ago(120),
    heartbeatAt: at,
    nightshift: { report: { ...told, state: 'running', ...report } },
    ...over,
  };
}

async function accept(world: Sweeper, minutes: number): Promise<void> {
  const channel = { source: 'jobs', lastAcceptedAt: world.ago(minutes), accepted: 40, falseLost: 1 };
  await world.collections.reportChannels.doc('jobs').set(channel);
}

async function openOf(world: Sweeper, kind: Alarm['kind']): Promise<Alarm[]> {
  return (await world.alarms()).filter((alarm) => alarm.kind === kind && alarm.closedAt === null);
}

describe('a source whose jobs report', { concurrency: 4 }, () => {
  test('of which nothing arrives loses no job, with one alarm; once reports come again each silence is found anew', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    await world.settle();
    await accept(world, 41);
    await world.stand({
      one: reporting(world, 40),
      two: reporting(world, 42),
      'never-reported': { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(40) },
    });
    const blind = await world.next();
    assert.deepEqual(await world.statuses(), { one: 'running', two: 'running', 'never-reported': 'failed' });
    assert.deepEqual([blind.outcome, blind.summary.unknown], ['partial', 2]);
    assert.match(
      blind.problems[0]?.message ?? '',
      /^no report of its jobs has come since .* UTC: what rests on silence alone is left until reports come again \(2\)$/,
    );
    const [alarm, ...others] = await openOf(world, 'sweeper-blind');
    assert.deepEqual([alarm?.subject, others.length], ['sweep-stale-jobs', 0]);
    assert.match(alarm?.message ?? '', /^The sweep may be blind: source jobs: no report of its jobs/);
    // Dated at the limit: 51 minutes ago the last one came, and 10 are allowed.
    assert.deepEqual(alarm?.brokenAt, world.ago(41));
    assert.deepEqual((await world.health()).reports?.accepted, 40);

    // The first that is delivered again shows that the channel works; others may still be on their way.
    await accept(world, -9);
    await world.next();
    assert.deepEqual(await world.statuses(), { one: 'running', two: 'running', 'never-reported': 'failed' });
    assert.equal((await openOf(world, 'sweeper-blind')).length, 0);
    await world.db.doc('jobs/one').update(reporting(world, 0));
    await accept(world, -9);
    await world.next();
    assert.deepEqual(await world.statuses(), { one: 'running', two: 'failed', 'never-reported': 'failed' });
  });

  test('of which nothing arrives loses no execution of a job that reported, nor a job with its executions', async (t) => {
    const jobs = beating({ reports: {}, executions: EXECUTIONS });
    const world = sweeper(t, { sources: { jobs } });
    await world.settle();
    await accept(world, 41);
    const startedAt = world.ago(26 * 60);
    await world.stand({
      long: reporting(world, 40, {}, { startedAt }),
      tried: reporting(world, 42),
      'never-reported': { status: 'running', startedAt, heartbeatAt: world.ago(40) },
    });
    const running = { status: 'running', startedAt: world.ago(25 * 60) };
    for (const id of ['long', 'never-reported']) await world.stand({ 1: running }, `jobs/${id}/executions`);
    const failed = { status: 'failed', startedAt: world.ago(119), endedAt: world.ago(42) };
    await world.stand({ 1: failed }, 'jobs/tried/executions');
    const statuses = async () => {
      const executions = ['long', 'never-reported'].map((id) => world.job(`jobs/${id}/executions/1`));
      return [(await world.job('tried')).status, ...(await Promise.all(executions)).map((it) => it.status)];
    };
    await world.next();
    await world.next();
    assert.deepEqual(await statuses(), ['running', 'running', 'failed']);
    // Once reports come again, each silence is found anew by two sweeps.
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      await accept(world, -10);
      await world.next();
    }
    assert.deepEqual(await statuses(), ['failed', 'failed', 'failed']);
  });

  test('that found one dead on its own host ends it in the first sweep, with who said so and when', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    await world.settle();
    await accept(world, 1);
    const goneAt = world.ago(1);
    await world.write({ dead: reporting(world, 3, { state: 'gone', goneAt }), live: reporting(world, 1) });
    const { summary } = await world.next();
    assert.deepEqual([summary.lost, summary.held], [1, 0]);
    const job = (await world.job('dead')) as { status: string; nightshift: { evidence: object } };
    assert.equal(job.status, 'failed');
    const { rule, because } = job.nightshift.evidence as { rule: string; because: string };
    assert.equal(rule, 'reporter-gone');
    assert.match(because, /its host gpu-7 found its execution one dead .* UTC/);
    assert.equal((await world.job('live')).status, 'running');
  });

  test('that was called lost counts as ended wrongly once it reports again, or tells how it really ended', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    await world.settle();
    await world.stand({
      alive: reporting(world, 40),
      ended: reporting(world, 40),
      lost: reporting(world, 40),
    });
    await accept(world, -15);
    assert.equal((await world.next()).summary.lost, 3);
    await world.db.doc('jobs/alive').update({ 'nightshift.report.aliveAt': world.ago(-5) });
    await world.db.doc('jobs/ended').update({
      status: 'completed',
      endedAt: world.ago(45),
      'nightshift.report.falseLost': true,
      'nightshift.endInferred': false,
    });
    await accept(world, -15);
    const { summary } = await world.next();
    assert.equal(summary.falseLost, 2);
    const { watched, falseLost } = await world.health();
    assert.deepEqual([watched, falseLost], [3, 2]);
    const [alarm, ...others] = await openOf(world, 'found-alive');
    assert.equal(others.length, 0);
    assert.match(
      alarm?.message ?? '',
      /ended a job of source jobs that lived: jobs\/alive; .*it reported that it lives/,
    );
    assert.equal((await world.next()).summary.falseLost, 0);
  });

  test('has an alarm while one lives and does not get on, until it moves or ends', async (t) => {
    const world = sweeper(t, { sources: SOURCES });
    await world.settle();
    world.pass(10);
    await accept(world, 0);
    const at = (minutes: number) => ({ progressAt: world.ago(minutes), progress: { step: 512 } });
    await world.write({ hung: reporting(world, 1, at(41)), moving: reporting(world, 1, at(2)) });
    await world.deliver();
    const [alarm, ...others] = await openOf(world, 'stalled');
    assert.deepEqual([alarm?.subject, others.length], ['jobs', 0]);
    assert.match(
      alarm?.message ?? '',
      /^Stalled, though they live: jobs:jobs\/hung: its progress is the same at step 512 for 41 min, at most 30 min allowed$/,
    );
    assert.deepEqual(alarm?.brokenAt, world.ago(11));
    assert.deepEqual(await world.statuses(), { hung: 'running', moving: 'running' });
    assert.equal((await world.health()).stale, 1);
    await world.db.doc('jobs/hung').update(reporting(world, 0, at(0)));
    await world.deliver();
    assert.equal((await openOf(world, 'stalled')).length, 0);
  });
});

test('a source without any accepted report is swept as one that takes none', async (t) => {
  const world = sweeper(t, { sources: SOURCES });
  await world.settle();
  await world.stand({ lost: { status: 'running', startedAt: world.ago(120), heartbeatAt: world.ago(40) } });
  assert.equal((await world.next()).summary.lost, 1);
});

test('a source of which few jobs report, and none now, ends the others as before', async (t) => {
  const world = sweeper(t, { sources: SOURCES });
  await world.settle();
  await accept(world, 200);
  const ended = reporting(
    world,
    200,
    { state: 'completed' },
    { status: 'completed', endedAt: world.ago(200) },
  );
  await world.stand({ ended, lost: { status: 'running', startedAt: world.ago(120), heartbeatAt: null } });
  assert.equal((await world.next()).summary.lost, 1);
  assert.equal((await openOf(world, 'sweeper-blind')).length, 0);
});

test('a job that ran twice at once does so no more once it has ended or is gone, or one of the two alone is silent', async (t) => {
  const world = sweeper(t, { sources: SOURCES });
  await world.settle();
  await accept(world, 1);
  const rival = (minutes: number, over: object = {}) => ({
    rivals: [{ execution: 'old', seq: 4, host: 'gpu-1', aliveAt: world.ago(minutes), live: true, ...over }],
  });
  const ended = { status: 'completed', endedAt: world.ago(5) };
  const end = { state: 'completed', endReceivedAt: world.ago(5) };
  await world.stand({
    ended: reporting(world, 5, { ...end, ...rival(6) }, ended),
    outlived: reporting(world, 5, { ...end, ...rival(1) }, ended),
    both: reporting(world, 1, rival(2)),
    silent: reporting(world, 1, rival(45)),
    cutOff: reporting(world, 40, rival(45)),
    told: reporting(world, 1, rival(2, { live: false })),
    unreadable: reporting(world, 1, { receivedAt: 'yesterday' }),
  });
  const jobs = ['ended', 'outlived', 'both', 'silent', 'cutOff', 'told', 'unreadable', 'gone'];
  for (const job of jobs) {
    const alarm = { subject: 'jobs', job, kind: 'double-run', brokenAt: world.ago(30), message: job };
    const state = { openedAt: world.ago(30), closedAt: null, closedBecause: null, runId: null };
    await world.collections.alarms
      .doc(`jobs:double-run:${job}`)
      .set({ id: `jobs:double-run:${job}`, ...alarm, ...state });
  }
  await world.deliver();
  const closed = (await world.alarms()).filter(({ kind }) => kind === 'double-run');
  assert.deepEqual(Object.fromEntries(closed.map(({ job, closedBecause }) => [job, closedBecause])), {
    ended: 'its job has ended',
    outlived: null,
    both: null,
    silent: 'only one execution of it is heard of',
    cutOff: null,
    told: 'only one execution of it is heard of',
    unreadable: null,
    gone: 'the record of its job is gone',
  });
});
