import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { collector } from '../../support/collector.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { utc } from '../../support/jobs.ts';
import { sized } from '../../support/soak.ts';

const OLDER = sized(1_500, 100_000);
const TODAYS = 300;
const DATE = '2026-03-09';

/** Jobs of an hour, each 10 minutes after the one before, that end with `last`. */
function* jobsUpTo(last: Date, count: number, name: string, everyMs: number): Generator<[string, object]> {
  for (let index = 0; index < count; index += 1) {
    const endedAt = addMs(last, -index * everyMs);
    const startedAt = addMs(endedAt, -HOUR_MS);
    yield [
      `${name}-${index}`,
      { status: 'completed', gpus: 1, project: 'alpha', createdAt: startedAt, startedAt, endedAt },
    ];
  }
}

describe('collect-metrics', () => {
  test(`reads no more for a day with ${OLDER} older jobs in the collection`, async (t) => {
    // The emulator scans the whole collection for each query.
    const { db, deliver, day } = collector(t, { deadlineMs: 10 * MINUTE_MS });
    await writeDocuments(db, 'jobs', jobsUpTo(utc('2026-03-09T23:00'), TODAYS, 'today', 60_000));
    await writeDocuments(db, 'jobs', [
      [
        'running',
        { status: 'running', gpus: 8, project: 'alpha', startedAt: utc('2026-03-01T00:00'), endedAt: null },
      ],
    ]);
    const without = await deliver('2026-03-10T02:00', { date: DATE });

    await writeDocuments(
      db,
      'jobs',
      jobsUpTo(utc('2026-03-08T23:00'), OLDER, 'older', (10 * DAY_MS) / OLDER),
    );
    const withOlder = await deliver('2026-03-10T03:00', { date: DATE });

    assert.deepEqual([without.outcome, withOlder.outcome], ['succeeded', 'succeeded']);
    assert.equal((await day(DATE)).jobs?.completed, TODAYS);
    // Each was read as one that started and as one that ended, and what runs, days, mark, edges and counts come on top.
    const [before, after] = [without.summary.documentsRead, withOlder.summary.documentsRead] as number[];
    t.diagnostic(`${before} documents read without ${OLDER} older jobs, ${after} with them`);
    assert.ok(
      before && after && before >= 2 * TODAYS && before < 2 * TODAYS + 20 && after <= before * 1.01,
      `${before} and then ${after}`,
    );
  });
});
