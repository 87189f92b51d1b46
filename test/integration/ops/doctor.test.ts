import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { clockOf } from '../../../functions/shared/clock.ts';
import { HOUR_MS } from '../../../functions/shared/dates.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { sourceSchema } from '../../../functions/shared/model/job/source.ts';
import type { Alarm } from '../../../functions/shared/model/run/alarm.ts';
import { collections } from '../../../functions/shared/store/own/collections.ts';
import { apiChecks } from '../../../scripts/ops/doctor/apis.ts';
import { ownProbes, sourceProbes } from '../../../scripts/ops/doctor/indexes.ts';
import { recordChecks } from '../../../scripts/ops/doctor/records.ts';
import { type Check, type Examined, examine } from '../../../scripts/ops/shared/check.ts';
import { type Connection, connect } from '../../../scripts/ops/shared/connect.ts';
import { startGcs } from '../../../scripts/stack/stand-ins/gcs/server.ts';
import { emptyGcs } from '../../../scripts/stack/stand-ins/gcs/world.ts';
import { startGoogleApis } from '../../../scripts/stack/stand-ins/google/apis.ts';
import { emptyWorld } from '../../../scripts/stack/stand-ins/google/world.ts';
import { LOCATION, schedulerJobs } from '../../../scripts/stack/stand-ins/scheduler/catalog-jobs.ts';
import { startScheduler } from '../../../scripts/stack/stand-ins/scheduler/server.ts';
import { startWandb } from '../../../scripts/stack/stand-ins/wandb/server.ts';
import { customJob, REGION } from '../../support/backends.ts';
import { freshFile } from '../../support/folders.ts';
import { healthOf } from '../../support/health.ts';
import { asOps } from '../../support/ops.ts';
import { callsTo } from '../../support/scheduler.ts';
import { SOAK_ONLY } from '../../support/soak.ts';
import { EXECUTIONS } from '../../support/sweeper.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

const catalog = loadCatalog(readEnvironment({}));
const ago = (ms: number) => new Date(Date.now() - ms);
const OFF = { attemptDeadline: '100s', retryConfig: { retryCount: 0 } };

/** Everything that the settings can name, as a deployment that is fine has it, and `ops doctor` to look at it. */
async function setup() {
  const project = freshProject();
  const world = emptyWorld(project.project);
  world.customJobs.push(customJob({ id: '1', state: 'JOB_STATE_RUNNING' }));
  const apis = await startGoogleApis(world);
  const wandb = await startWandb({ projects: [{ entity: 'acme', name: 'vision', runs: [] }] });
  const storage = emptyGcs(project.project);
  const bucket = storage.addBucket({ name: 'artifacts', location: 'EU' });
  const gcs = await startGcs(storage);
  const scheduler = await startScheduler({ project: project.project, location: LOCATION });
  await schedulerJobs(scheduler.baseUrl, project.project).create(catalog, 'http://127.0.0.1:9');

  const jobs = { ...builtIn.sources.jobs, backend: { kind: 'vertex-ai', region: REGION } };
  const settings = {
    ...builtIn,
    sources: { jobs },
    metrics: { storage: {}, bigquery: {}, cloudRun: {}, database: { cloudSql: true } },
    artifacts: { buckets: ['artifacts', 'nowhere'], vertexModels: { regions: ['europe-west4'] } },
    workloads: {
      regions: [REGION],
      runner: { job: 'agent' },
      vertex: {},
      wandb: { baseUrl: wandb.baseUrl, entity: 'acme', projects: ['vision'] },
    },
    baseUrls: { ...apis.baseUrls, storage: gcs.baseUrl, scheduler: scheduler.baseUrl },
  };
  const env = { NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)) };
  await project.db.doc('jobs/a').set({
    project: 'alpha',
    model: 'm',
    status: 'running',
    backendId: '1',
    gpus: 1,
    error: null,
    createdAt: ago(HOUR_MS),
    startedAt: ago(HOUR_MS),
    heartbeatAt: ago(0),
    updatedAt: ago(0),
    endedAt: null,
  });
  for (const entry of Object.values(catalog))
    await project.db.doc(`tasks/${entry.task}`).set(
      healthOf({
        task: entry.task,
        schedule: entry.schedule,
        nextExpectedAt: ago(-HOUR_MS),
        lastSuccessAt: ago(HOUR_MS),
        lastStartedAt: ago(HOUR_MS),
      }),
    );
  const found = async (over: NodeJS.ProcessEnv = {}) => {
    const { code, stdout, stderr } = await project.ops(['doctor', '--json'], { env: { ...env, ...over } });
    assert.equal(stderr, '');
    const { ok, findings }: { ok: boolean; findings: Examined[] } = JSON.parse(stdout);
    assert.equal(code, ok ? 0 : 1);
    return findings;
  };
  return {
    project,
    apis,
    gcs,
    bucket,
    scheduler,
    found,
    /** What is not fine: what, words and what to do. */
    async wrong(over?: NodeJS.ProcessEnv) {
      const all = await found(over);
      return all.flatMap(({ what, state, words, mend }) => (state === 'wrong' ? [[what, words, mend]] : []));
    },
    /** What some of the checks find. */
    examined: (checksOf: (connection: Connection) => Check[]): Promise<Examined[]> =>
      asOps({ env: { GOOGLE_CLOUD_PROJECT: project.project, ...env } }, async () =>
        examine(checksOf(await connect())),
      ),
    ops: (...args: string[]) => project.ops(['doctor', ...args], { env }),
    job: (verb: string, task: string, rest: string, body?: object) =>
      callsTo(scheduler).call(
        verb,
        `projects/${project.project}/locations/${LOCATION}/jobs/${task}${rest}`,
        body,
      ),
    async end() {
      await Promise.all([apis, wandb, gcs, scheduler].map((it) => it.stop()));
      await project.end();
    },
  };
}

describe('ops doctor', () => {
  let world: Awaited<ReturnType<typeof setup>>;
  before(async () => {
    world = await setup();
  });
  after(() => world?.end());

  test('finds the one bucket that is missing, and all else fine', async () => {
    const { code, stdout, stderr } = await world.ops();
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(
      stdout,
      /^wrong: 1 of \d+ checks in the Firestore emulator .*, 4 cannot be checked from here\n/,
    );
    for (const line of [
      /\nFirestore\n {2}ok {2}records +database \(default\) answers in .*; the clock here is right to the second\n/,
      /\n {2}- {3}indexes of jobs +cannot tell: an emulator answers without any index\n/,
      /\n {2}ok {2}collect-metrics +At 02:00 UTC, next \S+ 02:00:00Z; 540 s to run within 600 s to answer\n/,
      /\n {2}ok {2}collect-metrics +ok: last run succeeded, last success 60 min ago\n/,
      /\n {2}ok {2}alarms +none is open\n/,
      /\n {2}ok {2}jobs +1 record read, mode observe\n {2}ok {2}backend of jobs +Vertex AI says JOB_STATE_RUNNING\n/,
      /\n {2}ok {2}Cloud Monitoring +enabled, and answers\n/,
      /\n {2}ok {2}Vertex AI in europe-west4 +enabled, and answers\n/,
      new RegExp(
        [
          '\\nWorkloads',
          `ok  Runner +${REGION} answers, and lists 0 workloads`,
          'ok  W&B completed +acme/vision answers, and lists 0 workloads',
          'ok  W&B active +acme/vision answers, and lists 0 workloads',
          `ok  Vertex AI +${REGION} answers, and lists 1 workload`,
          'ok  logs +',
        ].join('\\n  '),
      ),
      /\n {2}ok {2}artifacts +in EU; what is deleted can be restored for 7 d\n/,
      /\n {2}! {3}nowhere +Cannot finish Cloud Storage buckets\.get .*HTTP 404.*\n {6}create it, or take it out of artifacts\.buckets\n/,
    ])
      assert.match(stdout, line);
    assert.deepEqual(
      stdout.match(/^.* Cloud Storage {2,}.*$/gm)?.map((line) => line.replace(/ +/g, ' ')),
      [' ok Cloud Storage enabled, and answers'],
    );
  });

  test('names each job of Cloud Scheduler that is not as the catalogue has it, with what to do', async () => {
    await world.job('POST', 'collect-metrics', ':pause');
    await world.job('DELETE', 'prune-records', '');
    await world.job('PATCH', 'cleanup-artifacts', '?updateMask=schedule', { schedule: '0 5 * * *' });
    await world.job('PATCH', 'sweep-stale-jobs', '?updateMask=attemptDeadline', OFF);
    const wrong = new Map((await world.wrong()).map(([what, ...rest]) => [what, rest]));
    assert.deepEqual(wrong.get('collect-metrics'), [
      ...['its job is paused', 'npm run -s ops -- schedules resume collect-metrics'],
    ]);
    assert.equal(wrong.get('prune-records')?.[0], 'Cloud Scheduler has no job "prune-records"');
    assert.match(wrong.get('cleanup-artifacts')?.[0] ?? '', /^its job runs at "0 5 \* \* \*", declared is /);
    assert.match(wrong.get('sweep-stale-jobs')?.[0] ?? '', /^it gives up after 100 s on a function /);
    assert.equal(wrong.size, 5);
    const end = world.scheduler.faults.add({ method: 'jobs.list', fault: { kind: 'denied' } });
    const unread = new Map((await world.wrong()).map(([what, ...rest]) => [what, rest]));
    end();
    assert.match(unread.get('jobs')?.[0] ?? '', /^Cannot finish Cloud Scheduler jobs\.list /);
  });

  test('names the permission that a denial wants, and the API that is not enabled', async () => {
    const remove = [
      world.apis.faults.add({ api: 'run', fault: { kind: 'denied' } }),
      world.apis.faults.add({
        api: 'sql',
        fault: {
          kind: 'status',
          status: 403,
          message: 'Cloud SQL Admin API has not been used in project 1',
          more: { status: 'PERMISSION_DENIED', details: [{ reason: 'SERVICE_DISABLED' }] },
        },
      }),
      world.apis.faults.add({ api: 'aiplatform', fault: { kind: 'denied' } }),
    ];
    const wrong = new Map((await world.wrong()).map(([what, ...rest]) => [what, rest]));
    remove.forEach((end) => void end());
    assert.equal(wrong.get('Cloud Run')?.[1], 'have a role granted to you that holds run.services.list');
    assert.equal(
      wrong.get('Cloud SQL')?.[1],
      `gcloud services enable sqladmin.googleapis.com --project=${world.project.project}`,
    );
    assert.match(wrong.get('backend of jobs')?.[0] ?? '', /missing permission: aiplatform\.customJobs\.get$/);
    assert.equal(wrong.get('Runner')?.[1], 'have a role granted to you that holds run.executions.list');
  });

  test('tells of a bucket without soft delete, failing tasks, open alarms, and records that do not fit', async () => {
    world.bucket.softDeleteSeconds = 0;
    const { db } = world.project;
    await db.doc('tasks/collect-metrics').update({ consecutiveFailures: 2, lastOutcome: 'failed' });
    const alarm: Alarm = {
      id: 'x',
      subject: 'jobs',
      kind: 'overdue',
      message: 'm',
      brokenAt: ago(0),
      openedAt: ago(0),
      closedAt: null,
      closedBecause: null,
      runId: null,
    };
    await db.doc('alarms/x').set(alarm);
    await db.doc('jobs/odd').set({ status: 'odd', startedAt: ago(0) });
    const wrong = new Map((await world.wrong()).map(([what, ...rest]) => [what, rest]));
    assert.match(
      wrong.get('artifacts')?.[1] ?? '',
      /^gcloud storage buckets update gs:\/\/artifacts --soft-delete/,
    );
    assert.match(wrong.get('collect-metrics')?.[0] ?? '', /^failing: 2 in a row/);
    assert.deepEqual(wrong.get('alarms'), ['1 alarm open', 'npm run -s ops -- alarms']);
    assert.deepEqual(wrong.get('jobs')?.[1], 'npm run -s ops -- sources check');
  });

  const hangs = async (look: () => Promise<Examined[]>) => {
    const end = world.apis.faults.add({ fault: { kind: 'hang' } });
    const found = await look();
    end();
    const of = (name: string) => found.find(({ what }) => what === name);
    assert.equal(of('BigQuery')?.state, 'wrong');
    assert.match(of('BigQuery')?.words ?? '', /BigQuery jobs\.list .*no answer within \d+ ms/);
    assert.equal(of('records')?.state, 'ok');
  };
  test('gives up on an API that never answers, and shows the rest', () =>
    hangs(() =>
      world.examined((connection) => [...recordChecks(connection), ...apiChecks(connection, 100)]),
    ));
  // Its calls have 8 s and more.
  test('is done in time where no API ever answers', SOAK_ONLY, () => hangs(() => world.found()));

  test('judges as of the stack’s clock, and Firestore’s by real time', async () => {
    const NIGHTSHIFT_CLOCK_FILE = freshFile('clock', String(48 * HOUR_MS));
    const found = await world.found({ NIGHTSHIFT_CLOCK_FILE });
    assert.equal(found.find(({ what }) => what === 'records')?.state, 'ok');
    assert.match(
      found.find(({ group, what }) => group === 'Tasks' && what === 'prune-records')?.words ?? '',
      /^late: /,
    );
  });
});

test('beside an emulator alone there is nothing wrong that anybody can tell', async () => {
  const project = freshProject();
  const { code, stdout } = await project.ops(['doctor'], {
    env: { NIGHTSHIFT_SETTINGS: settingsFile(builtIn.sources) },
  });
  await project.end();
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^ok: nothing is wrong in /);
  assert.match(stdout, /\n {2}- {3}jobs +cannot tell: beside an emulator only a stand-in is, /);
  assert.match(stdout, /\n {2}- {3}jobs +cannot tell: no record at all: collection jobs is empty/);
});

test('the queries that prove the indexes are ones that Firestore answers', async () => {
  const project = freshProject();
  const source = sourceSchema.parse({
    ...builtIn.sources.jobs,
    executions: EXECUTIONS,
    sweep: { maxQueuedHours: 1 },
    backend: { kind: 'vertex-ai', region: 'us-central1' },
  });
  const environment = readEnvironment({ GOOGLE_CLOUD_PROJECT: project.project });
  const connection = {
    environment,
    collections: collections(project.db, ''),
    clock: clockOf(environment),
    openSource: () => project.db,
  };
  const probes = [
    ...(await ownProbes(connection, catalog)),
    ...(await sourceProbes('jobs', source, connection)),
  ];
  await Promise.all(probes.map(({ run }) => run()));
  await project.end();
  const names = probes.map(({ what }) => what);
  for (const name of [
    'runs of a task by outcome',
    'jobs of a day',
    'jobs:silent',
    'jobs:waiting',
    'executions:long',
  ])
    assert.ok(names.includes(name), names.join(', '));
});
