import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../../functions/shared/catalog.ts';
import type { Clock } from '../../../functions/shared/clock.ts';
import { shortPath } from '../../shared/places.ts';
import { StackProblem } from '../../shared/problem.ts';
import { LOCATION } from '../stand-ins/scheduler/catalog-jobs.ts';
import type { FunctionSpec } from './function-process.ts';

/** Where each task's function is below `folder`: its TypeScript, or the folder of its bundle. Throws naming a missing one. */
export function functionSources(catalog: Catalog, folder: string): Map<string, string> {
  const sources = new Map<string, string>();
  for (const task of Object.keys(catalog)) {
    const source = [join(folder, task, 'index.ts'), join(folder, task)].find((path) => existsSync(path));
    if (!source)
      throw new StackProblem(
        `Cannot start ${task}: the catalogue has it, but ${shortPath(join(folder, task, 'index.ts'))} does not exist`,
      );
    sources.set(task, source);
  }
  return sources;
}

interface Place {
  sources: Map<string, string>;
  env: NodeJS.ProcessEnv;
  project: string;
  emulatorHost: string;
  /** Path of the settings. */
  settings: string;
  logs: string;
  clock: Clock;
}

/** How each function of the catalogue is run here: as when deployed, but for the emulator and the stand-ins. */
export function functionSpecs(catalog: Catalog, place: Place): FunctionSpec[] {
  return Object.values(catalog).map(({ task, entryPoint }) => ({
    task,
    entryPoint,
    source: place.sources.get(task) as string,
    logFolder: place.logs,
    clock: place.clock,
    env: {
      ...place.env,
      GOOGLE_CLOUD_PROJECT: place.project,
      FIRESTORE_EMULATOR_HOST: place.emulatorHost,
      NIGHTSHIFT_SETTINGS: place.settings,
      NODE_ENV: 'production',
      // Else the first call waits a second for the metadata server of a machine in Google's cloud.
      METADATA_SERVER_DETECTION: 'none',
      K_SERVICE: task,
      K_REVISION: 'local',
      NIGHTSHIFT_REGION: LOCATION,
    },
  }));
}
