import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { cloudRunSource } from '../../../functions/collect-metrics/sources/cloud-run.ts';
import { type Day, SECOND_MS } from '../../../functions/shared/dates.ts';
import { SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import type { CloudRunFigures } from '../../../functions/shared/model/day/sections/cloud-run.ts';
import { MOST_ROWS } from '../../../functions/shared/model/day/sections/section.ts';
import type { GoogleApisOptions } from '../../../scripts/stack/stand-ins/google/apis.ts';
import type {
  PlatformWorld,
  RunRequests,
  RunService,
} from '../../../scripts/stack/stand-ins/google/world.ts';
import { LIMITS, rejection } from '../../support/google.ts';
import { utc } from '../../support/jobs.ts';
import {
  askedFor,
  outOfReach,
  pagesRead,
  platformClients,
  services,
  worldWith,
} from '../../support/platform.ts';

const DATE = '2026-03-09';
const DAY_END = utc('2026-03-10T00:00');
const REQUESTS = 'run.googleapis.com/request_count';
const REGIONS = ['europe-west4', 'us-central1', 'asia-east1'];

function served(
  service: string,
  region: string,
  responseClass: RunRequests['responseClass'],
  at: string,
  count: number,
): RunRequests {
  return { service, region, responseClass, at: utc(at), count };
}

/** Requests about three midnights, to services of one name in two regions, to one that answered nobody on the 9th. */
const SERVED: RunRequests[] = [
  served('api', 'europe-west4', '2xx', '2026-03-08T12:00', 7_000),
  served('api', 'europe-west4', '2xx', '2026-03-09T00:00', 100),
  served('api', 'europe-west4', '2xx', '2026-03-09T00:01', 20),
  served('api', 'europe-west4', '2xx', '2026-03-09T10:37', 300),
  served('api', 'europe-west4', '2xx', '2026-03-09T10:38', 1_000),
  served('api', 'europe-west4', '5xx', '2026-03-09T10:00', 4),
  served('api', 'europe-west4', '5xx', '2026-03-09T23:00', 6),
  served('api', 'europe-west4', '2xx', '2026-03-10T00:00', 5),
  served('api', 'europe-west4', '2xx', '2026-03-10T00:01', 40_000),
  served('api', 'us-central1', '2xx', '2026-03-09T12:00', 17),
  served('api', 'us-central1', '4xx', '2026-03-09T13:00', 18),
  served('web', 'us-central1', '3xx', '2026-03-09T14:00', 9_999),
  served('web', 'us-central1', '1xx', '2026-03-09T15:00', 1),
  served('idle', 'asia-east1', '2xx', '2026-03-09T15:00', 0),
  served('idle', 'asia-east1', '2xx', '2026-03-10T09:00', 3),
];
/** What is there now, with one service that was made since the day's end. */
const SERVICES: RunService[] = [
  ...services(2, REGIONS),
  { name: 'new', region: 'us-central1', createdAt: DAY_END },
];
const WORLD = worldWith({ run: { services: SERVICES, requests: SERVED } });

async function setup(
  context: TestContext,
  {
    world = WORLD,
    regions,
    ...options
  }: GoogleApisOptions & { world?: PlatformWorld; regions?: string[] } = {},
) {
  const clients = await platformClients(context, world, options);
  return { apis: clients.apis, collect: cloudRunSource({ ...clients, regions }) };
}

/** The section of a day, counted over the world itself. */
function counted({ run }: PlatformWorld, date: Day, until: Date, seen: number | null): CloudRunFigures {
  const rows: CloudRunFigures['perService'] = [];
  const sizes = new Map<object, number>();
  let requests = 0;
  for (const { service, region, responseClass, at, count } of run.requests) {
    if (at <= new Date(`${date}T00:00Z`) || at > until || count === 0) continue;
    let row = rows.find((it) => it.service === service && it.region === region);
    if (!row) {
      row = { service, region, requests: {} };
      rows.push(row);
    }
    row.requests[responseClass] = (row.requests[responseClass] ?? 0) + count;
    sizes.set(row, (sizes.get(row) ?? 0) + count);
    requests += count;
  }
  rows.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
  return {
    services: seen,
    activeServices: rows.length,
    requests,
    perService: rows,
    more: 0,
    missing: [],
  };
}

const WHOLE = counted(WORLD, DATE, DAY_END, 6);

describe('cloudRun', { concurrency: 4 }, () => {
  for (const date of ['2026-03-07', '2026-03-08', DATE, '2026-03-10'])
    test(`tells who served what on ${date}`, async (context) => {
      const { collect } = await setup(context);
      const asked = askedFor(date);
      const found = await collect(asked, LIMITS);
      assert.deepEqual(found, counted(WORLD, date, asked.until, null));
      assert.deepEqual(SECTIONS.cloudRun.figures.parse(found), found);
    });

  test('counts by hand what it tells of one day', async (context) => {
    const { collect } = await setup(context);
    const { activeServices, requests, perService } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([activeServices, requests], [3, 11_370]);
    assert.deepEqual(perService, [
      { service: 'web', region: 'us-central1', requests: { '1xx': 1, '3xx': 9_999 } },
      { service: 'api', region: 'europe-west4', requests: { '2xx': 1_325, '5xx': 10 } },
      { service: 'api', region: 'us-central1', requests: { '2xx': 17, '4xx': 18 } },
    ]);
  });

  for (const time of ['10:37:20', '00:01:00'])
    test(`tells of today what was served until ${time}`, async (context) => {
      const { collect } = await setup(context);
      const until = utc(`2026-03-09T${time}`);
      assert.deepEqual(await collect(askedFor(DATE, { until }), LIMITS), counted(WORLD, DATE, until, null));
    });

  test('tells of a day that is not a minute old that nobody was served yet', async (context) => {
    const { collect } = await setup(context);
    const found = await collect(askedFor(DATE, { until: utc('2026-03-09T00:00:59') }), LIMITS);
    assert.deepEqual([found.requests, found.perService], [0, []]);
  });

  test('counts responses of no class, or of one that nobody knows, as others', async (context) => {
    const { apis, collect } = await setup(context);
    const change = (body: Record<string, unknown>) => {
      const series = body.timeSeries as { metric: { labels?: Record<string, string> } }[];
      for (const { metric } of series) {
        if (metric.labels?.response_code_class === '5xx') metric.labels.response_code_class = '6xx';
        if (metric.labels?.response_code_class === '4xx') delete metric.labels;
      }
    };
    apis.faults.add({ query: REQUESTS, fault: { kind: 'changed', change } });
    const { requests, perService } = await collect(askedFor(DATE), LIMITS);
    assert.equal(requests, 11_370);
    assert.deepEqual(
      perService.slice(1).map((row) => row.requests),
      [
        { '2xx': 1_325, other: 10 },
        { '2xx': 17, other: 18 },
      ],
    );
  });

  test('on the day after counts all services but those made since, idle ones too', async (context) => {
    const { collect } = await setup(context);
    assert.deepEqual(await collect(askedFor(DATE, { lookNow: true }), LIMITS), WHOLE);
  });

  for (const regions of [undefined, REGIONS])
    test(`on any other day does not look for services at all, ${regions ? 'region by region' : 'in all regions'}`, async (context) => {
      const { apis, collect } = await setup(context, regions ? { regions } : {});
      assert.equal((await collect(askedFor(DATE), LIMITS)).services, null);
      assert.deepEqual(pagesRead(apis), { [REQUESTS]: 1 });
    });

  test('tells zeros of a project without services', async (context) => {
    const { collect } = await setup(context, { world: worldWith() });
    assert.deepEqual(await collect(askedFor(DATE, { lookNow: true }), LIMITS), {
      services: 0,
      activeServices: 0,
      requests: 0,
      perService: [],
      more: 0,
      missing: [],
    });
  });

  test('is the same however many pages the answers come in', async (context) => {
    const { apis, collect } = await setup(context, { pageSize: 2 });
    assert.deepEqual(await collect(askedFor(DATE, { lookNow: true }), LIMITS), WHOLE);
    const pages = pagesRead(apis);
    for (const list of [REQUESTS, 'services.list']) assert.ok((pages[list] ?? 0) >= 3, list);
  });

  test('asks for all its parts at once', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    await rejection(collect(askedFor(DATE, { lookNow: true }), { limitMs: 1_500 }));
    assert.deepEqual(Object.keys(pagesRead(apis)).sort(), [REQUESTS, 'services.list']);
  });

  test('tells the services with the most requests, and counts the others', async (context) => {
    const requests = Array.from({ length: MOST_ROWS + 3 }, (_, index) =>
      served(`service-${index}`, 'europe-west4', '2xx', '2026-03-09T12:00', index + 1),
    );
    const { collect } = await setup(context, { world: worldWith({ run: { services: [], requests } }) });
    const found = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([found.activeServices, found.requests], [203, (203 * 204) / 2]);
    assert.deepEqual([found.perService.length, found.more], [MOST_ROWS, 3]);
    const [first, last] = [found.perService[0], found.perService.at(-1)];
    assert.deepEqual([first?.service, last?.service], ['service-202', 'service-3']);
  });
});

describe('cloudRun, region by region,', { concurrency: 4 }, () => {
  const LOOK = askedFor(DATE, { lookNow: true });

  test('finds what one list of all regions finds', async (context) => {
    const { apis, collect } = await setup(context, { regions: REGIONS });
    assert.deepEqual(await collect(LOOK, LIMITS), WHOLE);
    const asked = apis.requests().flatMap(({ region }) => region ?? []);
    assert.deepEqual(asked.sort(), [...REGIONS].sort());
  });

  const FAULTS = [{ kind: 'status', status: 500 }, { kind: 'denied' }, { kind: 'hang' }] as const;
  for (const fault of FAULTS)
    test(`names the one region whose answer is ${fault.kind}, and keeps all the rest`, async (context) => {
      const { apis, collect } = await setup(context, { regions: REGIONS });
      apis.faults.add({ region: 'us-central1', fault });
      const found = await collect(LOOK, { limitMs: 1_500 });
      assert.deepEqual(found, { ...WHOLE, services: null, missing: ['us-central1'] });
    });

  test('gives regions that wait for others no time of their own', async (context) => {
    const regions = Array.from({ length: 25 }, (_, index) => `europe-west${index + 1}`);
    const { apis, collect } = await setup(context, { regions });
    // The first of them makes room for another one when most of the time is over.
    apis.faults.add({ region: regions[0] as string, fault: { kind: 'latency', ms: 5_500 } });
    for (const region of regions.slice(1)) apis.faults.add({ region, fault: { kind: 'hang' } });
    const begun = performance.now();
    const { services: seen, requests, missing } = await collect(LOOK, { limitMs: 6 * SECOND_MS });
    // Time of their own would have brought it to 11.5 s.
    assert.ok(performance.now() - begun < 10 * SECOND_MS, 'it took longer than it was given');
    assert.deepEqual([seen, requests, missing.length], [null, WHOLE.requests, 24]);
  });

  test('asks no more than 20 at once, and all of them', async (context) => {
    const regions = Array.from({ length: 45 }, (_, index) => `europe-west${index + 1}`);
    const world = worldWith({ run: { services: services(1, regions), requests: [] } });
    const { apis, collect } = await setup(context, { world, regions });
    const listed = () => apis.requests().filter(({ api }) => api === 'run').length;
    const open: number[] = [];
    const count = () => void open.push(listed() - open.length);
    apis.faults.add({ api: 'run', fault: { kind: 'changed', change: count } });
    apis.faults.add({ api: 'run', fault: { kind: 'latency', ms: 200 } });
    assert.equal((await collect(LOOK, LIMITS)).services, 45);
    const most = Math.max(...open);
    assert.ok(most > 1 && most <= 20, `${most} at once`);
    assert.equal(listed(), 45);
  });

  test('fails with the error of the first region when every one fails', async (context) => {
    const { apis, collect } = await setup(context, { regions: REGIONS });
    apis.faults.add({ api: 'run', fault: { kind: 'status', status: 500 } });
    // Last to fail, and still the first.
    apis.faults.add({ region: 'europe-west4', fault: { kind: 'latency', ms: 300 } });
    const { message } = await rejection(collect(LOOK, LIMITS));
    assert.match(message, /Cloud Run services\.list \(project acme-ml, region europe-west4/);
  });

  test('ends with the reason of its signal, and calls no region missing', async (context) => {
    const { apis, collect } = await setup(context, { regions: REGIONS });
    apis.faults.add({ region: 'us-central1', fault: { kind: 'hang' } });
    const reason = new Error('The run is over');
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 300);
    assert.equal(await rejection(collect(LOOK, { ...LIMITS, signal: stop.signal })), reason);
  });
});

describe('cloudRun, when part of an answer is missing,', { concurrency: 4 }, () => {
  const LOOK = askedFor(DATE, { lookNow: true });

  test('has no totals of requests, and keeps the services that answered', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ query: REQUESTS, fault: outOfReach('us-west1') });
    assert.deepEqual(await collect(LOOK, LIMITS), {
      ...WHOLE,
      activeServices: null,
      requests: null,
      missing: ['us-west1'],
    });
  });

  for (const regions of [undefined, REGIONS])
    test(`has no number of services, asked ${regions ? 'region by region' : 'in one list'}`, async (context) => {
      const { apis, collect } = await setup(context, regions ? { regions } : {});
      apis.faults.add({ api: 'run', fault: outOfReach('projects/acme-ml/locations/us-west1') });
      assert.deepEqual(await collect(LOOK, LIMITS), { ...WHOLE, services: null, missing: ['us-west1'] });
    });
});

describe('cloudRun fails as a whole', { concurrency: 4 }, () => {
  const LOOK = askedFor(DATE, { lookNow: true });
  const DENIED = [
    ['run', /Cloud Run services\.list \(project acme-ml.*permission: run\.services\.list$/],
    [
      'monitoring',
      /Cloud Monitoring timeSeries\.list \S+request_count \(project acme-ml.*permission: monitoring\.timeSeries\.list$/,
    ],
  ] as const;
  for (const [api, message] of DENIED)
    test(`when it may not see ${api}, and names API, project and permission`, async (context) => {
      const { apis, collect } = await setup(context);
      apis.faults.add({ api, fault: { kind: 'denied' } });
      assert.match((await rejection(collect(LOOK, LIMITS))).message, message);
    });

  test('when an answer has another form, and names the field', async (context) => {
    const { apis, collect } = await setup(context);
    const change = ({ items }: Record<string, unknown>) => {
      const [, second] = items as { metadata: object }[];
      Object.assign(second?.metadata ?? {}, { creationTimestamp: 'noon' });
    };
    apis.faults.add({ api: 'run', fault: { kind: 'changed', change } });
    const { message } = await rejection(collect(LOOK, LIMITS));
    assert.match(message, /services\.list.*items\.1\.metadata\.creationTimestamp: /);
  });
});
