import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { askPlatform, type Platform } from '../../../functions/collect-metrics/sources/ask-platform.ts';
import type { Collect, DayQuery } from '../../../functions/collect-metrics/sources/source.ts';
import { addDays, type Day, daysBetween } from '../../../functions/shared/dates.ts';
import type { PlatformSource } from '../../../functions/shared/model/day/platform.ts';
import type { BigQueryFigures } from '../../../functions/shared/model/day/sections/bigquery.ts';
import type { StorageFigures } from '../../../functions/shared/model/day/sections/storage.ts';
import { recordedLog } from '../../support/google.ts';
import { utc } from '../../support/jobs.ts';

const DATE = '2026-03-09';
const NOW = utc('2026-03-10T02:00');
const LONG_MS = 10_000;

const STORAGE: StorageFigures = {
  buckets: 1,
  bytes: 2,
  objects: 3,
  softDeletedBytes: 4,
  perBucket: [],
  more: 0,
  missing: [],
};
const BIGQUERY: BigQueryFigures = {
  tables: 1,
  bytes: 2,
  jobsCompleted: 3,
  jobsFailed: 4,
  perDataset: [],
  more: 0,
  missing: [],
};

/** A source that never answers; it ends when it is told to, unless it is deaf. */
const hangs =
  ({ deaf = false } = {}): Collect<'storage'> =>
  (_, { signal }) =>
    new Promise((_resolve, reject) => {
      if (!deaf) signal?.addEventListener('abort', () => reject(signal.reason));
    });

const answers: Collect<'storage'> = () => Promise.resolve(STORAGE);

function ask(
  platform: Platform,
  days: readonly Day[] = [DATE],
  { now = NOW, signal }: { now?: Date; signal?: AbortSignal } = {},
) {
  const { log, lines } = recordedLog();
  const wanted = new Map((Object.keys(platform) as PlatformSource[]).map((source) => [source, days]));
  const run = { startedAt: now, signal: signal ?? new AbortController().signal, log };
  return { ...askPlatform(platform, wanted, run), lines };
}

/** What was found, or the error, without the time that it took. */
async function told(answering: ReturnType<typeof ask>, date: Day = DATE): Promise<Record<string, unknown>> {
  const results = Object.entries(await answering.of(date));
  return Object.fromEntries(
    results.map(([source, result]) => [source, 'found' in result ? result.found : result.error]),
  );
}

describe('askPlatform()', () => {
  test('brings what every source found for a day', async () => {
    const answering = ask({
      storage: { deadlineMs: LONG_MS, collect: answers },
      bigquery: { deadlineMs: LONG_MS, collect: () => Promise.resolve(BIGQUERY) },
    });
    assert.deepEqual(await told(answering), { storage: STORAGE, bigquery: BIGQUERY });
    assert.deepEqual(answering.lines, []);
  });

  test('brings nothing for a day that nobody was asked for', async () => {
    const answering = ask({ storage: { deadlineMs: LONG_MS, collect: answers } });
    assert.deepEqual(await told(answering, '2026-03-08'), {});
  });

  const ASKED: [what: string, date: Day, now: string, expected: Omit<DayQuery, 'date'>][] = [
    ['yesterday', DATE, '2026-03-10T02:00', { until: utc('2026-03-10T00:00'), lookNow: true }],
    ['yesterday, late', DATE, '2026-03-10T23:59:59.999', { until: utc('2026-03-10T00:00'), lookNow: true }],
    ['the day before', DATE, '2026-03-11T00:00', { until: utc('2026-03-10T00:00'), lookNow: false }],
    ['today', DATE, '2026-03-09T07:08:09.999', { until: utc('2026-03-09T07:08:09'), lookNow: false }],
  ];
  for (const [what, date, now, expected] of ASKED)
    test(`asks for ${what} at ${now} until ${expected.until.toISOString()}, ${expected.lookNow ? 'and' : 'not'} for what is there now`, async () => {
      const asked: DayQuery[] = [];
      const collect: Collect<'storage'> = (each) => {
        asked.push(each);
        return answers(each, { limitMs: 1 });
      };
      await ask({ storage: { deadlineMs: LONG_MS, collect } }, [date], { now: utc(now) }).of(date);
      assert.deepEqual(asked, [{ date, ...expected }]);
    });

  test('asks a source for four days at once at most, in their order', async () => {
    const days = daysBetween(addDays(DATE, -11), DATE);
    const begun: Day[] = [];
    let [underWay, most] = [0, 0];
    const collect: Collect<'storage'> = async ({ date }) => {
      begun.push(date);
      underWay += 1;
      most = Math.max(most, underWay);
      await pause(2);
      underWay -= 1;
      return STORAGE;
    };
    const answering = ask({ storage: { deadlineMs: LONG_MS, collect } }, days);
    await Promise.all(days.map((date) => answering.of(date)));
    assert.deepEqual([begun, most], [days, 4]);
  });

  test('gives each source its own deadline: the slow one costs the others nothing', async () => {
    const answering = ask({
      storage: { deadlineMs: 40, collect: hangs({ deaf: true }) },
      bigquery: { deadlineMs: LONG_MS, collect: () => pause(80, BIGQUERY) },
    });
    assert.deepEqual(await told(answering), {
      storage: `Cannot finish metric source storage for ${DATE}: no answer within 40 ms`,
      bigquery: BIGQUERY,
    });
  });

  test('lets a source tell itself which call was pending, a little before its deadline', async () => {
    const collect: Collect<'storage'> = async (_, { limitMs }) => {
      await pause(limitMs);
      throw new Error(`buckets.list was pending for ${limitMs} ms`);
    };
    const answering = ask({ storage: { deadlineMs: 1_000, collect } });
    assert.deepEqual(await told(answering), { storage: 'buckets.list was pending for 950 ms' });
  });

  test('asks one that failed for no further day, and tells the same reason for all of them', async () => {
    const days = daysBetween(addDays(DATE, -34), DATE);
    const asked: Day[] = [];
    const collect: Collect<'storage'> = async ({ date }) => {
      asked.push(date);
      if (asked.length === 1) return STORAGE;
      throw new Error(`denied for ${date}`);
    };
    const bigquery: Collect<'bigquery'> = () => Promise.resolve(BIGQUERY);
    const answering = ask(
      { storage: { deadlineMs: LONG_MS, collect }, bigquery: { deadlineMs: LONG_MS, collect: bigquery } },
      days,
    );
    const all = await Promise.all(days.map((date) => told(answering, date)));
    assert.ok(asked.length <= 4, `${asked.length} asked`);
    assert.deepEqual(all, [
      { storage: STORAGE, bigquery: BIGQUERY },
      ...days.slice(1).map(() => ({ storage: `denied for ${days[1]}`, bigquery: BIGQUERY })),
    ]);
    assert.equal(answering.lines.length, 1, 'told once');
  });

  test('stops what is under way for other days when a source hangs', async () => {
    const days = daysBetween(addDays(DATE, -34), DATE);
    const signals: (AbortSignal | undefined)[] = [];
    const collect: Collect<'storage'> = (_, { signal }) => {
      signals.push(signal);
      return hangs()(_, { limitMs: 1, signal });
    };
    const answering = ask({ storage: { deadlineMs: 30, collect } }, days);
    await Promise.all(days.map((date) => answering.of(date)));
    assert.equal(signals.length, 4);
    assert.ok(signals.every((signal) => signal?.aborted));
  });

  test('takes a source that throws at once, or something that is no error, for one that failed', async () => {
    const now: Collect<'storage'> = () => {
      throw new TypeError('no such thing');
    };
    const odd: Collect<'storage'> = () => Promise.reject('odd');
    assert.deepEqual(await told(ask({ storage: { deadlineMs: LONG_MS, collect: now } })), {
      storage: 'no such thing',
    });
    assert.deepEqual(await told(ask({ storage: { deadlineMs: LONG_MS, collect: odd } })), { storage: 'odd' });
  });

  test('takes nothing but figures: a counter more is a failure that names it', async () => {
    const leaky: Collect<'storage'> = () => Promise.resolve(Object.assign({ pagesRead: 3 }, STORAGE));
    const { storage } = await told(ask({ storage: { deadlineMs: LONG_MS, collect: leaky } }));
    assert.match(String(storage), /pagesRead/);
    assert.doesNotMatch(String(storage), /\n/, 'one line, as any other error');
  });

  test('tells a late failure of what was given up on to the log, and to nobody else', async () => {
    const late: Collect<'storage'> = () => pause(30).then(() => Promise.reject(new Error('too late')));
    const answering = ask({ storage: { deadlineMs: 10, collect: late } });
    await answering.of(DATE);
    await pause(40);
    assert.match(String(answering.lines.at(-1)?.message), /given up on: Error: too late/);
  });

  test('is over at once when the run is, and takes that for no failure of a source', async () => {
    const run = new AbortController();
    const days = daysBetween(addDays(DATE, -8), DATE);
    let asked = 0;
    const collect: Collect<'storage'> = (it, limits) => {
      asked += 1;
      return hangs({ deaf: true })(it, limits);
    };
    const answering = ask({ storage: { deadlineMs: LONG_MS, collect } }, days, { signal: run.signal });
    run.abort(new Error('the lease is lost'));
    for (const date of days) assert.deepEqual(await told(answering, date), { storage: 'the lease is lost' });
    assert.deepEqual([asked, answering.lines], [4, []]);
  });

  test('asks nobody any more once it was stopped', async () => {
    const days = daysBetween(addDays(DATE, -8), DATE);
    const signals: (AbortSignal | undefined)[] = [];
    const collect: Collect<'storage'> = (it, limits) => {
      signals.push(limits.signal);
      return hangs()(it, limits);
    };
    const answering = ask({ storage: { deadlineMs: LONG_MS, collect } }, days);
    answering.stop();
    assert.deepEqual(await told(answering), { storage: 'Nobody waits for this day any more' });
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [true, true, true, true],
    );
  });
});
