import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ApiOptions } from '../../../functions/shared/cloud/rest/rest.ts';
import { cloudStorage } from '../../../functions/shared/cloud/storage/buckets.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import { emptyGcs } from '../../../scripts/stack/stand-ins/gcs/world.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import { gcsOf } from '../../support/gcs.ts';
import { AT_ONCE, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';

const CREATED = new Date('2025-11-02T08:30:00.250Z');

/** Cloud Storage with so many buckets, its log, and a door to it. */
async function setup(context: TestContext, buckets: number, over: Partial<ApiOptions> = {}) {
  const world = emptyGcs(PROJECT);
  for (let index = 0; index < buckets; index += 1)
    world.addBucket({ name: nameOf(index), location: 'EUROPE-WEST4', createdAt: CREATED });
  const gcs = await gcsOf(context, world);
  const { log, lines } = recordedLog();
  const options = { project: PROJECT, baseUrl: gcs.baseUrl, log, retry: AT_ONCE, ...over };
  return {
    world,
    gcs,
    storage: cloudStorage(options),
    lines,
    statuses: () => lines.map(({ status }) => status),
  };
}

function nameOf(index: number): string {
  return `acme-${String(index).padStart(4, '0')}`;
}

describe('buckets()', () => {
  test('reads every page, a line each', async (context) => {
    const { gcs, storage, lines } = await setup(context, 2_001);
    const { buckets, missing } = await storage.buckets(LIMITS);
    assert.deepEqual(
      buckets.map(({ name }) => name),
      Array.from({ length: 2_001 }, (_, index) => nameOf(index)),
    );
    assert.deepEqual(buckets[2_000], { name: 'acme-2000', location: 'EUROPE-WEST4', createdAt: CREATED });
    assert.deepEqual(missing, []);
    assert.deepEqual(
      gcs.requests().map(({ method, page }) => [method, page]),
      [1, 2, 3].map((page) => ['buckets.list', page]),
    );
    assert.equal(lines.length, 3);
    const [, , { ms, ...line } = {}] = lines;
    assert.equal(typeof ms, 'number');
    assert.deepEqual(line, {
      severity: 'DEBUG',
      message: 'Cloud Storage: buckets.list',
      api: 'Cloud Storage',
      operation: 'buckets.list',
      project: PROJECT,
      page: 3,
      attempt: 1,
      status: 200,
    });
  });

  test('of a project without any is empty', async (context) => {
    const { storage } = await setup(context, 0);
    assert.deepEqual(await storage.buckets(LIMITS), { buckets: [], missing: [] });
  });

  test('names those that are out of reach, and gives the others', async (context) => {
    const { world, storage } = await setup(context, 3);
    world.bucket(nameOf(1)).reachable = false;
    const { buckets, missing } = await storage.buckets(LIMITS);
    assert.deepEqual(
      buckets.map(({ name }) => name),
      [nameOf(0), nameOf(2)],
    );
    assert.deepEqual(missing, [nameOf(1)]);
  });

  test('asks for nothing else of a bucket', async (context) => {
    const { gcs, storage } = await setup(context, 1);
    await storage.buckets(LIMITS);
    assert.equal(
      gcs.requests()[0]?.query.get('fields'),
      'kind,nextPageToken,unreachable,items(name,location,timeCreated)',
    );
  });

  test('ends when the token of a page comes again', async (context) => {
    const { gcs, storage } = await setup(context, 1);
    gcs.faults.add({
      fault: {
        kind: 'changed',
        change: (body) => {
          body.nextPageToken = Buffer.from('[2,"acme",0]').toString('base64url');
        },
      },
    });
    assert.match((await rejection(storage.buckets(LIMITS))).message, /page 2\): the token .* came again$/);
  });
});

describe('a refusal', () => {
  test('for want of a permission names it, the project and the status', async (context) => {
    const { gcs, storage, statuses } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'denied' } });
    const error = await rejection(storage.buckets(LIMITS));
    assert.ok(error instanceof UpstreamError && !error.retryable && error.status === 403);
    assert.equal(error.permission, 'storage.buckets.list');
    assert.equal(
      error.message,
      "Cannot finish Cloud Storage buckets.list (project acme-ml, page 1): HTTP 403: nightshift@example.iam.gserviceaccount.com does not have storage.buckets.list access to the Google Cloud project. Permission 'storage.buckets.list' denied on resource (or it may not exist).; missing permission: storage.buckets.list",
    );
    assert.deepEqual(statuses(), [403]);
  });

  test('that names no permission tells the one that the call needs', async (context) => {
    const { gcs, storage } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'status', status: 403, message: 'Forbidden' } });
    const error = await rejection(storage.buckets(LIMITS));
    assert.match(error.message, /HTTP 403: Forbidden; missing permission: storage\.buckets\.list$/);
  });

  test('by HTTP 429 is tried again, not before Retry-After', async (context) => {
    const { gcs, storage, statuses } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'status', status: 429, retryAfter: '1' }, times: 1 });
    await storage.buckets(LIMITS);
    const [first, second] = gcs.requests().map(({ at }) => at.getTime());
    const waited = (second ?? 0) - (first ?? 0);
    assert.ok(waited >= 990 && waited < 30_000, `waited ${waited} ms`);
    assert.deepEqual(statuses(), [429, 200]);
  });

  const PASSING: [what: string, fault: Fault, logged: number | string][] = [
    ['HTTP 408', { kind: 'status', status: 408 }, 408],
    ['HTTP 503', { kind: 'status', status: 503 }, 503],
    ['a connection that is reset', { kind: 'reset' }, 'connection'],
    ['an answer cut in the middle', { kind: 'truncated' }, 'connection'],
    ['an answer that is no JSON', { kind: 'malformed' }, 'malformed'],
  ];
  for (const [what, fault, logged] of PASSING)
    test(`by ${what} is tried again, but not for ever`, async (context) => {
      const { gcs, storage, statuses } = await setup(context, 1, { retry: { ...AT_ONCE, attempts: 3 } });
      gcs.faults.add({ fault, times: 2 });
      assert.equal((await storage.buckets(LIMITS)).buckets.length, 1);
      assert.deepEqual(statuses(), [logged, logged, 200]);
      gcs.faults.add({ fault });
      const error = await rejection(storage.buckets(LIMITS));
      assert.ok(error instanceof UpstreamError && error.retryable, error.stack);
      assert.match(error.message, /Cloud Storage buckets\.list \(project acme-ml, page 1, attempt 3 after /);
      // One policy: the client itself tries nothing again.
      assert.equal(gcs.requests().length, 6);
    });
});

describe('an answer of another form', () => {
  // Each of them ends the process where the client's own getBuckets() is used.
  const FORMS: [what: string, text: string, words: RegExp][] = [
    ['no list', '{"kind": "storage#buckets", "items": 7}', /\bitems: Cannot use 7, expected an array$/],
    [
      'a bucket without a name',
      '{"kind": "storage#buckets", "items": [{"location": "EU"}]}',
      /items\.0\.name: Missing/,
    ],
    ['another resource', '{"kind": "storage#objects"}', /\bkind: .*"storage#buckets"$/],
    ['an error with status 200', '{"error": {"code": 403}}', /\bkind: Missing/],
    ['no object', 'null', /the answer: Cannot use null/],
  ];
  for (const [what, text, words] of FORMS)
    test(`is told by the path of what is wrong: ${what}`, async (context) => {
      const { gcs, storage, statuses } = await setup(context, 1);
      gcs.faults.add({ fault: { kind: 'malformed', text } });
      const error = await rejection(storage.buckets(LIMITS));
      assert.ok(error instanceof UpstreamError && !error.retryable, error.stack);
      assert.match(error.message, /^Cannot read Cloud Storage buckets\.list \(project acme-ml, page 1\): /);
      assert.match(error.message, words);
      assert.deepEqual(statuses(), ['malformed']);
    });
});

describe('the time for a call', () => {
  test('is over for one that hangs on its second page, which is named', async (context) => {
    const { gcs, storage, statuses } = await setup(context, 1_001);
    await storage.buckets(LIMITS);
    gcs.faults.add({ fault: { kind: 'hang' }, page: 2 });
    const begun = performance.now();
    const error = await rejection(storage.buckets({ limitMs: 500 }));
    assert.ok(error instanceof DeadlineExceeded, error.stack);
    assert.equal(
      error.message,
      'Cannot finish Cloud Storage buckets.list (project acme-ml, page 2): no answer within 500 ms',
    );
    assert.ok(performance.now() - begun < 30_000);
    assert.deepEqual(statuses(), [200, 200, 200, 'deadline']);
  });

  test('is over at once when the signal says so', async (context) => {
    const { gcs, storage, statuses } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'stalled' } });
    const reason = new Error('the run was taken over');
    const stop = new AbortController();
    const call = rejection(storage.buckets({ ...LIMITS, signal: stop.signal }));
    setTimeout(() => stop.abort(reason), 300);
    assert.equal(await call, reason);
    assert.deepEqual(statuses(), ['aborted']);
  });
});

describe('credentials', () => {
  test('are not sent to a stand-in', async (context) => {
    const { gcs, storage } = await setup(context, 1);
    await storage.buckets(LIMITS);
    assert.equal(gcs.requests()[0]?.authorization, null);
  });

  test('are those of all other APIs, once in every request', async (context) => {
    const tokens = ['token-1', 'token-2'];
    const authorize = async () => new Headers({ authorization: `Bearer ${tokens.shift()}` });
    const { gcs, storage } = await setup(context, 1_001, { authorize });
    await storage.buckets(LIMITS);
    assert.deepEqual(
      gcs.requests().map(({ authorization }) => authorization),
      ['Bearer token-1', 'Bearer token-2'],
    );
  });
});

test('STORAGE_EMULATOR_HOST does not lead elsewhere', async (context) => {
  process.env.STORAGE_EMULATOR_HOST = 'http://127.0.0.1:1';
  context.after(() => delete process.env.STORAGE_EMULATOR_HOST);
  const { storage } = await setup(context, 1);
  assert.equal((await storage.buckets(LIMITS)).buckets.length, 1);
});
