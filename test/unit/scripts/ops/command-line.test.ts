import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ops } from '../../../support/ops.ts';

const TASK = 'collect-metrics';

describe('ops, typed wrong or without a server', () => {
  for (const [args, message] of [
    [['taks'], /unknown command 'taks'\n\(Did you mean tasks\?\)/],
    [['runs', TASK, '--limt', '1'], /unknown option '--limt'\n\(Did you mean --limit\?\)/],
    [['sources', 'chek'], /unknown command 'chek'\n\(Did you mean check\?\)/],
    [['days', 'acept', '2026-01-01'], /Unknown command "days acept", did you mean "days accept"\?/],
    [['run', 'collect-metric'], /Unknown task "collect-metric", did you mean collect-metrics\?/],
    [['runs', TASK, '--outcome', 'fail'], /Unknown outcome "fail", did you mean failed\?/],
    [['runs', TASK, '--limit', '501'], /Expected a whole number from 1 to 500/],
    [['days', '--from', '2026-02-30'], /Expected a date of the calendar/],
    [['days', '2026-02-30'], /Expected a date of the calendar/],
    [['days', '2026-01-01', '2026-01-02'], /more than one day/],
    [['days', '2026-01-01', '--to', '2026-01-02'], /Cannot use --from or --to beside a day/],
    [['days', '--json', '--csv'], /Cannot use --csv beside --json/],
    [['cleanup', 'aply', 'plan-0'], /unknown command 'aply'\n\(Did you mean apply\?\)/],
    [['sweep', '--end', 'failed', '--reason', 'x'], /^Cannot use --end: say of which job/],
    [['sweep', '--job', 'a', '--end', 'failed'], /^Cannot use --end: say why/],
    [['sweep', '--job', 'a', '--end', 'fail'], /^Unknown end "fail", did you mean failed/],
    [['sweep', '--older-than', 'soon'], /such as 90m, 1h or 2d/],
    [['backfill'], /required option '--from <day>' not specified/],
    [['backfill', '--from', '2026-01-02', '--to', '2026-01-01'], /the first day is after the last/],
    [['backfill', '--from', '2025-01-01', '--to', '2026-02-05'], /401 days, at most 400 at once/],
    [['backfill', '--from', '2026-01-01', '--to', '9999-01-01'], /today is \d{4}-/],
    [['backfill', '--from', '2026-01-01', '--url', 'ftp://x'], /an http or https URL is expected/],
  ] as const)
    test(`ops ${args.join(' ')} exits 2 with a hint`, async () => {
      // Nothing listens there: what is typed wrong is told before anybody is asked.
      const done = await ops(args, { env: { FIRESTORE_EMULATOR_HOST: '127.0.0.1:1' } });
      assert.equal(done.code, 2);
      assert.match(done.stderr, message);
    });

  for (const args of [['--help'], ['tasks', '--help'], ['days', 'accept', '--help'], ['help', 'import']])
    test(`ops ${args.join(' ')} explains itself`, async () => {
      const done = await ops(args);
      assert.equal(done.code, 0);
      assert.match(done.stdout, /^Usage: ops/);
    });

  test('says how to start the stack when there is nothing to talk to', async () => {
    const done = await ops(['tasks'], { env: { FIRESTORE_EMULATOR_HOST: '' } });
    assert.deepEqual(
      [done.code, done.stderr],
      [
        3,
        'No stack is running and no project is named. Start the stack: npm start, or add --project PROJECT\n',
      ],
    );
  });
  test('says at once that an emulator is gone', async () => {
    const done = await ops(['tasks'], { env: { FIRESTORE_EMULATOR_HOST: '127.0.0.1:1' } });
    assert.equal(done.code, 3);
    assert.match(
      done.stderr,
      /^Cannot reach the Firestore emulator at 127.0.0.1:1 .*: nothing listens there\. .*\n$/,
    );
  });
});

describe('ops in a shell of its own', () => {
  const NOWHERE = { FIRESTORE_EMULATOR_HOST: '' };
  const GONE = { FIRESTORE_EMULATOR_HOST: '127.0.0.1:1' };

  test('several at once have each their own environment, streams and exit code', async () => {
    const [typo, nowhere, gone, help] = await Promise.all([
      ops(['taks']),
      ops(['tasks'], { env: NOWHERE }),
      ops(['tasks'], { env: GONE }),
      ops(['tasks', '--help']),
    ]);
    assert.deepEqual(
      [typo, nowhere, gone, help].map(({ code }) => code),
      [2, 3, 3, 0],
    );
    assert.match(typo.stderr, /^error: unknown command 'taks'\n\(Did you mean tasks\?\)\n$/);
    assert.match(nowhere.stderr, /^No stack is running [^\n]*\n$/);
    assert.match(gone.stderr, /^Cannot reach [^\n]*\n$/);
    assert.deepEqual([typo.stdout, help.stderr, process.exitCode], ['', '', undefined]);
  });

  test('has colours where its environment wants them', async () => {
    const colored = await ops(['tasks'], { env: { ...NOWHERE, NO_COLOR: '', FORCE_COLOR: '1' } });
    assert.ok(colored.stderr.startsWith('\u001b[31mNo stack is running'), colored.stderr);
    const plain = await ops(['tasks'], { env: { ...NOWHERE, FORCE_COLOR: '1' } });
    assert.match(plain.stderr, /^No stack is running/);
  });

  test('is refused where npm took a flag of it', async () => {
    const { code, stderr } = await ops(['sweep'], { env: { ...GONE, npm_config_dry_run: 'true' } });
    assert.equal(code, 2);
    assert.match(stderr, /^npm took --dry-run for itself/);
  });
});
