import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Firestore } from '@google-cloud/firestore';
import { addDays } from '../../../functions/shared/dates.ts';
import { type DailyMetrics, daySchema } from '../../../functions/shared/model/day/day.ts';
import { decode } from '../../../functions/shared/store/firestore/firestore.ts';
import { freshFirestore } from '../../support/firestore.ts';
import { freshFile } from '../../support/folders.ts';
import { serveFunction } from '../../support/function-process.ts';
import { seededRandom, sized } from '../../support/soak.ts';
import {
  findTrace,
  generateTrace,
  parseTrace,
  TRACE_DAYS,
  type TraceRow,
  traceText,
} from '../../support/trace.ts';

const FIRST_DAY = '2026-01-01';
const OPS = join(import.meta.dirname, '..', '..', '..', 'scripts', 'ops', 'main.ts');
const MAPPING =
  'id=name,gpus=num_gpu,createdAt=creation_time,startedAt=scheduled_time,endedAt=deletion_time,status=pod_phase';
const STATUSES = 'Succeeded=completed,Failed=failed,Running=cancelled,Pending=cancelled,Active=running';

/** Brings a trace into the source `jobs` as an operator would. */
async function importTrace(project: string, file: string): Promise<{ imported: number; rejected: number }> {
  const flags = ['--source', 'jobs', '--map', MAPPING, '--status', STATUSES];
  const since = ['--seconds-since', `${FIRST_DAY}T00:00:00Z`];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [OPS, 'import', file, ...flags, ...since, '--json'],
    { env: { ...process.env, GOOGLE_CLOUD_PROJECT: project } },
  );
  return JSON.parse(stdout);
}

interface ExpectedDay {
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  neverStarted: number;
  inFlight: number;
  gpuSecondsUsed: number;
  gpuSecondsCompleted: number;
  gpuSecondsAccrued: number;
}

const DAY = 86_400;
const OUTCOME = {
  Succeeded: 'completed',
  Failed: 'failed',
  Running: 'cancelled',
  Pending: 'cancelled',
} as const;

/**
 * The figures straight from the rows, in seconds since the trace began: each row is poured into the days that it
 * touches. It shares no code with functions/, on purpose.
 */
function expectedDays(rows: readonly TraceRow[], count: number): ExpectedDay[] {
  const days = Array.from(
    { length: count },
    (): ExpectedDay => ({
      started: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      neverStarted: 0,
      inFlight: 0,
      gpuSecondsUsed: 0,
      gpuSecondsCompleted: 0,
      gpuSecondsAccrued: 0,
    }),
  );
  const dayAt = (second: number) => days[Math.floor(second / DAY)] as ExpectedDay;
  for (const row of rows) {
    const gpus = Number(row.num_gpu);
    const outcome = OUTCOME[row.pod_phase as keyof typeof OUTCOME];
    const end = row.deletion_time === '' ? Number.POSITIVE_INFINITY : Number(row.deletion_time);
    if (outcome && end === Number.POSITIVE_INFINITY) continue;
    if (outcome) dayAt(end)[outcome] += 1;
    if (row.scheduled_time === '') {
      dayAt(end).neverStarted += 1;
      continue;
    }
    const begin = Math.min(Number(row.scheduled_time), end);
    dayAt(begin).started += 1;
    if (outcome) dayAt(end).gpuSecondsCompleted += gpus * (end - begin);
    // A job that ends at midnight is in flight at the close of the day before, and uses none of the day it ends on.
    for (let index = Math.floor(begin / DAY); index < count && index * DAY < end; index += 1) {
      const day = days[index] as ExpectedDay;
      const close = (index + 1) * DAY;
      day.gpuSecondsUsed += gpus * (Math.min(end, close) - Math.max(begin, index * DAY));
      if (end < close) break;
      day.inFlight += 1;
      day.gpuSecondsAccrued += gpus * (close - begin);
    }
  }
  return days;
}

async function storedDays(db: Firestore): Promise<DailyMetrics[]> {
  const { docs } = await db.collection('dailyMetrics').orderBy('date').get();
  return docs.map((document) => decode(daySchema, document));
}

const HOURS = [
  ['hoursUsed', 'gpuSecondsUsed'],
  ['hoursCompleted', 'gpuSecondsCompleted'],
  ['hoursAccrued', 'gpuSecondsAccrued'],
] as const;

function assertEqualFigures(stored: readonly DailyMetrics[], expected: readonly ExpectedDay[]): void {
  assert.deepEqual(
    stored.map(({ date, jobs }) => ({ date, ...jobs })),
    expected.map(
      ({ gpuSecondsUsed: _, gpuSecondsCompleted: __, gpuSecondsAccrued: ___, ...jobs }, index) => ({
        date: addDays(FIRST_DAY, index),
        ...jobs,
      }),
    ),
  );
  for (const [index, { date, gpu }] of stored.entries())
    for (const [hours, seconds] of HOURS) {
      const [actual, wanted] = [gpu?.[hours] ?? Number.NaN, (expected[index]?.[seconds] ?? 0) / 3_600];
      assert.ok(Math.abs(actual - wanted) <= 0.01, `${date} ${hours}: ${actual}, expected ${wanted}`);
    }
}

/** Imports a file of rows, collects its first `count` days in one POST to the deployed function, and compares every figure. */
async function proveTrace(t: TestContext, file: string, count: number): Promise<DailyMetrics[]> {
  const rows = parseTrace(readFileSync(file, 'utf8'));
  const { db, project } = freshFirestore(t);
  const [{ imported, rejected }, collectMetrics] = await Promise.all([
    importTrace(project, file),
    serveFunction('functions/collect-metrics/index.ts', 'collectMetrics', { GOOGLE_CLOUD_PROJECT: project }),
  ]);
  t.after(() => collectMetrics.stop());
  assert.deepEqual({ imported, rejected }, { imported: rows.length, rejected: 0 });

  const started = performance.now();
  const { status, body } = await collectMetrics.post({
    from: FIRST_DAY,
    to: addDays(FIRST_DAY, count - 1),
  });
  t.diagnostic(`${rows.length} rows: ${count} days in ${Math.round(performance.now() - started)} ms`);
  assert.deepEqual([status, body.outcome, body.problems], [200, 'succeeded', []]);

  const stored = await storedDays(db);
  assertEqualFigures(stored, expectedDays(rows, count));
  assert.deepEqual(
    stored.map(({ date, checks }) => [date, checks.inFlight.status, checks.hoursUsed.status]),
    stored.map(({ date }) => (date === FIRST_DAY ? [date, 'unknown', 'unknown'] : [date, 'holds', 'holds'])),
  );
  return stored;
}

describe('collect-metrics over a trace of months', { concurrency: 2 }, () => {
  const real = findTrace();
  test('gives the figures of the public trace of a GPU cluster, calculated apart', {
    skip: real ? false : 'only in npm run soak with a copy beside, or with one that NIGHTSHIFT_TRACE names',
  }, async (t) => {
    await proveTrace(t, real as string, TRACE_DAYS);
  });

  test('gives the figures of a generated trace with every kind of dirt, calculated apart', async (t) => {
    const days = sized(45, TRACE_DAYS);
    const rows = generateTrace(
      seededRandom((seed) => t.diagnostic(seed)),
      sized(420, 8_400),
      days,
    );
    const stored = await proveTrace(t, freshFile('trace.csv', traceText(rows)), days);

    // What was wrong with the records is told, and nothing else is.
    const told = (fault: 'skewed' | 'malformed') => stored.flatMap(({ checks }) => checks[fault]).sort();
    const named = (wrong: (row: TraceRow) => boolean) =>
      rows
        .filter(wrong)
        .map((row) => row.name)
        .sort();
    assert.deepEqual(
      told('skewed'),
      named((row) => row.deletion_time !== '' && Number(row.deletion_time) < Number(row.scheduled_time)),
    );
    assert.deepEqual(
      told('malformed'),
      named((row) => row.deletion_time === '' && row.pod_phase !== 'Active'),
    );
  });
});
