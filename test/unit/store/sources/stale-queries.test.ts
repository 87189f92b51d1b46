import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../../functions/shared/dates.ts';
import type { Source } from '../../../../functions/shared/model/job/source.ts';
import { livelyOf, staleQueries } from '../../../../functions/shared/store/sources/stale-queries.ts';
import { NOW } from '../../../support/suspects.ts';
import { beating, silentSource } from '../../../support/sweeper.ts';

const backend = {
  kind: 'http',
  url: 'https://jobs.example/{id}',
  state: 'state',
  statuses: { busy: 'running' },
};
const SOURCES: [string, Source][] = [
  ['whose jobs beat', beating()],
  [
    'with types of their own limits',
    beating({ sweep: { types: { eval: { staleAfterMinutes: 2, maxRuntimeHours: 3 } } } }),
  ],
  ['whose jobs do not beat', silentSource()],
  ['whose jobs do not beat, but can be asked about', silentSource({ backend })],
  ['whose jobs may not wait for ever', beating({ sweep: { maxQueuedHours: 2 } })],
];

describe('livelyOf()', () => {
  for (const [name, source] of SOURCES)
    test(`and the queries by that time share out all jobs that run, of a source ${name}`, () => {
      const { time, range } = livelyOf(source, NOW);
      const queries = staleQueries(source, 'jobs', NOW).filter(({ tellsLife }) => tellsLife);
      assert.ok(queries.length > 0);
      const ranges = [range, ...queries.map(({ by }) => ('time' in by ? by.range : {}))];
      assert.ok(queries.every(({ by }) => 'time' in by && by.time === time));
      for (let minutes = -30 * 60; minutes <= 60; minutes += 0.5) {
        const at = addMs(NOW, minutes * MINUTE_MS);
        const holding = ranges.filter(({ from, to }) => (!from || from <= at) && (!to || at < to));
        const isAhead = minutes >= 5 && source.fields.heartbeatAt === undefined;
        assert.equal(holding.length, isAhead ? 0 : 1, at.toISOString());
      }
    });

  test('is no time of queued jobs, nor the start of those that beat', () => {
    const source = beating({ sweep: { maxQueuedHours: 2 } });
    const told = staleQueries(source, 'jobs', NOW).filter(({ tellsLife }) => tellsLife);
    assert.deepEqual(
      told.map(({ name }) => name),
      ['jobs:silent', 'jobs:ahead'],
    );
    assert.equal(livelyOf(source, NOW).range.from.getTime(), NOW.getTime() - 15 * MINUTE_MS);
    assert.equal(livelyOf(silentSource(), NOW).range.from.getTime(), NOW.getTime() - 24 * HOUR_MS);
  });
});
