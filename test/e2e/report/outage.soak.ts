import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { DocumentData } from '@google-cloud/firestore';
import settings from '../../../functions/settings.json' with { type: 'json' };
import { pooledMap } from '../../../functions/shared/concurrency.ts';
import { storedReportSchema } from '../../../functions/shared/model/report/stored.ts';
import { plainOf } from '../../../functions/shared/store/firestore/firestore.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { documentsOf, firestoreAt } from '../../support/firestore.ts';
import { freshFile, freshFolder } from '../../support/folders.ts';
import { type Mortal, mortalEmulator, mortalFunction } from '../../support/mortal.ts';
import { type Client, clients, held, launch, type Running } from '../../support/report-client.ts';
import { executionsOf } from '../../support/report-outbox.ts';
import { SOAK_ONLY, seededRandom } from '../../support/soak.ts';

/** The real function, its database and the reporters themselves are killed, all at work: in the end the records are right. */

const JOBS = 100;
const LEAST_MS = 60_000;
/** Two processors start so many at a time. */
const AT_ONCE = 4;
const LOOK_MS = 500;
const OUTAGE_MS = 3_000;
const CODES = [0, 0, 0, 1, 3, 42];
const PROJECT = 'outage';
/** What never comes is not waited for: all of it takes a minute and a half on two processors. */
const OPTIONS = { ...SOAK_ONLY, timeout: 20 * 60_000 };
const SETTINGS = {
  sources: {
    // Beats come as often as they ever do: each 15 s.
    jobs: { ...settings.sources.jobs, reports: { create: true }, sweep: { staleAfterMinutes: 1 } },
  },
};
/** Clocks are read in hundredths of a second, and may be set in between. */
const SLACK_MS = 1_000;

/** A command that runs until it is let go, with a reporter in front of it. */
interface Job {
  id: string;
  code: number;
  run: Running;
  launchedAt: number;
  /** When its command was let go; `undefined` while it runs. */
  letGoAt: number | undefined;
  /** Its command goes on, and nobody sees how it ends. */
  isWrapperKilled: boolean;
  letGo(): void;
}

/** What is killed, and when. */
interface Scene {
  t: TestContext;
  emulator: Mortal;
  service: Mortal;
  jobs: Job[];
  /** Delivers what waits, by each client; returns their exit codes. */
  sync(): Promise<(number | null)[]>;
  random: () => number;
}

test(
  `${JOBS} jobs report while function, database and reporters are killed: every record is right`,
  OPTIONS,
  async (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const emulator = await mortalEmulator(t);
    await emulator.start();
    const service = await mortalFunction(t, join(ROOT, 'functions/report/index.ts'), 'report', {
      FIRESTORE_EMULATOR_HOST: emulator.host,
      GOOGLE_CLOUD_PROJECT: PROJECT,
      NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(SETTINGS)),
    });
    await service.start();
    const outbox = freshFolder();
    const env = { NIGHTSHIFT_URL: `http://${service.host}/`, NIGHTSHIFT_OUTBOX: outbox };
    const able = (await clients()).filter(({ skip }) => !skip);

    const sync = () =>
      Promise.all(able.map(async ({ argv }) => (await launch([...argv, 'sync'], env).ended).code));

    const scene: Scene = { t, emulator, service, jobs: await startJobs(t, able, env), sync, random };
    const began = performance.now();
    await loseAllThatRuns(scene);
    await loseWithEnds(scene);
    for (let round = 0; round < 4 || performance.now() - began < LEAST_MS; round += 1)
      await loseNothing(scene, round < 4 ? 1 : 0);
    await letGo(scene, JOBS, () => true);
    await Promise.all(scene.jobs.map(({ run }) => run.ended));

    while (executionsOf(outbox).length > 0) {
      t.signal.throwIfAborted();
      assert.deepEqual(await sync(), Array(able.length).fill(0));
    }
    assert.ok(!existsSync(join(outbox, 'rejected')), 'the service takes every report');
    await checkRecords(scene);
    const killed = scene.jobs.filter((job) => job.isWrapperKilled).length;
    const seconds = Math.round((performance.now() - began) / 1_000);
    t.diagnostic(`${JOBS} jobs of ${able.length} clients, ${killed} wrappers killed, ${seconds} s`);
  },
);

async function startJobs(t: TestContext, able: readonly Client[], env: NodeJS.ProcessEnv): Promise<Job[]> {
  const jobs: Job[] = [];
  t.after(() => {
    for (const { run } of jobs) run.process.kill('SIGKILL');
    for (const job of jobs) job.letGo();
  });
  const numbers = Array.from({ length: JOBS }, (_, i) => i);
  await pooledMap(numbers, AT_ONCE, async (i) => {
    const id = `outage-${i}`;
    const code = CODES[i % CODES.length] ?? 0;
    const { argv = [] } = able[i % able.length] ?? {};
    const { command, letGo } = held(code);
    const script = ['sh', '-c', 'echo up; exec "$@"', 'sh', ...command];
    const launchedAt = Date.now();
    const run = launch([...argv, 'exec', '--job', id, '--source', 'jobs', '--', ...script], env);
    const job: Job = {
      id,
      code,
      run,
      launchedAt,
      letGoAt: undefined,
      isWrapperKilled: false,
      letGo() {
        job.letGoAt ??= Date.now();
        letGo();
      },
    };
    jobs.push(job);
    await run.said('up');
  });
  return jobs;
}

/** While all jobs run, the function dies, and then the database with all that it held, below a function that remembers it. */
async function loseAllThatRuns({ emulator, service, ...scene }: Scene): Promise<void> {
  await untilRunning(scene.t, emulator, scene.jobs);
  await service.kill();
  await killWrappers(scene, 2);
  await outage(scene);
  await service.start();

  await emulator.kill();
  await killWrappers(scene, 2);
  await outage(scene);
  await emulator.start();
  const heard = scene.jobs.filter((job) => !job.isWrapperKilled);
  await untilRunning(scene.t, emulator, heard);
}

/** Both die again, and jobs end before, in and after it: no end is acknowledged by a database that then loses it. */
async function loseWithEnds({ emulator, service, ...scene }: Scene): Promise<void> {
  await service.kill();
  await letGo(scene, 10);
  await killWrappers(scene, 2);
  await emulator.kill();
  await letGo(scene, 10);
  await outage(scene);
  await service.start();
  await letGo(scene, 10);
  // It answers that the records are out of reach, however long it tries.
  for (const code of await scene.sync()) assert.equal(code, 1);
  await emulator.start();
}

/** The function dies between ends; of a killed wrapper the command ends unseen. What the database takes it keeps. */
async function loseNothing({ service, ...scene }: Scene, wrappers: number): Promise<void> {
  await letGo(scene, 4);
  await killWrappers(scene, wrappers);
  await service.kill();
  await letGo(scene, 4);
  await letGo(scene, 1, (job) => job.isWrapperKilled);
  await outage(scene);
  await service.start();
  await outage(scene);
}

type Acting = Pick<Scene, 'jobs' | 'random'>;

function outage({ random }: Acting): Promise<void> {
  return pause(random() * OUTAGE_MS);
}

async function killWrappers({ jobs, random }: Acting, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const job = oneOf(
      jobs.filter((it) => it.letGoAt === undefined && !it.isWrapperKilled),
      random,
    );
    if (!job) return;
    job.isWrapperKilled = true;
    job.run.process.kill('SIGKILL');
    await pause(random() * 100);
  }
}

/** Lets some of those run out that still run. */
async function letGo(
  { jobs, random }: Acting,
  count: number,
  among = (job: Job) => !job.isWrapperKilled,
): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const running = jobs.filter((job) => job.letGoAt === undefined && among(job));
    oneOf(running, random)?.letGo();
    await pause(random() * 100);
  }
}

function oneOf<T>(some: readonly T[], random: () => number): T | undefined {
  return some[Math.floor(random() * some.length)];
}

async function untilRunning(t: TestContext, { host }: Mortal, jobs: readonly Job[]): Promise<void> {
  const records = firestoreAt(t, host, PROJECT).collection('jobs').where('status', '==', 'running');
  for (;;) {
    const { docs } = await records.select().get();
    const running = new Set(docs.map(({ id }) => id));
    if (jobs.every(({ id }) => running.has(id))) return;
    await pause(LOOK_MS, undefined, { signal: t.signal });
  }
}

async function checkRecords({ t, emulator, jobs }: Scene): Promise<void> {
  const documents = await documentsOf(firestoreAt(t, emulator.host, PROJECT));
  const below = (collection: string) => documents.filter(({ path }) => path.startsWith(`${collection}/`));
  const records = new Map(below('jobs').map(({ path, data }) => [path.slice('jobs/'.length), data]));
  assert.deepEqual([...records.keys()].sort(), jobs.map(({ id }) => id).sort());
  for (const job of jobs) checkRecord(job, records.get(job.id) ?? {});
  assert.deepEqual(below('alarms'), [], 'nothing ran twice, or on after its end');
  assert.equal(below('reportChannels')[0]?.data.falseLost, 0);
}

/** What a job did is in its record, and no more: of an end that nobody saw only that it is over. */
function checkRecord({ id, code, launchedAt, letGoAt, isWrapperKilled }: Job, record: DocumentData): void {
  const { status, startedAt, endedAt, nightshift } = record;
  const { state, exitCode, cause, goneAt, contradictions, falseLost } = storedReportSchema.parse(
    plainOf(nightshift.report),
  );
  const told = { status, state, exitCode, cause, isGone: goneAt !== null, contradictions, falseLost };
  const calm = { contradictions: [], falseLost: false };
  const ended = code === 0 ? 'completed' : 'failed';
  assert.deepEqual(
    told,
    isWrapperKilled
      ? { status: 'running', state: 'gone', exitCode: null, cause: null, isGone: true, ...calm }
      : { status: ended, state: ended, exitCode: code, cause: 'exit', isGone: false, ...calm },
    id,
  );
  const overAt: Date = isWrapperKilled ? (goneAt ?? assert.fail(id)) : endedAt.toDate();
  assert.equal(endedAt !== undefined, !isWrapperKilled, id);
  assert.ok(startedAt.toMillis() >= launchedAt - SLACK_MS, `${id} started before it was launched`);
  assert.ok(startedAt.toDate() <= overAt, `${id} was over before it started`);
  assert.ok(overAt.getTime() >= (letGoAt ?? 0) - SLACK_MS, `${id} was over while it ran`);
  assert.ok(overAt.getTime() <= Date.now() + SLACK_MS, `${id} will be over`);
}
