import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { GcsOptions } from '../../../scripts/stack/stand-ins/gcs/server.ts';
import { deletion, sendBatch, setupGcs } from '../../support/gcs.ts';

const BUCKET = 'acme-data';

/** A bucket with objects `0`, `1` and so on. */
async function setup(context: TestContext, objects: number, options?: GcsOptions) {
  const { world, gcs } = await setupGcs(context, options);
  world.addBucket({ name: BUCKET });
  for (let index = 0; index < objects; index += 1) world.putObject({ bucket: BUCKET, name: String(index) });
  const left = () => world.live(BUCKET).map(({ name }) => name);
  return { world, gcs, left };
}

describe('a batch', () => {
  test('answers each call by itself, under the name that the client gave it', async (context) => {
    const { world, gcs, left } = await setup(context, 4);
    world.putObject({ bucket: BUCKET, name: 'held', temporaryHold: true });
    world.putObject({ bucket: BUCKET, name: 'a/ü ?.txt' });
    const patch = [
      `PATCH /storage/v1/b/${BUCKET}/o/3?fields=metageneration,metadata HTTP/1.1`,
      'Content-Type: application/json',
      '',
      '{"metadata": {"job": "7"}}',
    ].join('\r\n');
    const { status, answers } = await sendBatch(gcs, [
      deletion(BUCKET, '0'),
      deletion(BUCKET, '1', 'ifGenerationMatch=1'),
      deletion(BUCKET, 'not there'),
      deletion(BUCKET, 'held'),
      patch,
      deletion(BUCKET, 'a/ü ?.txt'),
      'GET /elsewhere HTTP/1.1',
    ]);
    assert.equal(status, 200);
    assert.deepEqual(
      answers.map(({ id, status }) => [id, status]),
      [204, 412, 404, 403, 200, 204, 404].map((status, index) => [`<response-call+${index + 1}>`, status]),
    );
    assert.equal(answers[0]?.body, '');
    assert.equal(JSON.parse(answers[3]?.body ?? '').error.errors[0].reason, 'objectUnderActiveHold');
    assert.deepEqual(JSON.parse(answers[4]?.body ?? ''), { metageneration: '2', metadata: { job: '7' } });
    assert.deepEqual(left(), ['1', '2', '3', 'held']);
  });

  test('holds a hundred calls, and none when there is one more', async (context) => {
    const { gcs, left } = await setup(context, 201);
    const calls = Array.from({ length: 101 }, (_, index) => deletion(BUCKET, String(index)));
    const { status, text } = await sendBatch(gcs, calls);
    assert.equal(status, 400);
    assert.match(text, /more than 100 calls/);
    assert.equal(left().length, 201);
    assert.equal((await sendBatch(gcs, calls.slice(1))).answers.length, 100);
    assert.equal(left().length, 101);
  });

  test('takes no uploads and no downloads', async (context) => {
    const { gcs } = await setup(context, 1);
    for (const call of [
      `GET /storage/v1/b/${BUCKET}/o/0?alt=media HTTP/1.1`,
      `POST /upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=a HTTP/1.1`,
    ])
      assert.equal((await sendBatch(gcs, [call])).status, 400);
  });

  test('takes longer with every call', async (context) => {
    const { gcs } = await setup(context, 20, { latencyMs: 100, batchCallMs: 20 });
    const calls = Array.from({ length: 20 }, (_, index) => deletion(BUCKET, String(index)));
    const begun = performance.now();
    await sendBatch(gcs, calls);
    assert.ok(performance.now() - begun >= 490);
  });

  test('is seen with all its calls', async (context) => {
    const { gcs } = await setup(context, 2);
    await sendBatch(gcs, [deletion(BUCKET, '1'), deletion(BUCKET, '0')]);
    assert.deepEqual(
      gcs.requests().map(({ method, object, call }) => [method, object, call]),
      [
        ['batch', '', null],
        ['objects.delete', '1', 1],
        ['objects.delete', '0', 2],
      ],
    );
  });
});

describe('a fault', () => {
  test('of one call spoils that one only, by its object or by its place, as often as it should', async (context) => {
    const { gcs, left } = await setup(context, 5);
    gcs.faults.add({
      fault: { kind: 'status', status: 503 },
      method: 'objects.delete',
      object: '1',
      times: 1,
    });
    gcs.faults.add({ fault: { kind: 'status', status: 429, retryAfter: '2' }, call: 3, times: 1 });
    gcs.faults.add({ fault: { kind: 'denied' }, object: '4' });
    const calls = ['0', '1', '2', '3', '4'].map((name) => deletion(BUCKET, name));
    const first = await sendBatch(gcs, calls);
    assert.equal(first.status, 200);
    assert.deepEqual(
      first.answers.map(({ status }) => status),
      [204, 503, 429, 204, 403],
    );
    assert.match(first.text, /^retry-after: 2\r$/m);
    assert.match(first.answers[4]?.body ?? '', /'storage\.objects\.delete' denied/);
    assert.deepEqual(left(), ['1', '2', '4']);
    const second = await sendBatch(gcs, [calls[1] ?? '', calls[2] ?? '', calls[4] ?? '']);
    assert.deepEqual(
      second.answers.map(({ status }) => status),
      [204, 204, 403],
    );
  });

  test('of the whole batch leaves its calls undone, and unseen', async (context) => {
    const { gcs, left } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'status', status: 429, retryAfter: '1' }, method: 'batch', times: 1 });
    const { status, text } = await sendBatch(gcs, [deletion(BUCKET, '0')]);
    assert.equal(status, 429);
    assert.equal(JSON.parse(text).error.errors[0].reason, 'rateLimitExceeded');
    assert.deepEqual([left(), gcs.requests().length], [['0'], 1]);
  });

  test('in the middle of its answer comes when everything is done', async (context) => {
    const { gcs, left } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'truncated' }, method: 'batch' });
    await assert.rejects(sendBatch(gcs, [deletion(BUCKET, '0')]));
    assert.deepEqual(left(), []);
  });

  test('before its answer comes when nothing is done', async (context) => {
    const { gcs, left } = await setup(context, 1);
    gcs.faults.add({ fault: { kind: 'reset' }, method: 'batch' });
    await assert.rejects(sendBatch(gcs, [deletion(BUCKET, '0')]));
    assert.deepEqual(left(), ['0']);
  });

  test('goes by method, bucket, object and page', async (context) => {
    const { gcs, world } = await setup(context, 3);
    world.addBucket({ name: 'acme-other' });
    const statusOf = async (path: string) => (await fetch(`${gcs.baseUrl}/storage/v1/b/${path}`)).status;
    const list = await (await fetch(`${gcs.baseUrl}/storage/v1/b/${BUCKET}/o?maxResults=1`)).json();
    const { nextPageToken: token } = list as { nextPageToken: string };
    gcs.faults.add({ fault: { kind: 'status', status: 503 }, method: 'objects.list', page: 2 });
    gcs.faults.add({ fault: { kind: 'status', status: 408 }, bucket: 'acme-other' });
    gcs.faults.add({ fault: { kind: 'denied', permission: 'storage.objects.get' }, object: '2' });
    assert.deepEqual(
      await Promise.all(
        [`${BUCKET}/o`, `${BUCKET}/o?pageToken=${token}`, 'acme-other', `${BUCKET}/o/1`, `${BUCKET}/o/2`].map(
          statusOf,
        ),
      ),
      [200, 503, 408, 200, 403],
    );
    gcs.faults.clear();
    assert.equal(await statusOf('acme-other'), 200);
  });
});
