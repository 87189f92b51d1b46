import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryOf, loadCatalog } from '../../functions/shared/catalog.ts';
import { addDays, dayOf } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { bundle } from '../build/bundle.ts';
import { ROOT } from '../shared/places.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import { type BenchContext, type Measured, median, type Row, rounded } from './bench.ts';
import { type Served, serve } from './served-function.ts';

const STARTS = 10;
const HELLO = `require('@google-cloud/functions-framework').http('hello', (_, response) => response.json('hello'));\n`;

/**
 * From the start of the process to its first answer: collect-metrics as it is deployed, collecting a day, against a
 * function of one line. The two take turns, so that a slow moment of the machine hits both.
 */
export async function coldStart({ folder, signal, progress }: BenchContext): Promise<Measured> {
  // Deployed, the framework is beside the bundle.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  try {
    const ours = { ...(await oursIn(folder)), env: { FIRESTORE_EMULATOR_HOST: emulator.host } };
    const hello: Served = { ...helloIn(folder), env: {} };
    const body = { date: addDays(dayOf(new Date()), -1) };

    // Untimed: the emulator, and the disk, are warm afterwards.
    const peakMemoryBytes = await peakBytesOf(ours, body);
    const helloPeakBytes = await peakBytesOf(hello, body);
    const [oursSeconds, helloSeconds]: [number[], number[]] = [[], []];
    for (let start = 1; start <= STARTS; start += 1) {
      progress(`start ${start} of ${STARTS}`);
      oursSeconds.push(await secondsToFirstAnswer(ours, body, signal));
      helloSeconds.push(await secondsToFirstAnswer(hello, body, signal));
    }
    return {
      rows: [
        rowOf('collect-metrics', oursSeconds, peakMemoryBytes),
        rowOf('hello', helloSeconds, helloPeakBytes),
      ],
      ratios: { hello: rounded(median(oursSeconds) / median(helloSeconds)) },
      peakMemoryBytes,
    };
  } finally {
    await emulator.stop();
  }
}

async function oursIn(folder: string): Promise<Pick<Served, 'folder' | 'entryPoint'>> {
  const { task, entryPoint } = entryOf(loadCatalog(readEnvironment({})), 'collect-metrics');
  await bundle(join(ROOT, 'functions', task, 'index.ts'), task, join(folder, task));
  return { folder: join(folder, task), entryPoint };
}

function helloIn(folder: string): Pick<Served, 'folder' | 'entryPoint'> {
  const hello = join(folder, 'hello');
  mkdirSync(hello);
  writeFileSync(join(hello, 'index.js'), HELLO);
  writeFileSync(join(hello, 'package.json'), '{"main": "index.js"}\n');
  return { folder: hello, entryPoint: 'hello' };
}

async function secondsToFirstAnswer(served: Served, body: object, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const began = performance.now();
  const running = await serve(served, { watched: false });
  try {
    await running.post(body);
    return (performance.now() - began) / 1_000;
  } finally {
    await running.stop();
  }
}

async function peakBytesOf(served: Served, body: object): Promise<number> {
  const running = await serve(served, { watched: true });
  try {
    await running.post(body);
    return await running.peakBytes();
  } finally {
    await running.stop();
  }
}

function rowOf(name: string, seconds: number[], peakMemoryBytes: number): Row {
  return {
    name,
    medianSeconds: rounded(median(seconds)),
    fastestSeconds: rounded(Math.min(...seconds)),
    slowestSeconds: rounded(Math.max(...seconds)),
    peakMemoryBytes,
  };
}
