import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { Totals } from '../../functions/shared/model/totals.ts';
import { cleanupPlanStore } from '../../functions/shared/store/cleanup-plans.ts';
import { collections } from '../../functions/shared/store/collections.ts';
import { openFirestore } from '../../functions/shared/store/firestore.ts';
import { buildAll } from '../../scripts/build.ts';
import { ROOT } from '../../scripts/stack/places.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';
import { freshFolder } from '../support/folders.ts';

interface Answer {
  outcome: string;
  summary: { daysCollected: number; latest: Totals };
}

interface CleanupAnswer {
  runId: string;
  outcome: string;
  summary: { planId: string; deletedJobs: number; objectsDeleted: number; restored: number };
}

/** What is deployed, under the real framework against the real emulator: a library may miss what the bundle leaves out. */
describe('the deployed bundles', () => {
  const folder = freshFolder();
  let stack: Stack;
  before(async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
    await buildAll(join(folder, 'dist'));
    stack = await up({ sample: true, project: `test-bundle-${process.pid}`, folder: join(folder, 'dist') });
  });
  after(() => stack?.stop());

  const post = (headers: Record<string, string> = {}) =>
    fetch(`${stack.gatewayUrl}/collect-metrics`, { method: 'POST', headers });

  test('delete artifacts of the sample world, and bring them back', async (t) => {
    const call = async (body: object): Promise<CleanupAnswer> => {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      };
      return (await (await fetch(`${stack.gatewayUrl}/cleanup-artifacts`, init)).json()) as CleanupAnswer;
    };
    const { planId } = (await call({ dryRun: true })).summary;
    const db = openFirestore(
      readEnvironment({ GOOGLE_CLOUD_PROJECT: stack.project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
    );
    t.after(() => db.terminate());
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
