import {
  ANSWER_SECONDS,
  entryOf,
  expectationOf,
  loadCatalog,
  loadServices,
  nextSlot,
  serviceOf,
} from './catalog.ts';
import { clockOf } from './clock.ts';
import type { ApiOptions } from './cloud/rest/rest.ts';
import { SECOND_MS } from './dates.ts';
import { readEnvironment } from './environment.ts';
import { InvalidConfiguration } from './errors.ts';
import { createLog, type Log } from './log.ts';
import type { ApiName } from './model/google-apis.ts';
import { endRulesOf, loadSettings } from './settings.ts';
import { databases, type Elsewhere } from './store/firestore/firestore.ts';
import { collections as collectionsOf } from './store/own/collections.ts';
import { lifecycle } from './store/own/lifecycle.ts';
import type { LeaseLimits } from './store/own/term.ts';

/**
 * Reads the configuration of a function and opens what every task needs: once per process, at its cold start. Throws
 * InvalidConfiguration when a file is wrong, so that a bad deployment never answers at all. `limits` go over LEASE_LIMITS.
 */
export function startFunction(task: string, limits: Partial<LeaseLimits> = {}) {
  const log = createLog({ task });
  const opened = open(log);
  const { environment, settings, clock, collections } = opened;
  const entry = entryOf(loadCatalog(environment), task);
  const runs = lifecycle({
    task,
    collections,
    clock,
    log,
    expectation: expectationOf(entry, {
      service: environment.K_SERVICE ?? null,
      revision: environment.K_REVISION ?? null,
      region: environment.NIGHTSHIFT_REGION ?? null,
    }),
    nextSlot: (after) => nextSlot(entry, after),
    leaseMs: entry.leaseSeconds * SECOND_MS,
    endRules: endRulesOf(settings),
    limits,
  });
  const options = { entry, lifecycle: runs, clock, log };
  return { ...opened, log, options };
}

/** Reads the configuration of a service and opens what it answers from, as startFunction does for a task. */
export function startService(service: string) {
  const log = createLog({ service });
  const { clock, ...opened } = open(log);
  const entry = serviceOf(loadServices(opened.environment), service);
  const limitMs = (entry.timeoutSeconds - ANSWER_SECONDS) * SECOND_MS;
  return { ...opened, log, options: { entry, log, clock, limitMs } };
}

function open(log: Log) {
  const environment = readEnvironment();
  const settings = loadSettings(environment);
  const clock = clockOf(environment);
  const databaseOf = databases(environment);
  const db = databaseOf();
  const collections = collectionsOf(db, settings.collectionPrefix);
  /** How a Google API is asked, about our project unless another one is named. */
  const apiOf = (api: ApiName, { googleProject }: Pick<Elsewhere, 'googleProject'> = {}): ApiOptions => {
    const baseUrl = settings.baseUrls[api];
    if (environment.FIRESTORE_EMULATOR_HOST && !baseUrl)
      throw new InvalidConfiguration(environment.NIGHTSHIFT_SETTINGS ?? 'functions/settings.json', [
        {
          path: `baseUrls.${api}`,
          message: 'Missing',
          expected: 'the address of a stand-in: beside a Firestore emulator no real API is asked',
        },
      ]);
    return { project: googleProject ?? environment.GOOGLE_CLOUD_PROJECT, baseUrl, log };
  };
  return { environment, settings, clock, db, databaseOf, apiOf, collections };
}
