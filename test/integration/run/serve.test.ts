import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { addMs } from '../../../functions/shared/dates.ts';
import { type ServedFunction, schedulerHeaders, serveFixture } from '../../support/function-process.ts';
import { freshRecords } from '../../support/lifecycle.ts';
import { sized } from '../../support/soak.ts';

/** The last slot of the fixture's schedule. */
function lastSlot(minutesAgo = 0): Date {
  const now = new Date(Date.now() - minutesAgo * 60_000);
  now.setUTCMinutes(Math.floor(now.getUTCMinutes() / 10) * 10, 0, 0);
  return now;
}

/** The fixture, served to all tests of a suite, and its records. */
function fixtureOfSuite() {
  const records = freshRecords();
  let served: ServedFunction;
  before(async () => {
    served = await serveFixture({ GOOGLE_CLOUD_PROJECT: records.project });
  });
  after(async () => {
    await served.stop();
    await records.end();
  });
  const post: ServedFunction['post'] = (...question) => served.post(...question);
  return { records, post, lines: () => served.lines() };
}

describe('a served task', () => {
  const { records, post, lines } = fixtureOfSuite();
  const effects = async (id: string) =>
    (await records.db.doc(`effects/${id}`).get()).get('count') as number | undefined;

  // First, while there are no records.
  describe('to which something bad is sent', () => {
    const cases: { name: string; body: unknown; status: number; problem?: RegExp; method?: string }[] = [
      {
        name: 'an unknown key',
        body: { effekt: 'x' },
        status: 400,
        problem: /Unknown key \\"effekt\\", did you mean \\"effect\\"/,
      },
      { name: 'a wrong type', body: { workMs: 'long' }, status: 400, problem: /"path":"workMs".*a number/ },
      { name: 'an array', body: [1], status: 400, problem: /a JSON object/ },
      { name: 'null', body: 'null', status: 400 },
      { name: 'malformed JSON', body: '{"effect": ', status: 400 },
      {
        name: '10 MB',
        body: JSON.stringify({ effect: 'x'.repeat(10_000_000) }),
        status: 400,
        problem: /at most 65536/,
      },
      { name: 'GET', body: undefined, status: 405, method: 'GET', problem: /expected":"POST/ },
      { name: 'DELETE', body: undefined, status: 405, method: 'DELETE' },
    ];
    for (const { name, body, status, problem, method } of cases) {
      test(`${name} is answered ${status} without a stack, and nothing is written`, async () => {
        const reply = await post(body, {}, method);
        assert.equal(reply.status, status);
        assert.doesNotMatch(reply.text, /node_modules|\.[jt]s:\d+/);
        if (problem) assert.match(reply.text, problem);
        assert.equal(await records.runCount(), 0);
        assert.equal((await records.collections.tasks.get()).size, 0);
      });
    }

    test('malformed JSON of another content type is named as such', async () => {
      const reply = await post('{nonsense', { 'content-type': 'application/octet-stream' });
      assert.equal(reply.status, 400);
      assert.match(reply.text, /not JSON/);
    });
  });

  test('answers a manual run with every field of the answer', async () => {
    const reply = await post({});
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body), [
      ...['runId', 'task', 'outcome', 'trigger', 'attempt', 'dryRun'],
      ...['startedAt', 'finishedAt', 'durationMs', 'summary', 'problems'],
    ]);
    const { runId, outcome, trigger, attempt, dryRun, problems } = reply.body;
    assert.match(runId, /^fixture@manual-[0-9a-f-]{36}$/);
    assert.deepEqual(
      { outcome, trigger, attempt, dryRun, problems },
      { outcome: 'succeeded', trigger: 'manual', attempt: 1, dryRun: false, problems: [] },
    );
    assert.equal((await records.run(runId)).outcome, 'succeeded');
  });

  test('takes JSON as octet-stream, as Cloud Scheduler sends it without a content type', async () => {
    const reply = await post({ workMs: 1 }, { 'content-type': 'application/octet-stream' });
    assert.deepEqual(reply.body.summary, { worked: 1 });
  });

  const deliveries = sized(40, 1_000);
  test(`${deliveries} deliveries of one slot, 20 at a time: the work is done once, all others are counted`, async () => {
    const slot = lastSlot();
    const statuses = new Map<number, number>();
    let sent = 0;
    const deliver = async () => {
      while (sent < deliveries) {
        sent += 1;
        const { status } = await post({ effect: 'once' }, schedulerHeaders('fixture', slot));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 20 }, deliver));
    assert.equal(await effects('once'), 1);
    const run = await records.run(`fixture@${slot.toISOString()}`);
    assert.equal(run.duplicates, deliveries - 1);
    assert.equal(run.attempts.length, 1);
    assert.equal((statuses.get(200) ?? 0) + (statuses.get(409) ?? 0), deliveries, 'nothing but 200 and 409');
  });

  test('a slot counts as one instant whatever the offset in its text', async () => {
    const slot = lastSlot(20);
    const local = addMs(slot, -7 * 3_600_000)
      .toISOString()
      .replace('Z', '-07:00');
    const first = await post({}, schedulerHeaders('fixture', local));
    const second = await post({}, schedulerHeaders('fixture', slot));
    assert.equal(first.body.runId, `fixture@${slot.toISOString()}`);
    assert.equal(second.body.outcome, 'duplicate');
    assert.equal(second.body.trigger, 'scheduled');
  });

  test('a slot that is delivered 80 minutes late is that slot, and says that it came late', async () => {
    const slot = lastSlot(80);
    const reply = await post({}, schedulerHeaders('fixture', slot));
    assert.deepEqual(
      [reply.body.runId, reply.body.trigger, reply.body.outcome],
      [`fixture@${slot.toISOString()}`, 'scheduled', 'succeeded'],
    );
    const { arrivedLate, cause } = await records.run(reply.body.runId);
    assert.deepEqual([arrivedLate, cause], [true, 'finished late']);
    const again = await post({}, schedulerHeaders('fixture', slot));
    assert.equal(again.body.outcome, 'duplicate');
  });

  test("a forced run that carries the next slot's time is manual, and leaves that slot free", async () => {
    const next = new Date(lastSlot().getTime() + 600_000 + 86_400_000);
    const reply = await post({}, schedulerHeaders('fixture', next));
    assert.equal(reply.body.trigger, 'manual');
    assert.equal(
      (await records.collections.taskRuns.doc(`fixture@${next.toISOString()}`).get()).exists,
      false,
    );
  });

  test("headers of another task's job make a manual run", async () => {
    const reply = await post({}, schedulerHeaders('collect-metrics', lastSlot()));
    assert.equal(reply.body.trigger, 'manual');
  });

  test('a dry run takes no lease, eats no slot, moves no health and is recorded', async () => {
    const slot = lastSlot(30);
    const before = await records.health();
    const reply = await post({ dryRun: true, effect: 'dry' }, schedulerHeaders('fixture', slot));
    assert.equal(reply.body.dryRun, true);
    assert.equal(await effects('dry'), undefined);
    assert.deepEqual(await records.health(), before);
    assert.equal((await records.run(reply.body.runId)).dryRun, true);
    assert.equal(
      (await records.collections.taskRuns.doc(`fixture@${slot.toISOString()}`).get()).exists,
      false,
    );
  });

  test('a partial run answers 200 and degrades the task', async () => {
    const reply = await post({ partial: true }, schedulerHeaders('fixture', lastSlot(40)));
    assert.equal(reply.status, 200);
    assert.equal(reply.body.outcome, 'partial');
    assert.equal((await records.health()).lastOutcome, 'partial');
  });

  test('a task that throws answers 500, with its full stack in the record and in one ERROR line', async () => {
    const reply = await post({ throws: 'no such figure' }, schedulerHeaders('fixture', lastSlot(50)));
    assert.equal(reply.status, 500);
    assert.equal(reply.body.outcome, 'failed');
    assert.match(reply.body.problems[0]?.message ?? '', /no such figure/);
    assert.doesNotMatch(reply.text, /fixture-function\.ts/, 'the caller gets no stack');
    const { error } = await records.run(reply.body.runId);
    assert.equal(error?.message, 'no such figure');
    assert.match(error?.stack ?? '', /fixture-function\.ts:\d+/);
    assert.match(error?.stack ?? '', /Caused by: RangeError: the cause below/);
    const logged = lines().filter((line) => line.severity === 'ERROR' && line.runId === reply.body.runId);
    assert.equal(logged.length, 1);
    assert.match(
      String(logged[0]?.stack_trace),
      /no such figure[\s\S]*fixture-function\.ts[\s\S]*Caused by: RangeError/,
    );
  });
});

describe('a process that dies or hangs', () => {
  test('kill -9 in mid-run: the next delivery takes over after the lease, the first attempt reads lost', async (context) => {
    await using records = freshRecords();
    const environment = { GOOGLE_CLOUD_PROJECT: records.project };
    const [first, second] = await Promise.all([serveFixture(environment), serveFixture(environment)]);
    context.after(() => Promise.all([first.stop(), second.stop()]));
    const headers = schedulerHeaders('fixture', lastSlot());
    const dying = first.post({ workMs: 60_000, effect: 'work' }, headers).catch(() => 'connection lost');
    await records.untilRunning();
    process.kill(first.pid, 'SIGKILL');
    assert.equal(await dying, 'connection lost');
    const early = await second.post({ effect: 'work' }, headers);
    assert.equal(early.status, 409, 'the holder may still be alive');
    assert.equal(early.body.outcome, 'duplicate');
    const retryAfter = Number(early.headers['retry-after']);
    assert.ok(retryAfter >= 1 && retryAfter <= 4);
    await pause(retryAfter * 1_000 + 200);
    const late = await second.post({ effect: 'work' }, headers);
    assert.equal(late.status, 200);
    assert.equal(late.body.attempt, 2);
    const run = await records.run(late.body.runId);
    assert.deepEqual(
      run.attempts.map((it) => it.outcome),
      ['lost', 'succeeded'],
    );
  });

  test('a task that ignores its signal is answered timed-out at its deadline, and its process is gone a second later', async (context) => {
    await using records = freshRecords();
    const served = await serveFixture({ GOOGLE_CLOUD_PROJECT: records.project }, { timeoutSeconds: 32 });
    context.after(() => served.stop());
    const reply = await served.post(
      { workMs: 120_000, ignoresSignal: true },
      schedulerHeaders('fixture', lastSlot()),
    );
    const answeredAt = Date.now();
    assert.equal(reply.status, 500);
    assert.equal(reply.body.outcome, 'timed-out');
    assert.match(
      reply.body.problems[0]?.message ?? '',
      /Cannot finish task fixture: no answer within \d+ ms/,
    );
    await served.ended;
    assert.ok(Date.now() - answeredAt < 60_000, 'the process goes by itself');
    assert.equal((await records.run(reply.body.runId)).outcome, 'timed-out');
    assert.equal((await records.health()).current, null, 'the lease is free at once');
  });

  test('a task that heeds its signal is answered timed-out too, and its process lives on', async (context) => {
    await using records = freshRecords();
    const served = await serveFixture({ GOOGLE_CLOUD_PROJECT: records.project }, { timeoutSeconds: 31 });
    context.after(() => served.stop());
    const reply = await served.post({ workMs: 120_000 });
    assert.equal(reply.body.outcome, 'timed-out');
    assert.equal((await served.post({})).status, 200);
  });
});
