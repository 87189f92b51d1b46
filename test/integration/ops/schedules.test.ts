import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { DAY_MS } from '../../../functions/shared/dates.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { LOCATION, schedulerJobs } from '../../../scripts/stack/stand-ins/scheduler/catalog-jobs.ts';
import type { Attempt } from '../../../scripts/stack/stand-ins/scheduler/live-job.ts';
import { startScheduler } from '../../../scripts/stack/stand-ins/scheduler/server.ts';
import { freshFile } from '../../support/folders.ts';
import { callsTo } from '../../support/scheduler.ts';
import { startOps } from '../ops-process/start-ops.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

const TASK = 'collect-metrics';
const catalog = loadCatalog(readEnvironment({}));

/** The jobs of the catalogue in Cloud Scheduler, whose functions nobody serves, and `ops` beside it. */
async function setup() {
  const project = freshProject();
  const scheduler = await startScheduler({ project: project.project, location: LOCATION });
  // Nothing listens on this port of the machine.
  await schedulerJobs(scheduler.baseUrl, project.project).create(catalog, 'http://127.0.0.1:9');
  const settings = { ...builtIn, baseUrls: { scheduler: scheduler.baseUrl } };
  const env = { NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)) };
  const jobs = `projects/${project.project}/locations/${LOCATION}/jobs`;
  return {
    scheduler,
    project,
    job: (task: string) => callsTo(scheduler).call('GET', `${jobs}/${task}`),
    patch: (task: string, mask: string, body: object) =>
      callsTo(scheduler).call('PATCH', `${jobs}/${task}?updateMask=${mask}`, body),
    ops: (args: string[], over: NodeJS.ProcessEnv = {}) =>
      project.ops(['schedules', ...args], { env: { ...env, ...over } }),
    async end() {
      await scheduler.stop();
      await project.end();
    },
  };
}

describe('ops schedules', () => {
  let world: Awaited<ReturnType<typeof setup>>;
  before(async () => {
    world = await setup();
  });
  after(() => world?.end());

  test('shows the job of every task as it is and as it is declared', async () => {
    const { code, stdout, stderr } = await world.ops([]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(
      stdout,
      /^Cloud Scheduler: the stand-in at 127\.0\.0\.1:\d+ \(project test-\S+, region us-central1\)\n/,
    );
    for (const { task } of Object.values(catalog))
      assert.match(
        stdout,
        new RegExp(`\\n${task} +enabled +\\S+ \\S+Z, in .* +- +-\\n {2}.* UTC \\(.*\\)\\n`),
      );
    assert.doesNotMatch(stdout, /!/);
  });

  test('pauses, marks that as drift with the command that ends it, and resumes', async () => {
    const paused = await world.ops(['pause', TASK]);
    assert.equal(paused.code, 0, paused.stderr);
    assert.match(
      paused.stdout,
      /^collect-metrics is paused: .*\n.*ops -- schedules resume collect-metrics\n$/,
    );
    assert.equal((await world.job(TASK)).body.state, 'PAUSED');
    const shown = await world.ops([]);
    assert.match(
      shown.stdout,
      /\n {2}! its job is paused\n {4}npm run -s ops -- schedules resume collect-metrics\n/,
    );
    const resumed = await world.ops(['resume', TASK]);
    assert.match(resumed.stdout, /^collect-metrics is resumed, next at \S+ 02:00:00Z\n$/);
    assert.equal((await world.job(TASK)).body.state, 'ENABLED');
  });

  test('runs a job by hand, and says that its slot stays free and where its run is seen', async () => {
    const attempts: Attempt[] = [];
    world.scheduler.watch((attempt) => void attempts.push(attempt));
    const { code, stdout } = await world.ops(['run', TASK]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^Cloud Scheduler calls collect-metrics now: a manual run, so that the slot of \S+ 02:00:00Z stays free\nsee it: npm run -s ops -- runs collect-metrics --limit 1\n$/,
    );
    await world.scheduler.settled();
    assert.deepEqual(
      attempts.map(({ job, forced, code }) => [job, forced, code]),
      [[TASK, true, 14]],
    );
    assert.match((await world.ops([])).stdout, / the function could not be reached, or HTTP 503\n/);
  });

  test('tells a program the same, drift and its mending in words', async () => {
    await world.patch('prune-records', 'schedule,timeZone', {
      schedule: '0 5 * * *',
      timeZone: 'Asia/Tokyo',
    });
    const rows = JSON.parse((await world.ops(['--json'])).stdout);
    const row = rows.find(({ task }: { task: string }) => task === 'prune-records');
    assert.deepEqual(
      [row.schedule, row.live.schedule, row.live.timeZone],
      ['0 4 * * *', '0 5 * * *', 'Asia/Tokyo'],
    );
    assert.deepEqual(
      row.drift.map(({ kind }: { kind: string }) => kind),
      ['cron', 'zone'],
    );
    assert.match(row.drift[0].mend, /npm start/);
  });

  test('goes by the clock of the stack', async () => {
    const clock = freshFile('clock', String(400 * DAY_MS));
    const { stdout } = await world.ops([], { NIGHTSHIFT_CLOCK_FILE: clock });
    assert.match(stdout, /\ncollect-metrics +enabled +\S+ 02:00:00Z, (?:399|400) d ago /);
  });

  test('names an unknown task, and a job that Cloud Scheduler does not know', async () => {
    const typo = await world.ops(['pause', 'collect-metric']);
    assert.equal(typo.code, 2);
    assert.match(typo.stderr, /^Unknown task "collect-metric", did you mean collect-metrics\?/);
    const elsewhere = await world.ops(['run', TASK, '--region', 'europe-west4']);
    assert.equal(elsewhere.code, 3);
    assert.match(
      elsewhere.stderr,
      /^This runs collect-metrics, in the stand-in at .*\nCannot finish Cloud Scheduler jobs\.run \(project .*, region europe-west4\): HTTP 404: [^\n]*\n$/,
    );
  });

  test('asks nobody beside an emulator alone', async () => {
    const { code, stderr } = await world.ops([], {
      NIGHTSHIFT_SETTINGS: settingsFile(builtIn.sources),
    });
    assert.equal(code, 3);
    assert.match(stderr, /^Cannot ask Cloud Scheduler: beside a Firestore emulator .* npm start\n$/);
  });
});

describe('ops schedules of a real project', () => {
  const GOOGLE_APPLICATION_CREDENTIALS = freshFile(
    'key.json',
    JSON.stringify({ type: 'authorized_user', client_id: 'x', client_secret: 'x', refresh_token: 'x' }),
  );
  const env = {
    FIRESTORE_EMULATOR_HOST: '',
    GOOGLE_CLOUD_PROJECT: 'acme-ml',
    GOOGLE_APPLICATION_CREDENTIALS,
  };

  test('wants to know the region', async () => {
    const { code, stderr } = await startOps(['schedules', 'pause', TASK], { env }).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot tell where the jobs of Cloud Scheduler are: add --region REGION/);
  });

  test('names the project and the region before it writes there', async () => {
    const inRegion = { ...env, NIGHTSHIFT_REGION: 'europe-west4' };
    const { code, stderr } = await startOps(['schedules', 'pause', TASK], { env: inRegion }).ended;
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^This pauses collect-metrics, in Google Cloud project acme-ml, region europe-west4: nobody is at the terminal/,
    );
  });
});
