import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { ROOT } from '../../scripts/stack/places.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';
import { freshFolder } from '../support/folders.ts';

const TASK = 'cleanup-artifacts';
const BUCKETS = ['sample-artifacts', 'sample-exports', 'sample-checkpoints'];

interface Answer {
  runId: string;
  outcome: string;
  summary: Record<string, unknown>;
}

interface Plan {
  planId: string;
  keptByReason: Record<string, number>;
  lines: { id: string; uri: string; decision: string; objects: number }[];
}

describe('the artifacts of the sample world', () => {
  const project = `cleanup-${process.pid}`;
  let stack: Stack;
  before(async () => {
    stack = await up({ sample: true, project });
  });
  after(() => stack?.stop());

  /** What `ops cleanup` prints. */
  async function ops(...args: string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      ...{ FIRESTORE_EMULATOR_HOST: stack.emulatorHost, GOOGLE_CLOUD_PROJECT: project },
      ...{ NIGHTSHIFT_SETTINGS: stack.settings, NIGHTSHIFT_STATE_DIR: freshFolder() },
    };
    const main = join(ROOT, 'scripts/ops/main.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'cleanup', ...args], { env });
    return stdout;
  }

  /** What it prints as JSON, calling the function of the stack. */
  async function called<T>(...args: string[]): Promise<T> {
    return JSON.parse(await ops(...args, '--json', '--url', `${stack.gatewayUrl}/${TASK}`));
  }

  /** The URIs of all live objects, as the stand-in lists them. */
  async function objects(): Promise<string[]> {
    const { storage } = loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: stack.settings })).baseUrls;
    const found: string[] = [];
    for (const bucket of BUCKETS)
      for (let token: string | undefined = ''; token !== undefined; ) {
        const query = new URLSearchParams({ fields: 'nextPageToken,items(name)', pageToken: token });
        const answer = await fetch(`${storage}/storage/v1/b/${bucket}/o?${query}`);
        const page = (await answer.json()) as { items?: { name: string }[]; nextPageToken?: string };
        found.push(...(page.items ?? []).map(({ name }) => `gs://${bucket}/${name}`));
        token = page.nextPageToken;
      }
    return found.sort();
  }

  test('go as the plan says once it is approved, and an undo brings them all back', async () => {
    const before = await objects();
    const scheduled = await fetch(`${stack.gatewayUrl}/${TASK}`, { method: 'POST' });
    const waiting = (await scheduled.json()) as Answer;
    assert.deepEqual([waiting.outcome, waiting.summary.planStatus], ['partial', 'waiting']);
    assert.deepEqual(
      (waiting.summary.tripped as { guard: string }[]).map(({ guard }) => guard),
      ['new-policy'],
    );

    const plan = await called<Plan>('plan');
    const deletes = plan.lines.filter(({ decision }) => decision === 'delete');
    assert.equal(deletes.length, 60);
    assert.deepEqual(await objects(), before);
    // Whatever can become of artifacts is to be seen in the sample.
    for (const reason of [
      ...['active', 'no-artifact', 'bad-uri', 'foreign-bucket', 'young', 'registered-model', 'pinned'],
      ...['written-after-end', 'bucket-not-eligible', 'held', 'parent', 'protected', 'overlap', 'later'],
    ])
      assert.ok((plan.keptByReason[reason] ?? 0) > 0, `none is kept as ${reason}`);
    assert.equal(plan.keptByReason['registered-model'], 10);

    const { planId } = waiting.summary as { planId: string };
    await ops('approve', planId);
    const applied = await called<Answer>('apply', planId);
    assert.deepEqual(
      [applied.outcome, applied.summary.deletedJobs, applied.summary.remaining],
      ['succeeded', 60, 0],
      JSON.stringify(applied),
    );
    const left = new Set(await objects());
    const gone = before.filter((object) => !left.has(object));
    assert.deepEqual(
      gone,
      before.filter((object) => deletes.some(({ uri }) => object.startsWith(uri))),
    );
    assert.equal(
      gone.length,
      deletes.reduce((sum, line) => sum + line.objects, 0),
    );

    const undone = await called<Answer>('undo', applied.runId);
    assert.deepEqual(
      [undone.outcome, undone.summary.restored, undone.summary.jobs],
      ['succeeded', gone.length, 60],
    );
    assert.deepEqual(await objects(), before);
    const next = await called<Plan>('plan');
    const again = next.lines.filter(({ decision }) => decision === 'delete').map(({ id }) => id);
    assert.deepEqual(
      again.filter((id) => deletes.some((line) => line.id === id)),
      [],
      'what was brought back stays',
    );
  });
});
