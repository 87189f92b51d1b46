import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog, Services } from '../../../functions/shared/catalog.ts';
import type { Clock } from '../../../functions/shared/clock.ts';
import { shortPath } from '../../shared/places.ts';
import { StackProblem } from '../../shared/problem.ts';
import { LOCATION } from '../stand-ins/scheduler/catalog-jobs.ts';
import type { FunctionSpec } from './function-process.ts';

/** What is served: a task or a service. */
export interface Served {
  name: string;
  entryPoint: string;
}

/** Every function of a catalogue: the tasks, then the services. */
export function servedOf(catalog: Catalog, services: Services): Served[] {
  return [
    ...Object.values(catalog).map(({ task, entryPoint }) => ({ name: task, entryPoint })),
    ...Object.values(services).map(({ service, entryPoint }) => ({ name: service, entryPoint })),
  ];
}

/** Where each function is below `folder`: its TypeScript, or the folder of its bundle. Throws naming a missing one. */
export function functionSources(served: Served[], folder: string): Map<string, string> {
  const sources = new Map<string, string>();
  for (const { name } of served) {
    const source = [join(folder, name, 'index.ts'), join(folder, name)].find((path) => existsSync(path));
    if (!source)
      throw new StackProblem(
        `Cannot start ${name}: the catalogue has it, but ${shortPath(join(folder, name, 'index.ts'))} does not exist`,
      );
    sources.set(name, source);
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
  /** Where functions are called. */
  gatewayUrl: string;
  logs: string;
  clock: Clock;
}

/** How each function is run here: as when deployed, but for the emulator and the stand-ins. */
export function functionSpecs(served: Served[], place: Place): FunctionSpec[] {
  return served.map(({ name, entryPoint }) => ({
    name,
    entryPoint,
    source: place.sources.get(name) as string,
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
      K_SERVICE: name,
      K_REVISION: 'local',
      NIGHTSHIFT_REGION: LOCATION,
      NIGHTSHIFT_OBSERVER_URL: `${place.gatewayUrl}/observe-workloads`,
    },
  }));
}
