import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { type Run, runSchema } from '../../functions/shared/model/run/run.ts';
import { decode, openFirestore } from '../../functions/shared/store/firestore/firestore.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { quiet } from '../../scripts/shared/tell.ts';
import { passNights } from '../../scripts/stack/nights.ts';
import { LOCATION } from '../../scripts/stack/stand-ins/scheduler/catalog-jobs.ts';
import type { Attempt } from '../../scripts/stack/stand-ins/scheduler/live-job.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';
import { ENTRY } from '../support/entry.ts';
import { SHARED_EMULATOR } from '../support/firestore.ts';
import { freshFolder } from '../support/folders.ts';
import { gcloudOf } from '../support/gcloud.ts';
import { callsTo, clientOf } from '../support/scheduler.ts';
import { SOAK_ONLY } from '../support/soak.ts';

/** Hours away, so that no run by hand comes close to a slot. */
const due = new Date(Date.now() + 6 * 60 * MINUTE_MS);
const DUTY = {
  ...ENTRY,
  entryPoint: 'fixture',
  schedule: `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`,
  // Three retries, the last one after the lease of a dead run.
  timeoutSeconds: 60,
  attemptDeadlineSeconds: 60,
  leaseSeconds: 100,
  retry: { count: 3, minBackoffSeconds: 30, maxBackoffSeconds: 60, maxDoublings: 3 },
};

describe('Cloud Scheduler of a stack', () => {
  const project = `scheduler-${process.pid}`;
  const jobs = `projects/${project}/locations/${LOCATION}/jobs`;
  const folder = freshFolder();
  let stack: Stack;
  let db: Firestore;
  const attempts: Attempt[] = [];
  before(async () => {
    mkdirSync(join(folder, 'fixture'));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    const fixture = JSON.stringify(join(ROOT, 'test/support/fixture-function.ts'));
    writeFileSync(join(folder, 'fixture/index.ts'), `import ${fixture};\n`);
    const catalog = join(folder, 'catalog.json');
    writeFileSync(catalog, JSON.stringify({ fixture: DUTY }));
    stack = await up({ project, folder, env: { NIGHTSHIFT_CATALOG: catalog, ...SHARED_EMULATOR } });
    stack.scheduler.watch((attempt) => void attempts.push(attempt));
    db = openFirestore(
      readEnvironment({ GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
    );
  });
  after(async () => {
    await db?.terminate();
    await stack?.stop();
  });

  async function runs(): Promise<Run[]> {
    const found = await db.collection('taskRuns').orderBy('startedAt').get();
    return found.docs.map((document) => decode(runSchema, document));
  }

  async function runOf(slot: Date): Promise<Run | undefined> {
    return (await runs()).find((run) => run.slot?.getTime() === slot.getTime());
  }

  async function effects(id: string): Promise<number> {
    return Number((await db.doc(`effects/${id}`).get()).get('count') ?? 0);
  }

  async function until<T>(find: () => Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const found = await find();
      if (found) return found;
      await sleep(50);
    }
  }

  /** Has the job's next slot come, with this body; what is due after that is up to the test. */
  async function fire(body: object): Promise<Date> {
    const { call } = callsTo(stack.scheduler);
    const base64 = Buffer.from(JSON.stringify(body)).toString('base64');
    const { status } = await call('PATCH', `${jobs}/fixture?updateMask=httpTarget.body`, {
      httpTarget: { body: base64 },
    });
    assert.equal(status, 200);
    attempts.length = 0;
    stack.scheduler.fireSlots();
    const slot = stack.scheduler.nextAt() ?? assert.fail('nothing is due');
    stack.clock.jumpTo(slot);
    return slot;
  }

  /** The retries of an execution, each as soon as it may come. */
  async function retryUntilDone(): Promise<void> {
    for (;;) {
      await stack.scheduler.settled();
      if (attempts.at(-1)?.code === 0) return;
      const at = stack.scheduler.nextAt();
      assert.ok(at && at.getTime() - stack.clock.now().getTime() <= MINUTE_MS, 'it was given up');
      stack.clock.jumpTo(at);
    }
  }

  const codes = () => attempts.map(({ code }) => code);

  /** Runs `gcloud scheduler jobs`; `undefined` where there is no gcloud. */
  async function gcloudJobs(t: TestContext) {
    const endpoints = { cloudscheduler: `${stack.scheduler.baseUrl}/` };
    const run = await gcloudOf(t, { project, endpoints });
    if (!run) return undefined;
    return async (...args: string[]) => {
      const { stdout, stderr } = await run('scheduler', 'jobs', ...args, `--location=${LOCATION}`);
      return stdout + stderr;
    };
  }

  test(
    'is driven by gcloud: list, run, describe, pause, resume, create, update, delete',
    SOAK_ONLY,
    async (t) => {
      const gcloud = await gcloudJobs(t);
      if (!gcloud) return;
      const words = async (...args: string[]) => gcloud(...args).catch((error: Error) => error.message);
      // Those that do not touch each other at once: gcloud takes a second to start.
      const [listed] = await Promise.all([gcloud('list'), gcloud('run', 'fixture')]);
      assert.match(listed, /^fixture +us-central1 +\d+ \d+ \* \* \* \(Etc\/UTC\) +HTTP +ENABLED$/m);
      const made = await until(async () => (await runs()).find(({ outcome }) => outcome === 'succeeded'));
      assert.deepEqual([made.trigger, made.slot], ['manual', null]);
      await stack.scheduler.settled();
      await gcloud(
        'create',
        'http',
        'extra',
        '--schedule=every 5 minutes',
        '--uri=http://127.0.0.1:9/',
        '--message-body={}',
      );
      const [described] = await Promise.all([
        gcloud('describe', 'fixture'),
        gcloud(
          'update',
          'http',
          'extra',
          '--schedule=0 1 * * *',
          '--update-headers=A=b',
          '--max-retry-attempts=2',
        ),
      ]);
      for (const line of [
        /^attemptDeadline: 60s$/m,
        / {2}retryCount: 3$/m,
        /^state: ENABLED$/m,
        /^status: \{\}$/m,
      ])
        assert.match(described, line);
      const { body } = await callsTo(stack.scheduler).call('GET', `${jobs}/extra`);
      assert.deepEqual(
        [body.schedule, body.httpTarget.headers, body.httpTarget.body, body.retryConfig.retryCount],
        ['0 1 * * *', { A: 'b' }, 'e30=', 2],
      );

      const [paused, badCron] = await Promise.all([
        gcloud('pause', 'fixture'),
        words('update', 'http', 'extra', '--schedule=0 25 * * *'),
      ]);
      assert.match(paused, /Job has been paused/);
      assert.match(badCron, /INVALID_ARGUMENT: Schedule or time zone is invalid/);
      assert.equal((await callsTo(stack.scheduler).call('GET', `${jobs}/fixture`)).body.state, 'PAUSED');

      const [, , unknown] = await Promise.all([
        gcloud('resume', 'fixture'),
        gcloud('delete', 'extra'),
        words('run', 'nobody'),
      ]);
      assert.match(unknown, /NOT_FOUND: Job not found/);
      const { body: left } = await callsTo(stack.scheduler).call('GET', jobs);
      assert.deepEqual(
        left.jobs.map(({ name, state }: { name: string; state: string }) => [name, state]),
        [[`${jobs}/fixture`, 'ENABLED']],
      );
    },
  );

  test('runs by hand what @google-cloud/scheduler names, and the slot stays free', async () => {
    const known = (await runs()).length;
    const slot = stack.scheduler.nextAt() ?? assert.fail('nothing is due');
    await clientOf(stack.scheduler).runJob({ name: `${jobs}/fixture` });
    const [run] = await until(async () => {
      const later = (await runs()).slice(known);
      return later[0]?.outcome === 'succeeded' && later;
    });
    assert.equal(run?.trigger, 'manual');
    assert.equal(await runOf(slot), undefined);
    assert.deepEqual(await fire({}), slot);
    await retryUntilDone();
    assert.equal((await runOf(slot))?.outcome, 'succeeded');
  });

  test('retries past the lease of a killed function: one record, two attempts, the work done once', async () => {
    const slot = await fire({ workMs: 3_000, effect: 'killed' });
    await until(async () => (await runOf(slot))?.outcome === 'running');
    const [pid] = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'fixture/index.ts'], {
      encoding: 'utf8',
    }).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    // A retry that came before the stack has noticed would meet the dead one, too.
    await until(async () => (await fetch(`${stack.gatewayUrl}/fixture`)).status === 405);
    await retryUntilDone();
    const run = await runOf(slot);
    assert.deepEqual(
      run?.attempts.map(({ outcome }) => outcome),
      ['lost', 'succeeded'],
    );
    // The connection broke; twice the lease was still live; then it was taken over.
    assert.deepEqual(codes(), [2, 10, 10, 0]);
    assert.equal(await effects('killed'), 1);
  });

  test('gives up on a late answer, and its retry finds the work done', async () => {
    const slot = await fire({ workMs: 1_500, effect: 'late' });
    await until(async () => (await runOf(slot))?.outcome === 'running');
    stack.clock.jumpTo(new Date(slot.getTime() + MINUTE_MS + 1_000));
    await stack.scheduler.settled();
    assert.deepEqual(codes(), [4]);
    await until(async () => (await runOf(slot))?.outcome === 'succeeded');
    await retryUntilDone();
    const run = await runOf(slot);
    assert.deepEqual([run?.attempts.length, run?.duplicates, codes()], [1, 1, [4, 0]]);
    assert.equal(await effects('late'), 1);
  });

  test('delivers a slot three times, and it is done once', async () => {
    stack.scheduler.setCopies(3);
    const slot = await fire({ workMs: 200, effect: 'thrice' });
    await stack.scheduler.settled();
    stack.scheduler.setCopies(1);
    await retryUntilDone();
    const run = await runOf(slot);
    assert.deepEqual([run?.attempts.length, run?.outcome], [1, 'succeeded']);
    assert.ok((run?.duplicates ?? 0) >= 2, String(run?.duplicates));
    assert.equal(await effects('thrice'), 1);
  });

  test('lets three nights pass: three slots, a day apart, each with its own run in the time of the stack', async () => {
    await fire({});
    await retryUntilDone();
    const known = (await runs()).length;
    const { signal } = new AbortController();
    assert.equal(await passNights(stack, 3, quiet, signal), true);
    const nights = (await runs()).slice(known);
    const ends = nights.map(({ outcome, slot, startedAt }) => {
      const lateMs = startedAt.getTime() - (slot?.getTime() ?? 0);
      return `${outcome} ${lateMs >= 0 && lateMs < MINUTE_MS ? 'on time' : `${lateMs} ms late`}`;
    });
    assert.deepEqual(ends, Array(3).fill('succeeded on time'));
    const gaps = nights.slice(1).map(({ slot }, index) => Number(slot) - Number(nights[index]?.slot));
    assert.deepEqual(gaps, [24 * 60 * MINUTE_MS, 24 * 60 * MINUTE_MS]);
    assert.ok(stack.clock.now().getTime() - Date.now() > 3 * 24 * 60 * MINUTE_MS);
  });
});
