import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { freshFolder } from './folders.ts';

const run = promisify(execFile);

/** What gcloud is run with. */
export interface GcloudOptions {
  project: string;
  /** Addresses of stand-ins, by the name of the API in gcloud's words, such as `scheduler`. */
  endpoints: Record<string, string>;
  cwd?: string;
}

/**
 * Runs `gcloud` against stand-ins, with a configuration of its own and without credentials; what it says on either stream.
 * `undefined` where it is not installed: then the test is skipped, for whoever builds Nightshift needs no gcloud.
 */
export async function gcloudOf(context: TestContext, { project, endpoints, cwd }: GcloudOptions) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (!folders.some((folder) => existsSync(join(folder, 'gcloud')))) {
    // It proves the stand-ins right; who works on anything else needs none of it.
    context.skip('gcloud is not installed');
    return undefined;
  }
  const overrides = Object.entries(endpoints).map(([api, url]) => [
    `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`,
    url,
  ]);
  const env = {
    ...process.env,
    CLOUDSDK_CONFIG: freshFolder(),
    CLOUDSDK_CORE_PROJECT: project,
    CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
    ...Object.fromEntries(overrides),
  };
  return async (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run('gcloud', args, { env, timeout: 60_000, ...(cwd !== undefined && { cwd }) });
}
