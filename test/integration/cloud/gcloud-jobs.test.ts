import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { GoogleApis } from '../../../scripts/stack/google-apis.ts';
import { BEGAN, customJob, ENDED, REGION } from '../../support/backends.ts';
import { freshFolder } from '../../support/folders.ts';
import { googleApis, PROJECT } from '../../support/google.ts';
import { worldWith } from '../../support/platform.ts';

/** Runs `gcloud` against the stand-ins, with a configuration of its own; what it prints as JSON. */
function gcloudOf({ baseUrls }: GoogleApis) {
  const env = {
    ...process.env,
    CLOUDSDK_CONFIG: join(freshFolder(), 'config'),
    CLOUDSDK_CORE_PROJECT: PROJECT,
    CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM: `${baseUrls.aiplatform}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDBUILD: `${baseUrls.cloudbuild}/`,
  };
  return async (...args: string[]): Promise<unknown> => {
    const command = [...args, `--region=${REGION}`, '--format=json'];
    const { stdout } = await promisify(execFile)('gcloud', command, { env, timeout: 60_000 });
    return JSON.parse(stdout);
  };
}

async function hasGcloud(context: TestContext): Promise<boolean> {
  try {
    await promisify(execFile)('gcloud', ['--version']);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    context.skip('gcloud is not installed');
    return false;
  }
}

describe('gcloud', () => {
  test('reads custom jobs of Vertex AI, one and all', async (context) => {
    if (!(await hasGcloud(context))) return;
    const customJobs = [1, 2, 3].map((id) =>
      customJob({ id: `${id}`, state: 'JOB_STATE_FAILED', error: 'No GPU' }),
    );
    const gcloud = gcloudOf(await googleApis(context, worldWith({ customJobs }), { pageSize: 2 }));
    const job = (await gcloud('ai', 'custom-jobs', 'describe', '2')) as Record<string, unknown>;
    assert.deepEqual(
      [job.state, job.error, job.endTime],
      ['JOB_STATE_FAILED', { code: 3, message: 'No GPU' }, '2026-03-09T11:00:00.000456Z'],
    );
    const listed = (await gcloud('ai', 'custom-jobs', 'list')) as { name: string }[];
    assert.deepEqual(
      listed.map(({ name }) => name.split('/').at(-1)),
      ['1', '2', '3'],
    );
    await assert.rejects(
      gcloud('ai', 'custom-jobs', 'describe', '9'),
      /NOT_FOUND: The CustomJob does not exist\./,
    );
  });

  test('reads a build of Cloud Build', async (context) => {
    if (!(await hasGcloud(context))) return;
    const id = '0b4c1bd3-5e0b-4e5d-8f7e-2f1f0d4f8a11';
    const times = { createdAt: BEGAN, startedAt: BEGAN, endedAt: ENDED };
    const builds = [{ id, region: REGION, status: 'FAILURE', detail: 'step 0 failed', ...times }];
    const gcloud = gcloudOf(await googleApis(context, worldWith({ builds })));
    const build = (await gcloud('builds', 'describe', id)) as Record<string, unknown>;
    assert.deepEqual([build.status, build.statusDetail], ['FAILURE', 'step 0 failed']);
    await assert.rejects(gcloud('builds', 'describe', id.replace('0', '1')), /NOT_FOUND: Requested entity/);
  });
});
