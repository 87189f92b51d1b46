import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS } from '../../functions/shared/dates.ts';
import { bundle } from '../build/bundle.ts';
import { ROOT } from '../shared/places.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import { startGoogleApis } from '../stack/stand-ins/google/apis.ts';
import { emptyWorld } from '../stack/stand-ins/google/world.ts';
import { JOB_PROJECT } from './active-jobs.ts';
import { type BenchContext, type Measured, median, type Row, rounded } from './bench.ts';
import { type Ending, endInBulk, endInTransactions, findAndEndInBulk } from './ending-writers.ts';
import { type ServedFunction, serve } from './served-function.ts';
import { type Size, type SweptProject, sweptProject } from './swept-project.ts';

const LARGE: Size = { active: 100_000, stale: 20_000 };
const SMALL: Size = { active: 10_000, stale: 2_000 };
/** A transaction per job is too slow for all of them; what counts is the rate. */
const IN_TRANSACTIONS = 2_000;
/** These take turns, for a slow moment of the machine weighs on either. */
const ROUNDS = 3;
/** Two sweeps have to find a job silent, so far apart. */
const INTERVAL_MS = MINUTE_MS;

/** What a sweep tells of itself, and how long it took. */
interface Swept {
  summary: Record<'lost' | 'held' | 'kept' | 'observed' | 'documentsRead' | 'auditDocumentsRead', number>;
  seconds: number;
}

/**
 * How fast 20,000 stale jobs of 100,000 are ended, from the request to the answer: found, judged and written by the
 * function as it is deployed, in a process of its own; against the writes alone, each with its precondition, against one
 * query with those writes, and against a transaction per job. And the same jobs again while Vertex AI says that they run:
 * then nothing is written.
 */
export async function sweep({ folder, signal, progress }: BenchContext): Promise<Measured> {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const ours = join(folder, 'ours');
  await bundle(join(ROOT, 'functions/sweep-stale-jobs/index.ts'), 'ours', ours);
  await using started = new AsyncDisposableStack();
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  started.defer(emulator.stop);
  const tell = (text: string) => {
    signal.throwIfAborted();
    progress(text);
  };
  const open = async (name: string, size: Size) => {
    const project = sweptProject(emulator.host, `bench-${process.pid}-${name}`, size);
    started.defer(() => project.db.terminate());
    await project.fill(tell);
    return project;
  };

  const small = await measure(await open('10k', SMALL), ours, 'ours-10k', tell);
  const project = await open('100k', LARGE);
  const large = await measure(project, ours, 'ours-100k', tell);

  tell('measuring transactions');
  const some = (await project.runAgain(large.endings)).slice(0, IN_TRANSACTIONS);
  const transactions = rowOf(
    'transactions',
    some.length,
    await secondsOf(() => endInTransactions(project.db, some)),
  );

  await project.runAgain(large.endings);
  const listed = await measureListed(project, ours, tell);
  const perSecond = (mine: Row, other: Row) =>
    rounded(Number(mine.documentsPerSecond) / Number(other.documentsPerSecond));
  // Both do all the same, but one writes no ends.
  const writing = rowOf('ours-100k-write', LARGE.stale, large.row.seconds - large.observe.seconds);
  return {
    rows: [large.row, small.row, listed, large.observe, writing, large.limit, large.found, transactions],
    ratios: {
      limit: perSecond(large.row, large.limit),
      'limit-with-query': perSecond(large.row, large.found),
      'limit-write-alone': perSecond(writing, large.limit),
      transactions: perSecond(large.row, transactions),
      'transactions-write-alone': perSecond(writing, transactions),
      'reads-100k-to-10k': rounded(large.row.documentsRead / small.row.documentsRead),
      'memory-100k-to-10k': rounded(large.row.peakMemoryBytes / small.row.peakMemoryBytes),
    },
    peakMemoryBytes: Math.max(...[large.row, small.row, listed].map((row) => row.peakMemoryBytes)),
  };
}

/** Has a fresh process end the stale jobs a few times, in turn with a bare client. */
async function measure(project: SweptProject, ours: string, name: string, tell: (text: string) => void) {
  const { stale } = project.size;
  await using started = new AsyncDisposableStack();
  const sweeper = await serve(project.served(ours), { watched: true });
  started.defer(sweeper.stop);
  const observer = await serve(project.served(ours, { mode: 'observe' }), { watched: true });
  started.defer(observer.stop);
  // The first of all has nothing to go by, and looks for statuses that nobody mapped.
  const first = await sweepOnce(sweeper);
  assert.equal(first.summary.held, stale, 'The first sweep has to hold everything');
  const seconds = { observe: [] as number[], whole: [] as number[] };
  const bare = { limit: [] as number[], found: [] as number[] };
  let last = first;
  let endings = new Map<string, Ending>();
  for (let round = 0; round < ROUNDS; round += 1) {
    tell(`measuring ${name}, round ${round + 1} of ${ROUNDS}`);
    const observed = await sweepOnce(observer);
    assert.equal(observed.summary.observed, stale, 'Every stale job has to be seen');
    seconds.observe.push(observed.seconds);
    await sleep(INTERVAL_MS);
    last = await sweepOnce(sweeper);
    assert.equal(last.summary.lost, stale, 'Every stale job has to be ended');
    seconds.whole.push(last.seconds);
    endings = await project.endings();
    const running = await project.runAgain(endings);
    bare.limit.push(await secondsOf(() => endInBulk(project.db, running)));
    await project.runAgain(endings);
    bare.found.push(await secondsOf(() => findAndEndInBulk(project.db, project.silent(), endings)));
    await project.runAgain(endings);
  }
  const { documentsRead } = last.summary;
  const { auditDocumentsRead } = first.summary;
  const peakMemoryBytes = await sweeper.peakBytes();
  return {
    row: {
      ...rowOf(name, stale, median(seconds.whole)),
      documentsRead,
      auditDocumentsRead,
      peakMemoryBytes,
    },
    observe: rowOf(`${name}-observe`, stale, median(seconds.observe)),
    limit: rowOf('limit', stale, median(bare.limit)),
    found: rowOf('limit-with-query', stale, median(bare.found)),
    endings,
  };
}

/** As many verdicts where Vertex AI lists every job as running. */
async function measureListed(project: SweptProject, ours: string, tell: (text: string) => void) {
  const { stale } = project.size;
  await using started = new AsyncDisposableStack();
  const { baseUrls, stop } = await startGoogleApis({
    ...emptyWorld(JOB_PROJECT),
    customJobs: project.customJobs(),
  });
  started.defer(stop);
  const served = project.served(ours, { baseUrls, backend: { kind: 'vertex-ai' } });
  const sweeper = await serve(served, { watched: true });
  started.defer(sweeper.stop);
  tell('measuring ours-listed');
  // Untimed: a cold start is another bench's matter.
  await sweepOnce(sweeper);
  const { summary, seconds } = await sweepOnce(sweeper);
  assert.deepEqual([summary.kept, summary.lost], [stale, 0], 'Every job has to be kept');
  const { documentsRead } = summary;
  const peakMemoryBytes = await sweeper.peakBytes();
  return { ...rowOf('ours-listed', stale, seconds), documentsRead, peakMemoryBytes };
}

async function sweepOnce(sweeper: ServedFunction): Promise<Swept> {
  const began = performance.now();
  const answer = (await sweeper.post({})) as Pick<Swept, 'summary'>;
  return { summary: answer.summary, seconds: (performance.now() - began) / 1_000 };
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

function rowOf(name: string, documents: number, seconds: number) {
  return { name, documents, seconds: rounded(seconds), documentsPerSecond: Math.round(documents / seconds) };
}
