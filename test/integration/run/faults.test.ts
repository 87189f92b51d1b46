import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FieldValue, Firestore } from '@google-cloud/firestore';
import { schedulerHeaders, serveFixture } from '../../support/function-process.ts';
import { claimTerm, ending, freshRecords, scheduled } from '../../support/lifecycle.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

/** Shorter than in earnest, and still long enough for a client that connects anew on a busy machine. */
const LIMITS = { claimMs: 5_000, tryMs: 2_000, writeMs: 5_000 };
const EMULATOR = process.env.FIRESTORE_EMULATOR_HOST ?? '';

/** A function whose way to Firestore can be stalled or cut, and records that are read past it. */
async function setup(context: TestContext) {
  const records = freshRecords();
  const proxy = await startProxy(EMULATOR);
  const served = await serveFixture(
    {
      GOOGLE_CLOUD_PROJECT: records.project,
      FIRESTORE_EMULATOR_HOST: proxy.host,
      FIXTURE_LIMITS: JSON.stringify(LIMITS),
    },
    // Long enough for a run that waits for an outage to be noticed.
    { timeoutSeconds: 60 },
  );
  context.after(async () => {
    await served.stop();
    await proxy.stop();
    await records.end();
  });
  return { records, proxy, served };
}

/** A client that reaches the emulator through a proxy, and records that are read past it. */
async function setupSlow(context: TestContext) {
  const records = freshRecords();
  const proxy = await startProxy(EMULATOR);
  // The client reads the variable when it is made.
  process.env.FIRESTORE_EMULATOR_HOST = proxy.host;
  const slow = new Firestore({ projectId: records.project });
  process.env.FIRESTORE_EMULATOR_HOST = EMULATOR;
  // Connected now: what stalls from here on is what the test asks for.
  await slow.doc('figures/none').get();
  context.after(async () => {
    await slow.terminate();
    await proxy.stop();
    await records.end();
  });
  return { records, proxy, slow };
}

/** Until a heartbeat has come: only then the function surely knows that its claim has landed. */
async function untilHeld(records: Records, answered: Promise<{ status: number; text: string }>) {
  const early = answered.then(({ status, text }) => {
    throw new Error(`Answered ${status} before it was seen running: ${text}`);
  });
  const held = async () => {
    await records.untilRunning();
    for (;;) {
      const { current } = await records.health();
      if (!current || current.heartbeatAt > current.startedAt) return;
      await pause(20);
    }
  };
  await Promise.race([held(), early]);
}

type Records = Pick<ReturnType<typeof freshRecords>, 'untilRunning' | 'health'>;

const SLOT = new Date(Math.floor(Date.now() / 600_000) * 600_000);
const RUN_ID = `fixture@${SLOT.toISOString()}`;

// Each test waits for time limits most of its time, so they wait together.
describe('faults', { concurrency: true }, () => {
  describe('Firestore out of reach before the claim', { concurrency: true }, () => {
    test('is answered 503 with nothing done, and the retry runs once it is back', async (context) => {
      const { records, proxy, served } = await setup(context);
      proxy.cut();
      const refused = await served.post({ effect: 'work' }, schedulerHeaders('fixture', SLOT));
      assert.equal(refused.status, 503);
      assert.equal(refused.body.attempt, 0);
      assert.match(refused.text, /Cannot finish claim of fixture@/);
      proxy.resume();
      assert.equal(await records.runCount(), 0);
      assert.equal((await records.db.doc('effects/work').get()).exists, false);
      const retry = await served.post({ effect: 'work' }, schedulerHeaders('fixture', SLOT));
      assert.equal(retry.status, 200);
    });

    test('a claim that was given up on and lands later holds nothing up', async (context) => {
      const { records, proxy, served } = await setup(context);
      await served.post({}); // Its connection is up now: what stalls is the claim itself.
      proxy.stall();
      const refused = await served.post({ effect: 'work' }, schedulerHeaders('fixture', SLOT));
      assert.equal(refused.status, 503);
      proxy.resume();
      await pause(1_500);
      const health = await records.health();
      assert.equal(health.current, null, 'the late claim was released by its token, or could not land');
      const retry = await served.post({ effect: 'work' }, schedulerHeaders('fixture', SLOT));
      assert.equal(retry.status, 200);
      assert.equal((await records.db.doc('effects/work').get()).get('count'), 1);
    });

    test('a claim that lands after it was given up on is released by its token, and the retry is attempt 2', async (context) => {
      const { records, proxy, slow } = await setupSlow(context);
      const getAll = slow.getAll.bind(slow);
      // The records are read, then the way to the server stalls: the claim's own commit is what gets no answer.
      slow.getAll = async (...documents: Parameters<Firestore['getAll']>) => {
        const found = await getAll(...documents);
        slow.getAll = getAll;
        proxy.stall();
        return found;
      };
      await assert.rejects(
        records.claimant({ db: slow, limits: LIMITS }).claim(scheduled(), 30_000),
        /no answer within 5000 ms/,
      );
      proxy.resume();
      const { runId } = scheduled();
      const outcome = async () => (await records.db.doc(`taskRuns/${runId}`).get()).get('outcome');
      for (let tries = 100; tries > 0 && (await outcome()) !== 'skipped'; tries -= 1) await pause(100);
      assert.equal((await records.run(runId)).outcome, 'skipped', 'it had landed');
      assert.equal((await records.health()).current, null, 'and holds nothing up');
      assert.equal((await claimTerm(records.claimant())).attempt, 2);
    });
  });

  describe('Firestore out of reach during the run', { concurrency: true }, () => {
    test("at heartbeats: the task's own result is answered, and the record is right once Firestore is back", async (context) => {
      const { records, proxy, served } = await setup(context);
      const answered = served.post({ workMs: 14_000 }, schedulerHeaders('fixture', SLOT));
      await untilHeld(records, answered);
      proxy.cut();
      const warned = () =>
        served
          .lines()
          .some((line) => line.severity === 'WARNING' && /Cannot renew the lease/.test(String(line.message)));
      // For as long as it takes: a renewal that is still being tried would land after all.
      for (let tries = 240; tries > 0 && !warned(); tries -= 1) await pause(50);
      assert.ok(warned());
      proxy.resume();
      const reply = await answered;
      assert.equal(reply.status, 200);
      assert.equal(reply.body.outcome, 'succeeded');
      assert.equal((await records.run(RUN_ID)).outcome, 'succeeded');
    });

    test('at the finish and for good: the result is answered within the deadline, and the failure is logged with its stack', async (context) => {
      const { records, proxy, served } = await setup(context);
      const answered = served.post({ workMs: 3_000 }, schedulerHeaders('fixture', SLOT));
      await untilHeld(records, answered);
      proxy.cut();
      const reply = await answered;
      assert.equal(reply.status, 200);
      assert.equal(reply.body.outcome, 'succeeded');
      assert.ok(reply.body.durationMs < 20_000);
      const logged = served.lines().find((line) => line.severity === 'ERROR');
      assert.match(String(logged?.message), /Cannot record the end of fixture@.*, which ended succeeded/);
      assert.match(String(logged?.stack_trace), /\n {4}at /);
      proxy.resume();
      assert.equal(
        (await records.run(RUN_ID)).outcome,
        'running',
        'the record waits for the next delivery to find the lease expired',
      );
      const again = await served.post({ effect: 'again' }, schedulerHeaders('fixture', SLOT));
      assert.equal(again.status, 200);
      // The client went on with the finish after it was given up on here: then the run is done, else its lease has expired.
      assert.ok(again.body.outcome === 'duplicate' || again.body.attempt === 2);
    });
  });

  describe('a write given up on that lands later', { concurrency: true }, () => {
    test('changes nothing once another attempt has taken over', async (context) => {
      const { records, proxy, slow } = await setupSlow(context);
      const first = await claimTerm(records.claimant({ db: slow, leaseMs: 300, limits: LIMITS }));
      const figure = records.db.doc('figures/today');
      proxy.stall();
      const late = first.commit((batch) => batch.set(slow.doc('figures/today'), { from: 'first' }));
      const given = assert.rejects(late);
      await pause(400);
      const second = await claimTerm(records.claimant());
      await second.commit((batch) => batch.set(figure, { from: 'second' }));
      await second.finish(ending('succeeded', { from: 'second' }));
      proxy.resume();
      await given;
      await pause(500);
      assert.deepEqual((await figure.get()).data(), { from: 'second' });
      const finish = await first.finish(ending('failed'));
      assert.equal(finish, 'late');
      const run = await records.run(scheduled().runId);
      assert.deepEqual(run.summary, { from: 'second' });
      assert.deepEqual(
        run.attempts.map((it) => it.outcome),
        ['lost', 'succeeded'],
      );
    });

    test('is made exactly once while the run is still ours, however often it was tried', async (context) => {
      const { records, proxy, slow } = await setupSlow(context);
      const term = await claimTerm(records.claimant({ db: slow, limits: LIMITS }));
      const visits = records.db.doc('figures/visits');
      proxy.stall();
      // Longer than one try may take: a second try is under way when the first lands.
      setTimeout(() => proxy.resume(), LIMITS.tryMs * 1.25);
      await term.commit((batch) =>
        batch.set(slow.doc('figures/visits'), { count: FieldValue.increment(1) }, { merge: true }),
      );
      await pause(500);
      assert.equal((await visits.get()).get('count'), 1);
      assert.equal(await term.finish(ending('succeeded')), 'recorded');
    });
  });
});
