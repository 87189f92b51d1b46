import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { daySchema } from '../../../functions/shared/model/day/day.ts';
import { runSchema } from '../../../functions/shared/model/run/run.ts';
import { freshFile } from '../../support/folders.ts';
import { healthOf } from '../../support/health.ts';
import { ops } from '../../support/ops.ts';
import { startOps } from '../ops-process/start-ops.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

const TASK = 'collect-metrics';
const at = (text: string) => new Date(`2026-01-${text}Z`);

function healthRecord() {
  return healthOf({
    task: TASK,
    nextExpectedAt: at('03T02:00:00'),
    updatedAt: at('02T02:01:00'),
    lastStartedAt: at('02T02:00:00'),
    lastFinishedAt: at('02T02:01:00'),
    lastSuccessAt: null,
    lastOutcome: 'failed',
    lastError: { name: 'Error', message: 'no answer', stack: '' },
    consecutiveFailures: 2,
    openAlarms: [`${TASK}:failing:${at('01T02:00:00').toISOString()}`],
    strip: [{ runId: 'x', outcome: 'failed', startedAt: at('02T02:00:00'), durationMs: 60_000 }],
  });
}

function runRecord(day: string, outcome: 'succeeded' | 'failed') {
  const error = outcome === 'failed' ? { name: 'Error', message: 'no answer\nmore', stack: '' } : null;
  const times = { startedAt: at(`${day}T02:00:03`), endedAt: at(`${day}T02:00:05`) };
  return runSchema.parse({
    runId: `${TASK}@${at(`${day}T02:00:00`).toISOString()}`,
    task: TASK,
    trigger: 'scheduled',
    slot: at(`${day}T02:00:00`),
    whole: true,
    dryRun: false,
    body: {},
    attempt: 1,
    token: 't',
    outcome,
    ...times,
    durationMs: 2_000,
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: { days: 1 },
    problems: [],
    error,
    attempts: [{ attempt: 1, token: 't', ...times, outcome, error }],
    duplicates: 0,
    expireAt: null,
  });
}

function dayRecord(date: string, conflict: object | null) {
  const check = { status: 'unknown', expected: null, actual: null };
  return daySchema.parse({
    date,
    status: conflict ? 'conflict' : 'final',
    revision: 1,
    collectedAt: at('05T00:00:00'),
    settledSince: null,
    finalAt: null,
    jobs: null,
    gpu: { hoursUsed: 1_234.5, hoursCompleted: 0, hoursAccrued: 0 },
    sources: {},
    checks: {
      inFlight: check,
      hoursUsed: check,
      skewed: [],
      malformed: [],
      unmapped: [],
      totals: { skewed: 0, malformed: 0, unmapped: 0 },
    },
    conflict,
    members: 0,
    projects: [],
    runId: 'x',
  });
}

describe('ops against records', () => {
  const project = freshProject();
  const alarmId = `${TASK}:conflict:${at('02T00:00:00').toISOString()}`;
  before(async () => {
    const { db } = project;
    await db.doc(`tasks/${TASK}`).set(healthRecord());
    for (const [day, outcome] of [
      ['01', 'succeeded'],
      ['02', 'failed'],
    ] as const) {
      const run = runRecord(day, outcome);
      await db.doc(`taskRuns/${run.runId}`).set(run);
    }
    await db.doc('dailyMetrics/2026-01-01').set(dayRecord('2026-01-01', null));
    const conflict = { started: 1, ended: 1, hoursCompleted: 0, vanished: ['jobs:jobs/a'], alarmId };
    await db.doc('dailyMetrics/2026-01-02').set(dayRecord('2026-01-02', conflict));
  });
  after(() => project.end());

  test('tasks shows state, reason and open alarms', async () => {
    const { code, stdout } = await project.ops(['tasks']);
    assert.equal(code, 0);
    assert.match(stdout, /collect-metrics +failing .* 1 min +2 {2}✗\n {2}2 in a row; last failed: no answer/);
    assert.match(stdout, /alarm failing of collect-metrics since 2026-01-01 02:00:00Z/);
  });
  test('tasks --json prints only JSON, dates as ISO text', async () => {
    const [task] = JSON.parse((await project.ops(['tasks', '--json'])).stdout);
    assert.equal(task.state, 'failing');
    assert.equal(task.nextExpectedAt, '2026-01-03T02:00:00.000Z');
  });
  test('tasks shows every task of the catalogue as new in an empty database', async () => {
    const empty = freshProject();
    const [task] = JSON.parse((await empty.ops(['tasks', '--json'])).stdout);
    assert.deepEqual([task.task, task.state, task.lastStartedAt], [TASK, 'new', null]);
    await empty.end();
  });

  test('runs shows the newest first, and only as many as asked for', async () => {
    const all: { outcome: string }[] = JSON.parse((await project.ops(['runs', TASK, '--json'])).stdout);
    assert.deepEqual(
      all.map(({ outcome }) => outcome),
      ['failed', 'succeeded'],
    );
    const { stdout } = await project.ops(['runs', TASK, '--limit', '1']);
    assert.equal(stdout.trim().split('\n').length, 3);
    assert.match(
      stdout,
      /2026-01-02 02:00:03Z .* failed +2.0 s .* 0 {2}collect-metrics@\S+\n {2}no answer\n/,
    );
  });
  test('runs --outcome keeps that outcome', async () => {
    const found = JSON.parse((await project.ops(['runs', TASK, '--outcome', 'succeeded', '--json'])).stdout);
    assert.equal(found.length, 1);
    assert.match(
      (await project.ops(['runs', TASK, '--outcome', 'lost'])).stdout,
      /No lost run of collect-metrics/,
    );
  });

  test('days shows a line per day, - for what nobody knows, and days without a document', async () => {
    const { code, stdout } = await project.ops(['days', '--from', '2026-01-01', '--to', '2026-01-03']);
    assert.equal(code, 0);
    const [, first, second, third] = stdout.split('\n');
    assert.match(first ?? '', /^2026-01-01 {2}final +1 +- +- +- +- +- +- +1,234.5 +0.0 {2}unknown {2}-$/);
    assert.match(second ?? '', /^2026-01-02 {2}conflict .* 1 record vanished$/);
    assert.match(third ?? '', /^2026-01-03 {2}missing( +-)+$/);
  });
  test('days ends with the block of the newest day that is stored', async () => {
    const { stdout } = await project.ops(['days', '--from', '2026-01-01', '--to', '2026-01-03']);
    const [, block] = stdout.split('\n\n2026-');
    assert.match(block ?? '', /^01-02 {2}conflict, revision 1, collected 2026-01-05 00:00:00Z\n\n/);
    assert.match(block ?? '', /\n {2}Conflict {4}1 record vanished: jobs:jobs\/a\n/);
  });
  test('days with a day shows its block alone, with the projects that used the most GPU-hours', async () => {
    const rows = project.db.collection('dailyMetrics/2026-01-01/projects');
    const jobs = { started: 1, completed: 1, failed: 0, cancelled: 0, neverStarted: 0, inFlight: 0 };
    for (let index = 0; index < 7; index += 1)
      await rows.doc(`p${index}`).set({
        project: `p${index}`,
        jobs,
        artifactBytes: null,
        gpu: { hoursUsed: index, hoursCompleted: 0, hoursAccrued: 0 },
      });
    const day = {
      ...dayRecord('2026-01-04', null),
      jobs,
      projects: ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'],
    };
    await project.db.doc('dailyMetrics/2026-01-01').set({ ...day, date: '2026-01-01' });
    const { code, stdout, stderr } = await project.ops(['days', '2026-01-01']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^2026-01-01 {2}final, revision 1, collected 2026-01-05 00:00:00Z\n\n {2}Jobs /);
    assert.deepEqual(stdout.match(/\bp\d\b/g), ['p6', 'p5', 'p4', 'p3', 'p2']);
    assert.match(stdout, / and 2 more projects\n/);
    await project.db.doc('dailyMetrics/2026-01-01').set(dayRecord('2026-01-01', null));
  });
  test('days with a day that nobody collected says how to', async () => {
    const { code, stdout } = await project.ops(['days', '2026-01-03']);
    assert.equal(code, 0);
    assert.match(stdout, /^2026-01-03 {2}missing\n\n.*\n.*ops -- run collect-metrics --date 2026-01-03\n$/);
  });
  test('days with a day that is not over says so, and of nothing to do', async () => {
    const { code, stdout } = await project.ops(['days', '2999-01-01']);
    assert.equal(code, 0);
    assert.match(stdout, /^2999-01-01 {2}missing\n\n {2}the day is not over yet; .*\n$/);
  });
  test('days with a day and --json is a list of that day alone', async () => {
    const days: { date: string }[] = JSON.parse((await project.ops(['days', '2026-01-02', '--json'])).stdout);
    assert.deepEqual(
      days.map(({ date }) => date),
      ['2026-01-02'],
    );
  });
  test('days --csv has a row for every day, and nothing where nobody knows', async () => {
    const { stdout } = await project.ops(['days', '--from', '2026-01-01', '--to', '2026-01-03', '--csv']);
    const [header, first, , third, end] = stdout.split('\r\n');
    assert.match(header ?? '', /^date,status,revision,jobsStarted,/);
    assert.match(first ?? '', /^2026-01-01,final,1,,,,,,,1234.5,0,0,,/);
    assert.match(third ?? '', /^2026-01-03,missing,+$/);
    assert.equal(end, '');
  });
  test('days --json has an object for every day', async () => {
    const { stdout } = await project.ops(['days', '--from', '2026-01-01', '--to', '2026-01-03', '--json']);
    const days: { status: string }[] = JSON.parse(stdout);
    assert.deepEqual(
      days.map(({ status }) => status),
      ['final', 'conflict', 'missing'],
    );
  });

  test('days accept settles a conflict, once', async () => {
    const accepted = await project.ops(['days', 'accept', '2026-01-02']);
    assert.equal(accepted.code, 0);
    assert.match(
      accepted.stderr,
      /^This accepts the new figures of 2026-01-02 in the Firestore emulator at .*\n$/,
    );
    const day = await project.db.doc('dailyMetrics/2026-01-02').get();
    assert.equal(day.get('conflict'), null);
    for (const [date, message] of [
      ['2026-01-02', 'Cannot accept 2026-01-02: it has no conflict\n'],
      ['2026-01-09', 'Cannot accept 2026-01-09: it was never collected\n'],
    ] as const) {
      const refused = await project.ops(['days', 'accept', date]);
      assert.equal(refused.code, 1);
      assert.ok(refused.stderr.endsWith(`\n${message}`), refused.stderr);
    }
  });
});

describe('ops sources check', () => {
  const time = (path: string, type: string) => ({ path, type });
  const source = (more: object) => ({
    collection: 'jobs',
    fields: { status: 'state', startedAt: time('start', 'timestamp'), endedAt: time('end', 'timestamp') },
    statuses: { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' },
    ...more,
  });
  const NIGHTSHIFT_SETTINGS = settingsFile({
    good: source({}),
    grouped: source({ collection: 'runs', group: true }),
    empty: source({ collection: 'nothing' }),
  });
  const project = freshProject();
  before(async () => {
    const job = { state: 'DONE', start: at('01T00:00:00'), end: at('02T00:00:00') };
    for (let index = 0; index < 25; index += 1) await project.db.doc(`jobs/${index}`).set(job);
    for (let index = 0; index < 4; index += 1)
      await project.db.doc(`teams/${index}/runs/a`).set({ ...job, start: '2026-01-01T00:00:00Z' });
    await project.db.doc('teams/5/runs/a').set({ state: 'Odd', end: null });
  });
  after(() => project.end());

  test('finds what is mistyped, unmapped and missing in a collection group, and nothing elsewhere', async () => {
    const { code, stdout } = await project.ops(['sources', 'check', '--json'], {
      env: { NIGHTSHIFT_SETTINGS },
    });
    assert.equal(code, 1);
    const [good, grouped, empty] = JSON.parse(stdout);
    assert.deepEqual([good.records, good.toMend], [20, false]);
    assert.equal(grouped.records, 5);
    assert.deepEqual(grouped.unmapped, [{ word: 'Odd', count: 1 }]);
    assert.deepEqual(grouped.mistyped, [
      {
        field: 'startedAt',
        path: 'start',
        holds: 'ISO text',
        example: '"2026-01-01T00:00:00Z"',
        expected: 'timestamp',
        count: 4,
        fits: 'iso',
        zone: null,
      },
    ]);
    assert.deepEqual([empty.records, empty.toMend], [0, false]);
  });
  test('exits 0 when all is well, and says what is empty', async () => {
    const env = {
      NIGHTSHIFT_SETTINGS: settingsFile({ good: source({}), empty: source({ collection: 'nothing' }) }),
    };
    const { code, stdout } = await project.ops(['sources', 'check'], { env });
    assert.equal(code, 0);
    assert.match(stdout, /✓ 20 records read, nothing to fix/);
    assert.match(stdout, /no record at all: the collection is empty or its name is wrong/);
  });
});

describe('ops run', () => {
  const seen: { url: string; body: string; headers: IncomingHttpHeaders }[] = [];
  let server: Server;
  let base: string;
  before(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const url = new URL(request.url ?? '', 'http://x');
      seen.push({ url: url.pathname, body, headers: request.headers });
      response.statusCode = Number(url.searchParams.get('status') ?? 200);
      const outcome = url.searchParams.get('outcome');
      if (url.pathname === '/broken') request.socket.destroy();
      else if (outcome === null) response.end('<html>no such page</html>');
      else response.end(JSON.stringify({ task: TASK, outcome, summary: { days: 3 }, problems: [] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  for (const [outcome, status, code] of [
    ['succeeded', 200, 0],
    ['partial', 200, 0],
    ['duplicate', 409, 0],
    ['skipped', 409, 1],
    ['failed', 500, 1],
    ['timed-out', 500, 1],
    ['lost', 409, 1],
  ] as const)
    test(`exits ${code} when the outcome is ${outcome}`, async () => {
      const done = await ops(['run', TASK, '--url', `${base}/f?outcome=${outcome}&status=${status}`]);
      assert.equal(done.code, code);
      assert.match(done.stdout, new RegExp(outcome));
    });

  test('posts the merged body to the local function and prints the answer as JSON', async () => {
    const PORT = base.split(':')[2];
    const args = ['run', TASK, '--body', '{"a":1}', '--date', '2026-01-31', '--dry-run'];
    const done = await ops([...args, '--url', `${base}/f?outcome=succeeded`, '--json']);
    assert.equal(JSON.parse(done.stdout).outcome, 'succeeded');
    const { body, headers } = seen.at(-1) ?? assert.fail();
    assert.deepEqual(JSON.parse(body), { a: 1, date: '2026-01-31', dryRun: true });
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.authorization, undefined);
    await ops(['run', TASK], { env: { PORT } });
    assert.deepEqual([seen.at(-1)?.url, seen.at(-1)?.body], [`/${TASK}`, '{}']);
  });

  for (const [name, path, message] of [
    [
      'no answer of a function',
      '/f?status=404',
      /Cannot read the answer of .*: HTTP 404, <html>no such page<\/html>/,
    ],
    ['a connection that breaks off', '/broken', /the connection broke off, the run may go on/],
    ['a caller turned away', '/f?status=403', /turned the caller away \(HTTP 403\)/],
  ] as const)
    test(`says ${name} in one line`, async () => {
      const done = await ops(['run', TASK, '--url', `${base}${path}`]);
      assert.equal(done.code, 3);
      assert.match(done.stderr, message);
      assert.match(
        done.stderr,
        /^This runs collect-metrics, in the functions at http:\/\/127\.0\.0\.1:\d+\n[^\n]+\n$/,
      );
    });

  test('says how to start the stack when nothing listens', async () => {
    const done = await ops(['run', TASK], { env: { PORT: '1' } });
    assert.equal(done.code, 3);
    const message = `\nCannot reach http://127.0.0.1:1/${TASK}: nothing listens there. Start the stack: npm start\n`;
    assert.ok(done.stderr.endsWith(message), done.stderr);
  });

  test("says what to do when a person's credentials cannot mint a token", async () => {
    const user = { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' };
    const GOOGLE_APPLICATION_CREDENTIALS = freshFile('user.json', JSON.stringify(user));
    const args = ['run', TASK, '--yes', '--url', 'https://nightshift-0.a.run.app/'];
    const done = await startOps(args, { env: { GOOGLE_APPLICATION_CREDENTIALS } }).ended;
    assert.equal(done.code, 3);
    assert.match(
      done.stderr,
      /^This runs .*\nCannot get an ID token for https:\/\/nightshift-0.a.run.app: .* Set NIGHTSHIFT_ID_TOKEN=.*\n$/,
    );
  });
});
