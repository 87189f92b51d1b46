import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshFolder } from '../../support/folders.ts';
import { startOps } from './start-ops.ts';

describe('ops as a process', { concurrency: 2 }, () => {
  test('ends with the exit code of its command, and writes what went wrong to stderr alone', async () => {
    const { code, stdout, stderr } = await startOps(['taks']).ended;
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(stderr, "error: unknown command 'taks'\n(Did you mean tasks?)\n");
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
});
