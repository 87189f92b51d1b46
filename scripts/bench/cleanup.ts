import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundle } from '../build/bundle.ts';
import { endInWords, endProcess, spawnOwned } from '../shared/processes.ts';
import { type BenchContext, HEAP_MEGABYTES, type Measured, median, type Row, rounded } from './bench.ts';
import type { Told } from './delete-objects.ts';
import { gcloudSeconds, hasGcloud } from './gcloud.ts';
import { type StorageProcess, startStorage } from './storage-process.ts';

const OBJECTS = 20_000;
/** gcloud takes minutes for more; what counts is the rate. */
const GCLOUD_OBJECTS = 5_000;
const MANY_OBJECTS = 1_000_000;
/** These take turns, a few times: a slow moment of the machine weighs more with what is fast. */
const FAST = ['ours', 'client-256', 'limit'];
const ROUNDS = 3;
const SLOW = ['ours-governed', 'deleteFiles'];

interface Result extends Row {
  objectsPerSecond: number;
}

/**
 * How fast a prefix of 20,000 objects is emptied, list and all, with a storage that answers after 30 ms and takes another
 * millisecond for each call in a batch: by ours with its rate limiter lifted, since Google's own rate is what limits it
 * otherwise, and by what people would use instead. Each has a process and a storage of its own.
 */
export async function cleanup({ folder, signal, progress }: BenchContext): Promise<Measured> {
  await bundle(join(import.meta.dirname, 'delete-objects.ts'), 'delete-objects', join(folder, 'deleter'));
  const deleter = join(folder, 'deleter', 'index.js');
  const results = new Map<string, Result>();

  async function measure(name: string, objects: number, deleterName = name): Promise<Told> {
    signal.throwIfAborted();
    progress(`measuring ${name}`);
    const told = await withStorage(objects, ({ baseUrl }) => deleteAll(deleter, deleterName, baseUrl));
    assert.equal(told.deleted, objects, `${name} told another number`);
    return told;
  }

  const rounds = new Map<string, Told[]>(FAST.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, told] of rounds) told.push(await measure(name, OBJECTS));
  for (const [name, told] of rounds) results.set(name, resultOf(name, told));
  for (const name of SLOW) results.set(name, resultOf(name, [await measure(name, OBJECTS)]));
  if (hasGcloud()) {
    progress('measuring gcloud-storage-rm');
    const seconds = await withStorage(GCLOUD_OBJECTS, ({ baseUrl }) => gcloudSeconds(baseUrl, folder));
    results.set('gcloud-storage-rm', rowOf('gcloud-storage-rm', GCLOUD_OBJECTS, seconds));
  }
  const peakMemoryBytes = Math.max(...(rounds.get('ours') ?? []).map(({ peakBytes }) => peakBytes));
  const ratios = Object.fromEntries(
    ['gcloud-storage-rm', 'deleteFiles', 'client-256', 'limit'].flatMap((other) => {
      const [mine, theirs] = [results.get('ours'), results.get(other)];
      return mine && theirs ? [[other, rounded(mine.objectsPerSecond / theirs.objectsPerSecond)]] : [];
    }),
  );
  if (process.env.NIGHTSHIFT_BENCH_FULL) {
    const many = await measure('ours-1000k', MANY_OBJECTS, 'ours');
    results.set('ours-1000k', resultOf('ours-1000k', [many]));
    ratios['memory-1000k-to-20k'] = rounded(many.peakBytes / peakMemoryBytes);
  }
  return { rows: [...results.values()], ratios, peakMemoryBytes };
}

function resultOf(name: string, told: readonly Told[]): Result {
  const objects = told[0]?.deleted ?? 0;
  return {
    ...rowOf(name, objects, median(told.map(({ seconds }) => seconds))),
    cpuMicrosPerObject: Math.round(median(told.map(({ cpuMicros }) => cpuMicros)) / objects),
    peakMemoryBytes: Math.max(...told.map(({ peakBytes }) => peakBytes)),
  };
}

function rowOf(name: string, objects: number, seconds: number): Result {
  return { name, objects, seconds: rounded(seconds), objectsPerSecond: Math.round(objects / seconds) };
}

/** Has `work` empty a storage of so many objects, and makes sure that it is empty then. */
async function withStorage<T>(objects: number, work: (storage: StorageProcess) => Promise<T>): Promise<T> {
  const storage = await startStorage(objects);
  try {
    const done = await work(storage);
    assert.equal(await storage.left(), 0, 'Some objects are left');
    return done;
  } finally {
    await storage.stop();
  }
}

async function deleteAll(deleter: string, name: string, baseUrl: string): Promise<Told> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawnOwned(process.execPath, [`--max-heap-size=${HEAP_MEGABYTES}`, deleter, name, baseUrl], {
    env: { ...env, METADATA_SERVER_DETECTION: 'none' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    let told: Told | undefined;
    child.on('message', (message: Told) => {
      told = message;
    });
    const [code, signal] = await once(child, 'exit');
    if (!told) throw new Error(`${name} ended without a word (${endInWords(code, signal)})`);
    return told;
  } finally {
    await endProcess(child);
  }
}
