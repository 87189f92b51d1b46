import { openBackend } from '../shared/cloud/backends/open-backend.ts';
import { cloudScheduler } from '../shared/cloud/scheduler.ts';
import { readVariable } from '../shared/environment.ts';
import type { startFunction } from '../shared/start.ts';
import { runnerLogs } from '../shared/store/own/runner-logs.ts';
import { activeJobStore } from '../shared/store/sources/active-jobs.ts';
import type { SweepSource } from './sweep/sweep-tools.ts';
import type { Schedules } from './watch/reconcile.ts';

type Started = ReturnType<typeof startFunction>;

/** The sources of the settings, each with the backend that runs its jobs. */
export function openSources({
  settings,
  db,
  databaseOf,
  apiOf,
  collections,
  log,
}: Pick<Started, 'settings' | 'db' | 'databaseOf' | 'apiOf' | 'collections' | 'log'>): SweepSource[] {
  // observe-workloads keeps the logs of the runner's executions, and of no others.
  const keptLogs = settings.workloads.runner ? runnerLogs(collections, log) : undefined;
  const tools = { apiOf, variable: readVariable, keptLogs, log };
  return Object.entries(settings.sources).map(([name, source]) => {
    const home = { db: databaseOf(source), ours: databaseOf(source) === db };
    const store = activeJobStore(name, source, home, log);
    return { store, backend: source.backend ? openBackend(source.backend, tools) : null };
  });
}

/** Cloud Scheduler of the deployment's region. */
export function openSchedules({
  environment,
  settings,
  apiOf,
}: Pick<Started, 'environment' | 'settings' | 'apiOf'>): Schedules {
  const { NIGHTSHIFT_REGION: region, FIRESTORE_EMULATOR_HOST: emulator } = environment;
  if (emulator && !settings.baseUrls.scheduler)
    return 'beside an emulator only a stand-in is, and baseUrls.scheduler names none';
  if (!region) return 'NIGHTSHIFT_REGION does not say where its jobs are';
  return cloudScheduler({ ...apiOf('scheduler'), region });
}
