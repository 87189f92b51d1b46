import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { daysBetween } from '../../../functions/shared/dates.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { launchFunction } from '../../../scripts/stack/serving/function-process.ts';
import { freshFolder } from '../../support/folders.ts';
import { ops } from '../../support/ops.ts';
import { startOps } from '../ops-process/start-ops.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

/** What the function answers to a call; `hold` waits before it does, and `'broken'` is no answer. */
interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  body?: object | string;
  hold?: Promise<void>;
}

const FROM = '2026-01-01';
const TO = '2026-01-05';
const DAYS = daysBetween(FROM, TO);
const RANGE = ['--from', FROM, '--to', TO];

function collected(date: string, summary: object = {}, more: object = {}): Scripted {
  const counts = { from: date, to: date, daysCollected: 1, daysChanged: 1, daysFinal: 0, conflicts: [] };
  return { body: { outcome: 'succeeded', summary: { ...counts, ...summary }, problems: [], ...more } };
}

/** A function that answers as scripted, and an operator's machine whose state folder stays. */
async function backfilling(
  t: TestContext,
  answer: (date: string, call: number) => Scripted = (date) => collected(date),
) {
  const bodies: unknown[] = [];
  const waiting: { calls: number; resolve: () => void }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const body: { date: string } = JSON.parse(text);
    bodies.push(body);
    for (const it of waiting) if (bodies.length >= it.calls) it.resolve();
    const { status = 200, headers = {}, body: said = {}, hold } = answer(body.date, bodies.length);
    await hold;
    if (said === 'broken') return void request.socket.destroy();
    response.writeHead(status, headers);
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const folder = freshFolder();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/collect-metrics`;
  const args = (more: readonly string[]) => ['backfill', ...RANGE, '--url', url, ...more];
  const env = { NIGHTSHIFT_STATE_DIR: folder };
  return {
    url,
    /** The days that were asked for so far. */
    days: () => bodies.map((body) => (body as { date: string }).date),
    bodies,
    files: () => readdirSync(folder),
    folder,
    run: (more: readonly string[] = [], signal?: AbortSignal) =>
      ops(args(more), signal ? { env, signal } : { env }),
    start: (more: readonly string[] = []) => startOps(args(more), { env }),
    /** Resolves once so many calls have come. */
    called: (calls: number) =>
      new Promise<void>((resolve) => {
        if (bodies.length >= calls) resolve();
        else waiting.push({ calls, resolve });
      }),
    goOn: `npm run -s ops -- backfill --from ${FROM} --to ${TO} --url ${url}`,
  };
}

describe('ops backfill', { concurrency: 4 }, () => {
  test('collects every day once, the oldest first, and leaves nothing behind', async (t) => {
    const it = await backfilling(t, (date) =>
      date === '2026-01-03'
        ? collected(
            date,
            { daysChanged: 0, daysFinal: 1, conflicts: [date] },
            { outcome: 'partial', problems: [{ path: 'sources.storage', message: 'no\u001b[2J answer' }] },
          )
        : collected(date),
    );
    const { code, stdout, stderr } = await it.run();
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      it.bodies,
      DAYS.map((date) => ({ date })),
    );
    assert.match(
      stderr,
      /^This collects 5 days, 2026-01-01 to 2026-01-05, in the functions at http:.*\n2026-01-01: /,
    );
    assert.match(stderr, /\n2026-01-01: changed in .* \(1 of 5\)\n2026-01-02: changed in .*\(2 of 5\)\n/);
    assert.match(stderr, /\n2026-01-03: unchanged, final, conflict, partial in .* \(3 of 5\)\n/);
    assert.match(
      stdout,
      /^5 days collected in .*, 2026-01-01 to 2026-01-05: 4 changed, 1 final, 1 partial\n {2}! 2026-01-03 {2}sources.storage: no answer\nrecords of 2026-01-03 vanished; settle it with: npm run -s ops -- days accept 2026-01-03\n$/,
    );
    assert.deepEqual(it.files(), []);
  });

  test('--json prints every day with what became of it', async (t) => {
    const it = await backfilling(t, (date) => collected(date));
    const { code, stdout } = await it.run(['--json']);
    assert.equal(code, 0);
    const { tookMs, days, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, { from: FROM, to: TO, complete: true });
    assert.ok(tookMs >= 0);
    assert.deepEqual(
      days,
      DAYS.map((date) => ({ date, done: true, changed: true, final: false, conflict: false, problems: [] })),
    );
  });

  test('goes on after the last finished day when its process was killed', async (t) => {
    let wedged = true;
    const never = new Promise<void>(() => {});
    const it = await backfilling(t, (date) =>
      date === '2026-01-03' && wedged ? { hold: never } : collected(date),
    );
    const { child, ended } = it.start();
    await it.called(3);
    child.kill('SIGKILL');
    await ended;
    wedged = false;
    const { code, stdout, stderr } = await it.run();
    assert.equal(code, 0);
    assert.match(stderr, /\n2 of 5 days were done before; --restart begins anew\n2026-01-03: /);
    assert.match(stdout, /^5 days collected .*: 5 changed, 0 final, 0 partial\n$/);
    assert.deepEqual(it.days(), [...DAYS.slice(0, 3), ...DAYS.slice(2)]);
    assert.deepEqual(it.files(), []);
  });

  test('begins anew with --restart, for another range, and against another function', async (t) => {
    let broken = true;
    const it = await backfilling(t, (date) =>
      broken && date === '2026-01-03' ? { status: 400, body: { problems: [] } } : collected(date),
    );
    assert.equal((await it.run()).code, 1);
    broken = false;
    const sameFolder = { env: { NIGHTSHIFT_STATE_DIR: it.folder } };
    await ops(['backfill', ...RANGE, '--url', `${it.url}-of-another-project`], sameFolder);
    assert.deepEqual(it.days().slice(3), DAYS);
    await ops(['backfill', '--from', FROM, '--to', '2026-01-02', '--url', it.url], sameFolder);
    assert.deepEqual(it.days().slice(8), DAYS.slice(0, 2));
    await it.run(['--restart']);
    assert.deepEqual(it.days().slice(10), DAYS);
  });

  test('waits for a run that is live as long as it says, and tries again', async (t) => {
    const it = await backfilling(t, (date, call) =>
      call === 2
        ? { status: 409, headers: { 'retry-after': '2' }, body: { outcome: 'skipped', problems: [] } }
        : collected(date),
    );
    const started = performance.now();
    const { code, stderr } = await it.run();
    assert.ok(performance.now() - started >= 2_000);
    assert.equal(code, 0);
    assert.match(stderr, /\n2026-01-02: another run is live, trying again in 2.0 s\n2026-01-02: changed/);
    assert.deepEqual(it.days(), [FROM, '2026-01-02', ...DAYS.slice(1)]);
  });

  test('tries a day that fails three times, then stops and says how to go on', async (t) => {
    const it = await backfilling(t, (date) =>
      date === '2026-01-02'
        ? { status: 500, body: { outcome: 'failed', problems: [{ path: '', message: 'out of memory' }] } }
        : collected(date),
    );
    const { code, stdout, stderr } = await it.run();
    assert.equal(code, 1);
    assert.deepEqual(it.days(), [FROM, ...Array(3).fill('2026-01-02')]);
    assert.match(stderr, /\n2026-01-02: HTTP 500, out of memory; try 2 of 3 in 2.0 s\n/);
    assert.ok(
      stderr.endsWith(
        `\nCannot collect 2026-01-02: tried 3 times, HTTP 500, out of memory. Go on with: ${it.goOn}\n`,
      ),
      stderr,
    );
    assert.match(stdout, /^1 of 5 days collected /);
    assert.equal(it.files().length, 1);
  });

  test('tries again where nothing was answered, and where the run left the day out', async (t) => {
    const it = await backfilling(t, (date, call) => {
      if (call === 1) return { body: 'broken' };
      if (call === 2) return collected(date, { daysCollected: 0 }, { outcome: 'partial' });
      return collected(date);
    });
    const { code, stderr } = await it.run();
    assert.equal(code, 0);
    assert.match(stderr, /\n2026-01-01: .*the connection broke off, .*; try 2 of 3/);
    assert.match(stderr, /\n2026-01-01: the run left the day out: it does not say why; try 3 of 3/);
    assert.deepEqual(it.days(), [FROM, FROM, ...DAYS]);
  });

  for (const [what, answer, message, exitCode] of [
    [
      'a refusal',
      { status: 400, body: { problems: [{ path: 'date', message: 'Missing', expected: 'a day' }] } },
      'Cannot collect 2026-01-01: HTTP 400, date: Missing; expected a day. Go on',
      1,
    ],
    ['a caller turned away', { status: 403, body: '<html>' }, 'turned the caller away (HTTP 403)', 3],
    ['a page that is no answer', { body: '<html>log in</html>' }, 'HTTP 200, <html>log in</html>. Go on', 3],
  ] as const)
    test(`stops at once at ${what}`, async (t) => {
      const it = await backfilling(t, () => answer);
      const { code, stderr } = await it.run();
      assert.equal(code, exitCode);
      assert.ok(stderr.includes(message), stderr);
      assert.deepEqual(it.days(), [FROM]);
    });

  test('stops at Ctrl-C after the day under way, and goes on with it done', async (t) => {
    const held = Promise.withResolvers<void>();
    const it = await backfilling(t, (date, call) => ({
      ...collected(date),
      ...(call === 2 ? { hold: held.promise } : {}),
    }));
    const { child, ended } = it.start();
    await it.called(2);
    child.kill('SIGINT');
    child.stderr.once('data', () => setTimeout(held.resolve, 200));
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /\n2026-01-02: stopping after it; Ctrl-C again: at once\n2026-01-02: changed/);
    assert.ok(stderr.endsWith(`\nStopped. Go on with: ${it.goOn}\n`), stderr);
    assert.match(stdout, /^2 of 5 days collected /);
    assert.equal((await it.run()).code, 0);
    assert.deepEqual(it.days(), DAYS);
  });

  test('stops at the second Ctrl-C at once, and does not count the day under way', async (t) => {
    const it = await backfilling(t, (date, call) =>
      call === 2 ? { hold: new Promise(() => {}) } : collected(date),
    );
    const { child, ended } = it.start();
    await it.called(2);
    child.kill('SIGINT');
    child.stderr.on('data', (chunk) => {
      if (String(chunk).includes('Ctrl-C again')) child.kill('SIGINT');
    });
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.ok(stderr.endsWith(`what was under way may go on. Go on with: ${it.goOn}\n`), stderr);
    assert.equal((await it.run()).code, 0);
    assert.deepEqual(it.days(), [FROM, '2026-01-02', ...DAYS.slice(1)]);
  });

  test('ends a wait at Ctrl-C', async (t) => {
    const it = await backfilling(t, () => ({ status: 409, headers: { 'retry-after': '600' } }));
    const interrupt = new AbortController();
    const ended = it.run([], interrupt.signal);
    await it.called(1);
    setTimeout(() => interrupt.abort(), 200);
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /\n2026-01-01: stopping after it; Ctrl-C again: at once\n/);
    assert.match(stdout, /^0 of 5 days collected /);
  });

  test('says what to do about a record of days done that cannot be read', async (t) => {
    const it = await backfilling(t, (date) => (date === FROM ? collected(date) : { status: 400 }));
    await it.run();
    const [file = ''] = it.files();
    writeFileSync(join(it.folder, file), '{"days":{"2026-01-01":');
    const { code, stderr } = await it.run();
    assert.equal(code, 1);
    assert.match(stderr, /\nCannot read .*, which lists the days done before\. Begin anew with --restart\n$/);
  });

  test('collects up to yesterday where no last day is named', async (t) => {
    const it = await backfilling(t);
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const { code } = await ops(['backfill', '--from', yesterday, '--url', it.url]);
    assert.equal(code, 0);
    assert.deepEqual(it.days(), [yesterday]);
  });

  for (const [url, place] of [
    ['https://us-central1-acme-ml.cloudfunctions.net/collect-metrics', 'Google Cloud project acme-ml'],
    ['https://nightshift-0.a.run.app/', 'the Google Cloud project of nightshift-0.a.run.app'],
  ] as const)
    test(`names ${place} and asks before it writes there`, async () => {
      const { code, stderr } = await ops(['backfill', ...RANGE, '--url', url]);
      assert.deepEqual(
        [code, stderr],
        [
          2,
          `This collects 5 days, 2026-01-01 to 2026-01-05, in ${place}: nobody is at the terminal to agree. Add --yes to go ahead\n`,
        ],
      );
    });

  test('names the project that a function started by hand writes to', async (t) => {
    const it = await backfilling(t);
    const env = { FIRESTORE_EMULATOR_HOST: '', GOOGLE_CLOUD_PROJECT: 'acme-ml' };
    const asked = await ops(['backfill', ...RANGE, '--url', it.url], { env });
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /^This collects 5 days, .*, in Google Cloud project acme-ml: nobody/);
    assert.deepEqual(it.days(), []);
    assert.equal((await ops(['backfill', ...RANGE, '--url', it.url, '--yes'], { env })).code, 0);
  });
});

describe('ops backfill of the real function', () => {
  test('fills the days that ops days then shows', async (t) => {
    const project = freshProject();
    const NIGHTSHIFT_SETTINGS = settingsFile({
      jobs: {
        collection: 'jobs',
        fields: {
          status: 'state',
          startedAt: { path: 'start', type: 'timestamp' },
          endedAt: { path: 'end', type: 'timestamp' },
        },
        statuses: { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' },
      },
    });
    for (const date of DAYS)
      await project.db.doc(`jobs/of-${date}`).set({
        state: 'DONE',
        start: new Date(`${date}T10:00:00Z`),
        end: new Date(`${date}T11:00:00Z`),
      });
    const env = { ...process.env, NIGHTSHIFT_SETTINGS, GOOGLE_CLOUD_PROJECT: project.project };
    const served = launchFunction(
      {
        name: 'collect-metrics',
        entryPoint: 'collectMetrics',
        env,
        logFolder: freshFolder(),
        source: join(ROOT, 'functions/collect-metrics/index.ts'),
      },
      () => undefined,
    );
    t.after(async () => {
      await served.stop();
      await project.end();
    });
    const url = `http://127.0.0.1:${await served.port}/`;
    const filled = await project.ops(['backfill', ...RANGE, '--url', url]);
    assert.equal(filled.code, 0, filled.stderr);
    assert.match(filled.stdout, /^5 days collected .*: 5 changed, 0 final, 0 partial\n$/);
    const shown = await project.ops(['days', ...RANGE, '--csv'], { env: { NIGHTSHIFT_SETTINGS } });
    const rows = shown.stdout.split('\r\n').slice(1, -1);
    assert.deepEqual(
      rows.map((row) => row.split(',').slice(0, 5).join(',')),
      DAYS.map((date) => `${date},provisional,1,1,1`),
    );
  });
});
