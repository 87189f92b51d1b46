import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { cloudScheduler } from '../../../functions/shared/cloud/scheduler.ts';
import { AT_ONCE, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { clientOf, LOCATION, PARENT, setupScheduler, target } from '../../support/scheduler.ts';

const JOB = `${PARENT}/jobs/duty`;
const GOOD = {
  name: JOB,
  schedule: '0 2 * * *',
  timeZone: 'Etc/UTC',
  httpTarget: { uri: 'http://127.0.0.1:9/' },
};

describe('the API of Cloud Scheduler’s stand-in', () => {
  test('is driven by @google-cloud/scheduler from creation to deletion', async (t) => {
    const { scheduler } = await setupScheduler(t);
    const { uri, received } = await target(t);
    const client = clientOf(scheduler);
    const body = Buffer.from('{"dryRun":true}');
    const httpTarget = {
      uri,
      httpMethod: 'PUT' as const,
      body,
      headers: { 'Content-Type': 'application/json' },
    };
    const retryConfig = { retryCount: 2, minBackoffDuration: { seconds: 60 } };
    const [created] = await client.createJob({
      parent: PARENT,
      job: { name: JOB, schedule: '0 2 * * *', timeZone: 'Etc/UTC', httpTarget, retryConfig },
    });
    assert.deepEqual([created.state, created.httpTarget?.httpMethod], ['ENABLED', 'PUT']);
    assert.deepEqual(created.retryConfig?.maxBackoffDuration?.seconds, '3600');
    const [found] = await client.getJob({ name: JOB });
    assert.equal(String(found.httpTarget?.body), '{"dryRun":true}');
    assert.equal(Number(found.scheduleTime?.seconds), Date.parse('2026-03-11T02:00:00Z') / 1000);
    const [changed] = await client.updateJob({
      job: { name: JOB, timeZone: 'Asia/Kolkata', description: 'ignored: not in the mask' },
      updateMask: { paths: ['time_zone'] },
    });
    assert.deepEqual(
      [changed.timeZone, changed.schedule, changed.description],
      ['Asia/Kolkata', '0 2 * * *', ''],
    );
    assert.equal((await client.pauseJob({ name: JOB }))[0].state, 'PAUSED');
    assert.equal((await client.resumeJob({ name: JOB }))[0].state, 'ENABLED');
    await client.runJob({ name: JOB });
    await scheduler.settled();
    assert.deepEqual(
      received.map(({ method, body }) => [method, body]),
      [['PUT', '{"dryRun":true}']],
    );
    const [jobs] = await client.listJobs({ parent: PARENT });
    assert.deepEqual(
      jobs.map(({ name, status }) => [name, status?.code]),
      [[JOB, 0]],
    );
    await client.deleteJob({ name: JOB });
    assert.deepEqual((await client.listJobs({ parent: PARENT }))[0], []);
  });

  test('lists in pages', async (t) => {
    const { call, scheduler } = await setupScheduler(t);
    for (const id of ['a', 'b', 'c'])
      await call('POST', `${PARENT}/jobs`, { ...GOOD, name: `${PARENT}/jobs/${id}` });
    const first = await call('GET', `${PARENT}/jobs?pageSize=2`);
    assert.equal(first.body.jobs.length, 2);
    const last = await call('GET', `${PARENT}/jobs?pageSize=2&pageToken=${first.body.nextPageToken}`);
    assert.deepEqual([last.body.jobs.length, last.body.nextPageToken], [1, undefined]);
    const [all] = await clientOf(scheduler).listJobs({ parent: PARENT });
    assert.equal(all.length, 3);
  });

  const with_ = (over: object) => ({ ...GOOD, ...over });
  const onto = (over: object) => with_({ httpTarget: { ...GOOD.httpTarget, ...over } });
  for (const [what, body, words] of [
    ['a bad cron', with_({ schedule: '0 25 * * *' }), /^Schedule or time zone is invalid\.$/],
    ['a cron of another dialect', with_({ schedule: '0 0 L * *' }), /^Schedule or time zone is invalid\.$/],
    ['a day that never comes', with_({ schedule: '0 0 31 2 *' }), /^Schedule or time zone is invalid\.$/],
    ['an unknown time zone', with_({ timeZone: 'Mars/Olympus' }), /^Schedule or time zone is invalid\.$/],
    ['an offset as time zone', with_({ timeZone: '+02:00' }), /^Schedule or time zone is invalid\.$/],
    [
      'a body that is not base64',
      onto({ body: '{}' }),
      /^Invalid value at 'job\.http_target\.body' \(TYPE_BYTES\), Base64 decoding failed for "\{\}"$/,
    ],
    ['a body that the method cannot have', onto({ body: 'e30=', httpMethod: 'GET' }), /only allowed for/],
    [
      'an unknown method',
      onto({ httpMethod: 'PSOT' }),
      /^Invalid value at 'job\.http_target\.http_method' \(type\.googleapis\.com\/google\.cloud\.scheduler\.v1\.HttpMethod\), "PSOT"$/,
    ],
    ['an address without a scheme', onto({ uri: 'example.com' }), /must begin with "http:/],
    ['a deadline below 15 s', with_({ attemptDeadline: '14s' }), /between 15 seconds and 30 minutes/],
    ['a deadline above 30 min', with_({ attemptDeadline: '1801s' }), /between 15 seconds and 30 minutes/],
    [
      'a deadline that is no duration',
      with_({ attemptDeadline: '1m' }),
      /google\.protobuf\.Duration\), "1m"$/,
    ],
    ['too many retries', with_({ retryConfig: { retryCount: 6 } }), /between 0 and 5/],
    ['a typo', with_({ scheduel: '' }), /Unknown name "scheduel" at 'job': Cannot find field\.$/],
    ['a name that is none', with_({ name: 'duty' }), /^Job name must be formatted: "projects/],
    [
      'the name of another place',
      with_({ name: 'projects/p/locations/l/jobs/duty' }),
      /must begin with the parent/,
    ],
  ] as const)
    test(`refuses ${what} with Google’s 400, and leaves a job that was there as it was`, async (t) => {
      const { call } = await setupScheduler(t);
      const { status, body: answer } = await call('POST', `${PARENT}/jobs`, body);
      assert.deepEqual([status, answer.error?.code, answer.error?.status], [400, 400, 'INVALID_ARGUMENT']);
      assert.match(answer.error.message, words);
      const before = await call('POST', `${PARENT}/jobs`, GOOD);
      assert.equal((await call('PATCH', JOB, body)).status, 400);
      assert.deepEqual((await call('GET', JOB)).body, before.body);
    });

  test('refuses what is not there, what is there already, and what is somebody else’s', async (t) => {
    const { call } = await setupScheduler(t);
    const refusal = async (...args: Parameters<typeof call>) => {
      const { status, body } = await call(...args);
      return [status, body.error.status, body.error.message];
    };
    for (const [verb, path] of [
      ['GET', JOB],
      ['PATCH', JOB],
      ['DELETE', JOB],
      ['POST', `${JOB}:run`],
      ['POST', `${JOB}:pause`],
    ] as const)
      assert.deepEqual(await refusal(verb, path), [404, 'NOT_FOUND', 'Job not found.']);
    assert.match(
      String(await refusal('POST', `${PARENT}/jobs`, with_({ httpTarget: undefined }))),
      /^400,INVALID_ARGUMENT,.*exactly one target/,
    );
    await call('POST', `${PARENT}/jobs`, GOOD);
    assert.deepEqual(await refusal('POST', `${PARENT}/jobs`, GOOD), [
      409,
      'ALREADY_EXISTS',
      `Job ${JOB} already exists.`,
    ]);
    assert.match(
      String(await refusal('PATCH', JOB, { name: `${JOB}2` })),
      /^400,INVALID_ARGUMENT,Job name must be/,
    );
    assert.match(
      String(await refusal('PATCH', `${JOB}?updateMask=state`, {})),
      /Invalid mask for Job: state/,
    );
    assert.match(
      String(await refusal('GET', `projects/other/locations/${LOCATION}/jobs`)),
      /^403,PERMISSION_DENIED,.*cloudscheduler\.jobs\.list/,
    );
    assert.match(
      String(await refusal('GET', `projects/${PROJECT}/locations/moon1/jobs`)),
      /^404,NOT_FOUND,Location moon1/,
    );
    assert.match(String(await refusal('GET', 'elsewhere')), /^404,NOT_FOUND,The requested URL GET/);
  });
});

async function setup(t: TestContext) {
  const world = await setupScheduler(t);
  const { log, lines } = recordedLog();
  const live = cloudScheduler({
    project: PROJECT,
    region: LOCATION,
    baseUrl: world.scheduler.baseUrl,
    log,
    retry: AT_ONCE,
  });
  return { ...world, live, lines };
}

describe('the live jobs', () => {
  test('are told with state, last attempt and next one, and can be paused, resumed and run', async (t) => {
    const { call, live, scheduler, lines } = await setup(t);
    await call('POST', `${PARENT}/jobs`, GOOD);
    const retry = { count: 0, minBackoffSeconds: 5, maxBackoffSeconds: 3_600, maxDoublings: 5 };
    const limits = { attemptDeadlineSeconds: 180, retry };
    const fresh = { name: 'duty', schedule: '0 2 * * *', timeZone: 'Etc/UTC', state: 'ENABLED', ...limits };
    const nextAt = new Date('2026-03-11T02:00:00Z');
    assert.deepEqual(await live.list(LIMITS), [{ ...fresh, lastAttemptAt: null, lastStatus: null, nextAt }]);
    await live.run('duty', LIMITS);
    await scheduler.settled();
    const lastAttemptAt = new Date('2026-03-10T12:00:00Z');
    const lastStatus = { code: 14, message: '' };
    assert.deepEqual(await live.pause('duty', LIMITS), {
      ...fresh,
      state: 'PAUSED',
      lastAttemptAt,
      lastStatus,
      nextAt: null,
    });
    assert.equal((await live.resume('duty', LIMITS)).state, 'ENABLED');
    assert.deepEqual(
      lines.map(({ operation, status }) => [operation, status]),
      ['list', 'run', 'pause', 'resume'].map((verb) => [`jobs.${verb}`, 200]),
    );
  });

  test('are asked for again after a passing fault; a denial names the permission, a missing job itself', async (t) => {
    const { live, scheduler } = await setup(t);
    scheduler.faults.add({ method: 'jobs.list', fault: { kind: 'status', status: 503 }, times: 2 });
    assert.deepEqual(await live.list(LIMITS), []);
    scheduler.faults.add({ method: 'jobs.list', fault: { kind: 'denied' } });
    const denied = await rejection(live.list(LIMITS));
    assert.match(
      denied.message,
      /^Cannot finish Cloud Scheduler jobs\.list \(project acme-ml, region us-central1\): HTTP 403: .*; missing permission: cloudscheduler\.jobs\.list$/,
    );
    assert.match(
      (await rejection(live.pause('duty', LIMITS))).message,
      /jobs\.pause .*HTTP 404: Job not found\.$/,
    );
  });

  test('that do not come in time are a deadline that names the call; run by hand is never sent twice', async (t) => {
    const { live, scheduler, call, attempts } = await setup(t);
    const hang = scheduler.faults.add({ fault: { kind: 'hang' } });
    const late = await rejection(live.list({ limitMs: 300 }));
    assert.deepEqual(
      [late.name, late.message],
      [
        'DeadlineExceeded',
        'Cannot finish Cloud Scheduler jobs.list (project acme-ml, region us-central1): no answer within 300 ms',
      ],
    );
    hang();
    await call('POST', `${PARENT}/jobs`, GOOD);
    scheduler.faults.add({ method: 'jobs.run', fault: { kind: 'status', status: 503 }, times: 1 });
    await assert.rejects(live.run('duty', LIMITS), /HTTP 503/);
    assert.equal(attempts.length, 0);
  });
});
