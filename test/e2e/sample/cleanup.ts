import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { loadSettings } from '../../../functions/shared/settings.ts';
import { ops } from '../../support/ops.ts';
import { JOBS_PER_PLAN, type SampleWorld } from './world.ts';

const TASK = 'cleanup-artifacts';
const BUCKETS = ['sample-artifacts', 'sample-exports', 'sample-checkpoints'];

interface Plan {
  planId: string;
  keptByReason: Record<string, number>;
  lines: { id: string; uri: string; decision: string; objects: number }[];
}

interface Cleaned {
  planId: string;
  planStatus: string;
  tripped: { guard: string }[];
  deletedJobs: number;
  remaining: number;
  restored: number;
  jobs: number;
}

/** What `ops cleanup` prints. */
async function cleanup({ stack, project }: SampleWorld, ...args: string[]): Promise<string> {
  const env = { GOOGLE_CLOUD_PROJECT: project, NIGHTSHIFT_SETTINGS: stack.settings };
  const { code, stdout, stderr } = await ops(['cleanup', ...args], { env });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The URIs of all live objects, as the stand-in lists them. */
async function liveObjects({ stack }: SampleWorld): Promise<string[]> {
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

/** cleanup-artifacts on the sample world. */
export function cleansUp(world: () => SampleWorld): void {
  test('artifacts go as the plan says once it is approved, and an undo brings them all back', async () => {
    const sample = world();
    const call = (body: object = {}) => sample.run<Cleaned>(TASK, body);
    const planOf = async (...args: string[]) => JSON.parse(await cleanup(sample, ...args, '--json')) as Plan;
    const deletesOf = (plan: Plan) => plan.lines.filter(({ decision }) => decision === 'delete');

    const before = await liveObjects(sample);
    const waiting = sample.first<Cleaned>(TASK);
    assert.deepEqual(
      [waiting.outcome, waiting.summary.planStatus, waiting.summary.tripped.map(({ guard }) => guard)],
      ['partial', 'waiting', ['new-policy']],
    );

    const { planId } = waiting.summary;
    const plan = await planOf('plans', planId);
    const deletes = deletesOf(plan);
    assert.equal(deletes.length, JOBS_PER_PLAN);
    assert.deepEqual(await liveObjects(sample), before);
    // Whatever can become of artifacts is to be seen in the sample.
    for (const reason of [
      ...['active', 'no-artifact', 'bad-uri', 'foreign-bucket', 'young', 'registered-model', 'pinned'],
      ...['written-after-end', 'bucket-not-eligible', 'held', 'parent', 'protected', 'overlap', 'later'],
    ])
      assert.ok((plan.keptByReason[reason] ?? 0) > 0, `none is kept as ${reason}`);
    assert.equal(plan.keptByReason['registered-model'], 10);

    await cleanup(sample, 'approve', planId);
    const applied = await call({ planId });
    assert.deepEqual(
      [applied.outcome, applied.summary.deletedJobs, applied.summary.remaining],
      ['succeeded', JOBS_PER_PLAN, 0],
      JSON.stringify(applied),
    );
    const left = new Set(await liveObjects(sample));
    const gone = before.filter((object) => !left.has(object));
    assert.deepEqual(
      gone,
      before.filter((object) => deletes.some(({ uri }) => object.startsWith(uri))),
    );
    assert.equal(
      gone.length,
      deletes.reduce((sum, line) => sum + line.objects, 0),
    );

    const undone = await call({ undo: applied.runId });
    assert.deepEqual(
      [undone.outcome, undone.summary.restored, undone.summary.jobs],
      ['succeeded', gone.length, JOBS_PER_PLAN],
    );
    assert.deepEqual(await liveObjects(sample), before);
    const another = await planOf('plan', '--url', `${sample.stack.gatewayUrl}/${TASK}`);
    const again = deletesOf(another).map(({ id }) => id);
    assert.equal(again.length, JOBS_PER_PLAN);
    assert.deepEqual(
      again.filter((id) => deletes.some((line) => line.id === id)),
      [],
      'what was brought back stays',
    );
  });
}
