import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addDays, addMs, type Day, dayOf, daysBetween, HOUR_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { daySchema } from '../../functions/shared/model/day/day.ts';
import { API_NAMES } from '../../functions/shared/model/google-apis.ts';
import { healthSchema } from '../../functions/shared/model/run/health.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { decode, openFirestore } from '../../functions/shared/store/firestore/firestore.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { problemInWords } from '../../scripts/shared/problem.ts';
import { sampleJobs } from '../../scripts/stack/sample/jobs.ts';
import { sampleRecords } from '../../scripts/stack/sample/world.ts';
import { readStack, type StackState } from '../../scripts/stack/state.ts';
import { type Stack, type UpOptions, up } from '../../scripts/stack/up.ts';
import { catalogOf, catalogOfSome, dailyCatalog } from '../support/entry.ts';
import { freshFirestore, SHARED_EMULATOR } from '../support/firestore.ts';
import { freshFile, freshFolder } from '../support/folders.ts';
import { ops } from '../support/ops.ts';
import { SOAK_ONLY, sized } from '../support/soak.ts';
import { standInJava } from '../support/stand-in-java.ts';

const TASK = 'collect-metrics';
const SWEEP = 'sweep-stale-jobs';

/** For a stack with an emulator of its own: the real one in a soak alone, for each takes long to start. */
const OWN_EMULATOR = sized(0, 1) ? {} : standInJava();

function isEmulator({ command }: Process): boolean {
  return command.includes('firestore-emulator');
}

/** What `npm start` said and how it ended. */
interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

// A test that fails halfway must not leave a stack that this process would wait for.
const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill();
});

/** Starts the stack as `npm start` does, with a state folder and a port of its own, and with no emulator to lean on. */
function startMain(
  folder: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const { FIRESTORE_EMULATOR_HOST: _, NODE_TEST_CONTEXT: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(ROOT, 'scripts/stack/main.ts'), ...args], {
    env: {
      ...inherited,
      PORT: '0',
      NIGHTSHIFT_STATE_DIR: folder,
      XDG_CACHE_HOME: folder,
      NO_COLOR: '1',
      ...env,
    },
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  assert.ok(child.stdout && child.stderr);
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[code], output, errors]): Ended => ({ code, output, errors }),
  );
  return { child, ended };
}

/** What `find` finds in a stack that has not ended before. */
async function until<T>(ended: Promise<Ended>, find: () => T): Promise<NonNullable<T>> {
  let over: Ended | undefined;
  void ended.then((it) => {
    over = it;
  });
  for (;;) {
    const found = find();
    if (found) return found;
    assert.equal(over, undefined, 'the stack ended before it was so far');
    await sleep(20);
  }
}

function untilAnnounced(folder: string, ended: Promise<Ended>): Promise<StackState> {
  return until(ended, () => readStack({ NIGHTSHIFT_STATE_DIR: folder }));
}

/** The log of a function of the stack that has its state in `folder`. */
function logOf(folder: string, task: string): string {
  return join(folder, 'logs', `${task}.log`);
}

/** The processes of a stack as soon as that of a task has been started. */
async function untilLaunched(
  folder: string,
  task: string,
  child: ChildProcess,
  ended: Promise<Ended>,
): Promise<Process[]> {
  await until(ended, () => existsSync(logOf(folder, task)));
  return childrenOf(child.pid as number);
}

interface Process {
  pid: number;
  parent: number;
  command: string;
}

function processes(): Process[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    // A zombie has ended; that nobody asked for its exit code is the machine's affair.
    return pid && command !== undefined && !state?.startsWith('Z')
      ? [{ pid: Number(pid), parent: Number(parent), command }]
      : [];
  });
}

function childrenOf(pid: number): Process[] {
  return processes().filter((it) => it.parent === pid && !it.command.startsWith('ps '));
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Those of `family` that still run after `withinMs`. */
async function survivors(family: Process[], withinMs: number): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = processes().filter((it) =>
      family.some((one) => one.pid === it.pid && one.command === it.command),
    );
    if (left.length === 0 || performance.now() > deadline) return left.map((it) => it.command);
    await sleep(50);
  }
}

describe('a running stack, with settings of its user’s own', () => {
  const metrics = {
    storage: {},
    bigquery: { googleProject: 'somebody-elses' },
    cloudRun: { regions: ['us-east4'] },
    database: { cloudSql: true },
  };
  const settings = {
    ...JSON.parse(readFileSync(join(ROOT, 'functions/settings.json'), 'utf8')),
    metrics,
    baseUrls: { sql: 'https://sql.example.net' },
  };
  let stack: Stack;
  before(async () => {
    const env = {
      // Due every minute, so that there is a slot to deliver whatever the time.
      NIGHTSHIFT_CATALOG: catalogOf(TASK, { schedule: '* * * * *', startGraceSeconds: 30 }),
      NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)),
      ...SHARED_EMULATOR,
    };
    stack = await up({ project: `stack-${process.pid}`, env });
  });
  after(() => stack?.stop());

  const post = (path: string, init: RequestInit = {}) =>
    fetch(`${stack.gatewayUrl}${path}`, { method: 'POST', ...init });

  test('lists its tasks at GET /', async () => {
    const response = await fetch(stack.gatewayUrl);
    assert.equal(response.status, 200);
    const tasks = Object.keys(stack.catalog).map((task) => `/${task}`);
    assert.deepEqual(await response.json(), { tasks, services: [] });
  });

  test('answers 404 naming the tasks for a path that is none', async () => {
    const response = await post('/colect-metrics');
    assert.equal(response.status, 404);
    assert.match(
      ((await response.json()) as { error: string }).error,
      /No task or service "colect-metrics": there is .*\/collect-metrics/,
    );
  });

  test('answers 405 for POST / and for GET of a task', async () => {
    assert.equal((await post('/')).status, 405);
    assert.equal((await fetch(`${stack.gatewayUrl}/${TASK}`)).status, 405);
  });

  test('hands the headers of Cloud Scheduler to the function unchanged', async () => {
    const slot = new Date(Math.floor(Date.now() / 60_000) * 60_000);
    const response = await post(`/${TASK}`, {
      headers: {
        'X-CloudScheduler': 'true',
        'X-CloudScheduler-JobName': TASK,
        'X-CloudScheduler-ScheduleTime': slot.toISOString().replace('Z', '+00:00'),
        'Content-Type': 'application/octet-stream',
      },
      body: JSON.stringify({ date: addDays(dayOf(slot), -1) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    assert.equal(response.status, 200, JSON.stringify(answer));
    assert.deepEqual([answer.trigger, answer.outcome], ['scheduled', 'succeeded'], JSON.stringify(answer));
    assert.ok(
      String(answer.runId).startsWith(`${TASK}@${slot.toISOString().slice(0, 16)}`),
      String(answer.runId),
    );
  });

  test('asks for what its settings say, of an empty platform, and nobody who is not on this machine', () => {
    const { baseUrls } = loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: stack.settings }));
    assert.deepEqual(
      Object.fromEntries(Object.entries(baseUrls).map(([api, url]) => [api, new URL(url).hostname])),
      Object.fromEntries(API_NAMES.map((api) => [api, '127.0.0.1'])),
    );
  });

  test('starts a function again that was killed, and a request waits for it', async () => {
    const old = childrenOf(process.pid).find((it) => it.command.includes(`/${TASK}/index.ts`));
    assert.ok(old);
    process.kill(old.pid, 'SIGKILL');
    // Until nobody of it is left, its socket may still take a connection.
    while (exists(old.pid)) await sleep(10);
    const response = await post(`/${TASK}`, { body: '{"nonsense": 1}' });
    assert.equal(response.status, 400);
    assert.notEqual(
      childrenOf(process.pid).find((it) => it.command.includes(`/${TASK}/index.ts`))?.pid,
      old.pid,
    );
  });

  test('writes no sample world into a collection that is filled', async (t) => {
    const { db, project } = freshFirestore(t);
    await db.doc('jobs/theirs').set({ status: 'running' });
    const environment = readEnvironment({ GOOGLE_CLOUD_PROJECT: project });
    const place = { emulatorHost: stack.emulatorHost, environment };
    const records = sampleRecords(loadSettings(environment), place);
    t.after(records.close);
    assert.match(
      await records.write(new Date()),
      /^none written: the collection "jobs" holds records already/,
    );
    const job = sampleJobs(new Date())[0] ?? assert.fail();
    await records.update({ jobs: [{ before: null, after: job }], etlRuns: [] });
    assert.equal((await db.collection('jobs').count().get()).data().count, 1);
  });

  test('writes no state file unless announced, and its settings are gone with it', async () => {
    assert.notEqual(readStack()?.pid, process.pid);
    await stack.stop();
    assert.equal(existsSync(stack.settings), false);
  });
});

describe('npm start', () => {
  test('--once runs every task, tells what each did and leaves nothing behind', async (t) => {
    const folder = freshFolder();
    const task = 'prune-records';
    // What it tells of a whole world is seen where there is one, in sample.test.ts; here it finds one of somebody else's.
    const { db, project } = freshFirestore(t);
    await db.doc('jobs/theirs').set({ status: 'running' });
    const { child, ended } = startMain(folder, ['--once'], {
      NIGHTSHIFT_SETTINGS: join(ROOT, 'functions/settings.json'),
      NIGHTSHIFT_CATALOG: catalogOf(task),
      GOOGLE_CLOUD_PROJECT: project,
      ...SHARED_EMULATOR,
    });
    const family = await untilLaunched(folder, task, child, ended);
    const { code, output, errors } = await ended;
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    assert.match(output, /\n {2}sample {5}none written: .*; 1 pin\n/);
    assert.match(output, /prune-records succeeded in .*\n {4}no record of ours is past its time\n/);
    assert.deepEqual(await survivors(family, 0), []);
    assert.equal(readStack({ NIGHTSHIFT_STATE_DIR: folder }), undefined);
    const log = readFileSync(logOf(folder, task), 'utf8');
    assert.match(log, /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ .*\n)+$/);
  });

  test(
    '--nights leaves figures for every day that passed, and jobs that fell silent and were found',
    SOAK_ONLY,
    async (t) => {
      const project = `nights-${process.pid}`;
      const nights = 2;
      const { ended } = startMain(freshFolder(), ['--once', '--nights', String(nights)], {
        GOOGLE_CLOUD_PROJECT: project,
        // One sweep a night is enough to find what fell silent, and many take long.
        NIGHTSHIFT_CATALOG: dailyCatalog(),
        ...SHARED_EMULATOR,
      });
      const { code, errors } = await ended;
      assert.equal(code, 0, errors);
      const db = openFirestore(readEnvironment({ GOOGLE_CLOUD_PROJECT: project, ...SHARED_EMULATOR }));
      t.after(() => db.terminate());
      const lastRunOf = async (task: string) =>
        decode(healthSchema, await db.doc(`tasks/${task}`).get()).lastStartedAt ?? assert.fail(task);
      const dayOn = async (date: Day) => decode(daySchema, await db.doc(`dailyMetrics/${date}`).get());
      const last = addDays(dayOf(await lastRunOf(TASK)), -1);
      for (const date of daysBetween(addDays(last, 1 - nights), last)) {
        const [day, dayBefore] = [await dayOn(date), await dayOn(addDays(date, -1))];
        const counts = [day.jobs?.started, day.jobs?.completed, day.etl?.completed];
        for (const count of [...counts, day.bigquery?.jobsCompleted, day.cloudRun?.requests])
          assert.ok(Number(count) > 3, `${date}: ${count}`);
        assert.ok(Number(day.bigquery?.bytes) > Number(dayBefore.bigquery?.bytes), date);
        assert.ok(Number(day.storage?.bytes) > Number(dayBefore.storage?.bytes), date);
      }
      const swept = addMs(await lastRunOf(SWEEP), -HOUR_MS);
      const { docs } = await db.collection('jobs').get();
      const silent = docs.filter(
        (job) => /-night-\d$/.test(job.id) && job.get('heartbeatAt')?.toDate() < swept,
      );
      assert.ok(silent.length >= 3, String(silent.length));
      const ends = { 1: 'failed', 2: 'completed', 3: 'cancelled' };
      for (const job of silent) {
        assert.equal(job.get('status'), ends[job.id.at(-1) as '1'], job.id);
        assert.equal(job.get('nightshift.evidence.backend'), 'Vertex AI', job.id);
      }
    },
  );

  test('stays up until Ctrl-C, which leaves no process behind and exits 0; tells `ops` its settings', async () => {
    const folder = freshFolder();
    const settings = JSON.parse(readFileSync(join(ROOT, 'functions/settings.json'), 'utf8'));
    const own = freshFile(
      'own.json',
      JSON.stringify({ ...settings, sources: { theirs: settings.sources.jobs } }),
    );
    const tasks = [TASK, 'prune-records'] as const;
    const { child, ended } = startMain(folder, ['--empty'], {
      NIGHTSHIFT_SETTINGS: own,
      NIGHTSHIFT_CATALOG: catalogOfSome(...tasks, 'status'),
      ...SHARED_EMULATOR,
    });
    const state = await untilAnnounced(folder, ended);
    const { stdout } = await ops(['sources', 'check', '--json'], {
      env: { FIRESTORE_EMULATOR_HOST: undefined, NIGHTSHIFT_STATE_DIR: folder },
    });
    assert.deepEqual(
      JSON.parse(stdout).map(({ source }: { source: string }) => source),
      ['theirs'],
    );
    assert.equal(state.pid, child.pid);
    assert.equal(state.project, process.env.GOOGLE_CLOUD_PROJECT ?? 'nightshift-local');
    assert.notEqual(new URL(state.gatewayUrl).port, '8080', 'it has a port of its own, as PORT says');
    assert.equal((await fetch(`${state.gatewayUrl}/status/api/health`)).status, 200);
    const environment = readEnvironment({ NIGHTSHIFT_SETTINGS: state.settings });
    const { scheduler } = loadSettings(environment).baseUrls;
    const answer = await fetch(`${scheduler}/v1/projects/${state.project}/locations/us-central1/jobs`);
    const { jobs } = (await answer.json()) as { jobs: { name: string; state: string }[] };
    const family = childrenOf(child.pid as number);
    assert.ok(family.some(({ command }) => command.includes(TASK)));
    child.kill('SIGINT');
    const { code, output, errors } = await ended;
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    assert.equal(/http:\S+/.exec(output)?.[0], `${state.gatewayUrl}/status/`);
    const line = `export CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER=${scheduler}/`;
    assert.ok(output.split('\n').includes(line), output);
    assert.deepEqual(
      jobs.map(({ name, state }) => [name.split('/').at(-1), state]),
      tasks.map((task) => [task, 'ENABLED']),
    );
    assert.deepEqual(await survivors(family, 0), []);
    assert.equal(readStack({ NIGHTSHIFT_STATE_DIR: folder }), undefined);
    assert.equal(existsSync(state.settings), false);
  });

  test('interrupted during start-up leaves no process behind', async () => {
    const folder = freshFolder();
    const env = { NIGHTSHIFT_CATALOG: catalogOf(TASK), ...OWN_EMULATOR };
    const { child, ended } = startMain(folder, ['--empty'], env);
    const family = await untilLaunched(folder, TASK, child, ended);
    child.kill('SIGTERM');
    assert.equal((await ended).code, 143);
    assert.ok(family.some(isEmulator));
    assert.deepEqual(await survivors(family, 0), []);
  });

  test('killed outright takes its functions and its emulator along', async () => {
    const folder = freshFolder();
    const env = { NIGHTSHIFT_CATALOG: catalogOf(TASK), ...OWN_EMULATOR };
    const { child, ended } = startMain(folder, ['--empty'], env);
    await untilAnnounced(folder, ended);
    const family = childrenOf(child.pid as number);
    assert.ok(family.some(isEmulator));
    child.kill('SIGKILL');
    await ended;
    assert.deepEqual(await survivors(family, 10_000), []);
    assert.equal(readStack({ NIGHTSHIFT_STATE_DIR: folder }), undefined);
  });
});

/** Why a stack does not start, in the words of `npm start`. */
async function refusal(env: NodeJS.ProcessEnv, options: UpOptions = {}): Promise<string> {
  const stack = await up({ ...options, env }).catch(problemInWords);
  if (typeof stack === 'string') return stack;
  await stack.stop();
  assert.fail('it started');
}

describe('npm start that cannot', () => {
  test('names every bad key of the settings, without a stack, and exits 1', async () => {
    const settings = JSON.parse(readFileSync(join(ROOT, 'functions/settings.json'), 'utf8'));
    const bad = JSON.stringify({ ...settings, failuresBeforeAlarm: 'three', sauces: {} });
    const { code, output, errors } = await startMain(freshFolder(), ['--empty'], {
      NIGHTSHIFT_SETTINGS: freshFile('settings.json', bad),
    }).ended;
    assert.deepEqual([code, output], [1, '\nNightshift, the local stack\n\n']);
    assert.match(errors, /failuresBeforeAlarm: Cannot use "three"/);
    assert.match(errors, /sauces: Unknown key "sauces", did you mean "sources"\?/);
    assert.doesNotMatch(errors, /\n\s+at /);
  });

  test('names the flags it knows, and exits 2', async () => {
    const { code, errors } = await startMain(freshFolder(), ['--onse']).ended;
    assert.equal(code, 2);
    assert.match(errors, /^Unknown option '--onse'. Known are --once/);
  });

  test('names the command for another port when its port is in use', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.match(
      await refusal({}, { port }),
      new RegExp(`^Cannot listen on 127.0.0.1:${port}: the port is in use. Run: PORT=\\d+ npm start$`),
    );
  });

  test('names the command that installs Java when there is none', async () => {
    const nowhere = { PATH: freshFolder(), JAVA_HOME: '', FIRESTORE_EMULATOR_HOST: '' };
    const said = await refusal(nowhere);
    assert.match(said, /^Cannot start the Firestore emulator: no Java was found. Run: \S+ install \S+$/);
  });

  test('says that a file of configuration is no JSON', async () => {
    const said = await refusal({ NIGHTSHIFT_CATALOG: freshFile('catalog.json', '{ "collect-metrics": ') });
    assert.match(said, /^Cannot use .*catalog.json:\n.*JSON/);
  });

  test('says that the emulator it was pointed at does not answer', async () => {
    const said = await refusal({ FIRESTORE_EMULATOR_HOST: '127.0.0.1:1' });
    assert.match(said, /^Cannot reach the Firestore emulator at 127.0.0.1:1, .*ECONNREFUSED/);
  });
});
