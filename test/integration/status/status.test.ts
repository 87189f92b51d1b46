import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { jobHealthSchema } from '../../../functions/shared/model/job/sweep.ts';
import { alarmId } from '../../../functions/shared/model/run/alarm.ts';
import { newRun } from '../../../functions/shared/model/run/run.ts';
import { ENDPOINTS } from '../../../functions/status/api/endpoints.ts';
import { envelopeOf } from '../../../functions/status/api/envelope.ts';
import type { StatusTools } from '../../../functions/status/read/answers.ts';
import { firestoreAt, freshFirestore } from '../../support/firestore.ts';
import { at, currentRun, healthOf } from '../../support/health.ts';
import { statusService } from '../../support/status.ts';
import { beating } from '../../support/sweeper.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

const SOURCES = { jobs: beating() };
const COLLECT = 'collect-metrics';
const TASKS = 5;
/** One more read for the alarms, and one for the health of the jobs: a query that finds nothing costs one. */
const WHOLE = TASKS + 2;

/** Every task, quiet; written an hour ago. */
function quietTasks() {
  return [COLLECT, 'cleanup-artifacts', 'prune-records', 'sweep-stale-jobs', 'observe-workloads'].map(
    (task) => healthOf({ task, nextExpectedAt: at(86_400), updatedAt: at(-3_600) }),
  );
}

async function serviceWithTasks(t: Parameters<typeof statusService>[0], setup = {}) {
  const service = statusService(t, { begin: at(0), sources: SOURCES, ...setup });
  for (const health of quietTasks()) await service.collections.tasks.doc(health.task).set(health);
  return service;
}

const block = (over = {}) =>
  jobHealthSchema.parse({
    source: 'jobs',
    running: 3,
    scheduled: 1,
    longRunning: 0,
    recent24h: 5,
    stale: 0,
    unknown: 0,
    at: at(-60),
    ...over,
  });

describe('/api/status', () => {
  test('shows every task of the catalogue, the worst first, and a verdict', async (t) => {
    const service = statusService(t, { begin: at(0), sources: SOURCES });
    const failing = healthOf({ task: COLLECT, consecutiveFailures: 2, lastOutcome: 'failed' });
    await service.collections.tasks.doc(failing.task).set(failing);
    const answer = await service.json('/api/status');
    const { data, problems, page } = envelopeOf(ENDPOINTS.status.data).parse(answer);
    assert.deepEqual(
      data.tasks.map(({ task, state }) => [task, state]),
      [
        [COLLECT, 'failing'],
        ['cleanup-artifacts', 'new'],
        ['observe-workloads', 'new'],
        ['prune-records', 'new'],
        ['sweep-stale-jobs', 'new'],
      ],
    );
    assert.deepEqual([data.verdict.words, data.verdict.ok], ['1 failing, 4 new', false]);
    assert.deepEqual([problems, page], [[], { after: null, limit: null }]);
    assert.deepEqual(await service.json('/api/scheduler/status/'), answer);
  });

  test('costs one read while nothing happens, whoever asks, and none for 4 s', async (t) => {
    const service = await serviceWithTasks(t);
    const ask = () => Promise.all(Array.from({ length: 20 }, () => service.json('/api/status')));
    assert.equal(await service.reads(ask), WHOLE);
    assert.equal(await service.reads(ask), 0);
    service.clock.pass(4 * SECOND_MS);
    assert.equal(await service.reads(ask), 1);
    assert.equal(await service.reads(ask), 0);
  });

  test('has what was written since, and reads the alarms again once a run has ended', async (t) => {
    const service = await serviceWithTasks(t);
    await service.json('/api/status');
    service.clock.pass(5 * SECOND_MS);
    const alarm = { subject: COLLECT, kind: 'failing', brokenAt: at(4), message: 'no quota' } as const;
    const id = alarmId(alarm);
    const opened = { ...alarm, id, openedAt: at(4), closedAt: null, closedBecause: null, runId: null };
    await service.collections.alarms.doc(id).set(opened);
    await service.collections.tasks
      .doc(COLLECT)
      .update({ consecutiveFailures: 3, lastFinishedAt: at(4), openAlarms: [id], updatedAt: at(4) });
    const { data } = await service.json('/api/status');
    assert.equal(data.tasks[0].state, 'failing');
    assert.deepEqual(
      data.alarms.map((one: { id: string }) => one.id),
      [id],
    );
    assert.equal(data.alarms[0].command, `npm run -s ops -- runs ${COLLECT}`);
  });

  test('is the same answer as long as nothing changes, though it is read again', async (t) => {
    const service = await serviceWithTasks(t);
    const first = await service.ask('/api/status');
    service.clock.pass(30 * SECOND_MS);
    const second = await service.ask('/api/status');
    assert.equal(String(second.body), String(first.body));
    assert.deepEqual([first.asOf, second.asOf], [at(0), at(30)]);
  });

  test('turns late and stuck by the clock alone, also while Firestore does not answer', async (t) => {
    let isDown = false;
    const change = (tools: StatusTools): StatusTools => ({
      ...tools,
      records: {
        ...tools.records,
        tasks: (...given) =>
          isDown ? Promise.reject(new Error('out of reach')) : tools.records.tasks(...given),
      },
    });
    const service = await serviceWithTasks(t, { change });
    await service.collections.tasks
      .doc(COLLECT)
      .update({ current: currentRun({ leaseExpiresAt: at(90) }), nextExpectedAt: at(86_400) });
    await service.json('/api/status');
    isDown = true;
    service.clock.pass(91 * SECOND_MS);
    const answer = await service.ask('/api/status');
    const { data, problems } = JSON.parse(String(answer.body));
    assert.deepEqual([answer.status, answer.asOf], [200, at(0)]);
    assert.match(answer.sourceError ?? '', /out of reach/);
    assert.match(problems[0].message, /out of reach/);
    assert.equal(data.tasks[0].state, 'stuck');
    assert.equal((await service.ask('/metrics')).status, 503);
    assert.match(String((await service.ask(`/badge/${COLLECT}.json`)).body), /"message":"unknown"/);
    isDown = false;
    service.clock.pass(5 * SECOND_MS);
    assert.equal((await service.ask('/api/status')).sourceError, undefined);
  });

  test('is there within 5 s while Firestore is frozen: old, and saying so', async (t) => {
    const { project } = freshFirestore(t);
    const proxy = await startProxy(process.env.FIRESTORE_EMULATOR_HOST ?? '');
    t.after(() => proxy.stop());
    const db = firestoreAt(t, proxy.host, project, { useBigInt: true });
    const service = await serviceWithTasks(t, { db });
    await service.json('/api/status');
    proxy.stall();
    service.clock.pass(5 * SECOND_MS);
    const began = performance.now();
    const answer = await service.ask('/api/status');
    assert.ok(performance.now() - began < 30_000);
    assert.deepEqual([answer.status, answer.asOf], [200, at(0)]);
    assert.match(answer.sourceError ?? '', /within 4000 ms|timeout/);
    assert.equal((await service.ask('/metrics')).status, 503);
    proxy.resume();
    service.clock.pass(5 * SECOND_MS);
    assert.equal((await service.ask('/api/status')).sourceError, undefined);
  });

  test('without any data there is no answer but 503', async (t) => {
    const service = statusService(t, {
      begin: at(0),
      sources: SOURCES,
      change: (tools) => ({
        ...tools,
        records: { ...tools.records, tasks: () => Promise.reject(new Error('out of reach')) },
      }),
    });
    for (const path of ['/api/status', '/api/health', '/metrics', `/badge/${COLLECT}.svg`]) {
      const answer = await service.ask(path);
      assert.equal(answer.status, 503, path);
      assert.match(String(answer.body), /out of reach/);
    }
  });

  test('says why a task is degraded; its last run is read for that once', async (t) => {
    const service = await serviceWithTasks(t);
    const startedAt = at(-3_600);
    const runId = `${COLLECT}@${startedAt.toISOString()}`;
    const named = {
      runId,
      task: COLLECT,
      trigger: 'scheduled',
      slot: startedAt,
      whole: true,
      dryRun: false,
      body: {},
    } as const;
    const attempt = {
      attempt: 1,
      token: '',
      startedAt,
      endedAt: at(-3_500),
      outcome: 'partial',
      error: null,
    } as const;
    const problems = [{ path: 'etl', message: 'no answer' }];
    await service.collections.taskRuns.doc(runId).set({ ...newRun(named, attempt), problems });
    const strip = [{ runId, outcome: 'partial', startedAt, durationMs: 1 }];
    await service.collections.tasks.doc(COLLECT).update({ lastOutcome: 'partial', strip });
    assert.equal(await service.reads(() => service.json('/api/status')), WHOLE + 1);
    service.clock.pass(5 * SECOND_MS);
    assert.equal(await service.reads(() => service.json('/api/status')), 1);
    const [task] = (await service.json('/api/status')).data.tasks;
    assert.deepEqual([task.state, task.reason], ['degraded', 'the last run was partial: etl: no answer']);
  });

  test('a record that cannot be read costs only itself, and is wrong', async (t) => {
    const service = await serviceWithTasks(t);
    await service.collections.tasks.doc(COLLECT).set({ task: COLLECT, updatedAt: at(0) });
    const { data, problems } = await service.json('/api/status');
    assert.equal(data.tasks.length, TASKS);
    assert.deepEqual(
      problems.map(({ path }: { path: string }) => path),
      [`tasks/${COLLECT}`],
    );
    assert.ok(data.verdict.wrong.includes(`tasks/${COLLECT} cannot be read`));
    const { state, reason } = data.tasks[0];
    assert.deepEqual([state, /^its record cannot be read: /.test(reason)], ['unknown', true]);
    assert.match(String((await service.ask(`/badge/${COLLECT}.json`)).body), /"message":"unknown"/);
  });

  test('a partial run that cannot be read is wrong, and asked for again', async (t) => {
    const service = await serviceWithTasks(t);
    const runId = `${COLLECT}@x`;
    const strip = [{ runId, outcome: 'partial', startedAt: at(-3_600), durationMs: 1 }];
    await service.collections.tasks.doc(COLLECT).update({ lastOutcome: 'partial', strip });
    await service.collections.taskRuns.doc(runId).set({ runId });
    const { data, problems } = await service.json('/api/status');
    assert.deepEqual(
      problems.map(({ path }: { path: string }) => path),
      [`taskRuns/${runId}`],
    );
    assert.ok(data.verdict.wrong.includes(`taskRuns/${runId} cannot be read`));
    await service.collections.taskRuns.doc(runId).delete();
    service.clock.pass(5 * SECOND_MS);
    const after = await service.json('/api/status');
    assert.deepEqual(
      [after.problems, after.data.tasks[0].reason],
      [[], 'the last run was partial: its record is gone'],
    );
  });

  test('is wrong once no sweep has looked at the jobs for three of its slots', async (t) => {
    const service = await serviceWithTasks(t);
    await service.collections.jobHealth.doc('jobs').set(block());
    const before = await service.json('/api/status');
    assert.equal(before.data.verdict.ok, true);
    assert.equal(before.data.sources[0].staleAt, at(-60 + 1_800).toISOString());
    service.clock.pass(30 * MINUTE_MS);
    const { data } = await service.json('/api/status');
    assert.deepEqual(data.verdict.wrong, ['jobs: last looked at 2026-03-04 01:59:00 UTC']);
  });
});

describe('/api/health', () => {
  test('has the words of a platform’s own endpoint, and sums over the sources', async (t) => {
    const service = statusService(t, {
      begin: at(0),
      sources: { jobs: beating(), etl: beating({ collection: 'etl' }) },
    });
    assert.equal((await service.json('/api/health')).data.status, 'unknown');
    await service.collections.jobHealth.doc('jobs').set(block({ stale: 2 }));
    await service.collections.jobHealth.doc('etl').set(block({ source: 'etl', running: 4, at: at(-120) }));
    service.clock.pass(HOUR_MS / 60 + SECOND_MS);
    const answer = await service.json('/api/system/health');
    assert.equal(answer.data.status, 'unhealthy');
    assert.deepEqual(answer.data.metrics, {
      running_executions: 7,
      scheduled_executions: 2,
      long_running_executions: 0,
      recent_executions_24h: 10,
      stale_executions: 2,
      timestamp: at(-120).toISOString(),
    });
    envelopeOf(ENDPOINTS.health.data).parse(answer);
  });
});
