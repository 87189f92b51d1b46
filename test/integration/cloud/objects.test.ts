import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredObject } from '../../../functions/shared/cloud/storage/objects.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import { LIMITS, rejection } from '../../support/google.ts';
import { BUCKET, fill, ODD_NAMES, setupObjects } from '../../support/objects.ts';

const JOBS = { bucket: BUCKET, path: 'jobs/' };
const WEEK_SECONDS = 604_800;

/** Takes pages, and keeps them. */
function collector() {
  const pages: StoredObject[][] = [];
  const take = async (page: StoredObject[]) => void pages.push(page);
  return { pages, take, names: () => pages.flat().map(({ name }) => name) };
}

describe('bucket()', () => {
  test('tells what decides whether a deletion can be undone', async (context) => {
    const { world, objects, lines } = await setupObjects(context);
    world.addBucket({ name: 'plain', location: 'EUROPE-WEST4', softDeleteSeconds: 0 });
    world.addBucket({ name: 'kept', location: 'EU', versioning: true, retentionSeconds: 86_400 });
    assert.deepEqual(await objects.bucket('plain', LIMITS), {
      name: 'plain',
      location: 'EUROPE-WEST4',
      softDeleteSeconds: 0,
      versioning: false,
      retentionSeconds: 0,
    });
    assert.deepEqual(await objects.bucket('kept', LIMITS), {
      name: 'kept',
      location: 'EU',
      softDeleteSeconds: WEEK_SECONDS,
      versioning: true,
      retentionSeconds: 86_400,
    });
    assert.deepEqual(
      lines.map(({ message, status }) => [message, status]),
      Array(2).fill(['Cloud Storage: buckets.get', 200]),
    );
  });

  test('takes a bucket that says nothing of soft deletion for one without it', async (context) => {
    const { gcs, objects } = await setupObjects(context);
    gcs.faults.add({ fault: { kind: 'changed', change: (body) => void delete body.softDeletePolicy } });
    assert.equal((await objects.bucket(BUCKET, LIMITS)).softDeleteSeconds, 0);
  });

  test('that is not there, or may not be seen, rejects', async (context) => {
    const { gcs, objects } = await setupObjects(context);
    const missing = await rejection(objects.bucket('nowhere', LIMITS));
    assert.ok(missing instanceof UpstreamError && missing.status === 404);
    gcs.faults.add({ fault: { kind: 'status', status: 403, message: 'Forbidden' } });
    const denied = await rejection(objects.bucket(BUCKET, LIMITS));
    assert.match(denied.message, /missing permission: storage\.buckets\.get$/);
  });
});

describe('list()', () => {
  test('hands on pages of a thousand, and asks for no more of each object than is used', async (context) => {
    const { world, gcs, objects } = await setupObjects(context);
    const items = fill(world, 2_001);
    fill(world, ['jobs', 'jobs0', 'other/1']);
    const { pages, take } = collector();
    await objects.list(JOBS, take, LIMITS);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [1_000, 1_000, 1],
    );
    assert.deepEqual(
      pages.flat().map(({ name, generation }) => ({ name, generation })),
      items,
    );
    const now = new Date('2026-03-10T12:00:00Z');
    assert.deepEqual(pages[0]?.[0], {
      name: 'jobs/000000',
      generation: items[0]?.generation,
      metageneration: '1',
      size: 1,
      temporaryHold: false,
      eventBasedHold: false,
      createdAt: now,
      updatedAt: now,
      retainedUntil: null,
      noncurrentAt: null,
      softDeletedAt: null,
      restorableUntil: null,
    });
    assert.deepEqual(Object.fromEntries(gcs.requests()[0]?.query ?? []), {
      prefix: 'jobs/',
      maxResults: '1000',
      fields:
        'kind,nextPageToken,items(name,generation,metageneration,size,timeCreated,updated,temporaryHold,eventBasedHold,retentionExpirationTime,timeDeleted,softDeleteTime,hardDeleteTime)',
    });
  });

  test('asks for the next page when the one before is done with, and has time for each', async (context) => {
    const { world, gcs, objects } = await setupObjects(context);
    fill(world, 2_500);
    const asked: number[] = [];
    await objects.list(
      JOBS,
      async () => {
        await sleep(600);
        asked.push(gcs.requests().length);
      },
      { limitMs: 1_000 },
    );
    assert.deepEqual(asked, [1, 2, 3]);
  });

  test('hands on nothing where there is nothing', async (context) => {
    const { objects } = await setupObjects(context);
    const { pages, take } = collector();
    await objects.list(JOBS, take, LIMITS);
    assert.deepEqual(pages, []);
  });

  test('knows every name, of a whole bucket too', async (context) => {
    const { world, objects } = await setupObjects(context);
    fill(world, ODD_NAMES);
    fill(world, ['elsewhere']);
    const { take, names } = collector();
    await objects.list({ bucket: BUCKET, path: '' }, take, LIMITS);
    assert.deepEqual(new Set(names()), new Set([...ODD_NAMES, 'elsewhere']));
  });

  test('begins at a name', async (context) => {
    const { world, objects } = await setupObjects(context);
    fill(world, 10);
    const { take, names } = collector();
    await objects.list(JOBS, take, LIMITS, { startOffset: 'jobs/000008' });
    assert.deepEqual(names(), ['jobs/000008', 'jobs/000009']);
  });

  test('tells holds, retention and every generation', async (context) => {
    const { world, objects } = await setupObjects(context);
    world.bucket(BUCKET).versioning = true;
    world.bucket(BUCKET).retentionSeconds = 60;
    fill(world, ['jobs/a', 'jobs/a']);
    world.putObject({ bucket: BUCKET, name: 'jobs/b', temporaryHold: true });
    const { pages, take } = collector();
    await objects.list(JOBS, take, LIMITS, { versions: true });
    const now = new Date('2026-03-10T12:00:00Z');
    const until = new Date('2026-03-10T12:01:00Z');
    assert.deepEqual(
      pages.flat().map(({ name, noncurrentAt, retainedUntil, temporaryHold }) => {
        return { name, noncurrentAt, retainedUntil, temporaryHold };
      }),
      [
        { name: 'jobs/a', noncurrentAt: now, retainedUntil: until, temporaryHold: false },
        { name: 'jobs/a', noncurrentAt: null, retainedUntil: until, temporaryHold: false },
        { name: 'jobs/b', noncurrentAt: null, retainedUntil: until, temporaryHold: true },
      ],
    );
  });

  test('tells what can be restored, and until when', async (context) => {
    const { clock, world, objects } = await setupObjects(context);
    const [item] = fill(world, ['jobs/a']);
    const live = world.bucket(BUCKET).live('jobs/a');
    assert.ok(live);
    world.bucket(BUCKET).erase(live);
    const { pages, take } = collector();
    await objects.list(JOBS, take, LIMITS, { softDeleted: true });
    const [{ generation, softDeletedAt, restorableUntil } = {}] = pages.flat();
    assert.equal(generation, item?.generation);
    assert.deepEqual(softDeletedAt, new Date(clock.now()));
    assert.deepEqual(restorableUntil, new Date(clock.now() + WEEK_SECONDS * 1_000));
  });

  test('tries a page again that is not answered, and hands none on twice', async (context) => {
    const { world, gcs, objects, statuses } = await setupObjects(context, { pageSize: 10 });
    fill(world, 25);
    gcs.faults.add({ fault: { kind: 'truncated' }, page: 2, times: 1 });
    gcs.faults.add({ fault: { kind: 'status', status: 503 }, page: 3, times: 1 });
    const { pages, take } = collector();
    await objects.list(JOBS, take, LIMITS);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [10, 10, 5],
    );
    assert.deepEqual(statuses(), [200, 'connection', 200, 503, 200]);
  });

  test('ends with a page that hangs, and names it', async (context) => {
    const { world, gcs, objects } = await setupObjects(context, { pageSize: 10 });
    fill(world, 15);
    await objects.list(JOBS, async () => {}, LIMITS);
    gcs.faults.add({ fault: { kind: 'hang' }, page: 2 });
    const error = await rejection(objects.list(JOBS, async () => {}, { limitMs: 500 }));
    assert.ok(error instanceof DeadlineExceeded, error.stack);
    assert.match(
      error.message,
      /Cloud Storage objects\.list \(project acme-ml, page 2\): no answer within 500 ms$/,
    );
  });

  test('ends when the signal says so, with what took the page, and when pages come again', async (context) => {
    const { world, gcs, objects } = await setupObjects(context, { pageSize: 10 });
    fill(world, 25);
    const stop = new AbortController();
    const reason = new Error('the run was taken over');
    const taken: number[] = [];
    const call = objects.list(
      JOBS,
      async ({ length }) => {
        taken.push(length);
        stop.abort(reason);
      },
      { ...LIMITS, signal: stop.signal },
    );
    assert.equal(await rejection(call), reason);
    assert.deepEqual(taken, [10]);
    const full = new Error('the journal is full');
    assert.equal(await rejection(objects.list(JOBS, () => Promise.reject(full), LIMITS)), full);
    gcs.faults.add({
      fault: {
        kind: 'changed',
        change: (body) => {
          body.nextPageToken = Buffer.from('[2,"jobs/",0]').toString('base64url');
        },
      },
    });
    const { take } = collector();
    assert.match((await rejection(objects.list(JOBS, take, LIMITS))).message, /token .* came again$/);
  });

  test('of a form that nobody knows rejects, by the path of what is wrong', async (context) => {
    const { gcs, objects } = await setupObjects(context);
    const text = '{"kind": "storage#objects", "items": [{"name": "a", "generation": 7}]}';
    gcs.faults.add({ fault: { kind: 'malformed', text } });
    const error = await rejection(objects.list(JOBS, async () => {}, LIMITS));
    assert.match(error.message, /items\.0\.generation: Cannot use 7, expected a string/);
  });

  test('without the permission names it', async (context) => {
    const { gcs, objects } = await setupObjects(context);
    gcs.faults.add({ fault: { kind: 'denied' } });
    const error = await rejection(objects.list(JOBS, async () => {}, LIMITS));
    assert.ok(error instanceof UpstreamError && error.permission === 'storage.objects.list', error.stack);
  });
});
