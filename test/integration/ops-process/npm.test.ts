import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { ROOT } from '../../../scripts/shared/places.ts';
import { freshFolder } from '../../support/folders.ts';

/** Runs npm itself, as it is installed here, with no settings of anybody's. */
function npm(
  command: 'npm' | 'npx',
  ...args: string[]
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const { PATH } = process.env;
  const home = freshFolder();
  const env = { PATH, HOME: home, npm_config_cache: home, NIGHTSHIFT_STATE_DIR: home, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('ops by npm', { concurrency: 2 }, () => {
  test('without -- is refused when npm took a flag for itself, and told what to type', async () => {
    const { code, stdout, stderr } = await npm('npm', 'run', '-s', 'ops', 'sweep', '--dry-run');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(
      stderr,
      /^npm took --dry-run for itself .* nothing was done: .* npm run -s ops -- sweep --dry-run\n$/,
    );
  });

  test('with -- goes through', async () => {
    const { code, stderr } = await npm('npm', 'run', '-s', 'ops', '--', 'tasks', '--json');
    assert.deepEqual(
      [code, stderr],
      [
        3,
        'No stack is running and no project is named. Start the stack: npm start, or add --project PROJECT\n',
      ],
    );
  });

  test('as nightshift-ops goes through without', async () => {
    const { code, stderr } = await npm('npx', '--offline', 'nightshift-ops', 'runs', 'x', '--limit', '501');
    assert.equal(code, 2);
    assert.match(stderr, /--limit <number>' argument '501' is invalid/);
  });
});
