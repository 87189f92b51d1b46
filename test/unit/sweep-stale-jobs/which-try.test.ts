import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, HOUR_MS } from '../../../functions/shared/dates.ts';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import type { Suspect } from '../../../functions/shared/model/job/sweep.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { ago, inState, NOW, sightedSince, suspectOf, truthOf } from '../../support/suspects.ts';

/** Of a job that began three hours ago and fell silent 47 min ago, whose record something wrote just now. */
const TOUCHED = { writtenAt: ago(1) };
const SILENT = { heartbeatAt: ago(47) };
const UNDATED = { ...SILENT, startedAt: null, createdAt: null };
const LONG_AGO = new Date('2017-05-04T03:02:01Z');
/** A clock that is 8 hours behind wrote these. */
const ZONED = { createdAt: ago(190), startedAt: ago(10 * 60), heartbeatAt: ago(8 * 60 + 1) };

interface Row {
  when: string;
  job?: Partial<Job>;
  over?: Partial<Suspect>;
  truth: Truth;
  is: string;
}

function rows(...table: Row[]): void {
  for (const { when, job = SILENT, over = {}, truth, is } of table)
    test(`${when}: ${is}`, () => {
      const { rule, because } = verdictOf(suspectOf(job, { ...over, truth }), NOW);
      assert.equal(rule, is, because);
    });
}

const ended = (endedAt: Date | null, startedAt: Date | null = ago(181)) =>
  truthOf('completed', { endedAt, startedAt });

describe('an end that a backend tells is believed', () => {
  rows(
    { when: 'where it lies in the life of the record', truth: ended(ago(40)), is: 'backend-ended' },
    {
      when: 'although the record was written since',
      over: TOUCHED,
      truth: ended(ago(40)),
      is: 'backend-ended',
    },
    {
      when: 'of a record without a start, where nothing was written since',
      job: UNDATED,
      over: { writtenAt: ago(41) },
      truth: ended(ago(40)),
      is: 'backend-ended',
    },
    {
      when: 'by its start alone, where no end is told',
      truth: ended(null),
      is: 'backend-ended',
    },
    {
      when: 'of a clock in another zone, where nothing was written since',
      job: ZONED,
      over: { writtenAt: ago(41) },
      truth: ended(ago(40)),
      is: 'backend-ended',
    },
    {
      when: 'of a clock that is ahead, where nothing was written since',
      job: { startedAt: ago(-6 * 60), heartbeatAt: ago(-8 * 60) },
      over: { writtenAt: ago(41) },
      truth: ended(ago(40)),
      is: 'backend-ended',
    },
    {
      when: 'by a start that may be of another zone, once nothing writes the record any more',
      job: { startedAt: ago(3.5 * 60 + 20), heartbeatAt: null },
      over: { writtenAt: ago(20) },
      truth: ended(ago(30), ago(175)),
      is: 'backend-ended',
    },
    {
      when: 'without any time, of a backend whose settings name none',
      over: { timed: false },
      truth: ended(null, null),
      is: 'backend-ended',
    },
  );
});

describe('an end that a backend tells is of another try, or may be', () => {
  rows(
    { when: 'long before this one began', truth: ended(LONG_AGO, LONG_AGO), is: 'another-try' },
    {
      when: 'long ago, and the record tells no time at all',
      job: { ...UNDATED, heartbeatAt: null },
      over: TOUCHED,
      truth: ended(LONG_AGO, LONG_AGO),
      is: 'which-try',
    },
    {
      when: 'in the life of the record, which tells no time and was written since',
      job: UNDATED,
      over: TOUCHED,
      truth: ended(ago(40)),
      is: 'which-try',
    },
    {
      when: 'since the creation of the record, which tells no start and was written since',
      job: { ...UNDATED, createdAt: ago(190) },
      over: TOUCHED,
      truth: ended(ago(40), null),
      is: 'which-try',
    },
    {
      when: 'since the creation of one that was queued again, its start cleared, and written since',
      job: { ...UNDATED, ...inState('queued'), createdAt: ago(50), heartbeatAt: null },
      over: TOUCHED,
      truth: ended(ago(40), ago(49)),
      is: 'another-try',
    },
    {
      when: 'without any time, of a backend whose settings name some',
      truth: ended(null, null),
      is: 'which-try',
    },
    { when: 'with a start long before, and no end', truth: ended(null, LONG_AGO), is: 'which-try' },
    {
      when: 'without any time, and not silent',
      job: { heartbeatAt: ago(2) },
      over: { timed: false },
      truth: ended(null, null),
      is: 'perhaps-another-try',
    },
    {
      when: 'without any time, of one that was queued again',
      job: { ...inState('queued'), heartbeatAt: ago(90) },
      over: { timed: false, writtenAt: ago(60) },
      truth: ended(null, null),
      is: 'which-try',
    },
    {
      when: 'while its heartbeat moves, whatever that says',
      over: { writtenAt: ago(20), sighting: { path: 'x', movedAt: ago(20) } },
      truth: ended(ago(40)),
      is: 'another-try',
    },
    {
      when: 'and it was resumed later',
      over: { ...TOUCHED, sighting: { path: 'x', resumedAt: ago(1) } },
      truth: ended(ago(40)),
      is: 'another-try',
    },
    {
      when: 'by a record whose clock is in another zone, written since',
      job: ZONED,
      over: TOUCHED,
      truth: ended(ago(40)),
      is: 'clock-off',
    },
    {
      when: 'by a record whose clock is ahead, written since',
      job: { startedAt: ago(-7 * 60), heartbeatAt: ago(-9 * 60) },
      over: TOUCHED,
      truth: ended(ago(40)),
      is: 'clock-off',
    },
    {
      when: 'by a record that does not beat, and whose start is of another zone',
      job: { heartbeatAt: null, startedAt: ago(10 * 60) },
      over: { ...TOUCHED, hasHeartbeat: false },
      truth: ended(ago(40), ago(100)),
      is: 'clock-off',
    },
    {
      when: 'by a start that another zone puts as long before its write',
      job: { startedAt: ago(3.5 * 60 + 2), heartbeatAt: ago(3.6 * 60) },
      over: { writtenAt: ago(2) },
      truth: ended(ago(9), ago(175)),
      is: 'clock-off',
    },
    {
      when: 'by a heartbeat that another zone puts as long before its write',
      job: { startedAt: ago(3.5 * 60 + 3), heartbeatAt: ago(3.5 * 60 + 2) },
      over: { writtenAt: ago(2) },
      truth: ended(ago(9), ago(175)),
      is: 'clock-off',
    },
    {
      when: 'with a time that nobody can read',
      truth: truthOf('unknown', { unreadable: 'end: "soon" is not a time' }),
      is: 'backend-unknown',
    },
  );
});

describe('the end of a job that nobody saw end', () => {
  const endOf = (job: Partial<Job>, over: Partial<Suspect> = {}) => {
    const verdict = verdictOf(suspectOf(job, { writtenAt: ago(30), ...over }), NOW);
    assert.ok('state' in verdict, verdict.because);
    assert.deepEqual([verdict.kind, verdict.endInferred], ['lost', true]);
    return verdict.endedAt;
  };
  const gone = (over: object) => ({
    truth: truthOf('gone'),
    sighting: sightedSince(20, { goneSince: ago(20), ...over }),
  });

  test('is what its own record tells', () => {
    assert.deepEqual(endOf({ ...SILENT, endedAt: ago(45) }), ago(45));
    assert.deepEqual(endOf({ ...SILENT, endedAt: ago(40) }), ago(40));
  });

  test('is not what its record tells of a try before, nor what was over before it still beat', () => {
    assert.deepEqual(endOf({ ...SILENT, endedAt: ago(200) }), ago(47));
    assert.deepEqual(endOf({ ...SILENT, endedAt: ago(90) }), ago(47));
    assert.deepEqual(endOf({ ...SILENT, endedAt: ago(-600) }), ago(47));
  });

  test('is the last that its backend said of it, before its own start', () => {
    assert.deepEqual(
      endOf({ heartbeatAt: null }, { hasHeartbeat: false, ...gone({ heardAt: ago(33) }) }),
      ago(33),
    );
    assert.deepEqual(endOf({ heartbeatAt: null }, { hasHeartbeat: false, ...gone({}) }), ago(180));
    assert.deepEqual(endOf({ heartbeatAt: ago(100) }, gone({ heardAt: ago(33) })), ago(33));
  });

  test('is by its own clock, where that is off', () => {
    // Eight hours behind, and seen to move 50 min ago; 15 min later its backend still said that it ran.
    const job = { startedAt: ago(11 * 60), heartbeatAt: addMs(ago(50), -8 * HOUR_MS) };
    const seen = gone({ movedAt: ago(50), heardAt: ago(35) });
    assert.deepEqual(endOf(job, seen), addMs(ago(35), -8 * HOUR_MS));
  });

  test('is the last move of a heartbeat that its start makes one of a try before', () => {
    const job = { heartbeatAt: ago(9 * 60) };
    const sighting = sightedSince(20, { movedAt: ago(40) });
    assert.deepEqual(endOf(job, { writtenAt: ago(40), sighting }), ago(40));
  });
});
