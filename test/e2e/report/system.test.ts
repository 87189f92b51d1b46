import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../../scripts/report/outbox/report.ts';
import { freshFolder } from '../../support/folders.ts';
import { clients, held, launch } from '../../support/report-client.ts';
import { executionsOf, unline } from '../../support/report-outbox.ts';
import { type ReportServer, startReportServer } from '../../support/report-server.ts';
import { SOAK_ONLY } from '../../support/soak.ts';

/** The command between a terminal, a kernel and a disk that are real. */

const can = (argv: string[]) => spawnSync(argv[0] as string, argv.slice(1), { stdio: 'ignore' }).status === 0;
const PID_NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc'];
const NEEDS_PIDS = {
  skip: can([...PID_NAMESPACE, 'true']) ? false : 'this machine makes no namespaces of processes',
};
const NEEDS_MOUNTS = {
  skip: can(['unshare', '-m', 'true']) ? false : 'this machine makes no namespaces of mounts',
};
const NEEDS_TERMINAL = { skip: can(['script', '--version']) ? false : 'this machine has no script(1)' };
const NEEDS_FAKETIME = { skip: can(['faketime', '--version']) ? false : 'this machine has no faketime(1)' };

const quoted = (argv: string[]) => argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
const isEnd = (job: string) => (report: Report) => report.job === job && report.end !== null;

for (const { name, argv, skip } of await clients())
  describe(`exec on a real system, ${name}`, { skip, concurrency: 2 }, () => {
    let server: ReportServer;
    before(async () => {
      server = await startReportServer();
      server.behave(({ reports }) => (reports.some(({ job }) => job.startsWith('hung')) ? 'hang' : 'ok'));
    });
    after(() => server.close());
    const env = () => ({ NIGHTSHIFT_URL: server.url, NIGHTSHIFT_OUTBOX: freshFolder() });
    const exec = (job: string, flags: string[], command: string[]) => [
      ...argv,
      'exec',
      '--job',
      job,
      ...flags,
      '--',
      ...command,
    ];

    test(
      'says that the kernel killed for memory, and leaves an end that did not get through in the message of the pod',
      NEEDS_MOUNTS,
      async () => {
        const devices = freshFolder();
        const counters = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];
        const count = (kills: number) =>
          counters.map((file) => `echo "oom_kill ${kills}" > ${file}`).join('; ');
        const child = `echo own words > /dev/termination-log; ${count(1)}; kill -KILL $$`;
        const run = quoted(exec('hung-oom', ['--linger', '100ms'], ['sh', '-c', child]));
        const script = [
          `mount --rbind /dev ${devices} && mount -t tmpfs none /dev && mount -t tmpfs none /sys/fs/cgroup`,
          `for name in null zero urandom; do touch /dev/$name; mount --bind ${devices}/$name /dev/$name; done`,
          `mkdir /sys/fs/cgroup/memory; ${count(0)}; touch /dev/termination-log`,
          `${run}; cat /dev/termination-log`,
        ].join('; ');
        const { stdout, stderr } = await launch(['unshare', '-m', 'sh', '-c', script], env()).ended;
        const [own, line = ''] = stdout.split('\n');
        assert.equal(own, 'own words', stderr);
        const { nightshiftReport } = JSON.parse(line) as {
          nightshiftReport: { source: string; report: Report };
        };
        const { source, report } = nightshiftReport;
        assert.deepEqual(
          [source, report.job, report.end?.state, report.end?.cause, report.end?.signal],
          ['jobs', 'hung-oom', 'failed', 'oom', 'SIGKILL'],
        );
        assert.ok(stderr.includes(line));
      },
    );

    test('keeps the terminal, and one Ctrl-C is one SIGINT', NEEDS_TERMINAL, async () => {
      const child = [
        'test -t 0 && test -t 1 && test -t 2 && echo all-three',
        'trap \'n=$((n+1)); echo "interrupt $n"\' INT',
        'echo up; until read -r line; do :; done; echo "read $line"; exit 9',
      ].join('; ');
      const run = launch(
        [
          'script',
          '-qec',
          `exec ${quoted(exec('tty', ['--tail', '4k'], ['bash', '-c', child]))}`,
          '/dev/null',
        ],
        env(),
        'pipe',
      );
      await run.said('up');
      run.process.stdin?.write('\u0003');
      await run.said('interrupt 1');
      run.process.stdin?.write('go\n');
      const { code, stdout } = await run.ended;
      assert.equal(code, 9, stdout);
      assert.match(stdout, /all-three/);
      assert.match(stdout, /read go/);
      assert.doesNotMatch(stdout, /interrupt 2/);
      assert.equal((await server.seen(isEnd('tty'))).end?.exitCode, 9);
    });

    test('hands on what is sent to it alone, where no terminal sends it to all', async () => {
      const child =
        'trap "echo got; exit 5" INT; trap "echo usr" USR1; echo up; while :; do sleep 0.05; done';
      const run = launch(exec('alone', [], ['sh', '-c', child]), env());
      await run.said('up');
      process.kill(run.pid, 'SIGUSR1');
      await run.said('usr');
      process.kill(run.pid, 'SIGINT');
      const { code, stdout } = await run.ended;
      assert.deepEqual([code, stdout], [5, 'up\nusr\ngot\n']);
      const { end } = await server.seen(isEnd('alone'));
      assert.deepEqual([end?.state, end?.cause], ['cancelled', 'stopped']);
    });

    test('is a good first process of a container', NEEDS_PIDS, async () => {
      // Nothing that is sent to process 1 by default ends it; what it is told to hand on it does.
      const child = 'trap "echo got; exit 5" TERM; kill -TSTP 1; sleep 0.1; kill -TERM 1; sleep 20 & wait';
      const first = await launch([...PID_NAMESPACE, ...exec('first', [], ['sh', '-c', child])], env()).ended;
      assert.deepEqual([first.code, first.stdout], [5, 'got\n'], first.stderr);
      const { migrations, stopping } = await server.seen(isEnd('first'));
      assert.deepEqual([migrations, stopping], [1, true]);
      // It cannot die of a signal, so it says by its code of which its child did.
      const signalled = await launch(
        [...PID_NAMESPACE, ...exec('killed', [], ['sh', '-c', 'kill -TERM $$'])],
        env(),
      ).ended;
      assert.equal(signalled.code, 143);
    });

    test(
      'keeps the end where the disk is full by then, and in memory where it always was',
      NEEDS_MOUNTS,
      async () => {
        const { NIGHTSHIFT_URL, NIGHTSHIFT_OUTBOX: disk } = env();
        const fill = `cat /dev/zero > ${disk}/fill 2> /dev/null`;
        const mounted = (script: string) =>
          launch(['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=64k none ${disk} && { ${script}; }`], {
            NIGHTSHIFT_URL,
            NIGHTSHIFT_OUTBOX: disk,
          }).ended;
        const full = await mounted(`${fill}; ${quoted(exec('full', [], ['sh', '-c', 'exit 3']))}`);
        assert.equal(full.code, 3);
        assert.match(full.stderr, /ENOSPC.*; reports are kept in memory only/);
        assert.equal((await server.seen(isEnd('full'))).end?.exitCode, 3);

        const hung = quoted(exec('hung', ['--linger', '50ms'], ['sh', '-c', `${fill}; exit 4`]));
        const late = await mounted(`${hung}; echo "code $?"; cat ${disk}/*/end.json`);
        assert.match(late.stdout, /^code 4\n/);
        const { end } = unline<Report>(late.stdout.replace('code 4\n', ''));
        assert.equal(end?.exitCode, 4);
      },
    );

    test('runs on a disk that turns read-only', NEEDS_MOUNTS, async () => {
      const { NIGHTSHIFT_URL, NIGHTSHIFT_OUTBOX: disk } = env();
      const run = quoted(exec('readonly', [], ['sh', '-c', `mount -o remount,ro ${disk}; exit 6`]));
      const ran = await launch(['unshare', '-m', 'sh', '-c', `mount -t tmpfs none ${disk} && ${run}`], {
        NIGHTSHIFT_URL,
        NIGHTSHIFT_OUTBOX: disk,
      }).ended;
      assert.equal(ran.code, 6);
      assert.equal((await server.seen(isEnd('readonly'))).end?.exitCode, 6);
    });

    test('takes what many processes say at once', async () => {
      const { NIGHTSHIFT_URL, NIGHTSHIFT_OUTBOX } = env();
      const flags = ['--job', 'many', '--outbox', NIGHTSHIFT_OUTBOX, '--url', NIGHTSHIFT_URL];
      const { stdout } = await launch([...argv, 'start', ...flags]).ended;
      const execution = stdout.trim();
      await Promise.all([
        launch([...argv, 'progress', '--step', '7', ...flags]).ended,
        launch([...argv, 'progress', '0.25', ...flags]).ended,
        launch([...argv, 'checkpoint', 'gs://b/7/', '--execution', execution, ...flags]).ended,
        launch([...argv, 'beat', ...flags]).ended,
      ]);
      const { code } = await launch([
        ...argv,
        'end',
        'failed',
        '--error',
        'no data',
        '--exit-code',
        '4',
        ...flags,
      ]).ended;
      assert.equal(code, 0);
      const end = await server.seen(isEnd('many'));
      assert.equal(end.execution, execution);
      assert.deepEqual(end.progress, { step: 7, fraction: 0.25 });
      assert.deepEqual(end.checkpoint, { uri: 'gs://b/7/' });
      assert.deepEqual([end.end?.error, end.end?.exitCode, end.state], ['no data', 4, 'failed']);
      const reports = server.reports().filter(({ job }) => job === 'many');
      assert.equal(new Set(reports.map(({ seq }) => seq)).size, reports.length);
      assert.deepEqual(executionsOf(NIGHTSHIFT_OUTBOX), []);
    });

    test('is dated by a clock that nobody sets', NEEDS_FAKETIME, async () => {
      await launch(['faketime', '-f', '-8h', ...exec('clock', [], ['sleep', '0.2'])], env()).ended;
      const { at, bootMs, startedAt = '' } = await server.seen(isEnd('clock'));
      const { boot, sentAt } = server.requests.find(({ reports }) =>
        reports.some(isEnd('clock')),
      ) as (typeof server.requests)[0];
      assert.ok(Date.parse(sentAt) < Date.now() - 7 * 3_600_000);
      assert.ok(boot.ms >= bootMs && boot.ms - bootMs < 60_000);
      assert.ok(Date.parse(at) - Date.parse(startedAt) >= 190 && Date.parse(at) < Date.now() - 7 * 3_600_000);
    });

    test('copies a gigabyte of standard error in the memory of a page', SOAK_ONLY, async () => {
      const { command, letGo } = held();
      const script = `head -c 1000000000 /dev/zero >&2; echo done; ${command[2]}`;
      const run = launch(
        ['sh', '-c', `${quoted(exec('big', ['--tail', '4k'], ['sh', '-c', script]))} 2> /dev/null`],
        env(),
      );
      await run.said('done');
      const pids = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8').trim().split(' ');
      const status = readFileSync(join('/proc', pids[0] ?? '', 'status'), 'utf8');
      const [, peak] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
      letGo();
      await run.ended;
      assert.ok(Number(peak) < 70_000, `${peak} kB`);
    });
  });
