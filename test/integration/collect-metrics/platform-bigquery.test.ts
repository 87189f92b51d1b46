import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { bigquerySource } from '../../../functions/collect-metrics/sources/bigquery.ts';
import { addMs, type Day, HOUR_MS } from '../../../functions/shared/dates.ts';
import { SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import type { BigQueryFigures } from '../../../functions/shared/model/day/sections/bigquery.ts';
import { MOST_ROWS } from '../../../functions/shared/model/day/sections/section.ts';
import type { GoogleApisOptions } from '../../../scripts/stack/stand-ins/google/apis.ts';
import {
  type BigQueryJob,
  type Dataset,
  levelAt,
  type PlatformWorld,
} from '../../../scripts/stack/stand-ins/google/world.ts';
import { LIMITS, rejection } from '../../support/google.ts';
import { utc } from '../../support/jobs.ts';
import {
  askedFor,
  outOfReach,
  pagesRead,
  platformClients,
  queryJob,
  steps,
  worldWith,
} from '../../support/platform.ts';

const DATE = '2026-03-09';
const TABLE_COUNT = 'bigquery.googleapis.com/storage/table_count';
const STORED_BYTES = 'bigquery.googleapis.com/storage/stored_bytes';

const DATASETS: Dataset[] = [
  {
    id: 'sales',
    location: 'EU',
    tables: [
      { id: 'orders', bytes: steps(1_000, 1_100, 1_300, 1_200, 5_000_000_000_000, 7_000) },
      { id: 'items', bytes: 40 },
      { id: 'returns', bytes: steps(null, null, 9, 10, 11) },
    ],
  },
  { id: 'empty', location: 'EU', tables: [] },
  { id: 'events', location: 'US', tables: [{ id: 'clicks', bytes: steps(900, 1_800, 2_700, 3_600, 4_500) }] },
];

/** Jobs that ended about three midnights, of which some had waited or run since the day before, or the one before that. */
const ENDED: [endedAt: string, hours: number, reason?: string][] = [
  ['2026-03-07T23:59:59.999', 1],
  ['2026-03-08T00:00', 1],
  ['2026-03-08T13:00', 20, 'invalidQuery'],
  ['2026-03-08T23:59:59.999', 1],
  ['2026-03-09T00:00', 47, 'stopped'],
  ['2026-03-09T08:00', 47],
  ['2026-03-09T09:00', 1, 'invalidQuery'],
  ['2026-03-09T10:37:19', 1],
  ['2026-03-09T10:37:20', 1],
  ['2026-03-09T23:59:59.999', 1],
  ['2026-03-10T00:00', 1],
  ['2026-03-10T23:00', 1, 'quotaExceeded'],
];
const JOBS: BigQueryJob[] = [
  ...ENDED.map(([ended, hours, reason], index) => {
    const endedAt = utc(ended);
    const createdAt = addMs(endedAt, -hours * HOUR_MS);
    const error = reason ? { reason, message: reason } : null;
    return queryJob({ id: `job-${index}`, createdAt, startedAt: createdAt, endedAt, error });
  }),
  queryJob({ id: 'waiting', startedAt: null, endedAt: null }),
  queryJob({ id: 'running', endedAt: null }),
];

const WORLD = worldWith({ bigquery: { datasets: DATASETS, jobs: JOBS } });

async function setup(context: TestContext, world: PlatformWorld = WORLD, options?: GoogleApisOptions) {
  const clients = await platformClients(context, world, options);
  return { apis: clients.apis, collect: bigquerySource(clients) };
}

/** The section of a day, counted over the world itself. */
function counted({ bigquery }: PlatformWorld, date: Day, until: Date): BigQueryFigures {
  const perDataset: BigQueryFigures['perDataset'] = [];
  let [tables, bytes, jobsCompleted, jobsFailed] = [0, 0, 0, 0];
  for (const { id: dataset, tables: its } of bigquery.datasets) {
    const row = { dataset, tables: 0, bytes: 0 };
    for (const table of its) {
      const held = levelAt(table.bytes, until);
      if (held === null) continue;
      row.tables += 1;
      row.bytes += held;
    }
    tables += row.tables;
    bytes += row.bytes;
    perDataset.push(row);
  }
  for (const { endedAt, error } of bigquery.jobs) {
    if (!endedAt || endedAt < new Date(`${date}T00:00Z`) || endedAt >= until) continue;
    if (error) jobsFailed += 1;
    else jobsCompleted += 1;
  }
  perDataset.sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  return { tables, bytes, jobsCompleted, jobsFailed, perDataset, more: 0, missing: [] };
}

describe('bigquery', { concurrency: 4 }, () => {
  for (const date of ['2026-03-07', '2026-03-08', DATE, '2026-03-10'])
    test(`tells of ${date} what the platform held at its end, and the jobs that ended on it`, async (context) => {
      const { collect } = await setup(context);
      const asked = askedFor(date);
      const found = await collect(asked, LIMITS);
      assert.deepEqual(found, counted(WORLD, date, asked.until));
      assert.deepEqual(SECTIONS.bigquery.figures.parse(found), found);
    });

  test('counts by hand what it tells of one day', async (context) => {
    const { collect } = await setup(context);
    const { jobsCompleted, jobsFailed, tables, bytes, perDataset } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([jobsCompleted, jobsFailed, tables, bytes], [4, 2, 4, 5_000_000_004_551]);
    assert.deepEqual(
      perDataset.map(({ dataset }) => dataset),
      ['sales', 'events', 'empty'],
    );
  });

  test('tells of today what there is so far', async (context) => {
    const { collect } = await setup(context);
    const until = utc('2026-03-09T10:37:20');
    const found = await collect(askedFor(DATE, { until }), LIMITS);
    assert.deepEqual(found, counted(WORLD, DATE, until));
    assert.deepEqual([found.jobsCompleted, found.jobsFailed], [2, 2]);
  });

  test('tells zeros of a project with nothing in it', async (context) => {
    const { collect } = await setup(context, worldWith());
    assert.deepEqual(await collect(askedFor(DATE), LIMITS), {
      tables: 0,
      bytes: 0,
      jobsCompleted: 0,
      jobsFailed: 0,
      perDataset: [],
      more: 0,
      missing: [],
    });
  });

  test('is the same however many pages the answers come in', async (context) => {
    const { apis, collect } = await setup(context, WORLD, { pageSize: 4 });
    const asked = askedFor(DATE);
    assert.deepEqual(await collect(asked, LIMITS), counted(WORLD, DATE, asked.until));
    const pages = pagesRead(apis);
    assert.deepEqual(Object.keys(pages).sort(), [STORED_BYTES, TABLE_COUNT, 'jobs.list']);
    for (const [list, count] of Object.entries(pages)) assert.ok(count >= 3, `${list}: ${count}`);
  });

  test('asks for all its parts at once', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    await rejection(collect(askedFor(DATE), { limitMs: 1_500 }));
    assert.deepEqual(Object.keys(pagesRead(apis)).sort(), [STORED_BYTES, TABLE_COUNT, 'jobs.list']);
  });

  test('tells the largest datasets, and counts the others', async (context) => {
    const datasets = Array.from({ length: MOST_ROWS + 3 }, (_, index) => ({
      id: `set-${index}`,
      location: 'EU',
      tables: [{ id: 'table', bytes: index }],
    }));
    const { collect } = await setup(context, worldWith({ bigquery: { datasets, jobs: [] } }));
    const { tables, bytes, perDataset, more } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([tables, bytes, perDataset.length, more], [203, (203 * 202) / 2, MOST_ROWS, 3]);
    assert.deepEqual([perDataset[0]?.dataset, perDataset.at(-1)?.dataset], ['set-202', 'set-3']);
  });
});

describe('bigquery, when part of an answer is missing,', { concurrency: 4 }, () => {
  const whole = counted(WORLD, DATE, new Date('2026-03-10T00:00Z'));
  const PARTS: [what: string, query: string, unknown: Partial<BigQueryFigures>][] = [
    ['tables', TABLE_COUNT, { tables: null }],
    ['bytes', STORED_BYTES, { bytes: null }],
  ];
  for (const [what, query, unknown] of PARTS)
    test(`has no total of the ${what}, and keeps the rows and all the rest`, async (context) => {
      const { apis, collect } = await setup(context);
      apis.faults.add({ query, fault: outOfReach('us-west1') });
      const { perDataset, ...totals } = await collect(askedFor(DATE), LIMITS);
      const { perDataset: rows, ...expected } = whole;
      assert.deepEqual(totals, { ...expected, ...unknown, missing: ['us-west1'] });
      // An empty dataset has no bytes that anybody measured: whether it is empty nobody can tell now.
      const told = rows.map((row) =>
        row.dataset === 'empty' && what === 'bytes' ? { ...row, bytes: null } : row,
      );
      assert.deepEqual(perDataset, told);
    });

  test('has no total of the jobs, and keeps all the rest', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ api: 'bigquery', fault: outOfReach('europe-west4') });
    assert.deepEqual(await collect(askedFor(DATE), LIMITS), {
      ...whole,
      jobsCompleted: null,
      jobsFailed: null,
      missing: ['europe-west4'],
    });
  });

  test('names each place once, in order', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ api: 'bigquery', fault: outOfReach('us-west1') });
    apis.faults.add({ query: TABLE_COUNT, fault: outOfReach('us-west1') });
    apis.faults.add({ query: STORED_BYTES, fault: outOfReach('asia-east1') });
    assert.deepEqual((await collect(askedFor(DATE), LIMITS)).missing, ['asia-east1', 'us-west1']);
  });
});

describe('bigquery fails as a whole', { concurrency: 4 }, () => {
  const DENIED: [rule: { api?: 'bigquery'; query?: string }, message: RegExp][] = [
    [{ api: 'bigquery' }, /BigQuery jobs\.list \(project acme-ml.*permission: bigquery\.jobs\.listAll$/],
    [
      { query: TABLE_COUNT },
      /Cloud Monitoring timeSeries\.list \S+table_count \(project acme-ml.*permission: monitoring\.timeSeries\.list$/,
    ],
    [
      { query: STORED_BYTES },
      /Cloud Monitoring timeSeries\.list \S+stored_bytes \(project acme-ml.*permission: monitoring\.timeSeries\.list$/,
    ],
  ];
  for (const [rule, message] of DENIED)
    test(`when it may not see ${rule.query ?? 'the jobs'}, and names API, project and permission`, async (context) => {
      const { apis, collect } = await setup(context);
      apis.faults.add({ ...rule, fault: { kind: 'denied' } });
      assert.match((await rejection(collect(askedFor(DATE), LIMITS))).message, message);
    });

  test('when an answer has another form, and names the field', async (context) => {
    const { apis, collect } = await setup(context);
    const change = ({ jobs }: Record<string, unknown>) => {
      const [, second] = jobs as { statistics: object }[];
      Object.assign(second?.statistics ?? {}, { endTime: 'noon' });
    };
    apis.faults.add({ api: 'bigquery', fault: { kind: 'changed', change } });
    assert.match(
      (await rejection(collect(askedFor(DATE), LIMITS))).message,
      /BigQuery jobs\.list.*jobs\.1\.statistics\.endTime: /,
    );
  });

  test('when the last page of a list does', async (context) => {
    const { apis, collect } = await setup(context, WORLD, { pageSize: 4 });
    apis.faults.add({ api: 'bigquery', page: 3, fault: { kind: 'status', status: 500 } });
    assert.match((await rejection(collect(askedFor(DATE), LIMITS))).message, /jobs\.list.*page 3/);
  });
});
