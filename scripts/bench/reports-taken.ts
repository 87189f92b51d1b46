import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { chunksOf, pooledMap } from '../../functions/shared/concurrency.ts';
import { addMs, HOUR_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { reportsSchema } from '../../functions/shared/model/report/settings.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { bundle } from '../build/bundle.ts';
import { ROOT } from '../shared/places.ts';
import { StackProblem } from '../shared/problem.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import {
  type BenchContext,
  HEAP_MEGABYTES,
  type Measured,
  median,
  quantile,
  type Row,
  rounded,
  SEMI_SPACE_MEGABYTES,
} from './bench.ts';
import { type Served, type ServedFunction, serve } from './served-function.ts';

/** Jobs whose reports come in one request. */
const JOBS_PER_REQUEST = 100;
const REPORTS_PER_REQUEST = 500;
/** Hosts that send at the same time, each one request after another. */
const HOSTS = 5;
const REPEATS = 3;
/** A transaction for each report is too slow to be repeated, or to be flooded as long. */
const NAIVE = { reports: 2_000, repeats: 1 };

const WARM_UP = { rounds: 40, documents: 100 };

/** One of the functions that take the same reports. */
interface Contestant extends Served {
  name: string;
}

/** So many jobs tell of themselves after an outage, so many times in all. */
interface Flood {
  jobs: number;
  reports: number;
}

const FEW: Flood = { jobs: 500, reports: 10_000 };
const MANY: Flood = { jobs: 10_000, reports: 10_000 };

/** Reports a second after an outage: 10,000 of 500 jobs, and of as many jobs, against a transaction for each report. */
export async function reportsTaken({ folder, signal, progress }: BenchContext): Promise<Measured> {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await using started = new AsyncDisposableStack();
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  started.defer(emulator.stop);
  const rows: Row[] = [];
  const rates = new Map<string, number>();
  let peakMemoryBytes = 0;
  const rounds = [
    { name: 'ours', flood: FEW, repeats: REPEATS },
    { name: 'ours', flood: MANY, repeats: REPEATS },
    { name: 'naive', flood: { jobs: FEW.jobs, reports: NAIVE.reports }, repeats: NAIVE.repeats },
  ];
  for (const { name, flood, repeats } of rounds) {
    const project = `bench-${process.pid}-${name}-${flood.jobs}`;
    const contestant = await contestantIn(folder, name, emulator.host, project);
    const db = new Firestore({ projectId: project, host: emulator.host, ssl: false });
    await warmUp(db);
    const running = await serve(contestant, { watched: true });
    try {
      // The start of a function is what the bench cold-start measures.
      await send(running, { jobs: 1, reports: 1 }, 0);
      const seconds: number[] = [];
      const requestSeconds: number[] = [];
      for (let repeat = 1; repeat <= repeats; repeat += 1) {
        signal.throwIfAborted();
        progress(`${name}: ${flood.reports} reports of ${flood.jobs} jobs, ${repeat} of ${repeats}`);
        const flooded = await send(running, flood, repeat);
        seconds.push(flooded.seconds);
        requestSeconds.push(...flooded.requestSeconds);
      }
      await proveWritten(db, flood);
      const taken = median(seconds);
      const peak = await running.peakBytes();
      if (name === 'ours') peakMemoryBytes = Math.max(peakMemoryBytes, peak);
      if (flood.jobs === FEW.jobs) rates.set(name, flood.reports / taken);
      rows.push({
        name,
        jobs: flood.jobs,
        reports: flood.reports,
        seconds: rounded(taken),
        reportsPerSecond: Math.round(flood.reports / taken),
        requestP99Seconds: rounded(quantile(requestSeconds, 0.99)),
        peakBytes: peak,
      });
    } finally {
      await running.stop();
      await db.terminate();
    }
  }
  const ratio = (rates.get('ours') ?? 0) / (rates.get('naive') ?? Number.NaN);
  return { rows, ratios: { naive: rounded(ratio) }, peakMemoryBytes };
}

/** A function bundled as it is deployed, for a project of its own in the emulator. */
async function contestantIn(
  folder: string,
  name: string,
  host: string,
  project: string,
): Promise<Contestant> {
  const isOurs = name === 'ours';
  const settings = loadSettings(readEnvironment({}));
  const { jobs } = settings.sources;
  if (!jobs) throw new StackProblem('Cannot bench report: functions/settings.json has no source "jobs"');
  const file = join(folder, 'settings.json');
  const reports = reportsSchema.parse({ create: true });
  writeFileSync(file, JSON.stringify({ ...settings, sources: { jobs: { ...jobs, reports } } }));
  const entry = isOurs
    ? join(ROOT, 'functions/report/index.ts')
    : join(import.meta.dirname, 'naive-report.ts');
  await bundle(entry, name, join(folder, name));
  return {
    name,
    folder: join(folder, name),
    entryPoint: isOurs ? 'report' : 'naive',
    env: {
      FIRESTORE_EMULATOR_HOST: host,
      GOOGLE_CLOUD_PROJECT: project,
      NIGHTSHIFT_SETTINGS: file,
      // Not --max-old-space-size, beside which a large machine would give the young generation 192 MB.
      NODE_OPTIONS: `--max-heap-size=${HEAP_MEGABYTES} --max-semi-space-size=${SEMI_SPACE_MEGABYTES}`,
    },
  };
}

/** Sends a flood, as that many hosts would that were cut off; returns how long all of it took, and each request. */
async function send(
  running: ServedFunction,
  { jobs, reports: all }: Flood,
  repeat: number,
): Promise<{ seconds: number; requestSeconds: number[] }> {
  const now = new Date();
  const names = Array.from({ length: jobs }, (_, index) => `job-${index}`);
  const each = all / jobs;
  const hosts = chunksOf(names, Math.ceil(jobs / HOSTS)).map((own) =>
    chunksOf(own, JOBS_PER_REQUEST).flatMap((some) =>
      chunksOf(reportsOf(some, each, repeat, now), REPORTS_PER_REQUEST),
    ),
  );
  const requestSeconds: number[] = [];
  const began = performance.now();
  await pooledMap(hosts, HOSTS, async (requests) => {
    for (const reports of requests) {
      const body = { v: 1, source: 'jobs', sentAt: new Date().toISOString(), reports };
      const sentAt = performance.now();
      const { results } = (await running.post(body)) as { results: { result: string }[] };
      requestSeconds.push((performance.now() - sentAt) / SECOND_MS);
      const others = results.filter(({ result }) => result !== 'applied');
      assert.deepEqual(others.slice(0, 3), [], 'Each report is news');
    }
  });
  return { seconds: (performance.now() - began) / SECOND_MS, requestSeconds };
}

/** What some jobs tell: `each` reports of every one, in the order in which they were written. */
function reportsOf(jobs: readonly string[], each: number, repeat: number, now: Date): object[] {
  return Array.from({ length: each }, (_, index) =>
    jobs.map((job) => ({
      job,
      execution: '01JDQ3V5Z8X9Y2W4R6T7P0M1N3',
      seq: repeat * each + index,
      at: addMs(now, (index - each) * SECOND_MS).toISOString(),
      startedAt: addMs(now, -HOUR_MS).toISOString(),
      state: 'running',
      host: 'gpu-7',
      progress: { step: index },
    })),
  ).flat();
}

/** Reads and writes as reports make it do: Firestore itself is never as cold as an emulator that has just started. */
async function warmUp(db: Firestore): Promise<void> {
  for (let round = 0; round < WARM_UP.rounds; round += 1) {
    const batch = db.batch();
    const refs = Array.from({ length: WARM_UP.documents }, (_, index) => db.doc(`warm-up/${index}`));
    const found = await db.getAll(...refs);
    for (const { ref, updateTime } of found)
      if (updateTime) batch.update(ref, { round }, { lastUpdateTime: updateTime });
      else batch.create(ref, { round });
    await batch.commit();
  }
}

async function proveWritten(db: Firestore, { jobs }: Flood): Promise<void> {
  const { count } = (await db.collection('jobs').where('status', '==', 'running').count().get()).data();
  assert.equal(count, jobs, 'Every job has to have its record');
}
