import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PARENT, setupScheduler, target } from '../../support/scheduler.ts';

const JOB = `${PARENT}/jobs/duty`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

const later = (text: string) => new Date(text);

describe('a delivery of Cloud Scheduler’s stand-in', () => {
  test('has the headers of the real one, and of the job’s own those that it may set', async (t) => {
    const { call, next } = await setupScheduler(t);
    const { uri, received } = await target(t);
    const headers = {
      'X-Own': '1',
      'User-Agent': 'mine',
      'X-CloudScheduler-JobName': 'theirs',
      'X-AppEngine-A': '1',
      'X-Google-B': '1',
      Host: 'elsewhere',
    };
    const httpTarget = { uri, body: Buffer.from('{}').toString('base64'), headers };
    await call('POST', `${PARENT}/jobs`, {
      name: JOB,
      schedule: '30 9 * * *',
      timeZone: 'America/New_York',
      httpTarget,
    });
    assert.equal(await next(), '2026-03-10T13:30:00.000Z');
    const { method, path, body, headers: got } = received[0] ?? assert.fail('nothing came');
    assert.deepEqual([method, path, body], ['POST', '/duty', '{}']);
    const { host, connection: _, ...told } = got;
    assert.equal(host, new URL(uri).host);
    assert.deepEqual(told, {
      'content-length': '2',
      'content-type': 'application/octet-stream',
      'user-agent': 'Google-Cloud-Scheduler',
      'x-cloudscheduler': 'true',
      'x-cloudscheduler-jobname': 'duty',
      'x-cloudscheduler-scheduletime': '2026-03-10T09:30:00-04:00',
      'x-own': '1',
    });
    await call('PATCH', `${JOB}?updateMask=httpTarget.headers`, {
      httpTarget: { headers: { 'content-type': 'application/json' } },
    });
    await next();
    assert.equal(received[1]?.headers['content-type'], 'application/json');
    assert.equal(received[1]?.headers['x-own'], undefined);
  });

  test('is tried again after waits that double, then grow linearly, then stay, and no more after the last', async (t) => {
    const { call, next, attempts, scheduler } = await setupScheduler(t);
    const { uri } = await target(t, 500);
    const retryConfig = {
      retryCount: 5,
      minBackoffDuration: '10s',
      maxBackoffDuration: '50s',
      maxDoublings: 1,
    };
    await call('POST', `${PARENT}/jobs`, {
      name: JOB,
      schedule: '0 13 * * *',
      httpTarget: { uri },
      retryConfig,
    });
    const times: string[] = [];
    for (let count = 0; count < 6; count += 1) times.push((await next()).slice(11, 19));
    assert.deepEqual(times, ['13:00:00', '13:00:10', '13:00:30', '13:01:10', '13:02:00', '13:02:50']);
    assert.equal(scheduler.nextAt()?.toISOString(), '2026-03-11T13:00:00.000Z');
    assert.deepEqual(
      attempts.map(({ attempt, slot, code }) => [attempt, slot?.toISOString(), code]),
      [1, 2, 3, 4, 5, 6].map((attempt) => [attempt, '2026-03-10T13:00:00.000Z', 13]),
    );
    const { body } = await call('GET', JOB);
    assert.deepEqual([body.status, body.lastAttemptTime], [{ code: 13 }, '2026-03-10T13:02:50.000Z']);
  });

  test('is not tried again once the next slot has come', async (t) => {
    const { call, next, attempts } = await setupScheduler(t);
    const { uri } = await target(t, 503);
    const retryConfig = {
      retryCount: 5,
      minBackoffDuration: '40s',
      maxDoublings: 0,
      maxBackoffDuration: '40s',
    };
    await call('POST', `${PARENT}/jobs`, {
      name: JOB,
      schedule: '* * * * *',
      httpTarget: { uri },
      retryConfig,
    });
    const times = [];
    for (let count = 0; count < 4; count += 1) times.push((await next()).slice(14, 19));
    assert.deepEqual(times, ['01:00', '01:40', '02:00', '02:40']);
    assert.deepEqual(
      attempts.map(({ attempt }) => attempt),
      [1, 2, 1, 2],
    );
  });

  test('that is not answered by its deadline is given up, and the target works on', async (t) => {
    const { call, clock, scheduler, attempts } = await setupScheduler(t);
    const { uri, received, hold } = await target(t);
    hold();
    await call('POST', `${PARENT}/jobs`, {
      name: JOB,
      schedule: '0 13 * * *',
      attemptDeadline: '20s',
      httpTarget: { uri },
    });
    clock.jumpTo(later('2026-03-10T13:00:00Z'));
    await until(() => received.length === 1);
    clock.jumpTo(later('2026-03-10T13:00:19Z'));
    await sleep(20);
    assert.equal(attempts.length, 0);
    clock.jumpTo(later('2026-03-10T13:00:20Z'));
    await scheduler.settled();
    assert.deepEqual((await call('GET', JOB)).body.status, { code: 4 });
  });

  test('waits for the one before it: there are never two of slots, but one by hand comes any time', async (t) => {
    const { call, clock, scheduler, attempts } = await setupScheduler(t);
    const { uri, received, hold, release } = await target(t);
    await call('POST', `${PARENT}/jobs`, {
      name: JOB,
      schedule: '* * * * *',
      attemptDeadline: '1800s',
      httpTarget: { uri },
    });
    hold();
    clock.jumpTo(later('2026-03-10T12:01:00Z'));
    await until(() => received.length === 1);
    clock.jumpTo(later('2026-03-10T12:05:30Z'));
    // A call around the server: the slots have had their time.
    await call('GET', JOB);
    assert.equal(received.length, 1);
    await call('POST', `${JOB}:run`);
    await until(() => received.length === 2);
    release();
    await until(() => received.length === 3);
    await scheduler.settled();
    assert.deepEqual(attempts.map(({ slot, forced }) => [slot?.toISOString().slice(11, 16), forced]).sort(), [
      ['12:01', false],
      ['12:02', false],
      ['12:02', true],
    ]);
    assert.equal(scheduler.nextAt()?.toISOString().slice(11, 16), '12:06');
  });

  test('by hand carries the time of the next slot and takes nothing from it, of a paused job too', async (t) => {
    const { call, next, scheduler, received } = await withTarget(t, '0 13 * * *');
    await call('POST', `${JOB}:run`);
    await scheduler.settled();
    await call('POST', `${JOB}:pause`);
    assert.equal(scheduler.nextAt(), null);
    await call('POST', `${JOB}:run`);
    await scheduler.settled();
    assert.equal((await call('POST', `${JOB}:resume`)).body.state, 'ENABLED');
    await next();
    assert.deepEqual(
      received.map(({ headers }) => headers['x-cloudscheduler-scheduletime']),
      Array(3).fill('2026-03-10T13:00:00Z'),
    );
  });

  test('goes by what the job says now; a deleted one sends nothing, nor does a slot before anybody starts them', async (t) => {
    const { call, clock, scheduler, received } = await withTarget(t, '0 13 * * *');
    await call('PATCH', `${JOB}?updateMask=schedule`, { schedule: '0 14 * * *' });
    clock.jumpTo(later('2026-03-10T13:30:00Z'));
    await scheduler.settled();
    assert.equal(received.length, 0);
    await call('DELETE', JOB);
    clock.jumpTo(later('2026-03-10T14:30:00Z'));
    await scheduler.settled();
    assert.equal(received.length, 0);
  });

  test('comes as often as at-least-once is told to deliver, and a failed connection is UNAVAILABLE', async (t) => {
    const { call, next, scheduler, received } = await withTarget(t, '0 13 * * *');
    scheduler.setCopies(3);
    await next();
    assert.equal(received.length, 3);
    await call('PATCH', `${JOB}?updateMask=httpTarget.uri`, { httpTarget: { uri: 'http://127.0.0.1:9/' } });
    await next();
    assert.deepEqual((await call('GET', JOB)).body.status, { code: 14 });
  });
});

async function withTarget(t: Parameters<typeof setupScheduler>[0], schedule: string) {
  const world = await setupScheduler(t);
  const { uri, received } = await target(t);
  await world.call('POST', `${PARENT}/jobs`, { name: JOB, schedule, httpTarget: { uri } });
  return { ...world, received };
}
