import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { PlatformWorld } from '../../../scripts/stack/stand-ins/google/world.ts';
import { BEGAN, customJob, ENDED, REGION } from '../../support/backends.ts';
import { gcloudOf } from '../../support/gcloud.ts';
import { googleApis, PROJECT } from '../../support/google.ts';
import { worldWith } from '../../support/platform.ts';
import { SOAK_ONLY } from '../../support/soak.ts';

/** Runs `gcloud` over a platform; what it prints as JSON. */
async function gcloudOver(context: TestContext, parts: Partial<PlatformWorld>) {
  const { baseUrls } = await googleApis(context, worldWith(parts), { pageSize: 2 });
  const endpoints = { aiplatform: `${baseUrls.aiplatform}/`, cloudbuild: `${baseUrls.cloudbuild}/` };
  const run = await gcloudOf(context, { project: PROJECT, endpoints });
  return (
    run &&
    (async (...args: string[]): Promise<unknown> =>
      JSON.parse((await run(...args, `--region=${REGION}`, '--format=json')).stdout))
  );
}

describe('gcloud', () => {
  const customJobs = [1, 2, 3].map((id) =>
    customJob({ id: `${id}`, state: 'JOB_STATE_FAILED', error: 'No GPU' }),
  );

  test('reads all custom jobs of Vertex AI', SOAK_ONLY, async (context) => {
    const gcloud = await gcloudOver(context, { customJobs });
    if (!gcloud) return;
    const listed = (await gcloud('ai', 'custom-jobs', 'list')) as { name: string }[];
    assert.deepEqual(
      listed.map(({ name }) => name.split('/').at(-1)),
      ['1', '2', '3'],
    );
  });

  test(
    'reads one custom job of Vertex AI, and is told of one that does not exist',
    SOAK_ONLY,
    async (context) => {
      const gcloud = await gcloudOver(context, { customJobs });
      if (!gcloud) return;
      const job = (await gcloud('ai', 'custom-jobs', 'describe', '2')) as Record<string, unknown>;
      assert.deepEqual(
        [job.state, job.error, job.endTime],
        ['JOB_STATE_FAILED', { code: 3, message: 'No GPU' }, '2026-03-09T11:00:00.000456Z'],
      );
      await assert.rejects(
        gcloud('ai', 'custom-jobs', 'describe', '9'),
        /NOT_FOUND: The CustomJob does not exist\./,
      );
    },
  );

  test('reads a build of Cloud Build, and is told of one that does not exist', SOAK_ONLY, async (context) => {
    const id = '0b4c1bd3-5e0b-4e5d-8f7e-2f1f0d4f8a11';
    const times = { createdAt: BEGAN, startedAt: BEGAN, endedAt: ENDED };
    const builds = [{ id, region: REGION, status: 'FAILURE', detail: 'step 0 failed', ...times }];
    const gcloud = await gcloudOver(context, { builds });
    if (!gcloud) return;
    const build = (await gcloud('builds', 'describe', id)) as Record<string, unknown>;
    assert.deepEqual([build.status, build.statusDetail], ['FAILURE', 'step 0 failed']);
    await assert.rejects(gcloud('builds', 'describe', id.replace('0', '1')), /NOT_FOUND: Requested entity/);
  });

  test('reads the builds of a region to the last page', SOAK_ONLY, async (context) => {
    const life = { createdAt: BEGAN, startedAt: BEGAN, endedAt: null };
    const builds = ['a', 'b', 'c'].map((id) => ({
      id,
      region: REGION,
      status: 'WORKING',
      detail: null,
      ...life,
    }));
    const gcloud = await gcloudOver(context, { builds });
    if (!gcloud) return;
    const listed = (await gcloud('builds', 'list')) as { id: string }[];
    assert.deepEqual(listed.map(({ id }) => id).sort(), ['a', 'b', 'c']);
  });

  test('reads the log of an execution, of a build and of a custom job', SOAK_ONLY, async (context) => {
    const rest = { at: ENDED, severity: 'ERROR' } as const;
    const { baseUrls } = await googleApis(
      context,
      worldWith({
        logs: [
          { execution: 'agent-a', job: 'agent', region: REGION, payload: 'of an execution', ...rest },
          { build: 'b', payload: 'of a build', ...rest },
          { customJob: '7', payload: { message: 'of a custom job' }, ...rest },
        ],
      }),
    );
    const gcloud = await gcloudOf(context, {
      project: PROJECT,
      endpoints: { logging: `${baseUrls.logging}/` },
    });
    if (!gcloud) return;
    for (const [filter, text] of [
      ['labels."run.googleapis.com/execution_name"="agent-a"', 'of an execution'],
      ['resource.labels.build_id="b"', 'of a build'],
      ['resource.labels.job_id="7"', 'of a custom job'],
    ] as const) {
      const { stdout } = await gcloud(
        'logging',
        'read',
        `${filter} AND timestamp>="2020-01-01T00:00:00Z"`,
        '--format=json',
      );
      const entries = JSON.parse(stdout) as { textPayload?: string; jsonPayload?: { message: string } }[];
      assert.deepEqual(
        entries.map((it) => it.textPayload ?? it.jsonPayload?.message),
        [text],
      );
    }
  });
});
