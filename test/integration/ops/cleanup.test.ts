import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { DAY_MS } from '../../../functions/shared/dates.ts';
import { type Gcs, startGcs } from '../../../scripts/stack/stand-ins/gcs/server.ts';
import { emptyGcs } from '../../../scripts/stack/stand-ins/gcs/world.ts';
import { freshProject } from './fresh-project.ts';
import { serveTask } from './served-task.ts';

const TASK = 'cleanup-artifacts';
const BUCKET = 'runs';

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY_MS);
}

/** The real function over a stand-in of Cloud Storage, and `ops` calling it, in a project of their own. */
async function setup(records: Record<string, Record<string, unknown>>) {
  const project = freshProject();
  const gcs: Gcs = await startGcs(emptyGcs(project.project));
  gcs.world.addBucket({ name: BUCKET });
  for (const [id, record] of Object.entries(records)) {
    await project.db.doc(`jobs/${id}`).set({
      status: 'failed',
      project: 'alpha',
      startedAt: daysAgo(31),
      endedAt: daysAgo(30),
      artifactUri: `gs://${BUCKET}/${id}/`,
      ...record,
    });
    for (const name of ['config.json', 'model.bin'])
      gcs.world.putObject({ bucket: BUCKET, name: `${id}/${name}`, size: 1_024, createdAt: daysAgo(30.5) });
  }
  const settings = {
    ...builtIn,
    sources: { jobs: { ...builtIn.sources.jobs, mode: 'enforce' } },
    artifacts: { buckets: [BUCKET] },
    baseUrls: { storage: gcs.baseUrl },
  };
  const served = await serveTask(TASK, project.project, settings);
  return {
    db: project.db,
    live: () => gcs.world.live(BUCKET).map(({ name }) => name),
    ops: (...args: string[]) => project.ops(['cleanup', ...args], { env: served.env }),
    url: ['--url', served.url],
    async end() {
      await served.stop();
      await gcs.stop();
      await project.end();
    },
  };
}

describe('ops cleanup', () => {
  let world: Awaited<ReturnType<typeof setup>>;
  before(async () => {
    world = await setup({
      old: {},
      done: { status: 'completed', model: 'm' },
      young: { endedAt: daysAgo(3) },
      busy: { status: 'running', endedAt: null },
    });
  });
  after(() => world?.end());

  const ALL = ['busy', 'done', 'old', 'young'].flatMap((id) => [`${id}/config.json`, `${id}/model.bin`]);
  let planId = '';
  let runId = '';

  test('plans says how to make one where there is none', async () => {
    const { code, stdout } = await world.ops('plans');
    assert.deepEqual([code, stdout], [0, 'No plan on record. Make one: npm run -s ops -- cleanup plan\n']);
  });

  test('plan tells of each job whether its artifacts go, and deletes nothing', async () => {
    const { code, stdout, stderr } = await world.ops('plan', ...world.url);
    assert.deepEqual([code, stderr], [0, '']);
    planId = /^(plan-\S+) {2}proposed by a dry run, made /.exec(stdout)?.[1] ?? assert.fail(stdout);
    assert.match(
      stdout,
      /\nDELETE +old +alpha +2\.0 KiB +2 {2}ended on .*; nearest rule: kept until .*: younger than/,
    );
    for (const line of [
      /\nPRESERVE +busy +alpha +- +- {2}active: it is running\n/,
      /\nPRESERVE +young +alpha +- +- {2}young: kept until /,
      /\nPRESERVE +done +alpha +- +- {2}newest success: /,
      /\nwould delete artifacts of 1 job \(2 objects, 2\.0 KiB\), kept 3 \(1 /,
      /\nwaits for approval:\n {2}! no plan was approved yet\n/,
    ])
      assert.match(stdout, line);
    assert.ok(stdout.endsWith(`\napprove it: npm run -s ops -- cleanup approve ${planId}\n`), stdout);
    assert.deepEqual(world.live(), ALL);
  });

  test('plan --json is the plan with its lines, and what plans --json has of it', async () => {
    const shown = JSON.parse((await world.ops('plans', planId, '--json')).stdout);
    assert.deepEqual(
      [shown.planId, shown.deletes, shown.lines.map(({ id }: { id: string }) => id).sort()],
      [planId, 1, ['busy', 'done', 'old', 'young']],
    );
    const made = JSON.parse((await world.ops('plan', '--json', ...world.url)).stdout);
    assert.deepEqual(Object.keys(made), Object.keys(shown));
    const plans = JSON.parse((await world.ops('plans', '--json')).stdout);
    assert.deepEqual(
      plans.map((plan: { planId: string }) => plan.planId),
      [made.planId, planId],
    );
  });

  test('apply of a plan that a guard holds exits 1 and names the command that approves it', async () => {
    const { code, stdout } = await world.ops('apply', planId, ...world.url);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^cleanup-artifacts partial in .*\n +the plan waits for approval, nothing of it was deleted\n/,
    );
    assert.ok(stdout.includes(`Approve it  npm run -s ops -- cleanup approve ${planId}\n`), stdout);
    assert.deepEqual(world.live(), ALL);
  });

  test('approve shows what it lets go on, and what happens next', async () => {
    const { code, stdout, stderr } = await world.ops('approve', planId);
    assert.equal(code, 0);
    assert.match(stderr, /^This lets plan-.* delete artifacts of .*, in the Firestore emulator at .*\n$/);
    assert.match(stdout, /\nwould delete artifacts of 1 job \(2 objects, 2\.0 KiB\), kept 3 /);
    assert.match(stdout, /\n {2}! no plan was approved yet\n/);
    assert.match(
      stdout,
      /\napproved until .*Z: a scheduled run carries it out, the next one at .* 03:00:00Z\n/,
    );
    assert.ok(stdout.endsWith(`\nor do it now: npm run -s ops -- cleanup apply ${planId}\n`), stdout);
  });

  test('apply deletes exactly what the plan said, and says how to undo it', async () => {
    const { code, stdout } = await world.ops('apply', planId, ...world.url);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^cleanup-artifacts succeeded in .*\n +artifacts of 1 job deleted: 2 objects, 2\.0 KiB\n/,
    );
    assert.deepEqual(
      world.live(),
      ALL.filter((name) => !name.startsWith('old/')),
    );
    runId = /cleanup undo (\S+)\n/.exec(stdout)?.[1] ?? assert.fail(stdout);
    const shown = (await world.ops('plans', planId)).stdout;
    assert.match(shown, /^plan-\S+ {2}applied /);
    assert.ok(shown.includes(`undo what ${runId} deleted: npm run -s ops -- cleanup undo ${runId}\n`), shown);
    const again = await world.ops('apply', planId, ...world.url);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /\n +plan-\S+ was applied on 20.*: nothing is left to do of it\n/);
    assert.ok(again.stdout.includes(`cleanup undo ${runId}\n`), again.stdout);
    const late = await world.ops('approve', planId);
    assert.equal(late.code, 1);
    assert.ok(late.stderr.endsWith(`\nCannot approve ${planId}: it is applied already\n`), late.stderr);
  });

  test('undo brings it back', async () => {
    const { code, stdout } = await world.ops('undo', runId, ...world.url);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /\n +2 of 2 objects of 1 job came back, which cleanup-artifacts@/);
    assert.deepEqual(world.live(), ALL);
    const { stdout: next } = await world.ops('plan', ...world.url);
    assert.match(next, /\nPRESERVE +old +alpha .* pinned: kept until /);
  });

  test('undo of a run that deleted nothing, or that there is not, is an error', async () => {
    const { code, stdout } = await world.ops('undo', 'nope', ...world.url);
    assert.equal(code, 1);
    assert.match(stdout, /Cannot undo nope: no run of that id deleted anything/);
    const here = await world.ops('undo', 'nope');
    assert.deepEqual(
      [here.code, here.stderr],
      [1, 'Cannot undo nope: no run of that id deleted anything\n'],
      'announces nothing',
    );
  });

  test('a plan that there is not is told in one line', async () => {
    for (const command of ['plans', 'approve', 'apply']) {
      const { code, stderr } = await world.ops(command, 'plan-none');
      assert.equal(code, 1);
      assert.match(stderr, /^There is no plan plan-none in the Firestore emulator at .*\n$/);
    }
  });

  test('a function that fails is told, with exit code 1', async (t) => {
    const server = createServer((_, response) => {
      response.statusCode = 500;
      response.end(
        JSON.stringify({ task: TASK, outcome: 'failed', summary: {}, problems: [{ message: 'denied' }] }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const args of [['plan'], ['apply', planId], ['undo', runId]]) {
      const { code, stdout } = await world.ops(...args, '--url', url);
      assert.equal(code, 1);
      assert.match(stdout, /^cleanup-artifacts failed\n +! denied\n$/);
    }
  });
});
