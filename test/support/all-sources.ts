import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Firestore } from '@google-cloud/firestore';
import type { Platform } from '../../functions/collect-metrics/sources/ask-platform.ts';
import { bigquerySource } from '../../functions/collect-metrics/sources/bigquery.ts';
import { cloudRunSource } from '../../functions/collect-metrics/sources/cloud-run.ts';
import { databaseSource } from '../../functions/collect-metrics/sources/database.ts';
import { storageSource } from '../../functions/collect-metrics/sources/storage.ts';
import { cloudStorage } from '../../functions/shared/cloud/storage/buckets.ts';
import { MINUTE_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import { PLATFORM_SOURCES, type PlatformSource } from '../../functions/shared/model/day/platform.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import { rootCollections } from '../../functions/shared/store/sources/root-collections.ts';
import type { SeenRequest } from '../../scripts/stack/stand-ins/google/apis.ts';
import type { Fault, FaultRule } from '../../scripts/stack/stand-ins/google/faults.ts';
import type { PlatformWorld } from '../../scripts/stack/stand-ins/google/world.ts';
import { collector, type Setup } from './collector.ts';
import { freshFirestore, lentFirestore } from './firestore.ts';
import { AT_ONCE, PROJECT, recordedLog } from './google.ts';
import { sourceOf, utc } from './jobs.ts';
import { platformClients, queryJob, worldWith } from './platform.ts';
import { startProxy } from './tcp-proxy.ts';

/** The collection of the ETL runs. */
export const ETL = 'etlRuns';

/** Sources of training jobs and of ETL runs, which have neither GPUs nor artifacts. */
export function booksOf(over: { jobs?: object; etl?: object } = {}): Record<'jobs' | 'etl', Source> {
  const { gpus: _, artifactBytes: __, ...fields } = sourceOf().fields;
  return {
    jobs: sourceOf({ ...over.jobs }),
    etl: sourceOf({ collection: ETL, kind: 'etl', fields, ...over.etl }),
  };
}

/** Something of everything; the requests and the queries were on 9 March, the levels are for ever. */
export function smallWorld(): PlatformWorld {
  const createdAt = utc('2026-01-01T00:00');
  const web = { service: 'web', region: 'europe-west4', at: utc('2026-03-09T12:00') };
  return worldWith({
    bigquery: {
      jobs: [queryJob({ id: 'query-1' }), queryJob({ id: 'query-2' })],
      datasets: [{ id: 'sales', location: 'EU', tables: [{ id: 'orders', bytes: 900 }] }],
    },
    run: {
      services: [
        { name: 'web', region: 'europe-west4', createdAt },
        { name: 'batch', region: 'us-east1', createdAt },
      ],
      requests: [
        { ...web, responseClass: '2xx', count: 30 },
        { ...web, responseClass: '5xx', count: 2 },
        { ...web, service: 'batch', region: 'us-east1', responseClass: '2xx', count: 4 },
      ],
    },
    buckets: [
      { name: 'models', location: 'eu', storageClass: 'STANDARD', live: { bytes: 4_000, objects: 7 } },
    ],
    firestore: [{ id: '(default)', location: 'eur3', bytes: 5_000 }],
    sql: [{ name: 'crm', region: 'europe-west4', version: 'POSTGRES_17', state: 'RUNNABLE', bytes: 70_000 }],
  });
}

/** The metrics that tell of each source, as the filter of a query to Monitoring has them, and its own API. */
const ASKED_BY: Record<PlatformSource, Pick<FaultRule, 'api' | 'query'>[]> = {
  storage: [{ query: '"storage.googleapis.com' }],
  bigquery: [{ query: '"bigquery.googleapis.com' }, { api: 'bigquery' }],
  cloudRun: [{ query: '"run.googleapis.com' }, { api: 'run' }],
  database: [{ query: '"firestore.googleapis.com' }, { query: '"cloudsql.googleapis.com' }, { api: 'sql' }],
};

export interface AllSetup extends Omit<Setup, 'platform' | 'openSource'> {
  world?: PlatformWorld;
  /** The sources of the platform that there are; all of them unless given. */
  only?: readonly PlatformSource[];
  /** The deadlines of single sources of the platform; no healthy one ever meets its own otherwise. */
  deadlinesMs?: Partial<Record<PlatformSource, number>>;
  /** The regions that Cloud Run is asked for one by one. */
  regions?: readonly string[];
  /** Whether each source of records, and the databases' own collections, have a connection of their own, to stall. */
  stallable?: boolean;
}

/** collect-metrics with every metric source: the real ones over stand-ins of the platform `world`, which may change meanwhile. */
export async function collectorOfAll(
  t: TestContext,
  {
    world = smallWorld(),
    only = PLATFORM_SOURCES,
    deadlinesMs = {},
    regions,
    stallable = false,
    sources = booksOf(),
    ...setup
  }: AllSetup = {},
) {
  const { apis, monitoring, bigquery, run, sql } = await platformClients(t, world);
  const buckets = await bucketLists(t, world);
  const ways = await waysToFirestore(t, stallable ? ['database', ...Object.keys(sources)] : []);
  const { log, lines } = recordedLog();

  const { db, project } = stallable ? freshFirestore(t) : lentFirestore(t);
  if (only.includes('database'))
    await Promise.all(['users/1', 'orders/1', 'events/1'].map((path) => db.doc(path).set({ n: 1 })));
  const counted = stallable ? ways.client('database', project) : db;
  const collections = rootCollections(counted, { project, log });
  const storage = cloudStorage({ project: PROJECT, baseUrl: buckets.baseUrl, log, retry: AT_ONCE });
  const deadline = (source: PlatformSource) => ({ deadlineMs: deadlinesMs[source] ?? MINUTE_MS });
  const databases = [{ id: '(default)', collections }];
  const platform = {
    storage: { ...deadline('storage'), collect: storageSource({ storage, monitoring }) },
    bigquery: { ...deadline('bigquery'), collect: bigquerySource({ bigquery, monitoring }) },
    cloudRun: { ...deadline('cloudRun'), collect: cloudRunSource({ run, monitoring, regions }) },
    database: { ...deadline('database'), collect: databaseSource({ monitoring, databases, sql }) },
  } satisfies Platform;
  const some = (...names: readonly PlatformSource[]): Platform =>
    Object.fromEntries(names.map((name) => [name, platform[name]]));
  const ours = collector(t, {
    platform: some(...only),
    sources,
    openSource: stallable ? ways.client : undefined,
    log,
    ...setup,
  });

  return {
    ...ours,
    platform,
    /** A platform of these sources alone, to configure. */
    some,
    world,
    apis,
    buckets,
    /** The database whose collections are counted. */
    counted: db,
    /** What was logged. */
    lines,
    /** Nothing gets through to the database of a source of records, or of the collections, any more. */
    stall: ways.stall,
    resume: ways.resume,
    /** Spoils every answer to a source of the platform. Returns what ends that. */
    spoil(source: PlatformSource, fault: Fault): () => void {
      const ends = ASKED_BY[source].map((rule) => apis.faults.add({ ...rule, fault }));
      if (source === 'storage') buckets.hang(fault.kind === 'hang');
      return () => {
        for (const end of ends) end();
        if (source === 'storage') buckets.hang(false);
      };
    },
    /** The requests to Google's APIs that a source made so far, lists of buckets apart. */
    requestsOf: (source: PlatformSource): SeenRequest[] =>
      apis
        .requests()
        .filter(({ api, query }) =>
          ASKED_BY[source].some(
            (rule) => rule.api === api || (rule.query && query.get('filter')?.includes(rule.query)),
          ),
        ),
  };
}

/** The buckets of `world` as Cloud Storage lists them, over HTTP. */
async function bucketLists(t: TestContext, world: PlatformWorld) {
  let [lists, hangs] = [0, false];
  const waiting = new Set<ServerResponse>();
  const server = createServer((_, res) => {
    lists += 1;
    if (hangs) return void waiting.add(res.on('close', () => waiting.delete(res)));
    const items = world.buckets.map(({ name, location }) => ({
      kind: 'storage#bucket',
      name,
      location: location.toUpperCase(),
      timeCreated: '2026-01-01T00:00:00.000Z',
    }));
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ kind: 'storage#buckets', items }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How often they were listed. */
    lists: () => lists,
    hang: (now: boolean) => {
      hangs = now;
    },
  };
}

/** A way to the emulator for each name, which can be stalled. */
async function waysToFirestore(t: TestContext, names: readonly string[]) {
  const emulator = process.env.FIRESTORE_EMULATOR_HOST ?? '';
  const ways = new Map<string, Awaited<ReturnType<typeof startProxy>>>();
  for (const name of names) ways.set(name, await startProxy(emulator));
  const clients: Firestore[] = [];
  t.after(async () => {
    // What is under way ends first: the client tries for a minute, and fails when it is terminated meanwhile.
    for (const way of ways.values()) way.resume();
    if (clients.length > 0) await pause(SECOND_MS / 4);
    await Promise.all(clients.map((client) => client.terminate()));
    await Promise.all([...ways.values()].map((way) => way.stop()));
  });
  const wayOf = (name: string) => {
    const way = ways.get(name);
    if (!way) throw new RangeError(`Cannot find the way to "${name}"`);
    return way;
  };
  return {
    client(name: string, project: string): Firestore {
      // The client reads the variable when it is made.
      process.env.FIRESTORE_EMULATOR_HOST = wayOf(name).host;
      const db = new Firestore({ projectId: project });
      process.env.FIRESTORE_EMULATOR_HOST = emulator;
      clients.push(db);
      return db;
    },
    stall: (name: string) => wayOf(name).stall(),
    resume: (name: string) => wayOf(name).resume(),
  };
}
