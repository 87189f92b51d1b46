import { gzipSync } from 'node:zlib';
import type { Firestore } from '@google-cloud/firestore';
import { SECOND_MS } from '../../functions/shared/dates.ts';
import type { ServiceHandler } from '../../functions/shared/http/service.ts';
import { writePage } from '../build/page/page.ts';
import { quiet } from '../shared/tell.ts';
import { openEmulator } from '../stack/emulator/emulator.ts';
import { type BenchContext, type Measured, quantile, type Row, rounded } from './bench.ts';
import { firstRow } from './first-row.ts';
import { type StatusWorld, simulatedClock, statusWorld } from './status-world.ts';

/** As the page asks. */
const STATUS_EVERY_S = 5;
const JOBS_EVERY_S = 10;
const DAYS_EVERY_S = 300;
/** Viewers look for so long; the first minute, in which everything is read once, is not counted. */
const MINUTES = 11;
const VIEWERS = [1, 10, 100];
/** A run beats every half minute: while nothing runs, even less is read. */
const BEAT_S = 30;
const COLD_STARTS = 10;
const WARM_ASKED = 500;

/**
 * How many documents Firestore bills a minute while so many viewers look at the page, by a clock that is moved on by hand; how
 * long an answer takes and how large it is; against a handler that reads the strips from the runs at each request.
 */
export async function status({ folder, signal, progress }: BenchContext): Promise<Measured> {
  await using started = new AsyncDisposableStack();
  const emulator = await openEmulator({ env: process.env, tell: quiet, signal, logs: folder });
  started.defer(emulator.stop);
  const world = statusWorld(emulator.host, folder);
  started.defer(() => world.db.terminate());
  progress('writing the records');
  await world.fill();

  const rows: Row[] = [];
  const readsOf = new Map<number, number>();
  for (const viewers of VIEWERS) {
    signal.throwIfAborted();
    progress(`${viewers} viewers for ${MINUTES - 1} minutes`);
    const watched = await watch(world, viewers);
    readsOf.set(viewers, watched.readsPerMinute);
    rows.push({ name: `viewers-${viewers}`, ...watched });
  }
  progress('answers cold and warm');
  rows.push(await timesOf(world));
  progress('the first row of the page');
  await writePage();
  const clock = simulatedClock(world.now);
  const warm = world.open(clock).handler;
  await ask(warm, '/api/status');
  rows.push(await firstRow(warm, clock));
  progress('the strips from the runs');
  const naive = await naiveReads(world.db);
  const naivePerMinute = (naive * 60) / STATUS_EVERY_S;
  rows.push({ name: 'naive-1', readsPerMinute: naivePerMinute });
  const of = (viewers: number) => readsOf.get(viewers) ?? Number.NaN;
  return {
    rows,
    ratios: {
      'reads-100-to-1': rounded(of(100) / of(1)),
      naive: rounded(of(1) / naivePerMinute),
    },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function watch(world: StatusWorld, viewers: number) {
  const clock = simulatedClock(world.now);
  const { handler, tally } = world.open(clock);
  let before = 0;
  let requests = 0;
  for (let second = 0; second < MINUTES * 60; second += 1) {
    if (second === 60) before = tally.documents;
    if (second % BEAT_S === 0) await world.beat(clock.now());
    const asked = Array.from({ length: viewers }, (_, viewer) => pathsAt(second + viewer, world)).flat();
    await Promise.all(asked.map((path) => ask(handler, path)));
    if (second >= 60) requests += asked.length;
    clock.pass(SECOND_MS);
  }
  return {
    readsPerMinute: rounded((tally.documents - before) / (MINUTES - 1)),
    requestsPerMinute: rounded(requests / (MINUTES - 1)),
  };
}

/** What a viewer who came at second 0 asks at `second`. */
function pathsAt(second: number, { daysPath }: StatusWorld): string[] {
  return [
    ...(second % STATUS_EVERY_S === 0 ? ['/api/status'] : []),
    ...(second % JOBS_EVERY_S === 0 ? ['/api/jobs?limit=50', '/api/workloads'] : []),
    ...(second % DAYS_EVERY_S === 0 ? [daysPath] : []),
  ];
}

async function timesOf(world: StatusWorld): Promise<Row> {
  const cold: number[] = [];
  let coldReads = 0;
  let body = '';
  for (let start = 0; start < COLD_STARTS; start += 1) {
    const { handler, tally } = world.open(simulatedClock(world.now));
    cold.push(await secondsOf(() => ask(handler, '/api/status')));
    coldReads = tally.documents;
  }
  const { handler } = world.open(simulatedClock(world.now));
  await ask(handler, '/api/status');
  const warm: number[] = [];
  for (let asked = 0; asked < WARM_ASKED; asked += 1)
    warm.push(
      await secondsOf(async () => {
        body = await ask(handler, '/api/status');
      }),
    );
  return {
    name: 'answer',
    coldReads,
    coldP50Seconds: toTenMicroseconds(quantile(cold, 0.5)),
    coldP99Seconds: toTenMicroseconds(quantile(cold, 0.99)),
    warmP50Seconds: toTenMicroseconds(quantile(warm, 0.5)),
    warmP99Seconds: toTenMicroseconds(quantile(warm, 0.99)),
    statusCharacters: body.length,
    statusGzippedCharacters: gzipSync(body).length,
  };
}

/** What the strips alone cost a handler that reads them from the runs at each request. */
async function naiveReads(db: Firestore): Promise<number> {
  const tasks = await db.collection('tasks').get();
  const runs = await Promise.all(
    tasks.docs.map(({ id }) =>
      db.collection('taskRuns').where('task', '==', id).orderBy('startedAt', 'desc').limit(20).get(),
    ),
  );
  return tasks.size + runs.reduce((sum, { size }) => sum + Math.max(1, size), 0);
}

async function ask(handler: ServiceHandler, url: string): Promise<string> {
  const [path = '', query = ''] = url.split('?');
  const { signal } = new AbortController();
  const { status, body } = await handler({
    method: 'GET',
    path,
    query: new URLSearchParams(query),
    headers: {},
    signal,
  });
  if (status !== 200) throw new Error(`${url} was answered ${status}: ${String(body).slice(0, 300)}`);
  return String(body);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / SECOND_MS;
}

/** Rounded: a warm answer takes less than a millisecond. */
function toTenMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e5) / 1e5;
}
