import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { Report } from '../../../scripts/report/outbox/report.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { freshFolder } from '../../support/folders.ts';
import { launch } from '../../support/report-client.ts';
import { executionId, executionsOf, leave } from '../../support/report-outbox.ts';
import { type ReportServer, startReportServer } from '../../support/report-server.ts';

/** What only the Python client has: `import nightshift_report`, and a wrapper that reaps as PID 1. */

const FOLDER = join(ROOT, 'scripts/report');
const CLIENT = join(FOLDER, 'nightshift_report.py');

/** Whether a program runs here; the tests that need it say so where it does not. */
function runs(...argv: [string, ...string[]]): boolean {
  try {
    execFileSync(argv[0], argv.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const skip = runs('python3', '--version') ? false : 'there is no python3';
const noNamespace =
  skip || (runs('unshare', '--pid', '--fork', 'true') ? false : 'unshare may make no PID namespace');

/** A trainer in Python, with the library imported as `ns`. */
const trainer = (lines: string[]) => [
  'python3',
  '-c',
  ['import nightshift_report as ns', ...lines].join('\n'),
];

describe('the library in Python', { skip }, () => {
  /** Runs a trainer beside a service of its own. */
  const train = async (t: TestContext, argv: string[], env: NodeJS.ProcessEnv = {}) => {
    const server = await startReportServer();
    t.after(() => server.close());
    const outbox = freshFolder();
    const places = { NIGHTSHIFT_URL: server.url, NIGHTSHIFT_OUTBOX: outbox, PYTHONPATH: FOLDER };
    const ran = await launch(argv, { ...places, PYTHONDONTWRITEBYTECODE: '1', ...env }).ended;
    return { ...ran, server, outbox };
  };
  const endOf = (server: ReportServer, job: string): Report | undefined =>
    server.reports().find((report) => report.job === job && report.end);

  test('is a file that Python 3.9 understands', () => {
    const script = 'import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 9))';
    execFileSync('python3', ['-c', script, CLIENT]);
  });

  test('reports what happens inside `with job(...)`, and hands on what is raised', async (t) => {
    const { code, stdout, stderr, server, outbox } = await train(
      t,
      trainer([
        'with ns.job("good"):',
        '    for step in range(1000): ns.progress(step / 1000, step=step)',
        '    ns.checkpoint("gs://b/7/", step=7)',
        'try:',
        '    with ns.job("bad", may_retry=True): raise ValueError("password=abcdefgh")',
        'except ValueError: print("raised")',
        'try:',
        '    with ns.job("left"): raise SystemExit(3)',
        'except SystemExit: pass',
      ]),
    );
    assert.deepEqual([code, stdout], [0, 'raised\n'], stderr);
    const good = endOf(server, 'good');
    assert.deepEqual([good?.state, good?.end?.exitCode], ['completed', 0]);
    assert.deepEqual(good?.progress, { fraction: 0.999, step: 999 });
    assert.deepEqual(good?.checkpoint, { uri: 'gs://b/7/', step: 7 });
    const bad = endOf(server, 'bad')?.end;
    assert.deepEqual([bad?.state, bad?.error, bad?.final], ['failed', 'ValueError: password=***', false]);
    assert.deepEqual([endOf(server, 'left')?.state, endOf(server, 'left')?.end?.exitCode], ['failed', 3]);
    assert.deepEqual(executionsOf(outbox), []);
  });

  test('adds to what `exec` reports, from a forked process, too', async (t) => {
    const command = trainer([
      'import os',
      'ns.progress(step=1)',
      'child = os.fork()',
      'if child == 0:',
      '    ns.checkpoint("gs://b/1/")',
      '    os._exit(0)',
      'os.waitpid(child, 0)',
      'with ns.job("outer"):',
      '    ns.progress(step=2)',
      '    raise RuntimeError("no data")',
    ]);
    const run = await train(t, ['python3', CLIENT, 'exec', '--job', 'outer', '--', ...command]);
    assert.equal(run.code, 1);
    const end = endOf(run.server, 'outer');
    assert.deepEqual([end?.progress, end?.checkpoint], [{ step: 2 }, { uri: 'gs://b/1/' }]);
    assert.deepEqual([end?.end?.exitCode, end?.end?.error], [1, 'RuntimeError: no data']);
    assert.equal(new Set(run.server.reports().map(({ execution }) => execution)).size, 1);
  });

  test('never raises into the trainer, never waits for a server that hangs, and says once what is wrong', async (t) => {
    const { code, stdout, stderr, server } = await train(
      t,
      trainer([
        'ns.progress(step=1); ns.checkpoint("gs://b/")',
        'ns.progress(nonsense=1); ns.progress(nonsense=1)',
        'with ns.job("odd", url="http://127.0.0.1:9/", linger=0):',
        '    ns.progress("far", step=float("nan"), of=object(), note=7)',
        '    ns.progress(step=-1); ns.checkpoint(None)',
        '    print("trained")',
      ]),
    );
    assert.deepEqual([code, stdout], [0, 'trained\n'], stderr);
    assert.equal(stderr.match(/nothing is reported: run it with/g)?.length, 1);
    assert.equal(stderr.match(/cannot report progress: TypeError/g)?.length, 1);
    assert.doesNotMatch(stderr, /Traceback/);
    assert.deepEqual(server.reports(), []);
  });

  test('delivers what a shell that was killed had left, and nobody had taken up', async (t) => {
    const server = await startReportServer();
    t.after(() => server.close());
    const outbox = freshFolder();
    const end = { state: 'failed', error: 'no data' };
    const events = [{ kind: 'end', at: '', bootMs: 0, bootId: '', end }];
    leave(outbox, server.url, { execution: executionId('word'), now: { seq: 2 }, sent: 2, events });
    const { code, stderr } = await launch(['python3', CLIENT, 'sync', '--outbox', outbox]).ended;
    assert.equal(code, 0, stderr);
    const [report, ...others] = server.reports();
    assert.deepEqual([report?.seq, report?.end?.state, report?.end?.error], [3, 'failed', 'no data']);
    assert.deepEqual([others, executionsOf(outbox)], [[], []]);
  });

  test('as PID 1 reaps what others left, and ends with 128 + n', { skip: noNamespace }, async (t) => {
    const script =
      '(sleep 0.1 &); (sleep 0.1 &); sleep 0.5; grep -l "^State:.Z" /proc/[0-9]*/status; kill -KILL $$';
    const inNamespace = ['unshare', '--pid', '--fork', '--mount-proc', 'python3', CLIENT];
    const run = await train(t, [...inNamespace, 'exec', '--job', 'first', '--', 'sh', '-c', script]);
    assert.deepEqual([run.code, run.stdout], [137, ''], run.stderr);
    assert.equal(endOf(run.server, 'first')?.end?.signal, 'SIGKILL');
  });
});
