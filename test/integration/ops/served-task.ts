import assert from 'node:assert/strict';
import { join } from 'node:path';
import catalog from '../../../functions/catalog.json' with { type: 'json' };
import { ROOT } from '../../../scripts/shared/places.ts';
import { launchFunction } from '../../../scripts/stack/serving/function-process.ts';
import { freshFile, freshFolder } from '../../support/folders.ts';

/** The real function of a task, served for `project` by `settings`; where it listens, and the environment of an `ops` beside it. */
export async function serveTask(task: keyof typeof catalog, project: string, settings: object) {
  const env = { NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)) };
  const served = launchFunction(
    {
      name: task,
      entryPoint: catalog[task].entryPoint,
      logFolder: freshFolder(),
      source: join(ROOT, `functions/${task}/index.ts`),
      env: { ...process.env, GOOGLE_CLOUD_PROJECT: project, ...env },
    },
    () => {},
  );
  const port = await served.port;
  assert.ok(port, await Promise.race([served.ended, 'it listens nowhere']));
  return { url: `http://127.0.0.1:${port}/`, env, stop: () => served.stop() };
}
