import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { addDays, type Day, dayOf } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { ROOT } from '../shared/places.ts';
import { StackProblem } from '../shared/problem.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import { type BenchContext, type Measured, median, type Row, rounded } from './bench.ts';
import { type Contestant, type Figures, naiveIn, oursIn } from './contestants.ts';
import { history, jobsOfDay, writeJobs } from './job-history.ts';
import { serve } from './served-function.ts';

const HISTORIES = [10_000, 100_000] as const;
/** Written at once; more would only fill this process. */
const CHUNK = 10_000;

interface Result extends Row {
  documentsRead: number;
  seconds: number;
  peakMemoryBytes: number;
}

/**
 * What one day costs when 10,000 and when 100,000 jobs lie before it, and what it costs to read every job and count.
 * Both must come to the same figures. The emulator has no indexes and scans the collection for each query, so that the
 * seconds of both grow here with the history; Firestore's own follow the documents read, which it also bills.
 */
export async function collect({ folder, signal, progress }: BenchContext): Promise<Measured> {
  const source = loadSettings(readEnvironment({})).sources.jobs;
  if (!source) throw new StackProblem('Cannot bench collect: functions/settings.json has no source "jobs"');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  try {
    // A project of its own, should somebody else's emulator be used.
    const project = `bench-${process.pid}`;
    const env = { FIRESTORE_EMULATOR_HOST: emulator.host, GOOGLE_CLOUD_PROJECT: project };
    const ours = await oursIn(folder, env);
    const naive = await naiveIn(folder, env);
    const day = addDays(dayOf(new Date()), -1);
    const write = { host: emulator.host, project, source };
    await writeJobs(jobsOfDay(day), write);

    const results = new Map<string, Result>();
    let written = 0;
    for (const size of HISTORIES) {
      for (; written < size; written += CHUNK) {
        signal.throwIfAborted();
        progress(`${written.toLocaleString('en')} of ${size.toLocaleString('en')} jobs written`);
        await writeJobs(history(day, written, Math.min(written + CHUNK, size)), write);
      }
      let expected: Figures | undefined;
      for (const contestant of [ours, naive]) {
        signal.throwIfAborted();
        const name = `${contestant.name}-${size / 1_000}k`;
        progress(`measuring ${name}`);
        const { result, figures } = await measure(contestant, name, day);
        expected ??= figures;
        assert.deepEqual(figures, expected, `${name} came to other figures`);
        results.set(name, result);
      }
    }
    return measured(results);
  } finally {
    await emulator.stop();
  }
}

/** Has a fresh process collect the day a few times, the first of them untimed: a cold start is another bench's matter. */
async function measure(
  contestant: Contestant,
  name: string,
  day: Day,
): Promise<{ result: Result; figures: Figures }> {
  const running = await serve(contestant, { watched: true });
  try {
    let { documentsRead, figures } = contestant.read(await running.post({ date: day }));
    const seconds: number[] = [];
    for (let repeat = 0; repeat < contestant.repeats; repeat += 1) {
      const began = performance.now();
      const answer = await running.post({ date: day });
      seconds.push((performance.now() - began) / 1_000);
      ({ documentsRead, figures } = contestant.read(answer));
    }
    const peakMemoryBytes = await running.peakBytes();
    return { result: { name, documentsRead, seconds: rounded(median(seconds)), peakMemoryBytes }, figures };
  } finally {
    await running.stop();
  }
}

function measured(results: Map<string, Result>): Measured {
  const of = (name: string) => results.get(name) as Result;
  const ratio = (ours: string, other: string, figure: 'documentsRead' | 'seconds' | 'peakMemoryBytes') =>
    rounded(of(ours)[figure] / of(other)[figure]);
  return {
    rows: [...results.values()],
    ratios: {
      'reads-100k-to-10k': ratio('ours-100k', 'ours-10k', 'documentsRead'),
      'reads-naive': ratio('ours-100k', 'naive-100k', 'documentsRead'),
      'seconds-naive': ratio('ours-100k', 'naive-100k', 'seconds'),
      'memory-naive': ratio('ours-100k', 'naive-100k', 'peakMemoryBytes'),
    },
    peakMemoryBytes: Math.max(of('ours-10k').peakMemoryBytes, of('ours-100k').peakMemoryBytes),
  };
}
