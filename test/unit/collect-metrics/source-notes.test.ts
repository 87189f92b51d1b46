import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newNotes } from '../../../functions/collect-metrics/records/source-notes.ts';
import { addMs } from '../../../functions/shared/dates.ts';
import { jobOf, utc } from '../../support/jobs.ts';

/** What is told of records written 20 hours after their `updatedAt`, by when a source was first looked at. */
function toldLate(known: Date | null | undefined, writtenAt: Record<string, string>): string | null {
  const notes = newNotes();
  for (const [id, at] of Object.entries(writtenAt)) {
    const updatedAt = addMs(utc(at), -20 * 3_600_000);
    notes.note(jobOf({ id, writtenAt: utc(at), updatedAt }));
  }
  const late = notes.taken(
    known === undefined
      ? undefined
      : { changesKnownUntil: utc('2026-03-20T02:00'), changesKnownSince: known },
  ).writtenLate;
  return late && `${late.records} by ${late.mostHours} h, e.g. ${late.example}`;
}

describe('records that were written later than they say', () => {
  const written = { loaded: '2026-03-10T01:00', later: '2026-03-10T03:00' };

  for (const [when, known, told] of [
    ['at the first look at their source', undefined, null],
    ['since the first look', utc('2026-03-10T02:00'), '1 by 20 h, e.g. later'],
    ['before the first look alone', utc('2026-03-10T03:00'), null],
    ['where nobody noted when the first look was', null, '2 by 20 h, e.g. loaded'],
  ] as const)
    test(`${when}: ${told ?? 'nothing is told'}`, () => assert.equal(toldLate(known, written), told));
});
