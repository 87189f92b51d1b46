import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { opsProgram } from '../../../../scripts/ops/program.ts';
import { refuseSwallowed } from '../../../../scripts/ops/shared/swallowed.ts';
import { freshFile } from '../../../support/folders.ts';

/** As npm 11 exports it always, whatever is typed. */
const ALWAYS = {
  npm_command: 'run',
  npm_config_yes: '',
  npm_config_audit: '',
  npm_config_prefix: '/usr',
  npm_config_cache: '/root/.npm',
  npm_config_user_agent: 'npm/11.19.1 node/v24',
  npm_config_noproxy: '',
  npm_config_loglevel: 'silent',
  npm_config_local_prefix: '/nowhere',
  npm_config_node_gyp: '/x.js',
  npm_config_init_module: '/x',
  npm_config_globalconfig: '/none',
  npm_config_npm_version: '11.19.1',
  npm_config_global_prefix: '/usr',
  npm_config_userconfig: '/none',
  npm_config_allow_scripts: '',
};

function refused(args: string, variables: NodeJS.ProcessEnv): string | null {
  try {
    refuseSwallowed(opsProgram(), args.split(' '), { ...ALWAYS, ...variables });
    return null;
  } catch (error) {
    assert.equal(Reflect.get(error as object, 'exitCode'), 2);
    return (error as Error).message;
  }
}

describe('a flag that npm took for itself', () => {
  for (const [args, variables, type] of [
    ['sweep', { npm_config_dry_run: 'true' }, 'npm run -s ops -- sweep --dry-run'],
    ['sweep', { npm_config_dryrun: 'true' }, 'npm run -s ops -- sweep --dry-run'],
    ['sweep', { NPM_CONFIG_DRY_RUN: 'true' }, 'npm run -s ops -- sweep --dry-run'],
    [
      'sweep nope failed x',
      { npm_config_job: 'true', npm_config_end: 'true', npm_config_reason: 'true' },
      'npm run -s ops -- sweep --reason <text> --job <id> --end <state>',
    ],
    // Which this command does not have: what is meant must not be done all the same.
    [
      'cleanup apply plan-1',
      { npm_config_dry_run: 'true' },
      'npm run -s ops -- cleanup apply plan-1 --dry-run',
    ],
    ['run collect-metrics', { npm_config_date: '2026-01-01' }, 'npm run -s ops -- run --date <day>'],
    ['days', { npm_config_from: 'true' }, 'npm run -s ops -- days --from <day>'],
    // As npm 11 completes it.
    ['days', { npm_config_token_description: '2026-01-02' }, 'npm run -s ops -- days --to <day>'],
    ['runs x', { npm_config_json: 'true' }, 'npm run -s ops -- runs x --json'],
    ['cleanup apply p', { npm_config_yes: 'true' }, 'npm run -s ops -- cleanup apply p --yes'],
    ['sweep', { npm_command: 'exec', npm_config_dry_run: 'true' }, 'npx nightshift-ops sweep --dry-run'],
  ] as const)
    test(`stops ops ${args}, and tells what to type: ${type}`, () => {
      const message = refused(args, variables) ?? assert.fail('it was let through');
      assert.match(message, /^npm took --.* for itself \(it set npm_config_.*\), and nothing was done: /);
      assert.ok(message.endsWith(`Type: ${type}`), message);
    });

  for (const [what, args, variables] of [
    ['what npm exports always', 'sweep', {}],
    ['a flag that came through, too', 'sweep --dry-run', { npm_config_dry_run: 'true' }],
    ['a value that came through, too', 'run x --date=2026-01-01', { npm_config_date: '2026-01-01' }],
    [
      'one that npm completes, and that came through',
      'days --to 2026-01-02',
      { npm_config_token_description: 'x' },
    ],
    ['what is off', 'sweep', { npm_config_dry_run: 'false' }],
    ['a yes to npm, of a command that asks nothing', 'tasks', { npm_config_yes: 'true' }],
    [
      'flags of npm that are none of ours',
      'sweep',
      { npm_config_force: 'true', npm_config_workspaces: 'true' },
    ],
  ] as const)
    test(`is none: ${what}`, () => assert.equal(refused(args, variables), null));

  test('is none where an .npmrc says it for good', () => {
    const file = freshFile('.npmrc', 'save-exact=true\nyes = true\ndry-run=true\n');
    const set = { npm_config_yes: 'true', npm_config_dry_run: 'true' };
    assert.equal(refused('sweep', { ...set, npm_config_userconfig: file }), null);
    assert.equal(refused('sweep', { ...set, npm_config_local_prefix: dirname(file) }), null);
    assert.ok(refused('sweep', set));
  });

  test('is never one that npm exports always', () => {
    const always = new Set(Object.keys(ALWAYS).filter((name) => name !== 'npm_config_yes'));
    const all = Object.fromEntries([...always].map((name) => [name, 'x']));
    assert.equal(refused('sweep', all), null);
  });
});
