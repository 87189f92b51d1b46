import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { PlatformWorld } from '../../../scripts/stack/stand-ins/google/world.ts';
import { googleApis, PROJECT, rejection } from '../../support/google.ts';
import { queryJob, services, worldWith } from '../../support/platform.ts';

const SERVICES = `run/v1/projects/${PROJECT}/locations/-/services`;
const JOBS = `bigquery/bigquery/v2/projects/${PROJECT}/jobs?allUsers=true`;
const SERIES = `monitoring/v3/projects/${PROJECT}/timeSeries`;
const BUCKETS = 'metric.type = "storage.googleapis.com/storage/total_bytes"';

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function setup(context: TestContext, parts: Partial<PlatformWorld> = {}) {
  const apis = await googleApis(context, worldWith(parts));
  const origin = new URL(apis.baseUrls.run).origin;
  async function get(path: string, query: Record<string, string> = {}, init?: RequestInit): Promise<Answer> {
    const url = new URL(`${origin}/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
    const answer = await fetch(url, init);
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  }
  return { apis, get };
}

/** The message of Google's error body. */
function messageOf({ body }: Answer): string {
  return (body.error as { message: string }).message;
}

describe('the stand-in of Google APIs', () => {
  test('answers only what was asked for by fields', async (context) => {
    const { get } = await setup(context, { bigquery: { jobs: [queryJob({ id: 'one' })], datasets: [] } });
    const { body } = await get(JOBS, { fields: 'kind, jobs(state,jobReference/jobId)' });
    assert.deepEqual(body, {
      kind: 'bigquery#jobList',
      jobs: [{ state: 'DONE', jobReference: { jobId: 'one' } }],
    });
    for (const fields of ['jobs(state', 'jobs)', 'a,,b', 'a b', '('])
      assert.match(messageOf(await get(JOBS, { fields })), /^Invalid field selection/);
  });

  test('sends measured values as Monitoring does, newest first', async (context) => {
    const live = { bytes: 5, objects: 1 };
    const { get } = await setup(context, {
      buckets: [{ name: 'models', location: 'EU', storageClass: 'STANDARD', live }],
    });
    const interval = {
      'interval.startTime': '2026-03-09T11:50:00Z',
      'interval.endTime': '2026-03-09T12:00:00Z',
    };
    const point = (time: string) => ({
      interval: { startTime: time, endTime: time },
      value: { doubleValue: 5 },
    });
    const { body } = await get(SERIES, { ...interval, filter: BUCKETS });
    assert.deepEqual(body, {
      timeSeries: [
        {
          metric: {
            type: 'storage.googleapis.com/storage/total_bytes',
            labels: { storage_class: 'STANDARD' },
          },
          resource: {
            type: 'gcs_bucket',
            labels: { project_id: PROJECT, bucket_name: 'models', location: 'EU' },
          },
          metricKind: 'GAUGE',
          valueType: 'DOUBLE',
          points: [point('2026-03-09T12:00:00.000Z'), point('2026-03-09T11:55:00.000Z')],
        },
      ],
    });
    const other = `${BUCKETS} AND resource.label.bucket_name = "others"`;
    assert.deepEqual((await get(SERIES, { ...interval, filter: other })).body, {});
  });

  const DAY = { 'interval.startTime': '2026-03-09T00:00:00Z', 'interval.endTime': '2026-03-10T00:00:00Z' };
  const GAUGE = { ...DAY, filter: BUCKETS };
  const REFUSED: [what: string, path: string, query: Record<string, string>, status: number][] = [
    ['a path of no API', 'run/v2/projects/acme-ml/locations/-/services', {}, 404],
    ['another project', 'run/v1/projects/other/locations/-/services', {}, 403],
    ['a token that it never gave out', SERVICES, { continue: 'page-2' }, 400],
    ['a size that is none', SERVICES, { limit: 'many' }, 400],
    ['a state that is none', JOBS, { stateFilter: 'finished' }, 400],
    ['a time in another form', JOBS, { minCreationTime: '2026-03-09T00:00:00Z' }, 400],
    ['no interval', SERIES, { filter: BUCKETS }, 400],
    ['an interval backwards', SERIES, { ...GAUGE, 'interval.endTime': '2026-03-08T00:00:00Z' }, 400],
    ['a filter without a metric', SERIES, { ...DAY, filter: 'resource.type = "gcs_bucket"' }, 400],
    ['a filter that it cannot read', SERIES, { ...DAY, filter: 'metric.type = starts_with("a")' }, 400],
    [
      'a metric that nobody wrote',
      SERIES,
      { ...DAY, filter: 'metric.type = "custom.googleapis.com/x"' },
      404,
    ],
    ['an aligner without a period', SERIES, { ...GAUGE, 'aggregation.perSeriesAligner': 'ALIGN_SUM' }, 400],
    [
      'an aligner for another kind of metric',
      SERIES,
      { ...GAUGE, 'aggregation.perSeriesAligner': 'ALIGN_DELTA', 'aggregation.alignmentPeriod': '60s' },
      400,
    ],
    [
      'a reducer without an aligner',
      SERIES,
      { ...GAUGE, 'aggregation.crossSeriesReducer': 'REDUCE_SUM' },
      400,
    ],
  ];
  for (const [what, path, query, status] of REFUSED)
    test(`refuses ${what} with ${status}`, async (context) => {
      const live = { bytes: 5, objects: 1 };
      const buckets = [{ name: 'models', location: 'EU', storageClass: 'STANDARD', live }];
      const { get } = await setup(context, { buckets });
      const answer = await get(path, query);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal((answer.body.error as { code: number }).code, status);
    });

  test('lets a fault hit only the answers that its rule names, and as often as it says', async (context) => {
    const { apis, get } = await setup(context, {
      run: { services: services(1, ['us-central1']), requests: [] },
    });
    const statuses = async () => [
      (await get(SERVICES, { limit: '1' })).status,
      (await get(SERVICES.replace('-/', 'us-central1/'))).status,
      (await get(JOBS)).status,
    ];
    const fault = { kind: 'status', status: 503 } as const;
    apis.faults.add({ api: 'run', region: 'us-central1', times: 1, fault });
    assert.deepEqual(await statuses(), [200, 503, 200]);
    assert.deepEqual(await statuses(), [200, 200, 200]);
    const remove = apis.faults.add({ method: 'jobs.list', query: 'true', fault });
    assert.deepEqual(await statuses(), [200, 200, 503]);
    remove();
    apis.faults.add({ page: 2, fault });
    apis.faults.add({ region: '-', fault });
    assert.deepEqual(await statuses(), [503, 200, 200]);
    apis.faults.clear();
    assert.deepEqual(await statuses(), [200, 200, 200]);
  });

  test('stops although somebody still waits for an answer', async (context) => {
    const { apis, get } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    const waiting = rejection(get(SERVICES));
    while (apis.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await apis.stop();
    assert.match((await waiting).message, /fetch failed/);
  });
});
