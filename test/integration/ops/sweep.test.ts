import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Alarm } from '../../../functions/shared/model/run/alarm.ts';
import { startGoogleApis } from '../../../scripts/stack/stand-ins/google/apis.ts';
import { type CustomJob, emptyWorld } from '../../../scripts/stack/stand-ins/google/world.ts';
import { ops } from '../../support/ops.ts';
import { freshProject } from './fresh-project.ts';
import { serveTask } from './served-task.ts';

const TASK = 'sweep-stale-jobs';
const REGION = 'us-central1';
const ago = (ms: number) => new Date(Date.now() - ms);
const time = (path: string) => ({ path, type: 'timestamp' });

/** A job that says that it has been running for three hours. */
function running(over: Record<string, unknown> = {}): Record<string, unknown> {
  const startedAt = ago(3 * HOUR_MS);
  return {
    status: 'running',
    project: 'alpha',
    createdAt: startedAt,
    startedAt,
    endedAt: null,
    heartbeatAt: ago(50 * MINUTE_MS),
    backendId: null,
    ...over,
  };
}

function customJob(id: string, over: Partial<CustomJob>): CustomJob {
  const startedAt = ago(3 * HOUR_MS);
  return {
    id,
    region: REGION,
    state: 'JOB_STATE_RUNNING',
    createdAt: startedAt,
    startedAt,
    endedAt: null,
    error: null,
    ...over,
  };
}

/** The real function over a stand-in of Vertex AI, and `ops` beside it, in a project of their own. */
async function setup() {
  const project = freshProject();
  const world = emptyWorld(project.project);
  const apis = await startGoogleApis(world);
  world.customJobs.push(
    customJob('1', {}),
    customJob('2', { state: 'JOB_STATE_SUCCEEDED', endedAt: ago(110 * MINUTE_MS) }),
  );
  const records = {
    'jobs/alive': running({ heartbeatAt: ago(MINUTE_MS), backendId: '1' }),
    'jobs/done': running({ backendId: '2', heartbeatAt: ago(112 * MINUTE_MS) }),
    'jobs/silent': running(),
    // As silent, but within the limits of its type.
    'jobs/patient': running({ kind: 'slow' }),
    'jobs/retried': running({
      status: 'completed',
      endedAt: ago(21 * HOUR_MS),
      startedAt: ago(23 * HOUR_MS),
    }),
    'jobs/retried/executions/4': running({
      status: 'failed',
      startedAt: ago(23 * HOUR_MS),
      endedAt: ago(22.1 * HOUR_MS),
      error: 'preempted',
    }),
    'jobs/retried/executions/5': running({ startedAt: ago(22 * HOUR_MS), heartbeatAt: ago(22 * HOUR_MS) }),
  };
  for (const [path, record] of Object.entries(records)) await project.db.doc(path).set(record);
  const fields = {
    status: 'status',
    error: 'error',
    startedAt: time('startedAt'),
    endedAt: time('endedAt'),
    heartbeatAt: time('heartbeatAt'),
  };
  const jobs = {
    ...builtIn.sources.jobs,
    mode: 'enforce',
    fields: { ...builtIn.sources.jobs.fields, type: 'kind' },
    sweep: { types: { slow: { staleAfterMinutes: 600 } } },
    backend: { kind: 'vertex-ai', region: REGION },
    executions: { collection: 'executions', fields },
  };
  const settings = { ...builtIn, sources: { jobs }, baseUrls: { aiplatform: apis.baseUrls.aiplatform } };
  const served = await serveTask(TASK, project.project, settings);
  return {
    db: project.db,
    ops: (...args: string[]) => project.ops(args, { env: served.env }),
    sweep: (...args: string[]) => project.ops(['sweep', '--url', served.url, ...args], { env: served.env }),
    async record(path: string) {
      return (await project.db.doc(path).get()).data() ?? {};
    },
    async end() {
      await served.stop();
      await apis.stop();
      await project.end();
    },
  };
}

describe('ops and the sweep', () => {
  let world: Awaited<ReturnType<typeof setup>>;
  before(async () => {
    world = await setup();
  });
  after(() => world?.end());

  test('health says that nobody has looked yet, with exit code 1', async () => {
    const { code, stdout } = await world.ops('health');
    assert.equal(code, 1);
    assert.match(stdout, /^wrong: jobs: no sweep has looked at it yet\n/);
  });

  test('jobs shows what says that it runs, the oldest first; --stale what is silent', async () => {
    const all = await world.ops('jobs');
    assert.deepEqual([all.code, all.stderr], [0, '']);
    assert.match(all.stdout, /^SOURCE +JOB +PROJECT +TYPE +STATUS +SINCE +FOR +HEARTBEAT +RUNS ON\n/);
    assert.match(all.stdout, /\njobs +alive +alpha +- +running +\S+ \S+Z +3 h +\d+ s ago +vertex-ai 1\n/);
    const stale = JSON.parse((await world.ops('jobs', '--stale', '--json')).stdout);
    assert.deepEqual(stale.map(({ job }: { job: string }) => job).sort(), ['done', 'silent']);
    for (const { wrong } of stale) assert.match(wrong[0], /^no heartbeat for (5\d min|1 h 5\d min) /);
  });

  test('jobs says beside the result when there may be more', async () => {
    const { code, stdout, stderr } = await world.ops('jobs', '--limit', '1', '--json');
    assert.deepEqual([code, JSON.parse(stdout).length], [0, 1]);
    assert.equal(stderr, 'jobs: only 1 is shown, there may be more\n');
  });

  test('jobs --executions shows those of one job, the newest first', async () => {
    const { stdout } = await world.ops('jobs', '--executions', 'retried');
    const [, fifth, wrong, silent, fourth, why] = stdout.split('\n');
    assert.match(fifth ?? '', /^5 +running /);
    assert.equal(wrong, '  ! its job is completed');
    assert.match(silent ?? '', /^ {2}! no heartbeat for 22 h /);
    assert.match(fourth ?? '', /^4 +failed /);
    assert.equal(why, '  preempted');
  });

  for (const [what, args, code, message] of [
    [
      'a job that there is not',
      ['jobs', '--executions', 'nobody'],
      1,
      /^There is no job nobody in the Fire.*\n$/,
    ],
    [
      'a source that there is not',
      ['jobs', '--source', 'job'],
      2,
      /^Unknown source "job", did you mean jobs\?/,
    ],
  ] as const)
    test(`tells ${what} before anything is sent`, async () => {
      const done = await world.ops(...args);
      assert.equal(done.code, code);
      assert.match(done.stderr, message);
    });

  test('sweep --dry-run shows each verdict and why, and writes nothing', async () => {
    const before = await world.record('jobs/done');
    const { code, stdout } = await world.sweep('--dry-run');
    assert.equal(code, 0, stdout);
    for (const line of [
      /^sweep-stale-jobs partial in .* \(dry run: nothing was written\)\n/,
      /\n +VERDICT +SOURCE +JOB +RECORD SAYS +BACKEND SAYS +END\n/,
      /\n +lost +jobs +silent +running +- +\S+ \S+Z +held\n/,
      /\n +finish +jobs +done +running +\S.* +\S+ \S+Z +would be ended\n/,
      /\n +\S+ +jobs +retried, execution 5 +running +- +\S+ \S+Z +would be ended\n/,
      /\n +3 records looked at, would end 2: 1 finished, 1 execution\n/,
      /\n +Held +1 job that nothing but silence speaks against:/,
      /\n +! jobs: this is the first sweep of all: /,
    ])
      assert.match(stdout, line);
    assert.deepEqual(await world.record('jobs/done'), before);
  });

  test('sweep ends what is proved, and holds what is only silent at the first time', async () => {
    const { code, stdout } = await world.sweep();
    assert.equal(code, 0, stdout);
    assert.match(stdout, /\n +3 records looked at, ended 2: 1 finished, 1 execution\n/);
    const done = await world.record('jobs/done');
    assert.deepEqual([done.status, done.nightshift.evidence.was], ['completed', 'running']);
    assert.equal((await world.record('jobs/silent')).status, 'running');
    assert.equal((await world.record('jobs/alive')).status, 'running');
    assert.match(
      (await world.ops('jobs', '--executions', 'retried')).stdout,
      /\n5 +failed .*\n {2}ended by sweep-stale-jobs@/,
    );
  });

  test('health tells what the sweep found', async () => {
    const { code, stdout } = await world.ops('health', '--json');
    const report = JSON.parse(stdout);
    assert.equal(code, 1);
    assert.deepEqual([report.ok, report.sources[0].stale], [false, 1]);
    assert.ok(report.wrong.includes('jobs: 1 stale job'), report.wrong.join());
  });

  test('sweep --end ends one job by hand, with the reason kept', async () => {
    const { code, stdout } = await world.sweep(
      ...['--job', 'silent', '--end', 'cancelled', '--reason', 'the node burnt'],
    );
    assert.equal(code, 0, stdout);
    assert.match(stdout, /\n +\S+ +jobs +silent +running .* ended\n/);
    const { status, nightshift } = await world.record('jobs/silent');
    assert.deepEqual([status, nightshift.evidence.rule], ['cancelled', 'operator']);
    assert.match(nightshift.evidence.because, /the node burnt/);
    const again = await world.sweep('--job', 'silent', '--end', 'failed', '--reason', 'x');
    assert.equal(again.code, 1);
    assert.match(again.stdout, /^refused\n.*silent: its record says cancelled already/);
  });

  test('sweep --end asks where the sweep itself would keep the job, and keeps who said yes', async () => {
    const end = ['--job', 'alive', '--end', 'failed', '--reason', 'it hangs'];
    const asked = await world.sweep(...end);
    assert.equal(asked.code, 2);
    assert.match(
      asked.stderr,
      /^This ends alive as failed, although the sweep keeps it: .*JOB_STATE_RUNNING.*, in the functions at .*: nobody is at/,
    );
    assert.equal((await world.record('jobs/alive')).status, 'running');
    const { code, stdout } = await world.sweep(...end, '--yes');
    assert.equal(code, 0, stdout);
    const { status, nightshift } = await world.record('jobs/alive');
    assert.equal(status, 'failed');
    assert.match(nightshift.evidence.by, /^\S+ on \S+$/);
  });

  test('sweep --undo takes it back, once, and runs tells both', async () => {
    const { code, stdout } = await world.sweep('--job', 'alive', '--undo', '--reason', 'wrong one');
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /\n +taken back: 1 record\n +jobs alive \(jobs\/alive\): running again; it was failed because: it/,
    );
    const { status, nightshift } = await world.record('jobs/alive');
    assert.deepEqual([status, nightshift.evidence], ['running', undefined]);
    assert.equal(nightshift.earlier[0].takenBack.reason, 'wrong one');
    const again = await world.sweep('--job', 'alive', '--undo');
    assert.deepEqual([again.code, again.stdout.split('\n')[0]], [1, 'refused']);
    assert.match(
      again.stdout,
      /jobId: Cannot take back how jobs:jobs\/alive ended: no change of ours stands/,
    );
    const { stdout: runs } = await world.ops('runs', TASK);
    assert.match(
      runs,
      /\n {2}jobs alive \(jobs\/alive\): running again; (?:.*\n)+? {2}jobs alive: failed, it hangs/,
    );
  });

  test('why tells the whole story of a job', async () => {
    const { code, stdout } = await world.ops('why', 'jobs/alive');
    assert.equal(code, 0);
    for (const line of [
      /^jobs\/alive, source jobs in mode enforce, the Firestore emulator at /,
      /\n {2}Changes {5}\S+ \S+Z fail by \S+ on \S+,\n? *sweep-stale-jobs@manual-/,
      /\n +status: "running" -> "failed"\n/,
      /\n +taken back \S+ \S+Z by \S+ on \S+: wrong one\n/,
      /\n {2}Backend {5}running, asked now: Vertex AI says JOB_STATE_RUNNING;/,
      /\n {2}Verdict {5}keep \(backend-running\): /,
      /\n {2}Days {8}\d days?, /,
      / will be collected again:/,
    ])
      assert.match(stdout, line);
    const story = JSON.parse((await world.ops('why', 'retried', '--json')).stdout);
    assert.deepEqual(
      story.executions.map(({ id, evidence }: { id: string; evidence: { rule: string } | null }) => [
        id,
        evidence?.rule,
      ]),
      [
        ['5', 'job-ended'],
        ['4', undefined],
      ],
    );
    const none = await world.ops('why', 'nope');
    assert.deepEqual([none.code, none.stderr.trim().split('\n').length], [1, 1]);
    assert.match(none.stderr, /^There is no job nope in the Firestore emulator at .*: looked in jobs\n$/);
  });

  test('a job that there is not is told, and is no run', async () => {
    const before = (await world.db.collection('taskRuns').get()).size;
    for (const args of [[], ['--undo'], ['--end', 'failed', '--reason', 'x'], ['--dry-run']]) {
      const { code, stdout, stderr } = await world.sweep('--job', 'nope', ...args);
      assert.deepEqual([code, stderr], [1, '']);
      assert.match(
        stdout,
        /^refused\n +! jobId: Cannot find job nope in source jobs; expected the id of a job/,
      );
    }
    assert.equal((await world.db.collection('taskRuns').get()).size, before);
  });

  test('alarms shows open ones with where to look further, and --all those that are over', async () => {
    const alarm = (kind: Alarm['kind'], over: Partial<Alarm>): Alarm => ({
      id: `jobs:${kind}:x`,
      subject: 'jobs',
      kind,
      message: 'a job runs on',
      runId: null,
      brokenAt: ago(HOUR_MS),
      openedAt: ago(HOUR_MS),
      closedAt: null,
      closedBecause: null,
      ...over,
    });
    const over = { closedAt: ago(DAY_MS), closedBecause: 'it ended' };
    const kept = [alarm('overdue', {}), alarm('long-running', over)];
    for (const one of [...kept, alarm('guard', { ...over, closedAt: ago(91 * DAY_MS) })])
      await world.db.doc(`alarms/${one.id}`).set(one);
    const { code, stdout } = await world.ops('alarms');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /\noverdue +jobs +.* 6\d min ago\n {2}a job runs on\n {2}jobs:overdue:x\n.*ops -- jobs --source jobs\n/,
    );
    const kinds = async (...args: string[]) =>
      JSON.parse((await world.ops('alarms', '--json', ...args)).stdout)
        .filter(({ subject }: Alarm) => subject === 'jobs')
        .map(({ kind, further }: Alarm & { further: string }) => [kind, further.split(' -- ')[1]]);
    assert.deepEqual(await kinds(), [['overdue', 'jobs --source jobs']]);
    assert.deepEqual(await kinds('--all'), [
      ['overdue', 'jobs --source jobs'],
      ['long-running', 'jobs --source jobs'],
    ]);
    assert.match((await world.ops('health')).stdout, /^wrong: .*open alarm/);
    for (const { id } of kept) await world.db.doc(`alarms/${id}`).delete();
  });

  test('health exits 0 once nothing is wrong any more', async () => {
    await world.sweep();
    const { code, stdout } = await world.ops('health');
    assert.match(stdout, /^ok: nothing is wrong\n/);
    assert.equal(code, 0);
  });
});

test('sweep names a real project before it writes there', async () => {
  const url = ['--url', 'https://sweep-x-uc.a.run.app/'];
  const { code, stderr } = await ops(['sweep', '--job', 'a', '--end', 'failed', '--reason', 'x', ...url], {
    env: { FIRESTORE_EMULATOR_HOST: '' },
  });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^This ends a as failed, in the Google Cloud project of sweep-x-uc\.a\.run\.app: nobody is at/,
  );
});
