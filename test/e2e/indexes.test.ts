import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import { HOUR_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { type Source, sourceSchema } from '../../functions/shared/model/source.ts';
import { loadSettings, type Settings } from '../../functions/shared/settings.ts';
import { openFirestore } from '../../functions/shared/store/firestore.ts';
import { recordOf } from '../../scripts/stack/sample-record.ts';
import { withSample } from '../../scripts/stack/sample-settings.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';
import { askKeepers, askOurs, askSource } from '../support/all-queries.ts';
import { deployedIn } from '../support/deployed.ts';
import { freshFile } from '../support/folders.ts';
import { type Index, indexesDeclared, indexesUsed, missingFrom } from '../support/indexes.ts';
import { openTerraform, terraformMissing } from '../support/terraform.ts';

const TASKS = ['collect-metrics', 'sweep-stale-jobs', 'cleanup-artifacts', 'prune-records'];

const time = (path: string) => ({ path, type: 'timestamp' as const });
const TIMES = {
  createdAt: time('createdAt'),
  startedAt: time('startedAt'),
  heartbeatAt: time('heartbeatAt'),
  endedAt: time('endedAt'),
  updatedAt: time('updatedAt'),
};
const EXECUTIONS = {
  collection: 'executions',
  fields: { ...TIMES, status: 'status', error: 'error', backendId: 'backendId' },
};

/**
 * A collection group with every field mapped that is ever asked for, two by names that Firestore quotes; below it executions,
 * named as those of the sample.
 */
const GROUPED: Source = sourceSchema.parse({
  collection: 'evaluations',
  group: true,
  fields: {
    ...{ ...TIMES, id: 'number', status: 'job-state', backendId: 'backendId' },
    ...{ artifactUri: 'artifact', resumedFrom: 'parent-id' },
  },
  statuses: { waiting: 'queued', busy: 'running', done: 'completed', bad: 'failed', off: 'cancelled' },
  backend: { kind: 'vertex-ai', region: 'us-central1' },
  executions: EXECUTIONS,
});

/** The sample world's settings with all that adds a query. */
function everything(): Settings {
  const sample = withSample(loadSettings(readEnvironment({})));
  const { jobs, ...others } = sample.sources;
  const sources = { jobs: { ...jobs, executions: EXECUTIONS }, ...others, evaluations: GROUPED };
  return {
    ...sample,
    sources: Object.fromEntries(
      Object.entries(sources).map(([name, source]) => [
        name,
        sourceSchema.parse({ ...source, sweep: { ...source.sweep, maxQueuedHours: 24 } }),
      ]),
    ),
    artifacts: {
      ...sample.artifacts,
      models: [
        ...sample.artifacts.models,
        { collection: 'versions', group: true, artifactUri: 'files.artifact' },
      ],
    },
  };
}

const settings = everything();

/** What Terraform declares with these settings. */
async function declared(): Promise<Index[]> {
  const terraform = await openTerraform();
  try {
    const edits = { 'functions/settings.json': () => JSON.stringify(settings) };
    const args = ['test', '-json', '-verbose', '-filter=tests/permissions.tftest.hcl'];
    const { code, stdout, output } = await terraform.edited(edits, () => terraform.run(args));
    assert.equal(code, 0, output);
    return indexesDeclared(deployedIn(stdout));
  } finally {
    terraform.stop();
  }
}

describe('the indexes that Terraform declares', { skip: terraformMissing() }, () => {
  const project = `indexes-${process.pid}`;
  let stack: Stack;
  let db: Firestore;
  before(async () => {
    const env = { NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)) };
    stack = await up({ sample: true, project, env });
    db = openFirestore(
      readEnvironment({ GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
    );
  });
  after(() => Promise.all([db?.terminate(), stack?.stop()]));

  /** What every task and every store has used of them. */
  async function used(): Promise<Index[]> {
    const now = new Date();
    const ended = {
      ...{ status: 'completed' as const, artifactUri: 'gs://sample-exports/evaluations/1/' },
      ...{ startedAt: new Date(now.getTime() - HOUR_MS), endedAt: now },
    };
    await db.doc('labs/a/evaluations/1').set(recordOf(ended, GROUPED));
    for (const task of TASKS) {
      const answer = await fetch(`${stack.gatewayUrl}/${task}`, { method: 'POST' });
      assert.equal(answer.status, 200, `${task}: ${await answer.text()}`);
    }
    await askOurs(db, settings, 'collect-metrics', now);
    for (const [name, source] of Object.entries(settings.sources)) await askSource(db, name, source, now);
    await askKeepers(db, settings, 'evaluations', now);
    return indexesUsed(stack.emulatorHost, project);
  }

  test('are all that the queries of a whole world need', async (t) => {
    const [needed, made] = await Promise.all([used(), declared()]);
    assert.deepEqual(missingFrom(made, needed), [], 'missing from infra/indexes.tf');
    const unused = missingFrom(needed, made);
    t.diagnostic(
      `${needed.length} used of ${made.length} declared; never used: ${unused.join('; ') || 'none'}`,
    );
    // Firestore refuses to make an index twice.
    assert.equal(new Set(made.map((index) => JSON.stringify(index))).size, made.length);
    // Each of them is one that this test would miss.
    assert.ok(needed.length > 20, String(needed.length));
    for (const index of needed) {
      const others = made.filter((it) => missingFrom([index], [it]).length > 0);
      assert.deepEqual(missingFrom(others, needed), missingFrom([], [index]));
    }
  });
});
