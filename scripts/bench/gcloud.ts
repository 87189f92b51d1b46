import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endInWords, spawnOwned } from '../shared/processes.ts';
import { BUCKET, PATH, PROJECT } from './emptied-bucket.ts';

/** Whether the command line of Google Cloud is there. */
export function hasGcloud(): boolean {
  return spawnSync('gcloud', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Has gcloud delete all objects, by a configuration of its own in `folder`; the seconds that takes, its start included. */
export async function gcloudSeconds(baseUrl: string, folder: string): Promise<number> {
  const env = {
    ...process.env,
    CLOUDSDK_CONFIG: join(folder, 'gcloud'),
    CLOUDSDK_CORE_PROJECT: PROJECT,
    CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
    // With the path and the last slash, or gcloud asks elsewhere.
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${baseUrl}/storage/v1/`,
  };
  const began = performance.now();
  const child = spawnOwned('gcloud', ['storage', 'rm', '--recursive', `gs://${BUCKET}/${PATH}`], {
    cwd: folder,
    env,
    stdio: 'ignore',
  });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`gcloud storage rm ended with ${endInWords(code, signal)}`);
  return (performance.now() - began) / 1_000;
}
