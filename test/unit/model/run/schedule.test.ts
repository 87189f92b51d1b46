import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deliveryDrift,
  driftOf,
  type LiveSchedule,
  whyNotBegun,
} from '../../../../functions/shared/model/run/schedule.ts';

const DECLARED = { task: 'duty', enabled: true, schedule: '0 2 * * *' };
const LIVE: LiveSchedule = {
  name: 'duty',
  schedule: '0 2 * * *',
  timeZone: 'Etc/UTC',
  state: 'ENABLED',
  attemptDeadlineSeconds: 600,
  retry: { count: 3, minBackoffSeconds: 60, maxBackoffSeconds: 600, maxDoublings: 3 },
  lastAttemptAt: null,
  lastStatus: null,
  nextAt: null,
};
const at = (text: string) => new Date(`2026-03-${text}Z`);

describe('the drift of a live job', () => {
  const kinds = (live: Partial<LiveSchedule> | undefined, declared = {}) =>
    driftOf({ ...DECLARED, ...declared }, live && { ...LIVE, ...live }).map(({ kind }) => kind);

  for (const timeZone of ['UTC', 'utc', 'Etc/UTC', 'GMT', 'Etc/Zulu'])
    test(`is none in ${timeZone}`, () => assert.deepEqual(kinds({ timeZone, schedule: ' 0  2 * * *' }), []));

  test('is every difference, each in words', () => {
    const drifts = driftOf(DECLARED, {
      ...LIVE,
      state: 'PAUSED',
      schedule: '0 3 * * *',
      timeZone: 'Europe/Berlin',
    });
    assert.deepEqual(
      drifts.map(({ kind, words }) => `${kind}: ${words}`),
      [
        'paused: its job is paused',
        'cron: its job runs at "0 3 * * *", declared is "0 2 * * *"',
        'zone: its job goes by Europe/Berlin, declared is UTC',
      ],
    );
  });

  test('is a job that is missing, that Cloud Scheduler disabled, or that fires against the catalogue', () => {
    assert.deepEqual(kinds(undefined), ['missing']);
    assert.deepEqual(kinds({ state: 'DISABLED' }), ['disabled']);
    assert.deepEqual(kinds({ state: 'UPDATE_FAILED' }), ['disabled']);
    assert.deepEqual(kinds({}, { enabled: false }), ['enabled']);
  });

  test('is not that a disabled task is paused or has no job', () => {
    assert.deepEqual(kinds({ state: 'PAUSED' }, { enabled: false }), []);
    assert.deepEqual(kinds(undefined, { enabled: false }), []);
  });
});

describe('the drift of a delivery', () => {
  const { attemptDeadlineSeconds, retry } = LIVE;
  const declared = { attemptDeadlineSeconds, retry };

  test('is every difference of deadline, retries and back-off', () => {
    assert.deepEqual(deliveryDrift(declared, LIVE), []);
    const live = { attemptDeadlineSeconds: 180, retry: { ...retry, count: 0, maxDoublings: 5 } };
    assert.deepEqual(deliveryDrift(declared, live), [
      'its attempt deadline is 180 s, declared is 600 s',
      'its retry count is 0, declared is 3',
      'its back-off is 60 to 600 s, doubled 5 times, declared is 60 to 600 s, doubled 3 times',
    ]);
  });

  test('is none of the back-off where nothing is tried again', () => {
    const never = { ...declared, retry: { ...retry, count: 0 } };
    assert.deepEqual(deliveryDrift(never, { ...never, retry: { ...never.retry, maxDoublings: 5 } }), []);
  });
});

describe('why no run of a slot began', () => {
  const why = (live: LiveSchedule | null) => {
    const { cause, words } = whyNotBegun({ slot: at('10T02:00:00'), nextSlot: at('11T02:00:00') }, live);
    return `${cause}: ${words}`;
  };
  const tried = (lastAttemptAt: Date, code: number) => ({
    ...LIVE,
    lastAttemptAt,
    lastStatus: { code, message: '' },
  });

  test('is that it was not fired: no job, no attempt, none since the slot, a job that is paused', () => {
    assert.equal(why(null), 'not fired: Cloud Scheduler has no job for it');
    assert.equal(why(LIVE), 'not fired: Cloud Scheduler did not fire it (no attempt yet)');
    assert.equal(
      why({ ...tried(at('09T02:00:00'), 0), state: 'PAUSED' }),
      'not fired: Cloud Scheduler did not fire it: its job is PAUSED (last attempt 2026-03-09T02:00:00.000Z)',
    );
  });

  test('is that it was fired but not delivered, with what the attempt came to', () => {
    const fired =
      'fired, not delivered: Cloud Scheduler fired it at 2026-03-10T02:00:00.000Z, but no run of it began';
    assert.equal(
      why(tried(at('10T02:00:00'), 7)),
      `${fired} (HTTP 403: its service account may not invoke the function)`,
    );
    assert.equal(why(tried(at('10T02:00:00'), 99)), `${fired} (code 99)`);
  });

  test('is unknown once a later slot was fired', () =>
    assert.match(why(tried(at('11T02:00:00'), 0)), /^null: Cloud Scheduler tells only its last attempt/));
});
