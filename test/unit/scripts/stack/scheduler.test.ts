import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { clockOf } from '../../../../functions/shared/clock.ts';
import { readEnvironment } from '../../../../functions/shared/environment.ts';
import { stackClock } from '../../../../scripts/stack/stand-ins/clock.ts';
import { backoffMs, retryAt } from '../../../../scripts/stack/stand-ins/scheduler/retry.ts';
import { inZone, scheduleOf } from '../../../../scripts/stack/stand-ins/scheduler/schedule.ts';
import { updated } from '../../../../scripts/stack/stand-ins/scheduler/update.ts';
import { freshFile } from '../../../support/folders.ts';

const at = (text: string) => new Date(text);
const RETRY = {
  retryCount: 5,
  maxRetryDuration: '0s',
  minBackoffDuration: '10s',
  maxBackoffDuration: '300s',
  maxDoublings: 3,
};

describe('a schedule', () => {
  const slots = (text: string, zone: string, after: string, count: number) => {
    const schedule = scheduleOf(text, zone) ?? assert.fail(`${text} is none`);
    const found: string[] = [];
    for (let from: Date | null = at(after); from && found.length < count; ) {
      from = schedule.next(from);
      if (from) found.push(from.toISOString().slice(0, 16));
    }
    return found;
  };

  test('goes by its time zone, over the change of its clocks too', () =>
    assert.deepEqual(slots('0 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3), [
      '2026-03-28T01:00',
      '2026-03-29T01:00',
      '2026-03-30T00:00',
    ]));

  test('of unix-cron takes a day of the month or one of the week', () =>
    assert.deepEqual(slots('0 0 13 * fri', 'utc', '2026-03-07T00:00:00Z', 3), [
      '2026-03-13T00:00',
      '2026-03-20T00:00',
      '2026-03-27T00:00',
    ]));

  for (const [text, expected] of [
    ['every 5 minutes', ['2026-03-10T12:05', '2026-03-10T12:10']],
    ['every 2 hours', ['2026-03-10T14:00', '2026-03-10T16:00']],
    ['every day 09:30', ['2026-03-11T09:30', '2026-03-12T09:30']],
    ['every monday,Thu 9:00', ['2026-03-12T09:00', '2026-03-16T09:00']],
  ] as const)
    test(`may be the text "${text}"`, () => {
      assert.deepEqual(slots(text, 'UTC', '2026-03-10T12:00:00Z', 2), expected);
      assert.equal(scheduleOf(text, 'UTC')?.isCron, false);
    });

  for (const text of [
    '',
    '* * * *',
    '0 0 * * * *',
    '@daily',
    'every 0 minutes',
    'every moonday 09:00',
    'every day 25:00',
  ])
    test(`is not "${text}"`, () => assert.equal(scheduleOf(text, 'UTC'), undefined));

  test('tells an instant in the offset of its zone', () => {
    assert.equal(inZone(at('2026-07-01T12:00:00Z'), 'America/New_York'), '2026-07-01T08:00:00-04:00');
    assert.equal(inZone(at('2026-07-01T12:00:00Z'), 'Asia/Kolkata'), '2026-07-01T17:30:00+05:30');
    assert.equal(inZone(at('2026-07-01T12:00:00Z'), 'Etc/UTC'), '2026-07-01T12:00:00Z');
  });
});

describe('the retries of an execution', () => {
  const failed = {
    firstAttemptAt: at('2026-03-10T12:00:00Z'),
    now: at('2026-03-10T12:00:20Z'),
    nextSlot: null,
  };

  test('wait as the example of the vendor says', () =>
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => backoffMs(RETRY, attempts) / 1_000),
      [10, 20, 40, 80, 160, 240, 300, 300],
    ));

  test('end when both limits are reached', () => {
    const last = { ...failed, attempts: 6 };
    assert.equal(retryAt(RETRY, last), null);
    assert.equal(retryAt({ ...RETRY, maxRetryDuration: '20s' }, last), null);
    const longer = { ...RETRY, maxRetryDuration: '21s' };
    assert.equal(retryAt(longer, last)?.toISOString(), '2026-03-10T12:04:20.000Z');
    assert.equal(retryAt(longer, { ...failed, attempts: 1 })?.toISOString(), '2026-03-10T12:00:30.000Z');
  });

  test('are none without a count, whatever duration there is', () =>
    assert.equal(
      retryAt({ ...RETRY, retryCount: 0, maxRetryDuration: '600s' }, { ...failed, attempts: 1 }),
      null,
    ));
});

describe('an update', () => {
  const STORED = { schedule: 'a', timeZone: 'UTC', httpTarget: { uri: 'u', headers: { one: '1' } } };

  test('changes what the mask names, in either spelling, and clears what is named but not given', () =>
    assert.deepEqual(
      updated(
        STORED,
        { schedule: 'b', timeZone: 'x', httpTarget: { uri: 'v' } },
        'schedule,http_target.headers',
      ),
      { schedule: 'b', timeZone: 'UTC', httpTarget: { uri: 'u' } },
    ));

  test('without a mask changes what is given, and nothing that only the API may', () => {
    const given = { schedule: 'b', state: 'PAUSED' };
    assert.deepEqual(updated(STORED, given, null), { ...STORED, schedule: 'b' });
    assert.equal(STORED.schedule, 'a');
  });
});

describe('the clock of a stack', () => {
  const { signal } = new AbortController();

  test('jumps ahead and never back, and wakes who waits', async () => {
    const told: number[] = [];
    const base = { now: () => at('2026-03-10T12:00:00Z'), monotonicMs: () => 0 };
    const clock = stackClock((offsetMs) => void told.push(offsetMs), base);
    let woken = false;
    const waiting = clock.until(at('2026-03-11T12:00:00Z'), signal).then(() => {
      woken = true;
    });
    clock.jumpTo(at('2026-03-11T11:59:59Z'));
    await Promise.resolve();
    assert.equal(woken, false);
    clock.jumpTo(at('2026-03-12T00:00:00Z'));
    await waiting;
    clock.jumpTo(at('2026-03-11T00:00:00Z'));
    assert.equal(clock.now().toISOString(), '2026-03-12T00:00:00.000Z');
    assert.deepEqual(told, [86_399_000, 129_600_000]);
  });

  test('wakes who waits in real time, and who gives up', async () => {
    const clock = stackClock();
    await clock.until(new Date(Date.now() + 20), signal);
    await clock.until(at('2999-01-01T00:00:00Z'), AbortSignal.abort());
  });
});

describe('the clock of a function', () => {
  const file = freshFile('clock', '0');
  const env = (over: NodeJS.ProcessEnv) => readEnvironment({ NIGHTSHIFT_CLOCK_FILE: file, ...over });
  const EMULATOR = { FIRESTORE_EMULATOR_HOST: '127.0.0.1:1' };

  test('is ahead by what its file holds at the time', () => {
    const clock = clockOf(env(EMULATOR));
    writeFileSync(file, '86400000\n');
    const aheadMs = clock.now().getTime() - Date.now();
    assert.ok(Math.abs(aheadMs - 86_400_000) < 1_000, String(aheadMs));
    assert.equal(clock.offsetMs?.(), 86_400_000);
  });

  test('is set beside an emulator alone, and only by a number', () => {
    assert.throws(() => clockOf(env({})), /NIGHTSHIFT_CLOCK_FILE.*only beside a Firestore emulator/s);
    const bad = freshFile('clock', '-5');
    assert.throws(
      () => clockOf(env({ ...EMULATOR, NIGHTSHIFT_CLOCK_FILE: bad })),
      /holds "-5"; expected a number/,
    );
    assert.throws(() => clockOf(env({ ...EMULATOR, NIGHTSHIFT_CLOCK_FILE: '/nowhere' })), /ENOENT/);
    assert.equal(clockOf(readEnvironment({})).offsetMs, undefined);
  });
});
