import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { completionScript } from '../../../../scripts/ops/completion/script.ts';
import { COMMANDS, opsProgram } from '../../../../scripts/ops/program.ts';
import type { OpsCommand } from '../../../../scripts/ops/shared/command.ts';
import { ops } from '../../../support/ops.ts';

const WATCHED = ['health', 'jobs', 'runs'];
const SINCE = ['alarms', 'days', 'export', 'runs'];
const PLACE = ['--project', '--region'];

/** Every command with the words that lead to it. */
function all(commands: readonly OpsCommand[], before: string[] = []): { words: string[]; own: OpsCommand }[] {
  return commands.flatMap((own) => {
    const words = [...before, own.name];
    return [{ words, own }, ...all(own.subcommands ?? [], words)];
  });
}

function commandOf(words: readonly string[]): Command {
  return words.reduce(
    (command, word) => command.commands.find((one) => one.name() === word) ?? assert.fail(word),
    opsProgram(),
  );
}

describe('every command of ops', () => {
  for (const { words, own } of all(COMMANDS))
    test(`${words.join(' ')} takes what it must`, async () => {
      const flags = commandOf(words).options.map(({ long }) => long ?? '');
      const expected = {
        '--json': own.prints === 'records',
        '--yes': own.reach === 'writes',
        '--watch': WATCHED.includes(words.join(' ')),
        '--since': SINCE.includes(words.join(' ')),
        ...Object.fromEntries(PLACE.map((flag) => [flag, own.reach !== 'local'])),
      };
      for (const [flag, isThere] of Object.entries(expected))
        assert.equal(flags.includes(flag), isThere, `${flag} of ${words.join(' ')}`);
      if (own.load) assert.equal(typeof (await own.load()), 'function');
      else assert.ok(own.subcommands?.length);
      const help = await ops([...words, '--help']);
      assert.deepEqual([help.code, help.stderr], [0, '']);
      assert.ok(help.stdout.startsWith('Usage: ops '));
    });

  test('but that for shells takes --json', () =>
    assert.deepEqual(
      all(COMMANDS).flatMap(({ words, own }) =>
        own.load && own.prints !== 'records' ? [words.join(' ')] : [],
      ),
      ['completion'],
    ));

  test('is the folder of its name', () => {
    const folder = join(import.meta.dirname, '../../../../scripts/ops');
    const folders = readdirSync(folder, { withFileTypes: true }).flatMap((it) =>
      it.isDirectory() && it.name !== 'shared' ? [it.name] : [],
    );
    assert.deepEqual(COMMANDS.map(({ name }) => name).sort(), folders.sort());
  });
});

describe('ops', () => {
  test('--version prints the version', async () => {
    const { code, stdout } = await ops(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test('completes commands, subcommands and flags in bash', () => {
    const script = completionScript('bash', opsProgram());
    const complete = (...words: string[]) => {
      const typed = words.map((word) => `'${word}'`).join(' ');
      const { stdout, stderr } = spawnSync(
        'bash',
        [
          '-c',
          `${script}\nCOMP_WORDS=(ops ${typed}); COMP_CWORD=${words.length}; _nightshift_ops; echo "\${COMPREPLY[*]}"`,
        ],
        { encoding: 'utf8' },
      );
      assert.equal(stderr, '');
      return stdout.trim().split(' ');
    };
    assert.deepEqual(complete('he'), ['health']);
    assert.deepEqual(complete('page', '--op'), ['--open']);
    assert.deepEqual(complete('cleanup', 'a'), ['apply', 'approve']);
    assert.deepEqual(complete('runs', 'collect-metrics', '--si'), ['--since']);
    assert.deepEqual(complete('alarms', 'close', '--rea'), ['--reason']);
    assert.deepEqual(complete('nonsense', 'da'), ['days']);
  });

  test('prints a completion for zsh, and knows no other shell', async () => {
    const { code, stdout } = await ops(['completion', 'zsh']);
    assert.equal(code, 0);
    assert.match(stdout, /compdef _nightshift_ops nightshift-ops ops\n$/);
    assert.equal((await ops(['completion', 'fish'])).code, 2);
  });
});
