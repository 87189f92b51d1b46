import { entryOf, expectationOf, loadCatalog, nextSlot } from './catalog.ts';
import { systemClock } from './clock.ts';
import { SECOND_MS } from './dates.ts';
import { readEnvironment } from './environment.ts';
import { createLog } from './log.ts';
import type { Source } from './model/source.ts';
import { loadSettings } from './settings.ts';
import { collections as collectionsOf } from './store/collections.ts';
import { openFirestore } from './store/firestore.ts';
import { lifecycle } from './store/lifecycle.ts';

/**
 * Reads the configuration of a function and opens what every task needs: once per process, at its cold start. Throws
 * InvalidConfiguration when a file is wrong, so that a bad deployment never answers at all.
 */
export function startFunction(task: string) {
  const environment = readEnvironment();
  const settings = loadSettings(environment);
  const entry = entryOf(loadCatalog(environment), task);
  const log = createLog({ task });
  const clock = systemClock;
  const db = openFirestore(environment);
  const collections = collectionsOf(db, settings.collectionPrefix);
  const runs = lifecycle({
    task,
    db,
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
    failuresBeforeAlarm: settings.failuresBeforeAlarm,
  });
  /** The database of a source: ours, unless its settings name another. One client per database. */
  const databaseOf = ({ googleProject, database }: Source) =>
    googleProject === undefined && database === undefined
      ? db
      : openFirestore(environment, { googleProject, database });
  return { settings, databaseOf, collections, log, db, options: { entry, lifecycle: runs, clock, log } };
}
