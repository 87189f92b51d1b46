import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { ROOT } from '../../../scripts/shared/places.ts';
import { freshFolder } from '../../support/folders.ts';
import { startOps } from './start-ops.ts';

interface Ended {
  code: unknown;
  stdout: string;
  stderr: string;
}

/** Runs npm itself, as it is installed here, with no settings of anybody's. */
function npm(command: 'npm' | 'npx', ...args: string[]): Promise<Ended> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const home = freshFolder();
  const ours = { PATH, NODE_COMPILE_CACHE, NIGHTSHIFT_STATE_DIR: home, NO_COLOR: '1' };
  const env = { ...ours, HOME: home, npm_config_cache: home };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

/** All beside each other, because one of them takes a whole deadline. */
describe('ops as a process', { concurrency: 3 }, () => {
  test('gives up on an emulator that never answers', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) =>
      mute.once('listening', () => resolve(mute.address() as AddressInfo)),
    );
    // The Firestore client looks for its emulator in the environment of the process.
    const env = { FIRESTORE_EMULATOR_HOST: `127.0.0.1:${port}` };
    const { code, stderr } = await startOps(['tasks'], { env }).ended;
    mute.close();
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^Cannot reach the Firestore emulator .*: no answer to reading the tasks within 15 s\n$/,
    );
  });

  test('says how to log in where nobody has, in one line', async () => {
    const env = {
      FIRESTORE_EMULATOR_HOST: '',
      GOOGLE_CLOUD_PROJECT: 'acme-ml',
      HOME: freshFolder(),
      METADATA_SERVER_DETECTION: 'none',
    };
    const { code, stdout, stderr } = await startOps(['tasks'], { env }).ended;
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(
      stderr,
      /^Cannot log in to Google Cloud project acme-ml: [^\n]+\. Run: gcloud auth application-default login\n$/,
    );
  });

  test('by npm without -- is refused when npm took a flag for itself, and told what to type', async () => {
    const { code, stdout, stderr } = await npm('npm', 'run', '-s', 'ops', 'sweep', '--dry-run');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(
      stderr,
      /^npm took --dry-run for itself .* nothing was done: .* npm run -s ops -- sweep --dry-run\n$/,
    );
  });

  test('by npm with -- goes through: its exit code, and what went wrong to stderr alone', async () => {
    assert.deepEqual(await npm('npm', 'run', '-s', 'ops', '--', 'tasks', '--json'), {
      code: 3,
      stdout: '',
      stderr:
        'No stack is running and no project is named. Start the stack: npm start, or add --project PROJECT\n',
    });
  });

  test('by npm as nightshift-ops goes through without', async () => {
    const { code, stderr } = await npm('npx', '--offline', 'nightshift-ops', 'runs', 'x', '--limit', '501');
    assert.equal(code, 2);
    assert.match(stderr, /--limit <number>' argument '501' is invalid/);
  });
});
