import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, describe, type TestContext, test } from 'node:test';
import { Firestore } from '@google-cloud/firestore';
import { databaseSource } from '../../../functions/collect-metrics/sources/database.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import { SECTIONS } from '../../../functions/shared/model/day/platform.ts';
import type { DatabaseFigures } from '../../../functions/shared/model/day/sections/database.ts';
import { MOST_ROWS } from '../../../functions/shared/model/day/sections/section.ts';
import { rootCollections } from '../../../functions/shared/store/sources/root-collections.ts';
import type { GoogleApisOptions } from '../../../scripts/stack/stand-ins/google/apis.ts';
import { levelAt, type PlatformWorld } from '../../../scripts/stack/stand-ins/google/world.ts';
import { freshFirestore, openTestFirestore } from '../../support/firestore.ts';
import { LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
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
const DAY_END = utc('2026-03-10T00:00');
const LOOK = askedFor(DATE, { lookNow: true });
const FIRESTORE = 'firestore.googleapis.com/storage/data_and_index_storage_bytes';
const DISKS = 'cloudsql.googleapis.com/database/disk/bytes_used';
const NAMED = ['(default)', 'archive'];

const postgres = { region: 'europe-west4', version: 'POSTGRES_17', state: 'RUNNABLE' };
const WORLD = worldWith({
  firestore: [
    { id: '(default)', location: 'eur3', bytes: steps(40, 50, 60, 70, 80, 90) },
    { id: 'archive', location: 'eur3', bytes: steps(9_000, 8_000, 7_000, 6_000, 5_000_000_000_000, 3) },
    { id: 'somebody-elses', location: 'nam5', bytes: 123_456 },
  ],
  sql: [
    { name: 'crm', ...postgres, bytes: steps(1, 2, 3, 4, 5) },
    { name: 'warehouse', ...postgres, bytes: steps(7_000, 7_100, 7_200, 7_300, 7_400) },
    { name: 'stopped', ...postgres, state: 'STOPPED', bytes: [] },
  ],
});

interface Setup extends GoogleApisOptions {
  world?: PlatformWorld;
  cloudSql?: boolean;
  named?: string[];
}

const { project, end } = openTestFirestore();
/** By their ids; no test writes to them. */
const databasesOf = new Map(
  NAMED.map((databaseId) => [databaseId, new Firestore({ projectId: project, databaseId })]),
);
after(async () => {
  await Promise.all([...databasesOf.values()].map((db) => db.terminate()));
  await end();
});

let written: Promise<unknown> | undefined;

/** Writes two collections to `(default)`, and three to `archive`. */
function writeCollections(): Promise<unknown> {
  const paths = {
    '(default)': ['jobs/a', 'jobs/a/executions/1', 'users/b'],
    archive: ['old/c', 'older/c', 'oldest/c'],
  };
  return Promise.all(
    Object.entries(paths).flatMap(([id, all]) =>
      all.map((path) => databasesOf.get(id)?.doc(path).set({ n: 1 })),
    ),
  );
}

/** The source over databases whose collections are in the emulator: two in `(default)`, three in `archive`. */
async function setup(
  context: TestContext,
  { world = WORLD, cloudSql = true, named = NAMED, ...options }: Setup = {},
) {
  const clients = await platformClients(context, world, options);
  written ??= writeCollections();
  await written;
  const { log, lines } = recordedLog();
  const databases = named.map((id) => ({
    id,
    collections: rootCollections(databasesOf.get(id) as Firestore, { project, log }),
  }));
  const { monitoring, sql } = clients;
  return {
    apis: clients.apis,
    /** What was asked of Firestore. */
    asked: () => lines.map(({ operation }) => operation),
    collect: databaseSource({ monitoring, databases, sql: cloudSql ? sql : null }),
  };
}

/** The section at an instant, counted over the world itself. */
function counted(
  world: PlatformWorld,
  until: Date,
  now: { collections: number | null; instances: number | null },
): DatabaseFigures {
  const perDatabase: DatabaseFigures['firestore']['perDatabase'] = [];
  let bytes = 0;
  for (const id of NAMED) {
    const database = world.firestore.find((it) => it.id === id);
    const held = (database && levelAt(database.bytes, until)) ?? 0;
    perDatabase.push({ database: id, bytes: held });
    bytes += held;
  }
  perDatabase.sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  const perInstance: { instance: string; bytes: number }[] = [];
  let used = 0;
  for (const { name, bytes: disk } of world.sql) {
    const held = levelAt(disk, until);
    if (held === null) continue;
    perInstance.push({ instance: name, bytes: held });
    used += held;
  }
  perInstance.sort((a, b) => b.bytes - a.bytes);
  return {
    firestore: { bytes, documents: null, collections: now.collections, perDatabase },
    cloudSql: { instances: now.instances, bytes: used, tables: null, perInstance },
    more: 0,
    missing: [],
  };
}

const UNSEEN = { collections: null, instances: null };
const WHOLE = counted(WORLD, DAY_END, { collections: 5, instances: 3 });

/** A Firestore that answers every call with a gRPC status, or not before the test is over. */
async function answering(context: TestContext, status?: { code: number; message: string }) {
  const over = Promise.withResolvers<{ code: number; message: string }>();
  const server = createServer().on('stream', async (stream) => {
    const { code, message } = status ?? (await over.promise);
    stream.respond(
      { 'content-type': 'application/grpc', 'grpc-status': String(code), 'grpc-message': message },
      { endStream: true },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const emulator = process.env.FIRESTORE_EMULATOR_HOST;
  // The client reads the variable when it is made.
  process.env.FIRESTORE_EMULATOR_HOST = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const db = new Firestore({ projectId: PROJECT, databaseId: 'archive' });
  process.env.FIRESTORE_EMULATOR_HOST = emulator;
  context.after(async () => {
    // The client ends only after the calls that are under way.
    over.resolve({ code: 7, message: 'The test is over' });
    await db.terminate();
    server.close();
  });
  const { log, lines } = recordedLog();
  return { collections: rootCollections(db, { project: PROJECT, log }), lines };
}

describe('database', { concurrency: 4 }, () => {
  for (const date of ['2026-03-07', '2026-03-08', DATE, '2026-03-10'])
    test(`tells what the databases held at the end of ${date}`, async (context) => {
      const { collect } = await setup(context);
      const asked = askedFor(date);
      const found = await collect(asked, LIMITS);
      assert.deepEqual(found, counted(WORLD, asked.until, UNSEEN));
      assert.deepEqual(SECTIONS.database.figures.parse(found), found);
    });

  test('counts by hand what it tells of one day', async (context) => {
    const { collect } = await setup(context);
    const { firestore, cloudSql } = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual([firestore.bytes, cloudSql?.bytes], [5_000_000_000_080, 7_405]);
    assert.deepEqual(
      [
        ...firestore.perDatabase.map((row) => row.database),
        ...(cloudSql?.perInstance ?? []).map((row) => row.instance),
      ],
      ['archive', '(default)', 'warehouse', 'crm'],
    );
  });

  test('tells of today what the databases hold so far', async (context) => {
    const { collect } = await setup(context);
    const until = utc('2026-03-09T10:37:20');
    assert.deepEqual(await collect(askedFor(DATE, { until }), LIMITS), counted(WORLD, until, UNSEEN));
  });

  test('on the day after counts the collections at the roots, and all instances, stopped ones too', async (context) => {
    const { asked, collect } = await setup(context);
    assert.deepEqual(await collect(LOOK, LIMITS), WHOLE);
    assert.equal(asked().length, 2);
  });

  test('on any other day does not look for collections or instances at all', async (context) => {
    const { apis, asked, collect } = await setup(context);
    await collect(askedFor(DATE), LIMITS);
    assert.deepEqual(pagesRead(apis), { [FIRESTORE]: 1, [DISKS]: 1 });
    assert.deepEqual(asked(), []);
  });

  test('asks nothing of Cloud SQL where nobody wants it, and tells nothing of it', async (context) => {
    const { apis, collect } = await setup(context, { cloudSql: false });
    assert.deepEqual(await collect(LOOK, LIMITS), { ...WHOLE, cloudSql: null });
    assert.deepEqual(pagesRead(apis), { [FIRESTORE]: 1 });
  });

  test('looks at the databases that are named, and at no other', async (context) => {
    const { collect } = await setup(context, { named: ['(default)'] });
    const { firestore } = await collect(LOOK, LIMITS);
    assert.deepEqual(firestore, {
      bytes: 80,
      documents: null,
      collections: 2,
      perDatabase: [{ database: '(default)', bytes: 80 }],
    });
  });

  test('tells zeros of databases with nothing in them, and of no instances', async (context) => {
    const { collect } = await setup(context, { world: worldWith() });
    const found = await collect(askedFor(DATE), LIMITS);
    assert.deepEqual(found, {
      firestore: {
        bytes: 0,
        documents: null,
        collections: null,
        perDatabase: [
          { database: '(default)', bytes: 0 },
          { database: 'archive', bytes: 0 },
        ],
      },
      cloudSql: { instances: null, bytes: 0, tables: null, perInstance: [] },
      more: 0,
      missing: [],
    });
  });

  test('is the same however many pages the answers come in', async (context) => {
    const { apis, collect } = await setup(context, { pageSize: 1 });
    assert.deepEqual(await collect(LOOK, LIMITS), WHOLE);
    const pages = pagesRead(apis);
    for (const list of [FIRESTORE, DISKS, 'instances.list']) assert.ok((pages[list] ?? 0) >= 3, list);
  });

  test('counts more collections than one would look at', async (context) => {
    const { db, project } = freshFirestore(context);
    const { log } = recordedLog();
    const batch = db.batch();
    for (let index = 0; index < 400; index += 1) batch.set(db.doc(`c${index}/a`), {});
    await batch.commit();
    assert.equal(await rootCollections(db, { project, log }).count(LIMITS), 400);
  });

  test('asks for all its parts at once', async (context) => {
    const { apis, collect, asked } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    await rejection(collect(LOOK, { limitMs: 1_500 }));
    assert.deepEqual(Object.keys(pagesRead(apis)).sort(), [DISKS, FIRESTORE, 'instances.list']);
    assert.equal(asked().length, 2);
  });

  test('tells the largest instances as far as databases leave room, and counts the others', async (context) => {
    const sql = Array.from({ length: MOST_ROWS + 3 }, (_, index) => ({
      name: `crm-${index}`,
      ...postgres,
      bytes: index,
    }));
    const { collect } = await setup(context, { world: { ...WORLD, sql } });
    const { firestore, cloudSql, more } = await collect(LOOK, LIMITS);
    assert.deepEqual([cloudSql?.instances, cloudSql?.bytes], [203, (203 * 202) / 2]);
    assert.deepEqual(
      [firestore.perDatabase.length, cloudSql?.perInstance.length, more],
      [2, MOST_ROWS - 2, 5],
    );
    const [first, last] = [cloudSql?.perInstance[0], cloudSql?.perInstance.at(-1)];
    assert.deepEqual([first?.instance, last?.instance], ['crm-202', 'crm-5']);
  });

  test('knows an instance by its own name, also in a project with a colon in its name', async (context) => {
    const { apis, collect } = await setup(context);
    const change = (body: Record<string, unknown>) => {
      const [series] = body.timeSeries as { resource: { labels: object } }[];
      Object.assign(series?.resource.labels ?? {}, { database_id: 'acme.com:ml:crm' });
    };
    apis.faults.add({ query: DISKS, fault: { kind: 'changed', change } });
    const names = (await collect(askedFor(DATE), LIMITS)).cloudSql?.perInstance.map((row) => row.instance);
    assert.deepEqual(names, ['warehouse', 'crm']);
  });
});

describe('database, when part of an answer is missing,', { concurrency: 4 }, () => {
  test('has no total of bytes in Firestore, and keeps the rows that answered', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ query: FIRESTORE, fault: outOfReach('us-west1') });
    const { firestore, ...rest } = WHOLE;
    assert.deepEqual(await collect(LOOK, LIMITS), {
      ...rest,
      missing: ['us-west1'],
      firestore: { ...firestore, bytes: null },
    });
  });

  test('has no total of bytes in Cloud SQL, and keeps the rows that answered', async (context) => {
    const { apis, collect } = await setup(context);
    apis.faults.add({ query: DISKS, fault: outOfReach('us-west1') });
    assert.deepEqual(await collect(LOOK, LIMITS), {
      ...WHOLE,
      missing: ['us-west1'],
      cloudSql: { ...WHOLE.cloudSql, bytes: null },
    });
  });

  test('has no number of instances, and keeps all the rest', async (context) => {
    const { apis, collect } = await setup(context);
    const warnings = [{ code: 'REGION_UNREACHABLE', region: 'asia-east1' }];
    const change = (body: Record<string, unknown>) => Object.assign(body, { warnings });
    apis.faults.add({ api: 'sql', fault: { kind: 'changed', change } });
    assert.deepEqual(await collect(LOOK, LIMITS), {
      ...WHOLE,
      missing: ['asia-east1'],
      cloudSql: { ...WHOLE.cloudSql, instances: null },
    });
  });
});

describe('database fails as a whole', { concurrency: 4 }, () => {
  const DENIED = [
    [
      { query: FIRESTORE },
      /Cloud Monitoring timeSeries\.list \S+storage_bytes \(project acme-ml.*permission: monitoring\.timeSeries\.list$/,
    ],
    [
      { query: DISKS },
      /Cloud Monitoring timeSeries\.list \S+bytes_used \(project acme-ml.*permission: monitoring\.timeSeries\.list$/,
    ],
    [{ api: 'sql' }, /Cloud SQL instances\.list \(project acme-ml.*permission: cloudsql\.instances\.list$/],
  ] as const;
  for (const [rule, message] of DENIED)
    test(`when it may not see ${Object.values(rule)}, and names API, project and permission`, async (context) => {
      const { apis, collect } = await setup(context);
      apis.faults.add({ ...rule, fault: { kind: 'denied' } });
      assert.match((await rejection(collect(LOOK, LIMITS))).message, message);
    });

  test('when it may not see the collections, and names database and permission', async (context) => {
    const denied = { code: 7, message: 'Missing or insufficient permissions.' };
    const { collections } = await answering(context, denied);
    const { monitoring } = await platformClients(context, WORLD);
    const collect = databaseSource({ monitoring, databases: [{ id: 'archive', collections }], sql: null });
    const error = await rejection(collect(LOOK, LIMITS));
    assert.ok(error instanceof UpstreamError);
    assert.equal(error.permission, 'datastore.entities.list');
    assert.match(
      error.message,
      /^Cannot finish Firestore listCollectionIds \(project acme-ml, database archive\): 7 PERMISSION_DENIED: Missing or insufficient permissions\.; missing permission: datastore\.entities\.list$/,
    );
  });

  test('when a database does not exist, and names it', async (context) => {
    const { collections } = await answering(context, { code: 5, message: 'The database does not exist' });
    assert.match(
      (await rejection(collections.count(LIMITS))).message,
      /database archive\): 5 NOT_FOUND: The database does not exist$/,
    );
  });

  test('when Firestore does not answer in time, or nobody waits any more', async (context) => {
    const { collections, lines } = await answering(context);
    const late = await rejection(collections.count({ limitMs: 300 }));
    assert.ok(late instanceof DeadlineExceeded);
    assert.match(late.message, /database archive\): no answer within 300 ms$/);
    const reason = new Error('The run is over');
    const error = await rejection(collections.count({ limitMs: 10_000, signal: AbortSignal.abort(reason) }));
    assert.equal(error, reason);
    assert.equal(lines[0]?.status, 'deadline');
  });

  test('when an answer has another form, and names the field', async (context) => {
    const { apis, collect } = await setup(context);
    const change = ({ items }: Record<string, unknown>) => {
      const [, second] = items as object[];
      Object.assign(second ?? {}, { state: 7 });
    };
    apis.faults.add({ api: 'sql', fault: { kind: 'changed', change } });
    assert.match((await rejection(collect(LOOK, LIMITS))).message, /instances\.list.*items\.1\.state: /);
  });
});
