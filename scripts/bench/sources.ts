import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { addDays, type Day, dayOf, SECOND_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { createLog } from '../../functions/shared/log.ts';
import { PLATFORM_SOURCES } from '../../functions/shared/model/day/platform.ts';
import { loadSettings, type Settings } from '../../functions/shared/settings.ts';
import { collections } from '../../functions/shared/store/own/collections.ts';
import { dayStore } from '../../functions/shared/store/own/days.ts';
import { ROOT } from '../shared/places.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import { type BenchContext, type Measured, median, type Row, rounded } from './bench.ts';
import { oursIn } from './contestants.ts';
import { askOneByOne } from './one-by-one.ts';
import { type ServedFunction, serve } from './served-function.ts';
import { HUNG_REGION, REGIONS, type SlowPlatform, startSlowPlatform } from './slow-platform.ts';

const DEADLINE_SECONDS = 5;
const REPEATS = 3;

/**
 * What a day of the whole platform takes, from the request to the answer with all that is stored in between: every API
 * takes a second, and one region of eighteen never answers; then nothing does. Against the deadline that all sources
 * have, and against the same questions asked one by one, which have to come to the same figures.
 */
export async function sources({ folder, signal, progress }: BenchContext): Promise<Measured> {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await using started = new AsyncDisposableStack();
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  started.defer(emulator.stop);
  // A project of its own, should somebody else's emulator be used.
  const project = `bench-${process.pid}`;
  const db = new Firestore({ projectId: project, host: emulator.host, ssl: false });
  started.defer(() => db.terminate());
  const now = new Date();
  const platform = await startSlowPlatform(project, now);
  started.defer(platform.stop);
  const ours = await oursIn(folder, {
    FIRESTORE_EMULATOR_HOST: emulator.host,
    GOOGLE_CLOUD_PROJECT: project,
    NIGHTSHIFT_SETTINGS: settingsIn(folder, platform),
  });
  const running = await serve(ours, { watched: true });
  started.defer(running.stop);

  const day = addDays(dayOf(now), -1);
  // Untimed: a cold start is another bench's matter.
  await running.post({ date: addDays(day, -1) });
  progress('measuring ours, one region hung');
  const ourSeconds = await secondsOf(running, day, signal);
  const { found, states } = await storedDay(db, day);
  assert.deepEqual(found.cloudRun?.missing, [HUNG_REGION]);
  assert.deepEqual(states, { storage: 'ok', bigquery: 'ok', cloudRun: 'partial', database: 'ok' });

  progress('measuring one by one');
  const began = performance.now();
  const limitMs = DEADLINE_SECONDS * SECOND_MS;
  const place = { project, baseUrls: platform.baseUrls, db, regions: REGIONS };
  const others = await askOneByOne(day, { ...place, limitMs, signal });
  const oneByOneSeconds = (performance.now() - began) / 1_000;
  assert.deepEqual(found, others, 'One by one came to other figures');

  progress('measuring ours, everything hung');
  platform.hang();
  const hungSeconds = await secondsOf(running, day, signal);
  const afterwards = await storedDay(db, day);
  assert.deepEqual(afterwards.found, found, 'What stood has to stay');
  assert.deepEqual([...new Set(Object.values(afterwards.states))], ['stale']);

  return {
    rows: [
      rowOf('ours', ourSeconds, others.cloudRun.missing),
      { name: 'slowest-deadline', seconds: DEADLINE_SECONDS },
      rowOf('one-by-one', oneByOneSeconds, others.cloudRun.missing),
      rowOf('ours-all-hung', hungSeconds, REGIONS),
    ],
    ratios: {
      slowest: rounded(ourSeconds / DEADLINE_SECONDS),
      'one-by-one': rounded(ourSeconds / oneByOneSeconds),
      'slowest-all-hung': rounded(hungSeconds / DEADLINE_SECONDS),
    },
    peakMemoryBytes: await running.peakBytes(),
  };
}

/** The settings of a function that asks for everything there is. */
function settingsIn(folder: string, { baseUrls }: SlowPlatform): string {
  const settings: Settings = {
    ...loadSettings(readEnvironment({})),
    metrics: {
      deadlineSeconds: DEADLINE_SECONDS,
      storage: {},
      bigquery: {},
      cloudRun: { regions: REGIONS },
      database: { cloudSql: true },
    },
    baseUrls,
  };
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

/** How long a whole run for `day` takes. */
async function secondsOf(running: ServedFunction, day: Day, signal: AbortSignal): Promise<number> {
  const seconds: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    signal.throwIfAborted();
    const began = performance.now();
    await running.post({ date: day });
    seconds.push((performance.now() - began) / 1_000);
  }
  return median(seconds);
}

/** What is stored of the platform, and how its sources stand. */
async function storedDay(db: Firestore, date: Day) {
  const log = createLog({}, () => {});
  const [day] = await dayStore(collections(db, ''), log).range(date, date);
  if (!day) throw new Error(`Nothing is stored of ${date}`);
  const { storage, bigquery, cloudRun, database } = day;
  return {
    found: { storage, bigquery, cloudRun, database },
    states: Object.fromEntries(PLATFORM_SOURCES.map((source) => [source, day.sources[source]?.status])),
  };
}

function rowOf(name: string, seconds: number, missing: readonly string[]): Row {
  return {
    name,
    seconds: rounded(seconds),
    regionsAnswered: REGIONS.length - missing.length,
    regionsMissing: missing.length,
  };
}
