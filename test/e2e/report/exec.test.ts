import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { End, Report } from '../../../scripts/report/outbox/report.ts';
import { freshFolder } from '../../support/folders.ts';
import { clients, held, launch, type Running } from '../../support/report-client.ts';
import { ALIVE, DEAD, executionId, executionsOf, leave, unline } from '../../support/report-outbox.ts';
import { type ReportServer, startMetadata, startReportServer } from '../../support/report-server.ts';

/** `report exec`: what the command and its caller see, and what the service hears. */

/** How commands end otherwise than by a code of their own: the code that a shell sees, and the end that is reported. */
const ENDS: { command: string[]; code: number; end: Partial<End> }[] = [
  { command: ['/etc/passwd'], code: 126, end: { state: 'failed', exitCode: 126, cause: 'exit' } },
  { command: ['no-such-command'], code: 127, end: { state: 'failed', exitCode: 127, cause: 'exit' } },
  {
    command: ['sh', '-c', 'kill -INT $$'],
    code: 130,
    end: { exitCode: null, signal: 'SIGINT', cause: 'signal' },
  },
  {
    command: ['sh', '-c', 'kill -KILL $$'],
    code: 137,
    end: { state: 'failed', signal: 'SIGKILL', cause: 'signal', error: 'killed by SIGKILL' },
  },
];

const isEnd = (job: string) => (report: Report) => report.job === job && report.end !== null;
const isRunning = (job: string) => (report: Report) => report.job === job && report.end === null;

for (const { name, argv, skip } of await clients())
  describe(`exec, ${name}`, { skip, concurrency: 3 }, () => {
    let server: ReportServer;
    let refuses = true;
    const launched: Running[] = [];
    before(async () => {
      server = await startReportServer();
      server.behave(({ reports }) => {
        const [{ job = '' } = {}] = reports;
        if (job.startsWith('off-')) return { result: ({ end }) => (end ? 'applied' : 'ended') };
        return job === 'left' && refuses ? { status: 503 } : 'ok';
      });
    });
    after(() => {
      server.close();
      // Where a test has failed, a command may never be let go.
      for (const { process: child } of launched) child.kill('SIGKILL');
    });

    /** Starts `exec` of a job, with the service and an outbox of its own. */
    const exec = (job: string, flags: string[], command: string[], env: NodeJS.ProcessEnv = {}) => {
      const outbox = env.NIGHTSHIFT_OUTBOX ?? freshFolder();
      const started = launch([...argv, 'exec', '--job', job, ...flags, '--', ...command], {
        NIGHTSHIFT_URL: server.url,
        NIGHTSHIFT_OUTBOX: outbox,
        ...env,
      });
      launched.push(started);
      return { ...started, outbox };
    };

    test('ends as the command ends, and reports the same', async () => {
      const runs = ENDS.map(({ command, code }) => exec(`code-${code}`, [], command));
      for (const [i, { code, end }] of ENDS.entries()) {
        const run = runs[i] as (typeof runs)[number];
        const ran = await run.ended;
        const seen = ran.signal ? { SIGINT: 130, SIGKILL: 137 }[ran.signal as 'SIGINT'] : ran.code;
        assert.equal(seen, code, ran.stderr);
        const report = await server.seen(isEnd(`code-${code}`));
        for (const [key, value] of Object.entries(end))
          assert.deepEqual(report.end?.[key as keyof End], value, `${code}: ${key}`);
        assert.equal(report.state, report.end?.state);
        assert.deepEqual(executionsOf(run.outbox), []);
      }
    });

    test('is not there for the command: its words, its input, its files and its arguments are as without us', async () => {
      const script =
        'printf "%s|" "$@" "$NIGHTSHIFT_JOB" "$NIGHTSHIFT_OUTBOX"; printf "%s" "$NIGHTSHIFT_EXECUTION"; echo to-err >&2';
      const { ended, outbox } = exec('plain', [], ['sh', '-c', script, 'sh', 'a b', '--', "it's"]);
      const { stdout, stderr } = await ended;
      const { execution, host, program, seq, end } = await server.seen(isEnd('plain'));
      assert.equal(stdout, `a b|--|it's|plain|${outbox}|${execution}`);
      assert.equal(stderr, 'to-err\n');
      assert.ok(host && program === 'sh' && seq >= 1);
      const completed = {
        state: 'completed',
        exitCode: 0,
        signal: null,
        cause: 'exit',
        error: null,
        final: true,
      };
      assert.deepEqual(end, completed);
    });

    test('runs it untold, and says so in one line, without URL, job id or outbox; with --strict not at all', async () => {
      const file = join(freshFolder(), 'file');
      writeFileSync(file, '');
      const cases: [string, string[], NodeJS.ProcessEnv, RegExp][] = [
        ['untold', [], { NIGHTSHIFT_URL: '' }, /^nightshift: not reporting: no URL .*\n$/],
        ['untold', [], { NIGHTSHIFT_URL: 'ftp://x' }, /^nightshift: not reporting: cannot use the URL .*\n$/],
        ['', [], {}, /^nightshift: not reporting: no job id\n$/],
        [
          'disk',
          [],
          { NIGHTSHIFT_OUTBOX: join(file, 'x') },
          /^nightshift: no outbox: .*ENOTDIR; reports are kept in memory only\n$/,
        ],
        // Where no folder can be made although its parent is there.
        [
          'proc',
          [],
          { NIGHTSHIFT_OUTBOX: '/proc/nope' },
          /^nightshift: no outbox: \/proc\/nope: .*; reports are kept in memory only\n$/,
        ],
      ];
      await Promise.all(
        cases.map(async ([job, flags, env, words]) => {
          const { code, stderr } = await exec(job, flags, ['sh', '-c', 'exit 7'], env).ended;
          assert.match(stderr, words);
          assert.equal(code, 7);
        }),
      );
      const strict = await exec('disk', ['--strict'], ['sh', '-c', 'exit 7'], cases[3]?.[2]).ended;
      assert.equal(strict.code, 125);
      assert.equal(server.reports().filter(isEnd('disk')).length, 1);
      assert.equal(server.reports().filter(isEnd('untold')).length, 0);
    });

    test('ends with 125 when it is mistyped, before anything runs', async () => {
      const marker = join(freshFolder(), 'marker');
      const lines = [
        ['exec', '--job', 'j'],
        ['exec', '--job', 'j', '--bad', '--', 'touch', marker],
        ['exec', '--', 'touch', marker],
        ['end', 'done', '--job', 'j'],
      ];
      const ran = await Promise.all(lines.map((line) => launch([...argv, ...line]).ended));
      for (const { code, stderr } of ran) {
        assert.equal(code, 125);
        assert.match(stderr, /^nightshift: [^\n]+\n$/);
      }
      assert.ok(!existsSync(marker));
    });

    test('starts it at once while the service hangs, and leaves its end where it is found', async (t) => {
      const hung = await startReportServer();
      t.after(() => hung.close());
      hung.behave('hang');
      const { ended, outbox } = exec('hung', ['--linger', '100ms'], ['sh', '-c', 'exit 3'], {
        NIGHTSHIFT_URL: hung.url,
      });
      const { code, stderr } = await ended;
      assert.equal(code, 3);
      const [, line = ''] = /^(\{"nightshiftReport".*\})$/m.exec(stderr) ?? [];
      const { source, report } = JSON.parse(line).nightshiftReport;
      assert.equal(source, 'jobs');
      const [execution = ''] = executionsOf(outbox);
      const onDisk = unline<Report>(readFileSync(join(outbox, execution, 'end.json'), 'utf8'));
      assert.deepEqual(onDisk, report);
      const { state, exitCode, cause, error } = report.end;
      assert.deepEqual([report.job, report.state], ['hung', 'failed']);
      assert.deepEqual([state, exitCode, cause, error], ['failed', 3, 'exit', 'exit code 3']);
      assert.equal(readFileSync(join(outbox, execution, 'end.json')).length, 4_096);
      hung.behave('ok');
      assert.equal((await launch([...argv, 'sync', '--outbox', outbox]).ended).code, 0);
      assert.deepEqual(hung.reports().at(-1), report);
    });

    test('tells what the job says of itself: in words, and in a file', async () => {
      const file = join(freshFolder(), 'progress.json');
      const client = argv.map((word) => `'${word}'`).join(' ');
      const [told, seen] = [held(), held()];
      const script = [
        `${client} progress 0.5 --step 3 --note half`,
        `${client} checkpoint gs://b/3/ --step 3`,
        `(${told.command[2]})`,
        `echo '{"step": 9, "max_steps": 10}' > ${file}`,
        seen.command[2],
      ].join('; ');
      const { ended } = exec('words', ['--progress-file', file], ['sh', '-c', script]);
      const checkpoint = await server.seen(
        (report) => report.job === 'words' && report.checkpoint !== undefined,
      );
      assert.deepEqual(checkpoint.checkpoint, { uri: 'gs://b/3/', step: 3 });
      assert.deepEqual(checkpoint.progress, { fraction: 0.5, step: 3, note: 'half' });
      told.letGo();
      const progress = await server.seen((report) => report.job === 'words' && report.progress?.step === 9);
      assert.equal(progress.progress?.of, 10);
      seen.letGo();
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
      const end = await server.seen(isEnd('words'));
      assert.deepEqual([end.checkpoint?.step, end.progress?.step, end.progress?.note], [3, 9, 'half']);
      const seqs = server
        .reports()
        .filter(({ job }) => job === 'words')
        .map(({ seq }) => seq);
      assert.deepEqual(
        seqs,
        [...new Set(seqs)].toSorted((a, b) => a - b),
      );
    });

    test('hands SIGTERM on, says that it stops, and asks the machine whether it is taken away', async (t) => {
      const metadata = await startMetadata();
      t.after(() => metadata.close());
      metadata.preempted(true);
      const script = 'trap "echo got; exit 5" TERM; echo up; while :; do sleep 0.05; done';
      const run = exec('term', [], ['sh', '-c', script], { GCE_METADATA_HOST: metadata.host });
      await run.said('up');
      process.kill(run.pid, 'SIGTERM');
      const { code, stdout } = await run.ended;
      assert.equal(code, 5);
      assert.equal(stdout, 'up\ngot\n');
      const { end, stopping } = await server.seen(isEnd('term'));
      assert.deepEqual([end?.state, end?.cause, end?.exitCode, stopping], ['failed', 'preempted', 5, true]);
    });

    test('kills what ignores SIGTERM in time to tell of it within the grace', async () => {
      const run = exec(
        'deaf',
        ['--grace', '1s', '--may-retry'],
        ['sh', '-c', 'trap "" TERM; echo up; sleep 60 & wait; sleep 60'],
      );
      await run.said('up');
      process.kill(run.pid, 'SIGTERM');
      const { code, signal } = await run.ended;
      assert.ok(signal === 'SIGKILL' || code === 137);
      const { end } = await server.seen(isEnd('deaf'));
      assert.deepEqual(
        [end?.state, end?.cause, end?.signal, end?.final],
        ['failed', 'stopped', 'SIGKILL', false],
      );
    });

    test('ends what runs too long, or of which the record has ended where it is told to', async () => {
      const long = exec('long', ['--max-runtime', '100ms'], ['sleep', '60']);
      assert.equal((await long.ended).signal, 'SIGTERM');
      assert.equal((await server.seen(isEnd('long'))).end?.cause, 'timed-out');

      const { command, letGo } = held(4);
      const goes = exec('off-goes', ['--on-ended', 'continue'], command);
      const stops = exec('off-stops', ['--on-ended', 'stop'], ['sleep', '60']);
      assert.equal((await stops.ended).signal, 'SIGTERM');
      const { end } = await server.seen(isEnd('off-stops'));
      assert.deepEqual([end?.state, end?.cause], ['cancelled', 'stopped']);
      await goes.said('the record of off-goes has ended; the command goes on\n');
      letGo();
      assert.equal((await goes.ended).code, 4);
    });

    test('keeps the last words of standard error without what is secret, through a pipe that can be opened', async () => {
      const script = 'echo first line > /dev/stderr; echo "token=abcdefgh rest" >&2; exit 1';
      const { stderr } = await exec('tail', ['--tail', '4k'], ['sh', '-c', script]).ended;
      assert.equal(stderr, 'first line\ntoken=abcdefgh rest\n');
      assert.equal((await server.seen(isEnd('tail'))).end?.error, 'first line\ntoken=*** rest');
      // It does not wait for who holds the pipe and lives on.
      const kept = exec('held', ['--tail', '4k'], ['sh', '-c', 'sleep 30 & echo $!; echo last >&2; exit 1']);
      const { stdout, code } = await kept.ended;
      assert.equal(code, 1);
      process.kill(Number(stdout), 'SIGKILL');
      assert.equal((await server.seen(isEnd('held'))).end?.error, 'last');
    });

    test('is replaced, when it is killed, by whoever comes next', async () => {
      const run = exec('killed', [], ['sh', '-c', 'echo $$; exec sleep 60']);
      await server.seen(isRunning('killed'));
      await run.said('\n');
      process.kill(run.pid, 'SIGKILL');
      const { stdout } = await run.ended;
      const child = Number(stdout);
      const sync = () => launch([...argv, 'sync', '--outbox', run.outbox]).ended;
      assert.equal((await sync()).code, 0);
      const beat = server.reports().filter(isRunning('killed')).at(-1);
      assert.equal(beat?.state, 'running');
      assert.ok((beat?.seq ?? 0) > 1);
      process.kill(child, 'SIGKILL');
      // Nobody here reaps it: init does, in a moment, and a zombie is dead already.
      assert.equal((await sync()).code, 0);
      assert.equal(
        server
          .reports()
          .filter(({ job }) => job === 'killed')
          .at(-1)?.state,
        'gone',
      );
      assert.deepEqual(executionsOf(run.outbox), []);
    });

    test('delivers what others left once something of its own got through', async () => {
      const first = exec('left', ['--linger', '50ms'], ['true']);
      await first.ended;
      assert.equal(executionsOf(first.outbox).length, 1);
      refuses = false;
      const refused = server.reports().filter(({ job }) => job === 'left').length;
      // Two lost their wrapper and live: for the one somebody has just spoken.
      const orphans = ['renewed', 'silent'].map(executionId);
      for (const execution of orphans)
        leave(first.outbox, server.url, {
          execution,
          open: { writer: DEAD, child: ALIVE },
          now: { seq: 7 },
          sent: 7,
        });
      const longAgo = new Date(Date.now() - 61_000);
      utimesSync(join(first.outbox, executionId('silent'), 'now.json'), longAgo, longAgo);
      const { command, letGo } = held();
      const next = exec('next', [], command, { NIGHTSHIFT_OUTBOX: first.outbox });
      await server.seen(
        (report) =>
          isEnd('left')(report) && server.reports().filter(({ job }) => job === 'left').length > refused,
      );
      const beats = server.reports().filter(({ execution }) => orphans.includes(execution));
      assert.deepEqual(
        beats.map(({ execution, seq, state }) => [execution, seq, state]),
        [[executionId('silent'), 8, 'running']],
      );
      letGo();
      assert.equal((await next.ended).code, 0);
      // Not while it may still write down what was acknowledged of them.
      for (const execution of orphans) rmSync(join(first.outbox, execution), { recursive: true });
      await launch([...argv, 'sync', '--outbox', first.outbox]).ended;
      assert.deepEqual(executionsOf(first.outbox), []);
    });
  });
