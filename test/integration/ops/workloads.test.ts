import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Row } from '../../../functions/shared/model/workload/row.ts';
import { collections as collectionsOf } from '../../../functions/shared/store/own/collections.ts';
import { workloadStore } from '../../../functions/shared/store/own/workloads.ts';
import { runOps } from '../../../scripts/ops/program.ts';
import { freshFile } from '../../support/folders.ts';
import { recordedLog } from '../../support/google.ts';
import { operatorEnv } from '../../support/ops.ts';
import { MAPPING } from '../../support/sweeper.ts';
import { answered, failedRow, hung, row, vertexSnapshot } from '../../support/workloads.ts';
import { freshProject } from './fresh-project.ts';

const [WEST, EAST] = ['europe-west4', 'us-east1'];

describe('ops shows the workload tables', () => {
  const project = freshProject();
  const NIGHTSHIFT_SETTINGS = freshFile(
    'settings.json',
    JSON.stringify({
      collectionPrefix: '',
      failuresBeforeAlarm: 3,
      sources: { jobs: MAPPING },
      workloads: { regions: [WEST, EAST], builds: {}, vertex: {} },
    }),
  );
  const run = (...args: string[]) => project.ops(args, { env: { NIGHTSHIFT_SETTINGS } });

  before(async () => {
    const ago = (minutes: number) => addMs(new Date(), -minutes * MINUTE_MS);
    const times: Partial<Row> = { createdAt: ago(30), startedAt: ago(20) };
    const reason = { line: "KeyError: 'shard'", category: 'python', source: 'log', rule: 'exception' };
    const ourJob = { source: 'jobs', id: 'night-12' };
    const rows = [row('1', { ...times, ourJob }), failedRow('2', { ...times, endedAt: ago(5), reason })];
    const { snapshot } = vertexSnapshot([answered(WEST, rows, ago(1)), hung(EAST, ago(1))]);
    const store = workloadStore(collectionsOf(project.db, ''), recordedLog().log);
    const held = await store.begin('schedule', ago(1), 0);
    assert.ok('save' in held);
    const tables = { vertex: { askedAt: ago(1), version: snapshot.version, tookMs: 50 } };
    await held.save({ refresh: { lease: null, tables }, tables: [snapshot] });
  });
  after(() => project.end());

  test('each with its counts, the age of its regions, its rows and their reasons', async () => {
    const { code, stdout, stderr } = await run('workloads');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Builds: not asked yet\n\nVertex AI: 1 running, 1 failed, at least\n/);
    assert.match(stdout, /\n {2}! us-east1: no answer since .*Z, never seen: no answer within 5000 ms\n/);
    // All of it is some minutes older on a machine that stalls.
    assert.match(stdout, /\n {2}as of \d+ (s|min) ago: europe-west4\n/);
    assert.match(stdout, /\nrunning +2\d min( \d+ s)? +europe-west4 +train-1 +jobs\/night-12\n/);
    assert.match(stdout, /\nfailed +15 min +europe-west4 +\d+ min ago +train-2 +python: KeyError: 'shard'\n/);
    assert.match(stdout, /\nrefreshed by schedule at .*Z, \d+ (s|min) ago\n$/);
  });

  test('one of them, and as the service status answers', async () => {
    const { code, stdout } = await run('workloads', 'vertex', '--json');
    const { tables, refresh, unreadable } = JSON.parse(stdout);
    assert.deepEqual([code, tables.length, refresh.by, unreadable], [0, 1, 'schedule', []]);
    assert.deepEqual([tables[0].table, tables[0].rows.length], ['vertex', 2]);
    assert.deepEqual(tables[0].rows[0].ourJob, { source: 'jobs', id: 'night-12' });
    const unnamed = await run('workloads', 'runner');
    assert.deepEqual([unnamed.code, /name no table runner/.test(unnamed.stderr)], [1, true]);
    assert.equal((await run('workloads', 'vertx')).code, 2);
  });

  test('and the tasks besides, once where there is no terminal', async () => {
    const { code, stdout, stderr } = await run('watch');
    assert.equal(code, 0);
    assert.match(stderr, /shown once\n$/);
    assert.match(stdout, /train-1 +jobs\/night-12\n/);
    assert.match(stdout, /train-2 +python: KeyError: 'shard'\n/);
    assert.match(stdout, /\nTasks: ok\n[\s\S]*collect-metrics +next in .*has not run yet\n/);
    const once = await run('watch', '--once');
    assert.equal(once.stderr, '');
    const { workloads, tasks, problems } = JSON.parse((await run('watch', '--json')).stdout);
    assert.deepEqual([workloads.tables.length, problems], [2, []]);
    assert.ok(tasks.some(({ task }: { task: string }) => task === 'collect-metrics'));
  });

  test('in a terminal again and again, which is given back as it was', async () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 200, rows: 40 });
    const stop = new AbortController();
    let painted = '';
    stdout.on('data', (chunk: Buffer) => {
      painted += chunk;
      if (stdout.columns === 200 && /train-2 +python: KeyError/.test(painted)) {
        stdout.columns = 50;
        stdout.emit('resize');
      } else if (stdout.columns === 50 && /\n {4}python: KeyError/.test(painted.replaceAll('\u001b[K', '')))
        stop.abort();
    });
    const code = await runOps(['watch'], {
      stdin: Readable.from([]),
      stdout,
      stderr: new PassThrough(),
      env: operatorEnv({ GOOGLE_CLOUD_PROJECT: project.project, NIGHTSHIFT_SETTINGS }),
      listenForStop: () => ({ signal: stop.signal, exitCode: () => 130 }),
    });
    assert.equal(code, 0);
    assert.ok(painted.startsWith('\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H'));
    assert.ok(painted.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l'));
  });

  test('a table that cannot be read is told, and the exit code is 1', async () => {
    await project.db.doc('workloads/vertex').set({ rows: 'none' });
    for (const command of ['workloads', 'watch']) {
      const { code, stdout, stderr } = await run(command);
      assert.equal(code, 1);
      assert.match(stdout + stderr, /Cannot read .*workloads\/vertex/);
    }
  });

  test('a task whose record cannot be read is unknown, and the others are shown', async () => {
    await project.db.doc('tasks/collect-metrics').set({ task: 7 });
    for (const command of ['watch', 'tasks', 'health']) {
      const { stdout } = await run(command);
      assert.match(
        stdout,
        /unknown.*its record cannot be read: Cannot read tasks\/collect-metrics/s,
        command,
      );
      assert.match(stdout, /prune-records.*has not run yet/s, command);
    }
  });
});
