import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gapsOf, isSlot, scheduleWords, slotAfter } from '../../../functions/shared/cron.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The days of November 2026 on which a schedule has slots; the first of it is a Sunday. */
function daysOf(schedule: string): string[] {
  const days: string[] = [];
  let slot = slotAfter(schedule, new Date('2026-10-31T23:59:59Z'));
  for (; slot < new Date('2026-12-01T00:00:00Z'); slot = slotAfter(schedule, slot))
    days.push(`${WEEKDAYS[slot.getUTCDay()]} ${slot.getUTCDate()}`);
  return days;
}

describe('slotAfter()', () => {
  for (const [schedule, after, next] of [
    ['0 2 * * *', '2026-03-04T01:59:59.999Z', '2026-03-04T02:00:00.000Z'],
    ['0 2 * * *', '2026-03-04T02:00:00.000Z', '2026-03-05T02:00:00.000Z'],
    ['*/10 * * * *', '2026-12-31T23:50:00.001Z', '2027-01-01T00:00:00.000Z'],
    // Clocks change in Europe that night; in UTC nothing does.
    ['30 1 * * *', '2026-03-29T00:00:00.000Z', '2026-03-29T01:30:00.000Z'],
  ] as const)
    test(`of "${schedule}" after ${after} is ${next}`, () =>
      assert.equal(slotAfter(schedule, new Date(after)).toISOString(), next));
});

describe('isSlot()', () => {
  for (const [instant, is] of [
    ['2026-03-04T02:00:00.000Z', true],
    ['2026-03-04T02:00:00.001Z', false],
    ['2026-03-04T02:00:01.000Z', false],
    ['2026-03-04T01:59:59.999Z', false],
    ['2026-03-04T14:00:00.000Z', false],
  ] as const)
    test(`says that ${instant} is ${is ? 'one' : 'none'} of "0 2 * * *"`, () =>
      assert.equal(isSlot('0 2 * * *', new Date(instant)), is));
});

describe('day of the month or day of the week', () => {
  const MONDAYS = ['Mon 2', 'Mon 9', 'Mon 16', 'Mon 23', 'Mon 30'];
  const all = (from: number, to: number) =>
    Array.from(
      { length: to - from + 1 },
      (_, index) => `${WEEKDAYS[(from + index - 1) % 7]} ${from + index}`,
    );
  for (const [schedule, words, days] of [
    ['0 2 1 * 1', 'At 02:00, on day 1 of the month or on Monday', ['Sun 1', ...MONDAYS]],
    [
      '0 2 1,15 * MON',
      'At 02:00, on day 1 and 15 of the month or on Monday',
      ['Sun 1', 'Mon 2', 'Mon 9', 'Sun 15', ...MONDAYS.slice(2)],
    ],
    [
      '0 2 4 * 7',
      'At 02:00, on day 4 of the month or on Sunday',
      ['Sun 1', 'Wed 4', 'Sun 8', 'Sun 15', 'Sun 22', 'Sun 29'],
    ],
    [
      '0 2 4 * sun',
      'At 02:00, on day 4 of the month or on Sunday',
      ['Sun 1', 'Wed 4', 'Sun 8', 'Sun 15', 'Sun 22', 'Sun 29'],
    ],
    [
      '0 2 3-4 NOV mon',
      'At 02:00, between day 3 and 4 of the month or on Monday, only in November',
      ['Mon 2', 'Tue 3', 'Wed 4', ...MONDAYS.slice(1)],
    ],
    [
      '30 2,14 24 * SAT-SUN',
      'At 02:30 and 14:30, on day 24 of the month or on Saturday through Sunday',
      [
        'Sun 1',
        'Sat 7',
        'Sun 8',
        'Sat 14',
        'Sun 15',
        'Sat 21',
        'Sun 22',
        'Tue 24',
        'Sat 28',
        'Sun 29',
      ].flatMap((day) => [day, day]),
    ],
    [
      '0 2 1-31/15 * 3',
      'At 02:00, every 15 days in a month, between day 1 and 31 of the month or on Wednesday',
      ['Sun 1', 'Wed 4', 'Wed 11', 'Mon 16', 'Wed 18', 'Wed 25'],
    ],
    ['0 2 1-31 * 1', 'At 02:00, between day 1 and 31 of the month or on Monday', all(1, 30)],
    ['0 2 1 * 0-6', 'At 02:00, on day 1 of the month or on Sunday through Saturday', all(1, 30)],
    // The catalogue refuses these, for other crons read them otherwise; the words tell what is done.
    ['0 2 */1 * 1', 'At 02:00', all(1, 30)],
    ['0 2 1 * */1', 'At 02:00', all(1, 30)],
    [
      '0 2 */10 * 1',
      'At 02:00, every 10 days in a month or on Monday',
      ['Sun 1', 'Mon 2', 'Mon 9', 'Wed 11', 'Mon 16', 'Sat 21', 'Mon 23', 'Mon 30'],
    ],
    // One of the fields alone.
    ['0 2 1 * *', 'At 02:00, on day 1 of the month', ['Sun 1']],
    ['0 2 * * 1', 'At 02:00, only on Monday', MONDAYS],
    ['0 2 */10 * *', 'At 02:00, every 10 days in a month', ['Sun 1', 'Wed 11', 'Sat 21']],
  ] as const)
    test(`"${schedule}" is "${words}", and its slots are so`, () => {
      assert.equal(scheduleWords(schedule), words);
      assert.deepEqual(daysOf(schedule), days);
    });

  test('goes for schedules of any time of the day', () => {
    assert.equal(scheduleWords('* * 1 * 1'), 'Every minute, on day 1 of the month or on Monday');
    assert.equal(
      scheduleWords('*/15 9-17 13 * FRI'),
      'Every 15 minutes, between 09:00 and 17:59, on day 13 of the month or on Friday',
    );
  });

  test('says nothing of days where none is restricted', () => {
    assert.equal(scheduleWords('0 2 * * *'), 'At 02:00');
    assert.equal(scheduleWords('*/10 * * * *'), 'Every 10 minutes');
  });
});

describe('gapsOf()', () => {
  for (const [schedule, shortestMs, longestMs] of [
    ['* * * * *', MINUTE_MS, MINUTE_MS],
    ['*/7 * * * *', 4 * MINUTE_MS, 7 * MINUTE_MS],
    ['*/10 8-18 * * *', 10 * MINUTE_MS, 13 * HOUR_MS + 10 * MINUTE_MS],
    ['*/10 8-18 * * 1-5', 10 * MINUTE_MS, 2 * DAY_MS + 13 * HOUR_MS + 10 * MINUTE_MS],
    ['0 2 * * *', DAY_MS, DAY_MS],
    ['0 2 1 * *', 28 * DAY_MS, 31 * DAY_MS],
    ['0 2 1 * MON', DAY_MS, 7 * DAY_MS],
    ['0 0 29 2 *', 4 * 365.25 * DAY_MS, 4 * 365.25 * DAY_MS],
  ] as const)
    test(`of "${schedule}" are ${shortestMs / MINUTE_MS} to ${longestMs / MINUTE_MS} min`, () =>
      assert.deepEqual(gapsOf(schedule), { shortestMs, longestMs }));
});
