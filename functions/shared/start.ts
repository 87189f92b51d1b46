import { entryOf, expectationOf, loadCatalog, nextSlot } from './catalog.ts';
import { clockOf } from './clock.ts';
import type { ApiOptions } from './cloud/rest/rest.ts';
import { SECOND_MS } from './dates.ts';
import { readEnvironment } from './environment.ts';
import { InvalidConfiguration } from './errors.ts';
import { createLog } from './log.ts';
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
  const environment = readEnvironment();
  const settings = loadSettings(environment);
  const entry = entryOf(loadCatalog(environment), task);
  const log = createLog({ task });
  const clock = clockOf(environment);
  const databaseOf = databases(environment);
  const db = databaseOf();
  const collections = collectionsOf(db, settings.collectionPrefix);
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
  const options = { entry, lifecycle: runs, clock, log };
  return { environment, settings, db, databaseOf, apiOf, collections, log, options };
}
