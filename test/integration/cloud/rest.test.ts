import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { type ApiOptions, restApi } from '../../../functions/shared/cloud/rest/rest.ts';
import { sleep } from '../../../functions/shared/concurrency.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { services, worldWith } from '../../support/platform.ts';

const REGION = 'europe-west4';
const CALL = {
  operation: 'services.list',
  path: `/v1/projects/${PROJECT}/locations/${REGION}/services`,
  region: REGION,
  schema: z.object({
    kind: z.string(),
    items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
  }),
};

/** Cloud Run with one service, its log, and a door to it. */
async function setup(context: TestContext, over: Partial<ApiOptions> = {}) {
  const apis = await googleApis(
    context,
    worldWith({ run: { services: services(1, [REGION]), requests: [] } }),
  );
  const { log, lines } = recordedLog();
  const options = { project: PROJECT, baseUrl: apis.baseUrls.run, log, retry: AT_ONCE, ...over };
  const api = restApi('Cloud Run', 'https://run.googleapis.com', options);
  return { apis, api, lines, statuses: () => lines.map(({ status }) => status) };
}

describe('get()', () => {
  test('answers what the schema makes of it, and logs the call in one line', async (context) => {
    const { api, lines } = await setup(context);
    const { items } = await api.get(CALL, LIMITS);
    assert.deepEqual(items, [{ metadata: { name: 'service-0' } }]);
    const [{ ms, ...line } = {}] = lines;
    assert.equal(lines.length, 1);
    assert.equal(typeof ms, 'number');
    assert.deepEqual(line, {
      severity: 'DEBUG',
      message: 'Cloud Run: services.list',
      api: 'Cloud Run',
      operation: 'services.list',
      project: PROJECT,
      region: REGION,
      attempt: 1,
      status: 200,
    });
  });

  const PASSING: [what: string, fault: Fault, logged: number | string][] = [
    ['HTTP 408', { kind: 'status', status: 408 }, 408],
    ['HTTP 429', { kind: 'status', status: 429 }, 429],
    ['HTTP 500', { kind: 'status', status: 500 }, 500],
    ['HTTP 503', { kind: 'status', status: 503 }, 503],
    ['an answer cut in the middle', { kind: 'truncated' }, 'connection'],
    ['a connection that is reset', { kind: 'reset' }, 'connection'],
    ['an answer that is no JSON', { kind: 'malformed' }, 'malformed'],
  ];
  for (const [what, fault, logged] of PASSING)
    test(`tries again after ${what}, a line each`, async (context) => {
      const { apis, api, lines, statuses } = await setup(context);
      apis.faults.add({ fault, times: 2 });
      await api.get(CALL, LIMITS);
      assert.deepEqual(statuses(), [logged, logged, 200]);
      assert.deepEqual(
        lines.map(({ attempt, severity }) => [attempt, severity]),
        [
          [1, 'WARNING'],
          [2, 'WARNING'],
          [3, 'DEBUG'],
        ],
      );
    });

  for (const [what, fault, logged] of PASSING)
    test(`gives up when ${what} does not pass`, async (context) => {
      const { apis, api, statuses } = await setup(context, { retry: { ...AT_ONCE, attempts: 3 } });
      apis.faults.add({ fault });
      const error = await rejection(api.get(CALL, LIMITS));
      assert.ok(error instanceof UpstreamError && error.retryable, error.stack);
      assert.match(
        error.message,
        /^Cannot (finish|read) Cloud Run services\.list \(project acme-ml, region europe-west4, attempt 3 after /,
      );
      assert.deepEqual(statuses(), [logged, logged, logged]);
    });

  for (const status of [302, 400, 401, 404, 409])
    test(`does not ask again after HTTP ${status}, and tells Google's words`, async (context) => {
      const { apis, api, statuses } = await setup(context);
      apis.faults.add({ fault: { kind: 'status', status, message: 'Not like this.' } });
      const error = await rejection(api.get(CALL, LIMITS));
      assert.ok(error instanceof UpstreamError && !error.retryable && error.status === status);
      assert.match(
        error.message,
        new RegExp(`region europe-west4\\): HTTP ${status}: [A-Z_]+: Not like this\\.$`),
      );
      assert.deepEqual(statuses(), [status]);
    });

  test('an address where nobody listens is a failed connection', async (context) => {
    const { apis, api, statuses } = await setup(context, { retry: { ...AT_ONCE, attempts: 2 } });
    await apis.stop();
    const error = await rejection(api.get(CALL, LIMITS));
    assert.ok(error instanceof UpstreamError && error.retryable && error.status === null);
    assert.match(error.message, /the connection failed: connect ECONNREFUSED/);
    assert.deepEqual(statuses(), ['connection', 'connection']);
  });
});

describe('a denial', () => {
  test('names API, project, region, status and the permission that Google names', async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({ fault: { kind: 'denied' } });
    const error = await rejection(api.get({ ...CALL, permission: 'a.hint.only' }, LIMITS));
    assert.ok(error instanceof UpstreamError && !error.retryable);
    assert.equal(error.permission, 'run.services.list');
    assert.equal(
      error.message,
      "Cannot finish Cloud Run services.list (project acme-ml, region europe-west4): HTTP 403: PERMISSION_DENIED: Permission 'run.services.list' denied on resource 'namespaces/acme-ml/services' (or resource may not exist).; missing permission: run.services.list",
    );
  });

  test("names the call's own where Google names none", async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({
      fault: { kind: 'status', status: 403, message: 'The caller does not have permission' },
    });
    const error = await rejection(api.get({ ...CALL, permission: 'run.services.list' }, LIMITS));
    assert.match(
      error.message,
      /The caller does not have permission; missing permission: run\.services\.list$/,
    );
  });
});

describe('Retry-After', () => {
  test('is waited for', async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({ fault: { kind: 'status', status: 429, retryAfter: '1' }, times: 1 });
    await api.get(CALL, LIMITS);
    const [first, second] = apis.requests();
    const waited = (second?.at.getTime() ?? 0) - (first?.at.getTime() ?? 0);
    assert.ok(waited >= 990, `waited ${waited} ms`);
  });

  test('past the deadline is not waited for: the refusal itself is told at once', async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({ fault: { kind: 'status', status: 429, retryAfter: '60' } });
    const error = await rejection(api.get(CALL, LIMITS));
    assert.ok(error instanceof UpstreamError && error.retryAfterMs === 60_000);
    assert.match(error.message, /HTTP 429: RESOURCE_EXHAUSTED/);
    assert.equal(apis.requests().length, 1);
  });
});

describe('the deadline', () => {
  test('ends a call that hangs, and names what was pending', async (context) => {
    const { apis, api, statuses } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    const begun = performance.now();
    const error = await rejection(api.get(CALL, { limitMs: 300 }));
    assert.ok(error instanceof DeadlineExceeded);
    assert.equal(
      error.message,
      'Cannot finish Cloud Run services.list (project acme-ml, region europe-west4): no answer within 300 ms',
    );
    const took = performance.now() - begun;
    assert.ok(took >= 290, `took ${took} ms`);
    assert.deepEqual(statuses(), ['deadline']);
  });

  test('holds for all tries together, and tells why there was more than one', async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({ fault: { kind: 'hang' } });
    apis.faults.add({ fault: { kind: 'status', status: 503 }, times: 1 });
    const error = await rejection(api.get(CALL, { limitMs: 1_000 }));
    assert.ok(error instanceof DeadlineExceeded);
    assert.match(error.message, /region europe-west4, attempt 2 after HTTP 503\): no answer within 1000 ms$/);
  });

  test('holds for an answer that begins and does not end', async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({ fault: { kind: 'stalled' } });
    assert.ok((await rejection(api.get(CALL, { limitMs: 200 }))) instanceof DeadlineExceeded);
  });

  test('of one try ends only that try', async (context) => {
    const { apis, api, statuses } = await setup(context, { retry: { ...AT_ONCE, attemptMs: 600 } });
    apis.faults.add({ fault: { kind: 'hang' }, times: 1 });
    await api.get(CALL, LIMITS);
    assert.deepEqual(statuses(), ['deadline', 200]);
  });

  test('holds for credentials that do not come', async (context) => {
    const { api } = await setup(context, { authorize: () => new Promise(() => {}) });
    assert.ok((await rejection(api.get(CALL, { limitMs: 200 }))) instanceof DeadlineExceeded);
  });
});

describe('the signal', () => {
  const MOMENTS: [what: string, fault: Fault, status: unknown][] = [
    ['while an answer is waited for', { kind: 'hang' }, 'aborted'],
    ['in the middle of an answer', { kind: 'stalled' }, 'aborted'],
    ['while the next try is waited for', { kind: 'status', status: 503, retryAfter: '30' }, 503],
  ];
  for (const [what, fault, status] of MOMENTS)
    test(`stops the call at once ${what}, with its own reason`, async (context) => {
      const { apis, api, lines, statuses } = await setup(context);
      apis.faults.add({ fault });
      const stop = new AbortController();
      const call = rejection(api.get(CALL, { limitMs: 60_000, signal: stop.signal }));
      while (apis.requests().length === 0 || (status === 503 && lines.length === 0)) await sleep(10);
      await sleep(50);
      const reason = new Error('the run was taken over');
      const told = performance.now();
      stop.abort(reason);
      assert.equal(await call, reason);
      assert.ok(performance.now() - told < 20_000);
      assert.deepEqual(statuses(), [status]);
    });

  test('that has fired already lets nothing out', async (context) => {
    const { apis, api } = await setup(context);
    const reason = new Error('too late');
    assert.equal(await rejection(api.get(CALL, { ...LIMITS, signal: AbortSignal.abort(reason) })), reason);
    assert.equal(apis.requests().length, 0);
  });
});

describe('an answer of another form', () => {
  test('names the path of every field that is wrong, and is not asked for again', async (context) => {
    const { apis, api, statuses } = await setup(context);
    apis.faults.add({
      fault: {
        kind: 'changed',
        change: (body) => {
          body.kind = 7;
          body.items = [{ metadata: { name: null } }];
        },
      },
    });
    const error = await rejection(api.get(CALL, LIMITS));
    assert.ok(error instanceof UpstreamError && !error.retryable);
    assert.match(
      error.message,
      /^Cannot read Cloud Run services\.list .*\bkind: .*items\.0\.metadata\.name: /,
    );
    assert.deepEqual(statuses(), ['malformed']);
  });

  test('is told also when it is no object at all', async (context) => {
    const { apis, api } = await setup(context);
    apis.faults.add({ fault: { kind: 'malformed', text: '[]' } });
    assert.match((await rejection(api.get(CALL, LIMITS))).message, /the answer: .*expected an object/);
  });
});

describe('credentials', () => {
  const TOKEN = 'ya29.a0Af_secret-token';
  const authorize = async () => new Headers({ authorization: `Bearer ${TOKEN}` });

  test('go with every request, and nowhere else', async (context) => {
    const { apis, api, lines } = await setup(context, { authorize });
    apis.faults.add({ fault: { kind: 'status', status: 401, message: `Bad token Bearer ${TOKEN}` } });
    const error = await rejection(api.get(CALL, LIMITS));
    assert.equal(apis.requests()[0]?.authorization, `Bearer ${TOKEN}`);
    assert.match(error.message, /HTTP 401: UNAUTHENTICATED: Bad token \[credential\]$/);
    assert.ok(!JSON.stringify([lines, error.stack]).includes(TOKEN));
  });

  test('are not sent to a stand-in', async (context) => {
    const { apis, api } = await setup(context);
    await api.get(CALL, LIMITS);
    assert.equal(apis.requests()[0]?.authorization, null);
  });

  test('that cannot be had are told without what the library knows of them', async (context) => {
    const failure = Object.assign(new Error('invalid_grant for Bearer abc'), { config: { key: 'secret' } });
    const { apis, api, statuses } = await setup(context, { authorize: () => Promise.reject(failure) });
    const error = await rejection(api.get(CALL, LIMITS));
    assert.ok(error instanceof UpstreamError && !error.retryable && error.cause === undefined);
    assert.match(error.message, /: no credentials: invalid_grant for \[credential\]$/);
    assert.deepEqual(statuses(), ['credentials']);
    assert.equal(apis.requests().length, 0);
  });
});
