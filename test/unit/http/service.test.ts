import assert from 'node:assert/strict';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { InvalidRequest } from '../../../functions/shared/errors.ts';
import type { ServiceRequest } from '../../../functions/shared/http/service.ts';
import { refusal, type ServiceAnswer } from '../../../functions/shared/http/service-answer.ts';
import { recordedLog } from '../../support/google.ts';
import { type ServedService, serveHere } from '../../support/serve-service.ts';

const NOW = new Date('2026-03-03T09:30:00.000Z');
const LIMIT_MS = 150;
const POSTED = '/api/refresh';
const SMALL = '{"data":[]}\n';
const LARGE = JSON.stringify({ data: Array.from({ length: 200 }, (_, index) => ({ name: `job-${index}` })) });

function json(body: string, more: Partial<ServiceAnswer> = {}): ServiceAnswer {
  return { status: 200, contentType: 'application/json', body, ...more };
}

describe('a service over HTTP', () => {
  const { log, lines: logged } = recordedLog();
  let asked: ServiceRequest[] = [];
  let answer: (request: ServiceRequest) => Promise<ServiceAnswer>;
  let service: ServedService;

  before(async () => {
    const clock = { now: () => NOW, monotonicMs: () => performance.now() };
    service = await serveHere(
      (request) => {
        asked.push(request);
        return answer(request);
      },
      { log, clock, limitMs: LIMIT_MS, posts: [POSTED] },
    );
  });
  after(() => service.stop());
  beforeEach(() => {
    logged.length = 0;
    asked = [];
    answer = async () => json(SMALL);
  });

  /** The bytes as they came over the wire. */
  async function bytes(path: string, headers: Record<string, string>) {
    const { promise, resolve, reject } = Promise.withResolvers<{ encoding: unknown; body: Buffer }>();
    request(`${service.url}${path}`, { headers, agent: false }, (response) => {
      const encoding = response.headers['content-encoding'];
      buffer(response).then((body) => resolve({ encoding, body }), reject);
    })
      .on('error', reject)
      .end();
    return promise;
  }

  test('asks its handler with the path as it was sent and the query apart', async () => {
    await service.get('/api/jobs/a%2Fb/x?state=running&state=queued&q=%ff%41');
    const { method, path, query } = asked[0] as ServiceRequest;
    assert.deepEqual([method, path], ['GET', '/api/jobs/a%2Fb/x']);
    assert.deepEqual(query.getAll('state'), ['running', 'queued']);
    assert.equal(query.get('q'), '\u{fffd}A');
  });

  test('says when the data were read, when it answered, and why they are old', async () => {
    answer = async () =>
      json(SMALL, { asOf: new Date(NOW.getTime() - 60_000), sourceError: 'no answer\nfrom “eu”' });
    const { headers } = await service.get('/');
    assert.equal(headers['x-as-of'], '2026-03-03T09:29:00.000Z');
    assert.equal(headers['x-source-error'], 'no answer?from ?eu?');
    assert.equal(headers.date, 'Tue, 03 Mar 2026 09:30:00 GMT');
    assert.equal(headers['cache-control'], 'private, no-cache');
  });

  test('lets a browser run and load nothing but its own', async () => {
    for (const { headers } of [await service.get('/'), await service.get('/', {}, 'DELETE')]) {
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /^default-src 'none'; script-src 'self';/);
      assert.match(
        policy,
        /frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/,
      );
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['x-powered-by'], undefined);
    }
  });

  test('answers 304 without a body to whoever has the content, and still says when it was read', async () => {
    answer = async () => json(LARGE, { asOf: NOW });
    const first = await service.get('/');
    const etag = String(first.headers.etag);
    for (const known of [etag, `"other", ${etag.replace('W/', '')}`, '*']) {
      const again = await service.get('/', { 'if-none-match': known, 'accept-encoding': 'gzip' });
      assert.deepEqual([again.status, again.text], [304, '']);
      assert.equal(again.headers.etag, etag);
      assert.equal(again.headers['x-as-of'], NOW.toISOString());
    }
    answer = async () => json(SMALL);
    assert.equal((await service.get('/', { 'if-none-match': etag })).status, 200);
  });

  test('gives no ETag to what is no answer, so that an error is never taken for the content', async () => {
    answer = async () => refusal(404, [{ path: 'task', message: 'No task "x"' }]);
    const { status, headers, text } = await service.get('/', { 'if-none-match': '*' });
    assert.deepEqual([status, headers.etag, headers['cache-control']], [404, undefined, 'no-store']);
    assert.deepEqual(JSON.parse(text), { problems: [{ path: 'task', message: 'No task "x"' }] });
  });

  test('encodes by what is accepted: brotli before gzip, where either will do', async () => {
    answer = async () => json(LARGE);
    const decoded = { br: brotliDecompressSync, gzip: gunzipSync };
    for (const [accepted, expected] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
      ['br;q=0.5, gzip;q=0.9', 'gzip'],
      ['br;q=0, *', 'gzip'],
    ] as const) {
      const { encoding, body } = await bytes('/', { 'accept-encoding': accepted });
      assert.equal(encoding, expected, accepted);
      assert.equal(decoded[expected](body).toString(), LARGE);
    }
    for (const accepted of ['', 'identity', 'br;q=0, gzip;q=0', 'zstd']) {
      const { encoding, body } = await bytes('/', { 'accept-encoding': accepted });
      assert.deepEqual([encoding, body.toString()], [undefined, LARGE], accepted);
    }
  });

  test('leaves alone what is small, what does not shrink, and what is encoded already', async () => {
    const headers = { 'accept-encoding': 'gzip, br' };
    assert.equal((await bytes('/', headers)).encoding, undefined);
    answer = async () => json(LARGE, { contentType: 'image/png' });
    assert.equal((await bytes('/', headers)).encoding, undefined);
    answer = async () => json('x'.repeat(5000), { headers: { 'content-encoding': 'br' } });
    assert.deepEqual(await bytes('/', headers), { encoding: 'br', body: Buffer.from('x'.repeat(5000)) });
  });

  test('answers HEAD as GET, without the body', async () => {
    answer = async () => json(LARGE, { asOf: NOW });
    const get = await service.get('/api/status');
    const head = await service.get('/api/status', {}, 'HEAD');
    const { connection: _, ...headers } = get.headers;
    const { connection: __, ...ofHead } = head.headers;
    assert.deepEqual([head.status, head.text, ofHead], [200, '', headers]);
    assert.equal(asked[1]?.method, 'HEAD');
  });

  test('refuses every method that could change something, and asks no handler', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      const { status, headers, text } = await service.get('/api/status', {}, method);
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method);
      assert.deepEqual(JSON.parse(text), {
        problems: [{ path: '', message: `Cannot ${method}`, expected: 'GET or HEAD' }],
      });
    }
    assert.deepEqual(asked, []);
  });

  test('takes a POST where one is taken and nothing else, as JSON and from no other site', async () => {
    const json = { 'content-type': 'application/json; charset=utf-8' };
    for (const headers of [json, { ...json, 'sec-fetch-site': 'same-origin' }])
      assert.equal((await service.get(`${POSTED}?a=b`, headers, 'POST')).status, 200);
    assert.deepEqual(
      asked.map(({ method, path }) => [method, path]),
      [
        ['POST', POSTED],
        ['POST', POSTED],
      ],
    );
    asked = [];
    for (const site of ['cross-site', 'same-site', 'none'])
      assert.equal((await service.get(POSTED, { ...json, 'sec-fetch-site': site }, 'POST')).status, 403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/json, application/json'])
      assert.equal((await service.get(POSTED, { 'content-type': type }, 'POST')).status, 415);
    assert.equal((await service.get(POSTED, {}, 'POST')).status, 415);
    for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS']) {
      const { status, headers } = await service.get(POSTED, json, method);
      assert.deepEqual([status, headers.allow], [405, 'POST'], method);
    }
    assert.deepEqual(asked, []);
  });

  test('refuses an address that is longer than any of ours', async () => {
    const { status, text } = await service.get(`/api/jobs?q=${'x'.repeat(5000)}`);
    assert.equal(status, 414);
    assert.match(text, /The address has 5012 characters/);
    assert.deepEqual(asked, []);
  });

  test('answers 400 with every problem of what cannot be asked', async () => {
    const problems = [{ path: 'limit', message: 'Cannot use "x"', expected: 'a number' }];
    answer = async () => {
      throw new InvalidRequest(problems);
    };
    const { status, text } = await service.get('/');
    assert.deepEqual([status, JSON.parse(text)], [400, { problems }]);
    assert.deepEqual(logged, []);
  });

  test('keeps the stack of a failure to the log', async () => {
    answer = async () => {
      throw new Error('the secret is hunter2');
    };
    const { status, text } = await service.get('/');
    assert.equal(status, 500);
    assert.doesNotMatch(text, /hunter2|service\.test\.ts/);
    assert.match(String(logged[0]?.stack_trace), /hunter2[\s\S]*service\.test\.ts/);
  });

  test('gives up at the deadline, also on a handler that ignores its signal', async () => {
    for (const heeds of [true, false]) {
      answer = ({ signal }) => {
        const { promise, reject } = Promise.withResolvers<ServiceAnswer>();
        if (heeds) signal.addEventListener('abort', () => reject(signal.reason));
        return promise;
      };
      const { status, headers, text } = await service.get('/api/slow');
      assert.deepEqual([status, headers['retry-after']], [503, '5']);
      assert.match(text, /Cannot finish GET \/api\/slow: no answer within 150 ms/);
    }
  });

  test('stops the work for whoever has gone', async () => {
    const gone = Promise.withResolvers<unknown>();
    const leaving = new AbortController();
    answer = ({ signal }) => {
      signal.addEventListener('abort', () => gone.resolve(signal.reason));
      leaving.abort();
      return new Promise(() => {});
    };
    request(service.url, { signal: leaving.signal })
      .on('error', () => {})
      .end();
    assert.match(String(await gone.promise), /whoever asked has gone/);
    await sleep(700);
    assert.deepEqual(logged, []);
  });
});
