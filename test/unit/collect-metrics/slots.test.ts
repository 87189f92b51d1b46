import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { entryOf, loadCatalog } from '../../../functions/shared/catalog.ts';
import { addDays, dayOf } from '../../../functions/shared/dates.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { nameTrigger } from '../../../functions/shared/run/trigger.ts';
import { utc } from '../../support/jobs.ts';

const ENTRY = entryOf(loadCatalog(readEnvironment({})), 'collect-metrics');
const SLOT = '2026-03-10T02:00:00Z';

const DELIVERIES: {
  what: string;
  arrives: string;
  slot?: string;
  job?: string;
  counts: string | 'manual';
}[] = [
  { what: 'on time', arrives: '2026-03-10T02:00:00', slot: SLOT, counts: '2026-03-09' },
  { what: 'ahead of our clock by 30 s', arrives: '2026-03-10T01:59:30', slot: SLOT, counts: '2026-03-09' },
  { what: 'ahead by a little more', arrives: '2026-03-10T01:59:29.999', slot: SLOT, counts: 'manual' },
  { what: '75 minutes late', arrives: '2026-03-10T03:15:00', slot: SLOT, counts: '2026-03-09' },
  { what: 'after midnight', arrives: '2026-03-11T00:20:00', slot: SLOT, counts: '2026-03-09' },
  { what: '35 days late', arrives: '2026-04-14T02:00:00', slot: SLOT, counts: '2026-03-09' },
  { what: 'later still', arrives: '2026-04-14T02:00:00.001', slot: SLOT, counts: 'manual' },
  {
    what: 'with an offset to the east in its text',
    arrives: '2026-03-10T02:00:01',
    slot: '2026-03-10T11:00:00+09:00',
    counts: '2026-03-09',
  },
  {
    what: 'with an offset in its text that names another day',
    arrives: '2026-03-10T02:00:01',
    slot: '2026-03-09T21:00:01.515191-05:00',
    counts: '2026-03-09',
  },
  {
    what: 'at an instant that is no slot',
    arrives: '2026-03-10T00:20:00',
    slot: '2026-03-09T23:50:00Z',
    counts: 'manual',
  },
  {
    what: "forced, with tomorrow's slot",
    arrives: '2026-03-10T12:00:00',
    slot: '2026-03-11T02:00:00Z',
    counts: 'manual',
  },
  { what: "with another job's name", arrives: '2026-03-10T02:00:00', slot: SLOT, job: 'x', counts: 'manual' },
  { what: 'without a slot', arrives: '2026-03-10T02:00:00', counts: 'manual' },
  { what: 'with a slot that is no instant', arrives: '2026-03-10T02:00:00', slot: '02:00', counts: 'manual' },
];

describe('nameTrigger()', () => {
  for (const { what, arrives, slot, job = 'collect-metrics', counts } of DELIVERIES)
    test(`${counts === 'manual' ? 'calls manual' : `counts ${counts} for`} a delivery ${what}`, () => {
      const headers: Record<string, string | undefined> = {
        'X-CloudScheduler-JobName': job,
        'X-CloudScheduler-ScheduleTime': slot,
      };
      const named = nameTrigger(ENTRY, (name) => headers[name], utc(arrives), 'uuid');
      const counted = named.slot ? addDays(dayOf(named.slot), -1) : named.trigger;
      assert.equal(counted, counts);
      if (named.slot) assert.equal(named.runId, `collect-metrics@${named.slot.toISOString()}`);
    });
});
