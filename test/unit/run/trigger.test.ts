import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CatalogEntry } from '../../../functions/shared/catalog.ts';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { nameTrigger } from '../../../functions/shared/run/trigger.ts';
import { ENTRY } from '../../support/entry.ts';

const SLOT = new Date('2026-03-04T02:00:00.000Z');
const DUTY: CatalogEntry = { task: 'duty', ...ENTRY };
const OLDEST_MS = 35 * DAY_MS;
const EARLY_MS = 30 * SECOND_MS;

function name(headers: Record<string, string>, now: Date, entry = DUTY) {
  return nameTrigger(entry, (header) => headers[header.toLowerCase()], now, 'a-uuid');
}

function delivery(slot: string, job = 'duty'): Record<string, string> {
  return { 'x-cloudscheduler-jobname': job, 'x-cloudscheduler-scheduletime': slot };
}

const SCHEDULED = { trigger: 'scheduled', slot: SLOT, runId: 'duty@2026-03-04T02:00:00.000Z' };
const MANUAL = { trigger: 'manual', slot: null, runId: 'duty@manual-a-uuid' };

describe('nameTrigger()', () => {
  for (const text of [
    '2026-03-04T02:00:00Z',
    '2026-03-04T02:00:00.000000Z',
    // As told in https://github.com/firebase/firebase-functions-python/issues/255.
    '2026-03-03T19:00:00.510855-07:00',
    '2026-03-04T02:00:59.999Z',
    '2026-03-04T03:00:00+01:00',
    '2026-03-03T16:00:00-10:00',
  ])
    test(`names the slot ${text} by its instant, whatever its text`, () =>
      assert.deepEqual(name(delivery(text), addMs(SLOT, 900)), SCHEDULED));

  for (const [ms, expected] of [
    [-EARLY_MS - 1, MANUAL],
    [-EARLY_MS, SCHEDULED],
    [0, SCHEDULED],
    [75 * MINUTE_MS, SCHEDULED],
    [5 * DAY_MS, SCHEDULED],
    [OLDEST_MS, SCHEDULED],
    [OLDEST_MS + 1, MANUAL],
  ] as const)
    test(`names a delivery ${ms} ms after its slot ${expected.trigger}`, () =>
      assert.deepEqual(name(delivery(SLOT.toISOString()), addMs(SLOT, ms)), expected));

  test('a forced run that carries the next slot is manual, and leaves that slot alone', () =>
    assert.deepEqual(name(delivery('2026-03-05T02:00:00Z'), addMs(SLOT, 12 * HOUR_MS)), MANUAL));

  for (const [what, headers] of [
    ['no headers', {}],
    ['an instant that is none of its slots', delivery('2026-03-04T01:59:00Z')],
    ['a slot of other days', delivery('2026-03-03T14:00:00Z')],
    ['an instant in the minute before its slot', delivery('2026-03-04T01:59:59.999Z')],
    ['an instant in the minute after its slot', delivery('2026-03-04T02:01:00Z')],
    ['a slot of no job', { 'x-cloudscheduler-scheduletime': SLOT.toISOString() }],
    ['the job of another task', delivery(SLOT.toISOString(), 'other-duty')],
    ['a job with a prefix', delivery(SLOT.toISOString(), 'staging-duty')],
    ['a job and no slot', { 'x-cloudscheduler-jobname': 'duty' }],
    ['an empty slot', delivery('')],
    ['a slot that is no instant', delivery('tomorrow')],
    ['a slot without offset', delivery('2026-03-04T02:00:00')],
    ['a slot beyond the calendar', delivery('2026-99-04T02:00:00Z')],
  ] as const)
    test(`names a delivery with ${what} manual`, () => assert.deepEqual(name(headers, SLOT), MANUAL));
});
