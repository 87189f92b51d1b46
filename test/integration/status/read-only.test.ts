import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { describe, test } from 'node:test';
import type { CollectionReference, Firestore } from '@google-cloud/firestore';
import { pooledMap } from '../../../functions/shared/concurrency.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { ENDPOINT_NAMES, ENDPOINTS } from '../../../functions/status/api/endpoints.ts';
import { SCHEMAS } from '../../../functions/status/api/openapi.ts';
import { at, currentRun, healthOf } from '../../support/health.ts';
import { serveHere } from '../../support/serve-service.ts';
import { seededRandom, sized } from '../../support/soak.ts';
import { filesBelow } from '../../support/source-files.ts';
import { statusService } from '../../support/status.ts';
import { beating, EXECUTIONS } from '../../support/sweeper.ts';

const SECRET = 's3cr3t-token-of-the-lease';

/** Every document of the database with its update time. */
async function everything(db: Firestore): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const look = async (collections: CollectionReference[]): Promise<void> => {
    for (const collection of collections)
      for (const ref of await collection.listDocuments()) {
        const document = await ref.get();
        if (document.updateTime) found[ref.path] = document.updateTime.toDate().toISOString();
        await look(await ref.listCollections());
      }
  };
  await look(await db.listCollections());
  return found;
}

async function seeded(t: Parameters<typeof statusService>[0]) {
  const service = statusService(t, { begin: at(0), sources: { jobs: beating({ executions: EXECUTIONS }) } });
  const { db, collections } = service;
  const running = currentRun({ token: SECRET });
  await collections.tasks.doc('collect-metrics').set(healthOf({ task: 'collect-metrics', current: running }));
  await db.doc('jobs/live').set({ status: 'running', startedAt: at(-60), heartbeatAt: at(-60) });
  await db.doc('jobs/dead').set({ status: 'running', startedAt: at(-7_200), heartbeatAt: at(-7_200) });
  await db.doc('jobs/dead/executions/one').set({ status: 'running', startedAt: at(-7_200) });
  return service;
}

const PARTS = [
  'api',
  'jobs',
  'runs',
  'tasks',
  'status',
  '..',
  '.',
  '%2e%2e',
  '%00',
  '%ff',
  '%F0%9F%92%A9',
  '__proto__',
  'constructor',
  'x'.repeat(300),
  'badge',
  'metrics',
  '',
  'live',
  'dead',
  'collect-metrics',
];
const KEYS = [
  'limit',
  'after',
  'state',
  'source',
  'project',
  'stale',
  'outcome',
  'trigger',
  'since',
  'from',
  'to',
  '__proto__',
  'constructor',
  'toString',
  '%00',
];
const VALUES = [
  '',
  '1',
  '-1',
  '1e9',
  'NaN',
  'running',
  'true',
  'jobs',
  '%FF',
  '%00',
  '__proto__',
  '2026-03-01',
  '2026-02-30',
  'WyJqb2JzIiwiam9icy9saXZlIl0',
  'WyIiLCIiXQ',
  "' OR 1=1",
  'x'.repeat(2_000),
  '<img onerror=alert(1)>',
];
const METHODS = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const HEADERS = [
  {},
  { 'if-none-match': '*' },
  { 'accept-encoding': 'br;q=x, gzip;q=-1' },
  { range: 'bytes=0-1' },
  { 'content-type': 'application/json' },
];

describe('the service only reads', () => {
  test('whatever it is asked: nothing is written, no stack and no secret leaks, nothing fails', async (t) => {
    // As deployed, and as the local stack serves it: Express then keeps its stacks to itself.
    process.env.NODE_ENV = 'production';
    const service = await seeded(t);
    const random = seededRandom((message) => t.diagnostic(message));
    const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
    const log = createLog({}, () => undefined);
    const served = await serveHere(service.handler, { log, clock: service.clock, limitMs: 10_000 });
    t.after(() => served.stop());
    const before = await everything(service.db);
    const known = [
      ...ENDPOINT_NAMES.map((name) => ENDPOINTS[name].path.replace(/\{\w+\}/g, 'jobs')),
      ...Object.keys(SCHEMAS).map((name) => `/schemas/${name}.json`),
      '/api/openapi.json',
      '/metrics',
      '/badge/collect-metrics.svg',
      '/api/jobs/jobs/dead',
    ];
    const asked = Array.from({ length: sized(250, 5_000) }, () => {
      const path = random() < 0.5 ? one(known) : `/${Array.from({ length: 4 }, () => one(PARTS)).join('/')}`;
      const query = Array.from(
        { length: Math.floor(random() * 3) },
        () => `${one(KEYS)}=${one(VALUES).replaceAll(' ', '+').replace(/[<>]/g, '')}`,
      );
      return { path: `${path}?${query.join('&')}`, method: one(METHODS), headers: one(HEADERS) };
    });
    await pooledMap(asked, 8, async (each) => {
      service.clock.pass(1_000);
      const { status, text } = await ask(served.url, each);
      const what = `${each.method} ${each.path.slice(0, 300)}: ${status} ${text.slice(0, 300)}`;
      assert.ok(status >= 200 && status < 500, what);
      assert.ok(!text.includes(SECRET) && !/ at .*\.[jt]s:\d+/.test(text), what);
      // A path that is no UTF-8 is refused by the framework, before any function of ours is called.
      const isOurs = !/%ff/i.test(each.path);
      if (status >= 400 && each.method !== 'HEAD' && isOurs)
        assert.ok(JSON.parse(text).problems.length > 0, what);
    });
    assert.deepEqual(await everything(service.db), before);
  });

  test('a body of a megabyte changes nothing', async (t) => {
    const service = await seeded(t);
    const served = await serveHere(service.handler, {
      log: createLog({}, () => undefined),
      clock: service.clock,
      limitMs: 10_000,
    });
    t.after(() => served.stop());
    const { status } = await ask(served.url, {
      path: '/api/status',
      method: 'POST',
      headers: {},
      body: 'x'.repeat(1_000_000),
    });
    assert.ok(status === 405 || status === 413, String(status));
  });

  test('no file of it names a call that writes', () => {
    const own = filesBelow('functions/status').filter(({ path }) => !path.includes('/page/'));
    for (const { path, code } of own)
      assert.doesNotMatch(
        code,
        /\.(?:commit|bulkWriter|batch|runTransaction|putEnding|putTakenBack)\(/,
        path,
      );
    const store = filesBelow('functions/shared/store/own').find(({ path }) => /status-records/.test(path));
    assert.ok(store);
    assert.doesNotMatch(store.code, /\.(?:commit|batch|set|update|create|delete|add|runTransaction)\(/);
  });
});

interface Asking {
  path: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
}

function ask(
  url: string,
  { path, method, headers, body }: Asking,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, method, headers }, (response: IncomingMessage) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
