import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { storageSource } from '../../../functions/collect-metrics/sources/storage.ts';
import { cloudStorage } from '../../../functions/shared/cloud/storage/buckets.ts';
import { addMs, SECOND_MS } from '../../../functions/shared/dates.ts';
import { DeadlineExceeded } from '../../../functions/shared/errors.ts';
import { SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import { MOST_ROWS } from '../../../functions/shared/model/day/sections/section.ts';
import type { StorageFigures } from '../../../functions/shared/model/day/sections/storage.ts';
import { startGcs } from '../../../scripts/stack/stand-ins/gcs/server.ts';
import { emptyGcs } from '../../../scripts/stack/stand-ins/gcs/world.ts';
import type { GoogleApisOptions } from '../../../scripts/stack/stand-ins/google/apis.ts';
import type { FaultRule } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { neverWritten } from '../../../scripts/stack/stand-ins/google/monitoring.ts';
import {
  type Bucket,
  levelAt,
  type PlatformWorld,
  type Usage,
} from '../../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { utc } from '../../support/jobs.ts';
import {
  askedFor,
  outOfReach,
  pagesRead,
  platformClients,
  steps,
  worldWith,
} from '../../support/platform.ts';

const DATE = '2026-03-09';
const LOOK = askedFor(DATE, { lookNow: true });
const DAY_END = utc('2026-03-10T00:00');
const BYTES = 'storage.googleapis.com/storage/v2/total_bytes';
const OBJECTS = 'storage.googleapis.com/storage/v2/total_count';
const OLDER_BYTES = 'storage.googleapis.com/storage/total_bytes';
const OLDER_OBJECTS = 'storage.googleapis.com/storage/object_count';

function bucket(name: string, live: Usage, over: Partial<Bucket> = {}): Bucket {
  return { name, location: 'eu', storageClass: 'STANDARD', live, ...over };
}

/** Two storage classes, old versions, soft-deleted objects, and changes every half day. */
const BUCKETS: Bucket[] = [
  bucket(
    'models',
    { bytes: steps(100, 200, 350, 300, 4_000_000_000_000, 50), objects: steps(1, 2, 4, 3, 9, 1) },
    { noncurrent: { bytes: steps(7, 8, 9, 10, 11), objects: 2 }, softDeleted: { bytes: 5_000, objects: 60 } },
  ),
  bucket('models', { bytes: 1_000, objects: steps(10, 20, 30, 40, 50) }, { storageClass: 'NEARLINE' }),
  bucket('datasets', { bytes: steps(900, 800, 700, 600, 500), objects: 7 }),
  bucket('logs', { bytes: 0, objects: 0 }, { softDeleted: { bytes: steps(1, 2, 3, 4, 5), objects: 3 } }),
  bucket('emptied', { bytes: steps(60, 0, 0), objects: steps(6, 0, 0) }),
  bucket('markers', { bytes: 0, objects: 12 }),
];
const WORLD = worldWith({ buckets: BUCKETS });

/**
 * The source over stand-ins that agree: Cloud Storage has the buckets of the world, an empty one, and one that was made
 * when the day was over.
 */
async function setup(
  context: TestContext,
  { world = WORLD, ...options }: GoogleApisOptions & { world?: PlatformWorld } = {},
) {
  const { apis, monitoring } = await platformClients(context, world, options);
  const gcs = await startGcs(emptyGcs(PROJECT));
  context.after(() => gcs.stop());
  const createdAt = utc('2026-01-01T00:00');
  for (const { name } of world.buckets) gcs.world.addBucket({ name, createdAt });
  if (world.buckets.length > 0) {
    gcs.world.addBucket({ name: 'never-used', createdAt: addMs(DAY_END, -1) });
    gcs.world.addBucket({ name: 'new', createdAt: DAY_END });
  }
  const { log } = recordedLog();
  const storage = cloudStorage({ project: PROJECT, baseUrl: gcs.baseUrl, log, retry: AT_ONCE });
  return { apis, gcs, collect: storageSource({ storage, monitoring }) };
}

/** The section at an instant, counted over the world itself. */
function counted({ buckets }: PlatformWorld, until: Date, seen: number | null): StorageFigures {
  const rows = new Map<string, { bytes: number; objects: number; softDeletedBytes: number }>();
  for (const { name, live, noncurrent, softDeleted } of buckets) {
    const row = rows.get(name) ?? { bytes: 0, objects: 0, softDeletedBytes: 0 };
    rows.set(name, row);
    for (const usage of [live, noncurrent]) {
      row.bytes += (usage && levelAt(usage.bytes, until)) ?? 0;
      row.objects += (usage && levelAt(usage.objects, until)) ?? 0;
    }
    row.softDeletedBytes += (softDeleted && levelAt(softDeleted.bytes, until)) ?? 0;
  }
  const totals = { bytes: 0, objects: 0, softDeletedBytes: 0 };
  const perBucket: StorageFigures['perBucket'] = [];
  for (const [name, row] of rows) {
    totals.bytes += row.bytes;
    totals.objects += row.objects;
    totals.softDeletedBytes += row.softDeletedBytes;
    if (row.bytes || row.objects || row.softDeletedBytes) perBucket.push({ bucket: name, ...row });
  }
  perBucket.sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0) || (a.bucket < b.bucket ? -1 : 1));
  return { buckets: seen, ...totals, perBucket, more: 0, missing: [] };
}

/** What the older metrics know of the same. */
function countedByOlder(): StorageFigures {
  const { perBucket, ...totals } = counted(WORLD, DAY_END, null);
  const known = perBucket.filter((row) => row.bytes || row.objects);
  return {
    ...totals,
    softDeletedBytes: null,
    perBucket: known.map((row) => ({ ...row, softDeletedBytes: null })),
  };
}

const NO_V2: FaultRule = {
  query: 'storage/v2/',
  fault: { kind: 'status', status: 404, message: neverWritten('v2') },
};

describe('storage', { concurrency: 4 }, () => {
  for (const date of ['2026-03-07', '2026-03-08', DATE, '2026-03-10'])
    test(`tells what the buckets held at the end of ${date}`, async (context) => {
      const { collect } = await setup(context);
      const asked = askedFor(date);
      const found = await collect(asked, LIMITS);
      assert.deepEqual(found, counted(WORLD, asked.until, null));
      assert.deepEqual(SECTIONS.storage.figures.parse(found), found);
    });

  test('counts by hand what it tells of one day', async (context) => {
    const { collect } = await setup(context);
    const { bytes, objects, softDeletedBytes, perBucket } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([bytes, objects, softDeletedBytes], [4_000_000_001_511, 80, 5_005]);
    assert.deepEqual(
      perBucket.map((row) => row.bucket),
      ['models', 'datasets', 'logs', 'markers'],
    );
  });

  test('tells of today what the buckets hold so far', async (context) => {
    const { collect } = await setup(context);
    const until = utc('2026-03-09T10:37:20');
    assert.deepEqual(await collect(askedFor(DATE, { until }), LIMITS), counted(WORLD, until, null));
  });

  test('on the day after counts all buckets but those made since, empty ones too', async (context) => {
    const { collect } = await setup(context);
    const found = await collect(LOOK, LIMITS);
    assert.deepEqual(found, counted(WORLD, DAY_END, 6));
  });

  test('on any other day does not look for buckets at all', async (context) => {
    const { gcs, collect } = await setup(context);
    assert.equal((await collect(askedFor(DATE), LIMITS)).buckets, null);
    assert.deepEqual(gcs.requests(), []);
  });

  test('never asks for more than its metrics and the list of buckets: no object is ever listed', async (context) => {
    const { apis, gcs, collect } = await setup(context);
    await collect(LOOK, LIMITS);
    assert.deepEqual(pagesRead(apis), { [BYTES]: 1, [OBJECTS]: 1 });
    assert.deepEqual(
      gcs.requests().map(({ method }) => method),
      ['buckets.list'],
    );
  });

  test('tells zeros of a project without buckets, once the older metrics have no other word', async (context) => {
    const { apis, collect } = await setup(context, { world: worldWith() });
    assert.deepEqual(await collect(LOOK, LIMITS), {
      buckets: 0,
      bytes: 0,
      objects: 0,
      softDeletedBytes: 0,
      perBucket: [],
      more: 0,
      missing: [],
    });
    assert.equal(pagesRead(apis)[OLDER_BYTES], 1);
  });

  test('is the same however many pages the answers come in', async (context) => {
    const { apis, collect } = await setup(context, { pageSize: 20 });
    assert.deepEqual(await collect(askedFor(DATE), LIMITS), counted(WORLD, DAY_END, null));
    for (const list of [BYTES, OBJECTS]) assert.ok((pagesRead(apis)[list] ?? 0) >= 3, list);
  });

  test('asks for all its parts at once', async (context) => {
    const { apis, gcs, collect } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    gcs.faults.add({ fault: { kind: 'hang' } });
    await rejection(collect(LOOK, { limitMs: 1_500 }));
    assert.deepEqual(Object.keys(pagesRead(apis)).sort(), [BYTES, OBJECTS]);
    assert.equal(gcs.requests().length, 1);
  });

  test('counts buckets over three pages', async (context) => {
    const { gcs, collect } = await setup(context);
    const createdAt = utc('2026-01-01T00:00');
    for (let index = 0; index < 2_000; index += 1) gcs.world.addBucket({ name: `shard-${index}`, createdAt });
    assert.equal((await collect(LOOK, LIMITS)).buckets, 2_006);
    assert.deepEqual(
      gcs.requests().map(({ page }) => page),
      [1, 2, 3],
    );
  });

  test('tells the largest buckets, and counts the others', async (context) => {
    const buckets = Array.from({ length: MOST_ROWS + 3 }, (_, index) =>
      bucket(`bucket-${index}`, { bytes: index + 1, objects: 1 }),
    );
    const { collect } = await setup(context, { world: worldWith({ buckets }) });
    const { bytes, objects, perBucket, more } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([bytes, objects, perBucket.length, more], [(203 * 204) / 2, 203, MOST_ROWS, 3]);
    assert.deepEqual([perBucket[0]?.bucket, perBucket.at(-1)?.bucket], ['bucket-202', 'bucket-3']);
  });
});

describe('storage, where the metrics with types know nothing,', { concurrency: 4 }, () => {
  test('takes the older ones, which know nothing of what is soft-deleted', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add(NO_V2);
    const found = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual(found, countedByOlder());
    assert.deepEqual(SECTIONS.storage.figures.parse(found), found);
  });

  test('takes those also over three pages', async (context) => {
    const { apis, collect } = await setup(context, { pageSize: 16 });
    apis.faults.add(NO_V2);
    assert.deepEqual(await collect(askedFor(DATE), LIMITS), countedByOlder());
    for (const list of [OLDER_BYTES, OLDER_OBJECTS]) assert.ok((pagesRead(apis)[list] ?? 0) >= 3, list);
  });

  test('does not take them when one of the two knows something', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ ...NO_V2, query: OBJECTS });
    const found = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([found.bytes, found.softDeletedBytes], [4_000_000_001_511, 5_005]);
    assert.deepEqual(Object.keys(pagesRead(apis)).sort(), [BYTES, OBJECTS]);
  });

  test('does not take them for what was only out of reach', async (context) => {
    const { apis, collect } = await setup(context, { world: worldWith() });
    apis.faults.add({ query: BYTES, fault: outOfReach('us-west1') });
    const { bytes, objects, softDeletedBytes, missing } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([bytes, objects, softDeletedBytes, missing], [null, 0, null, ['us-west1']]);
    assert.deepEqual(Object.keys(pagesRead(apis)).sort(), [BYTES, OBJECTS]);
  });

  test('has one end for both questions', async (context) => {
    const { apis, collect } = await setup(context, { world: worldWith() });
    apis.faults.add({ query: 'storage/v2/', fault: { kind: 'latency', ms: 2_500 } });
    apis.faults.add({ query: OLDER_BYTES, fault: { kind: 'hang' } });
    // So long that a busy machine gets to the second question.
    const error = await rejection(collect(askedFor(DATE), { limitMs: 6 * SECOND_MS }));
    assert.ok(error instanceof DeadlineExceeded);
    const [, leftMs] = /no answer within (\d+) ms/.exec(error.message) ?? [];
    assert.ok(Number(leftMs) <= 3_500, `the older metrics had time of their own: ${error.message}`);
  });
});

describe('storage, when part of an answer is missing,', { concurrency: 4 }, () => {
  const PARTS: [what: string, query: string, unknown: Partial<StorageFigures>][] = [
    ['bytes', BYTES, { bytes: null, softDeletedBytes: null }],
    ['objects', OBJECTS, { objects: null }],
  ];
  for (const [what, query, unknown] of PARTS)
    test(`has no total of the ${what}, and keeps the rows that answered`, async (context) => {
      const { apis, collect } = await setup(context);
      apis.faults.add({ query, fault: outOfReach('us-west1') });
      assert.deepEqual(await collect(LOOK, LIMITS), {
        ...counted(WORLD, DAY_END, 6),
        ...unknown,
        missing: ['us-west1'],
      });
    });

  test('cannot tell the bytes of a bucket of which only the objects are known', async (context) => {
    const { apis, collect } = await setup(context);
    const change = (body: Record<string, unknown>) => {
      const series = body.timeSeries as { resource: { labels: { bucket_name: string } } }[];
      body.timeSeries = series.filter(({ resource }) => resource.labels.bucket_name !== 'datasets');
      body.unreachable = ['eu'];
    };
    apis.faults.add({ query: BYTES, fault: { kind: 'changed', change } });
    const { bytes, objects, perBucket } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([bytes, objects], [null, 80]);
    assert.deepEqual(
      perBucket.find((row) => row.bucket === 'datasets'),
      { bucket: 'datasets', bytes: null, objects: 7, softDeletedBytes: null },
    );
  });

  test('has no number of buckets when some are out of reach', async (context) => {
    const { gcs, collect } = await setup(context);
    gcs.world.bucket('never-used').reachable = false;
    assert.deepEqual(await collect(LOOK, LIMITS), {
      ...counted(WORLD, DAY_END, null),
      missing: ['never-used'],
    });
  });
});

describe('storage fails as a whole', { concurrency: 4 }, () => {
  for (const query of [BYTES, OBJECTS])
    test(`when it may not see ${query}, and names API, project and permission`, async (context) => {
      const { apis, collect } = await setup(context);
      apis.faults.add({ query, fault: { kind: 'denied' } });
      const { message } = await rejection(collect(askedFor(DATE), LIMITS));
      assert.ok(
        message.startsWith(`Cannot finish Cloud Monitoring timeSeries.list ${query} (project acme-ml`),
      );
      assert.match(message, /missing permission: monitoring\.timeSeries\.list$/);
    });

  test('when it may not see the buckets, and names API, project and permission', async (context) => {
    const { gcs, collect } = await setup(context);
    gcs.faults.add({ fault: { kind: 'denied' } });
    const { message } = await rejection(collect(LOOK, LIMITS));
    assert.match(
      message,
      /Cloud Storage buckets\.list \(project acme-ml.*permission: storage\.buckets\.list$/,
    );
  });

  test('when the list of buckets has another form, and names the field', async (context) => {
    const { gcs, collect } = await setup(context);
    const change = ({ items }: Record<string, unknown>) => {
      const [, second] = items as object[];
      Object.assign(second ?? {}, { timeCreated: 'noon' });
    };
    gcs.faults.add({ fault: { kind: 'changed', change } });
    const { message } = await rejection(collect(LOOK, LIMITS));
    assert.match(message, /buckets\.list.*items\.1\.timeCreated: /);
  });

  test('when a metric has another form, and names the field', async (context) => {
    const { apis, collect } = await setup(context);
    const change = (body: Record<string, unknown>) => {
      const [, second] = body.timeSeries as object[];
      Object.assign(second ?? {}, { resource: { labels: {} } });
    };
    apis.faults.add({ query: OBJECTS, fault: { kind: 'changed', change } });
    const { message } = await rejection(collect(askedFor(DATE), LIMITS));
    assert.match(message, /v2\/total_count.*timeSeries\.1\.resource\.type: /);
  });
});
