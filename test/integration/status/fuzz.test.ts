import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ROOT } from '../../../scripts/shared/places.ts';
import {
  type StatusEndpoint,
  startStatusEndpoint,
} from '../../../scripts/stack/stand-ins/status-endpoint.ts';
import { freshFile } from '../../support/folders.ts';
import { type ServedFunction, serveFunction } from '../../support/function-process.ts';
import { claimTerm, ending, freshRecords, SLOT, scheduled } from '../../support/lifecycle.ts';
import { ensurePage } from '../../support/page/built.ts';
import { askRaw, type RawReply, type RawRequest } from '../../support/raw-http.ts';
import { seededRandom, sized } from '../../support/soak.ts';
import { MAPPING } from '../../support/sweeper.ts';

const REQUESTS = sized(120, 5_000);
const AT_ONCE = 8;
const SECRET = 'hunter2-of-the-backend';
const TASK = 'collect-metrics';
const RUN = `${TASK}@${SLOT.toISOString()}`;

const PATHS = [
  '/',
  '/index.html',
  '/metrics',
  '/api/status',
  '/api/health',
  '/api/system/health',
  '/api/system/executions/running',
  '/api/scheduler/status/',
  `/api/scheduler/tasks/${TASK}/runs/`,
  `/api/tasks/${TASK}/runs`,
  `/api/runs/${encodeURIComponent(RUN)}`,
  '/api/alarms',
  '/api/days',
  '/api/jobs',
  '/api/jobs/jobs/job-1',
  '/api/openapi.json',
  '/schemas/run.json',
  `/badge/${TASK}.svg`,
  `/badge/${TASK}.json`,
];
const KEYS = [
  'outcome',
  'trigger',
  'since',
  'after',
  'limit',
  'from',
  'to',
  'source',
  'state',
  'project',
  'stale',
];
/** What no segment, key or value should be; percent-encoded where it must be to arrive at all. */
const ODD = [
  '__proto__',
  'constructor',
  'constructor[prototype][polluted]',
  'hasOwnProperty',
  'toString',
  '..',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  'a%2Fb',
  '%2F',
  '.',
  '__x__',
  '%00',
  '%ff%fe',
  '\xff\xfe',
  '%',
  '%e2%80%ae%3Cimg%20onerror%3Dx%3E',
  '%F0%9F%98%80',
  '-1',
  '0',
  '1e9',
  'NaN',
  '9999999999999999999999',
  '2026-02-30',
  '9999-12-31T23:59:59.999Z',
  '0001-01-01',
  'eyJhIjoxfQ%3D%3D',
  'null',
  '%7B%7D',
  `${'x'.repeat(2_000)}`,
  '',
];
const METHODS = [
  ...Array<string>(14).fill('GET'),
  ...['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'],
];
const HEADERS: readonly (readonly [string, string])[] = [
  ['Accept-Encoding', 'gzip, br'],
  ['Accept-Encoding', 'br;q=x, gzip;q=,;,q=1'],
  ['If-None-Match', '*'],
  ['If-None-Match', `${'"x",'.repeat(500)}W/`],
  ['If-Modified-Since', 'yesterday'],
  ['Range', 'bytes=0-0,-1'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-For', '__proto__'],
  ['X-Forwarded-Host', 'evil.example'],
  ['Content-Type', 'application/json'],
  ['Content-Type', 'multipart/form-data'],
  ['Content-Encoding', 'gzip'],
  ['Expect', '100-continue'],
  ['Expect', 'the unexpected'],
  ['Upgrade', 'websocket'],
  ['__proto__', 'x'],
  ['X-CloudScheduler', 'true'],
  ['Accept', '\xff\xfe'],
  ['Cookie', 'x'.repeat(20_000)],
];
const BODIES = [
  Buffer.alloc(0),
  Buffer.alloc(0),
  Buffer.from('{"__proto__": {"polluted": true}}'),
  Buffer.from('{"broken'),
  Buffer.from([0xff, 0xfe, 0]),
  Buffer.alloc(1024 * 1024, 'x'),
];

describe('status, asked for anything', () => {
  const records = freshRecords();
  let endpoint: StatusEndpoint;
  let served: ServedFunction;
  let port: number;
  before(async () => {
    await ensurePage();
    const term = await claimTerm(records.claimant({ task: TASK }), {
      ...scheduled(),
      task: TASK,
      runId: RUN,
    });
    await term.finish(ending('failed'));
    const time = new Date();
    const job = {
      status: 'running',
      type: 'train',
      createdAt: time,
      startedAt: time,
      heartbeatAt: time,
      updatedAt: time,
    };
    for (const id of ['job-1', 'job-2']) await records.db.doc(`jobs/${id}`).set({ ...job, backendId: id });
    endpoint = await startStatusEndpoint(new Map([['job-1', { state: 'busy' }]]), SECRET);
    const backend = {
      kind: 'http',
      url: endpoint.url,
      state: 'state',
      statuses: { busy: 'running' },
      header: { name: 'X-Token', variable: 'BACKEND_TOKEN' },
    };
    const settings = { sources: { jobs: { ...MAPPING, mode: 'observe', backend } } };
    served = await serveFunction('functions/status/index.ts', 'status', {
      GOOGLE_CLOUD_PROJECT: records.project,
      NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)),
      BACKEND_TOKEN: SECRET,
    });
    port = Number(new URL(served.url).port);
  });
  after(async () => {
    await served?.stop();
    await endpoint?.stop();
    await records.end();
  });

  /** Every document there is, with the instant of its last write. */
  async function everything(): Promise<string[]> {
    const collections = await records.db.listCollections();
    const found = await Promise.all(collections.map((collection) => collection.get()));
    return found
      .flatMap(({ docs }) =>
        docs.map((it) => `${it.ref.path} ${it.updateTime.toMillis()} ${JSON.stringify(it.data())}`),
      )
      .sort();
  }

  test(`answers ${REQUESTS} requests by 2xx, 3xx or 4xx, tells nothing it should not, and writes nothing`, async (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const stored = await everything();
    assert.ok(stored.length > 3);
    const statuses = new Map<number, number>();
    const requests = Array.from({ length: REQUESTS }, () => requestBy(random));
    const queue = requests.values();
    const work = async () => {
      for (const request of queue) {
        const reply = await askRaw(port, request);
        check(request, reply);
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    t.diagnostic(JSON.stringify(Object.fromEntries([...statuses].sort(([a], [b]) => a - b))));
    for (const status of [200, 400, 404, 405]) assert.ok(statuses.has(status), `${status} never came`);
    assert.deepEqual(await everything(), stored);
    assert.ok(
      !served.lines().some((line) => JSON.stringify(line).includes(SECRET)),
      'the log holds a secret',
    );
    const sound = await askRaw(port, {
      method: 'GET',
      target: '/api/health',
      headers: [],
      body: Buffer.alloc(0),
    });
    assert.equal(sound.status, 200, sound.body);
  });

  test('answers without a stack what cannot be read', async () => {
    const post = {
      method: 'POST',
      target: '/api/status',
      headers: [['Content-Type', 'application/json']] as const,
    };
    const broken = await askRaw(port, { ...post, body: Buffer.from('{"broken') });
    // Nobody reads it.
    assert.equal(broken.status, 405);
    const path = await askRaw(port, {
      method: 'GET',
      target: '/api/%ff',
      headers: [],
      body: Buffer.alloc(0),
    });
    assert.equal(path.status, 400);
    for (const { body } of [broken, path]) assert.doesNotMatch(body, LEAKS);
  });
});

/** Lines of a stack, our own paths, and what the environment holds. */
const LEAKS = new RegExp(
  [
    String.raw`\bat [^"<]*\.[cm]?[jt]s:\d+`,
    'node_modules',
    ROOT,
    SECRET,
    'BACKEND_TOKEN',
    'process\\.env',
  ].join('|'),
);

function check(request: RawRequest, { status, headers, body }: RawReply): void {
  const { method, target } = request;
  const said = `${method} ${target.slice(0, 300)} ${JSON.stringify(request.headers).slice(0, 300)}: ${status} ${body.slice(0, 500)}`;
  // A head that is too long may be cut off before its answer was read.
  if (status === 0 && request.headers.some(([, value]) => value.length > 16_000)) return;
  assert.ok(status >= 200 && status < 500, said);
  assert.doesNotMatch(body, LEAKS, said);
  assert.doesNotMatch([...headers].flat().join('\n'), LEAKS, said);
  assert.ok(!headers.has('set-cookie') && !headers.has('access-control-allow-origin'), said);
  if (method === 'HEAD' || status === 304) assert.equal(body, '', said);
  else if (status >= 400 && headers.get('content-type') === 'application/json') {
    const { problems } = JSON.parse(body) as { problems: { path: string; message: string }[] };
    assert.ok(problems.length > 0 && problems.every((it) => typeof it.message === 'string'), said);
  }
}

/** A request, most often one that is nearly right. */
function requestBy(random: () => number): RawRequest {
  const pick = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  const some = (most: number) => Array.from({ length: Math.floor(random() * (most + 1)) });
  let path = pick(PATHS);
  if (random() < 0.4) {
    const segments = path.split('/');
    segments[1 + Math.floor(random() * (segments.length - 1))] = pick(ODD);
    path = segments.join('/');
  }
  if (random() < 0.1) path += pick(['/', '//', `/${pick(ODD)}`]);
  const query = random() < 0.5 ? some(3).map(() => `${pick([...KEYS, ...KEYS, ...ODD])}=${pick(ODD)}`) : [];
  return {
    method: pick(METHODS),
    target: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    headers: random() < 0.5 ? some(3).map(() => pick(HEADERS)) : [],
    body: random() < 0.2 ? pick(BODIES) : (BODIES[0] as Buffer),
  };
}
