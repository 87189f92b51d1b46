import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import { DAY_MS, HOUR_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { createLog } from '../../functions/shared/log.ts';
import { sourceSchema } from '../../functions/shared/model/source.ts';
import type { Totals } from '../../functions/shared/model/totals.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { cleanupPlanStore } from '../../functions/shared/store/cleanup-plans.ts';
import { collections } from '../../functions/shared/store/collections.ts';
import { openFirestore } from '../../functions/shared/store/firestore.ts';
import { buildAll } from '../../scripts/build.ts';
import { type GoogleApis, startGoogleApis } from '../../scripts/stack/google-apis.ts';
import { ROOT } from '../../scripts/stack/places.ts';
import { samplePlatform } from '../../scripts/stack/sample-platform.ts';
import { withSample } from '../../scripts/stack/sample-settings.ts';
import { LOCATION } from '../../scripts/stack/scheduler/catalog-jobs.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';
import { freshFile, freshFolder } from '../support/folders.ts';

interface Answer {
  outcome: string;
  summary: { daysCollected: number; latest: Totals };
}

interface CleanupAnswer {
  runId: string;
  outcome: string;
  summary: { planId: string; deletedJobs: number; objectsDeleted: number; restored: number };
}

interface PruneAnswer {
  outcome: string;
  summary: { prunedAlarms: number };
}

interface SweepAnswer {
  outcome: string;
  summary: { scheduleDrift: string[] | null };
}

const time = (path: string) => ({ path, type: 'timestamp' as const });
/** Jobs on Cloud Run, beside those of the sample. */
const ON_CLOUD_RUN = sourceSchema.parse({
  collection: 'batchRuns',
  mode: 'enforce',
  fields: {
    ...{ status: 'status', error: 'error', backendId: 'execution' },
    ...{ startedAt: time('startedAt'), endedAt: time('endedAt') },
  },
  statuses: { running: 'running', done: 'completed', failed: 'failed', cancelled: 'cancelled' },
  backend: { kind: 'cloud-run', region: LOCATION },
});

/** The APIs of the sample platform, on which an execution failed two hours ago and logged why. */
function apisWithFailure(project: string): Promise<GoogleApis> {
  const now = new Date();
  const createdAt = new Date(now.getTime() - 2 * HOUR_MS);
  const endedAt = new Date(createdAt.getTime() + HOUR_MS);
  const execution = { job: 'train', region: LOCATION };
  return startGoogleApis({
    ...samplePlatform({ project, database: '(default)' }, now).world,
    executions: [{ ...execution, id: 'train-1', state: 'failed', createdAt, startedAt: createdAt, endedAt }],
    logs: [
      { ...execution, execution: 'train-1', at: endedAt, severity: 'ERROR', payload: 'CUDA out of memory' },
    ],
  });
}

/** What is deployed, under the real framework against the real emulator: a library may miss what the bundle leaves out. */
describe('the deployed bundles', () => {
  const folder = freshFolder();
  const project = `test-bundle-${process.pid}`;
  let apis: GoogleApis;
  let stack: Stack;
  let db: Firestore;
  before(async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
    await buildAll(join(folder, 'dist'));
    apis = await apisWithFailure(project);
    const sample = withSample(loadSettings(readEnvironment({})));
    const settings = {
      ...{ ...sample, baseUrls: apis.baseUrls },
      sources: { ...sample.sources, batch: ON_CLOUD_RUN },
    };
    const env = { NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)) };
    stack = await up({ sample: true, project, env, folder: join(folder, 'dist') });
    db = openFirestore(
      readEnvironment({ GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
    );
  });
  after(() => Promise.all([db?.terminate(), stack?.stop(), apis?.stop()]));

  /** The answer of a task that was run by hand. */
  async function run<Answer>(task: string, body: object = {}): Promise<Answer> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    return (await (await fetch(`${stack.gatewayUrl}/${task}`, init)).json()) as Answer;
  }

  const post = (headers: Record<string, string> = {}) =>
    fetch(`${stack.gatewayUrl}/collect-metrics`, { method: 'POST', headers });

  test('delete artifacts of the sample world, and bring them back', async () => {
    const call = (body: object) => run<CleanupAnswer>('cleanup-artifacts', body);
    const { planId } = (await call({ dryRun: true })).summary;
    await cleanupPlanStore(
      collections(db, ''),
      createLog({}, () => undefined),
    ).approve(planId, new Date());
    const applied = await call({ planId });
    const { deletedJobs, objectsDeleted } = applied.summary;
    assert.deepEqual([applied.outcome, deletedJobs], ['succeeded', 60], JSON.stringify(applied));
    const undone = await call({ undo: applied.runId });
    assert.deepEqual([undone.outcome, undone.summary.restored], ['succeeded', objectsDeleted]);
  });

  test('collect the days of the sample world', async () => {
    const answer = await post();
    const { outcome, summary } = (await answer.json()) as Answer;
    assert.deepEqual([answer.status, outcome, summary.daysCollected], [200, 'succeeded', 35]);
    const { jobs, storage, bigquery, cloudRun, database } = summary.latest;
    const figures = {
      started: jobs?.started,
      buckets: storage?.buckets,
      jobsCompleted: bigquery?.jobsCompleted,
      services: cloudRun?.services,
      instances: database?.cloudSql?.instances,
    };
    // What no source told would be null, or not there at all.
    for (const [name, value] of Object.entries(figures)) assert.ok(value && value > 0, `${name}: ${value}`);
  });

  test('sweep with what Cloud Logging and Cloud Scheduler tell', async () => {
    const record = db.collection(ON_CLOUD_RUN.collection).doc('1');
    const startedAt = new Date(Date.now() - 2 * HOUR_MS);
    await record.set({ status: 'running', startedAt, execution: 'train/executions/train-1' });
    const job = `projects/${project}/locations/${LOCATION}/jobs/prune-records`;
    const paused = await fetch(`${stack.scheduler.baseUrl}/v1/${job}:pause`, { method: 'POST', body: '{}' });
    assert.equal(paused.status, 200, await paused.text());

    const answer = await run<SweepAnswer>('sweep-stale-jobs');
    const { status, error } = (await record.get()).data() ?? {};
    assert.equal(status, 'failed', JSON.stringify(answer));
    assert.match(error, /CUDA out of memory/);
    const asked = new Set(apis.requests().map(({ api }) => api));
    assert.deepEqual(
      ['logging', 'run', 'aiplatform'].filter((api) => !asked.has(api as 'logging')),
      [],
    );
    const { scheduleDrift } = answer.summary;
    assert.equal(scheduleDrift?.length, 1, JSON.stringify(answer));
    assert.match(scheduleDrift[0] ?? '', /^prune-records: .*paused/i);
  });

  test('prune what has expired', async () => {
    const alarm = db.collection('alarms').doc('closed-long-ago');
    await alarm.set({ closedAt: new Date(Date.now() - 100 * DAY_MS) });
    const { outcome, summary } = await run<PruneAnswer>('prune-records');
    assert.deepEqual([outcome, summary.prunedAlarms], ['succeeded', 1]);
    assert.equal((await alarm.get()).exists, false);
  });

  test('tell a refused commit from a failed one: of ten deliveries of one slot, one does the work', async () => {
    const slot = {
      'x-cloudscheduler-jobname': 'collect-metrics',
      'x-cloudscheduler-scheduletime': new Date().toISOString(),
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(slot)));
    const outcomes = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as Answer).outcome),
    );
    assert.deepEqual(outcomes.sort(), [...Array(9).fill('duplicate'), 'succeeded']);
  });
});
