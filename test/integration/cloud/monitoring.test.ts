import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type MetricGroups, monitoring } from '../../../functions/shared/cloud/monitoring/monitoring.ts';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { neverWritten } from '../../../scripts/stack/stand-ins/google/monitoring.ts';
import type { Bucket, PlatformWorld, RunRequests } from '../../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { utc } from '../../support/jobs.ts';
import { DAY_END, DAY_START, worldWith } from '../../support/platform.ts';

const BYTES = { type: 'storage.googleapis.com/storage/v2/total_bytes' };
const REQUESTS = { type: 'run.googleapis.com/request_count' };
const BY_BUCKET = ['resource.labels.bucket_name', 'metric.labels.type'] as const;
const BY_CLASS = ['resource.labels.service_name', 'metric.labels.response_code_class'] as const;
const DAY = { after: DAY_START, until: DAY_END };

async function setup(context: TestContext, world: PlatformWorld, pageSize = 100_000) {
  const apis = await googleApis(context, world, { pageSize });
  const { log } = recordedLog();
  const options = { project: PROJECT, baseUrl: apis.baseUrls.monitoring, log, retry: AT_ONCE };
  return { apis, metrics: monitoring(options) };
}

function bucket(name: string, bytes: Bucket['live']['bytes'], over: Partial<Bucket> = {}): Bucket {
  return { name, location: 'eu', storageClass: 'STANDARD', live: { bytes, objects: 10 }, ...over };
}

function requests(
  service: string,
  responseClass: RunRequests['responseClass'],
  at: Date,
  count: number,
): RunRequests {
  return { service, region: 'europe-west4', responseClass, at, count };
}

/** The values by their labels, joined with a slash. */
function valuesOf({ groups }: MetricGroups): Record<string, number> {
  return Object.fromEntries(groups.map(({ labels, value }) => [Object.values(labels).join('/'), value]));
}

describe('latest()', () => {
  test('sums the newest value of every series of a group', async (context) => {
    const buckets = [
      bucket('models', 100, { softDeleted: { bytes: 7, objects: 1 } }),
      bucket('models', 20, { storageClass: 'NEARLINE' }),
      bucket('datasets', [
        { from: utc('2026-03-01T00:00'), value: 500 },
        { from: utc('2026-03-09T22:00'), value: 600 },
      ]),
    ];
    const { metrics } = await setup(context, worldWith({ buckets }));
    assert.deepEqual(valuesOf(await metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS)), {
      'models/live-object': 120,
      'models/soft-deleted-object': 7,
      'datasets/live-object': 600,
    });
  });

  test('is the same over any number of pages, wherever they cut a series', async (context) => {
    const buckets = Array.from({ length: 20 }, (_, index) => bucket(`bucket-${index}`, 1_000 + index));
    const expected = Object.fromEntries(
      buckets.map(({ name }, index) => [`${name}/live-object`, 1_000 + index]),
    );
    for (const pageSize of [1_000, 60, 7]) {
      const { apis, metrics } = await setup(context, worldWith({ buckets }), pageSize);
      const found = await metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS);
      assert.deepEqual(valuesOf(found), expected);
      assert.equal(apis.requests().length, Math.ceil((20 * 8) / pageSize));
    }
  });

  const ENDS: [hoursBefore: number, found: number[]][] = [
    [1, [100]],
    [47, [100]],
    [48, []],
    [72, []],
  ];
  for (const [hours, found] of ENDS)
    test(`of a series that ended ${hours} h before finds ${found.length}`, async (context) => {
      const level = [
        { from: utc('2026-01-01T00:00'), value: 100 },
        { from: new Date(DAY_END.getTime() - hours * HOUR_MS + 1), value: null },
      ];
      const { metrics } = await setup(context, worldWith({ buckets: [bucket('old', level)] }));
      const { groups } = await metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS);
      assert.deepEqual(
        groups.map(({ value }) => value),
        found,
      );
    });

  test('does not count objects twice that moved to another storage class the day before', async (context) => {
    const moved = utc('2026-03-08T12:00');
    const buckets = [
      bucket('models', [
        { from: utc('2026-01-01T00:00'), value: 100 },
        { from: moved, value: null },
      ]),
      bucket('models', [{ from: moved, value: 100 }], { storageClass: 'COLDLINE' }),
    ];
    const { metrics } = await setup(context, worldWith({ buckets }));
    const found = await metrics.latest(BYTES, DAY_END, ['resource.labels.bucket_name'], LIMITS);
    assert.deepEqual(valuesOf(found), { models: 100 });
  });

  test('takes nothing from after the instant', async (context) => {
    const level = [
      { from: utc('2026-01-01T00:00'), value: 1 },
      { from: addMs(DAY_END, 1), value: 2 },
    ];
    const { metrics } = await setup(context, worldWith({ buckets: [bucket('models', level)] }));
    const { groups } = await metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS);
    assert.deepEqual(groups, [
      { labels: { bucket_name: 'models', type: 'live-object' }, value: 1, at: DAY_END },
    ]);
  });

  test('reads tables, databases and disks as it reads buckets', async (context) => {
    const world = worldWith({
      bigquery: {
        jobs: [],
        datasets: [
          {
            id: 'sales',
            location: 'EU',
            tables: [
              { id: 'orders', bytes: 3_000_000_000_000 },
              { id: 'items', bytes: 5 },
            ],
          },
          { id: 'empty', location: 'EU', tables: [] },
        ],
      },
      firestore: [{ id: '(default)', location: 'eur3', bytes: 44 }],
      sql: [{ name: 'crm', region: 'europe-west4', version: 'POSTGRES_17', state: 'RUNNABLE', bytes: 55 }],
    });
    const { metrics } = await setup(context, world);
    const latest = async (type: string, by: `resource.labels.${string}`, resourceType?: string) =>
      valuesOf(await metrics.latest({ type, ...(resourceType && { resourceType }) }, DAY_END, [by], LIMITS));
    const dataset = 'resource.labels.dataset_id';
    assert.deepEqual(await latest('bigquery.googleapis.com/storage/stored_bytes', dataset), {
      sales: 3_000_000_000_005,
    });
    assert.deepEqual(await latest('bigquery.googleapis.com/storage/table_count', dataset), {
      sales: 2,
      empty: 0,
    });
    const documents = 'firestore.googleapis.com/storage/data_and_index_storage_bytes';
    const database = 'resource.labels.database_id';
    assert.deepEqual(await latest(documents, database), { '(default)': 44 });
    assert.deepEqual(await latest(documents, database, 'firestore_instance'), {});
    assert.deepEqual(await latest('cloudsql.googleapis.com/database/disk/bytes_used', database), {
      'acme-ml:crm': 55,
    });
  });
});

describe('sums()', () => {
  test('counts from the first instant after midnight to the last midnight', async (context) => {
    const world = worldWith({
      run: {
        services: [],
        requests: [
          requests('api', '2xx', DAY_START, 1_000_000),
          requests('api', '2xx', addMs(DAY_START, MINUTE_MS), 10),
          requests('api', '2xx', utc('2026-03-09T12:00'), 5),
          requests('api', '5xx', utc('2026-03-09T12:00'), 2),
          requests('api', '2xx', DAY_END, 1),
          requests('web', '2xx', utc('2026-03-09T13:00'), 3),
          requests('web', '2xx', addMs(DAY_END, MINUTE_MS), 1_000_000),
        ],
      },
    });
    const { metrics } = await setup(context, world);
    assert.deepEqual(valuesOf(await metrics.sums(REQUESTS, DAY, BY_CLASS, LIMITS)), {
      'api/2xx': 16,
      'api/5xx': 2,
      'web/2xx': 3,
    });
  });

  test('adds up over three pages to what was served', async (context) => {
    const served = Array.from({ length: 300 }, (_, index) =>
      requests(
        `service-${index % 10}`,
        index % 7 === 0 ? '5xx' : '2xx',
        addMs(DAY_START, (index + 1) * MINUTE_MS),
        index,
      ),
    );
    const { apis, metrics } = await setup(context, worldWith({ run: { services: [], requests: served } }), 7);
    const expected: Record<string, number> = {};
    for (const { service, responseClass, count } of served) {
      const key = `${service}/${responseClass}`;
      expected[key] = (expected[key] ?? 0) + count;
    }
    assert.deepEqual(valuesOf(await metrics.sums(REQUESTS, DAY, BY_CLASS, LIMITS)), expected);
    assert.equal(apis.requests().length, 3);
  });
});

describe('what Monitoring cannot tell', () => {
  test('of an empty platform is no group, and no failure', async (context) => {
    const { metrics } = await setup(context, worldWith());
    assert.deepEqual(await metrics.sums(REQUESTS, DAY, BY_CLASS, LIMITS), { groups: [], missing: [] });
  });

  test('a metric that was never written is no failure either', async (context) => {
    const { apis, metrics } = await setup(context, worldWith());
    apis.faults.add({ fault: { kind: 'status', status: 404, message: neverWritten(BYTES.type) } });
    assert.deepEqual(await metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS), { groups: [], missing: [] });
  });

  test('any other 404 is one', async (context) => {
    const { apis, metrics } = await setup(context, worldWith());
    apis.faults.add({ fault: { kind: 'status', status: 404, message: 'Project not found' } });
    assert.ok((await rejection(metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS))) instanceof UpstreamError);
  });

  test('regions out of reach are named beside what the others say', async (context) => {
    const { apis, metrics } = await setup(context, worldWith({ buckets: [bucket('models', 1)] }));
    const change = (body: Record<string, unknown>) => {
      body.unreachable = ['us-west1', 'asia-east1'];
    };
    apis.faults.add({ fault: { kind: 'changed', change } });
    const { groups, missing } = await metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS);
    assert.deepEqual([groups.length, missing], [1, ['asia-east1', 'us-west1']]);
  });

  test('an answer that says itself that it may be incomplete is a failure', async (context) => {
    const { apis, metrics } = await setup(context, worldWith({ buckets: [bucket('models', 1)] }));
    const change = (body: Record<string, unknown>) => {
      body.executionErrors = [{ code: 8, message: 'Too many time series' }];
    };
    apis.faults.add({ fault: { kind: 'changed', change } });
    const error = await rejection(metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS));
    assert.match(error.message, /v2\/total_bytes \(project acme-ml\): .*incomplete: Too many time series$/);
  });

  test('permission denied names the permission and the metric', async (context) => {
    const { apis, metrics } = await setup(context, worldWith());
    apis.faults.add({ fault: { kind: 'denied' } });
    const error = await rejection(metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS));
    assert.match(
      error.message,
      /timeSeries\.list storage\.googleapis\.com\/storage\/v2\/total_bytes \(project/,
    );
    assert.match(error.message, /missing permission: monitoring\.timeSeries\.list$/);
  });

  const WRONG: [what: string, point: object, path: RegExp][] = [
    [
      'no value',
      { interval: { endTime: '2026-03-09T12:00:00Z' }, value: {} },
      /timeSeries\.0\.points\.0\.value: /,
    ],
    [
      'an int64 that is none',
      { interval: { endTime: '2026-03-09T12:00:00Z' }, value: { int64Value: 12 } },
      /timeSeries\.0\.points\.0\.value\.int64Value: /,
    ],
    [
      'a time that is none',
      { interval: { endTime: 'noon' }, value: { doubleValue: 1 } },
      /timeSeries\.0\.points\.0\.interval\.endTime: /,
    ],
  ];
  for (const [what, point, path] of WRONG)
    test(`a point with ${what} is named by its path`, async (context) => {
      const { apis, metrics } = await setup(context, worldWith({ buckets: [bucket('models', 1)] }));
      const change = (body: Record<string, unknown>) => {
        Object.assign((body.timeSeries as object[])[0] as object, { points: [point] });
      };
      apis.faults.add({ fault: { kind: 'changed', change } });
      assert.match((await rejection(metrics.latest(BYTES, DAY_END, BY_BUCKET, LIMITS))).message, path);
    });
});
