import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fold } from '../../../functions/report/rules/fold.ts';
import type { ReportedRecord, TimedReport } from '../../../functions/report/rules/reported-record.ts';
import { isTerminal } from '../../../functions/shared/model/job/job.ts';
import { seedOf, sized } from '../../support/soak.ts';
import { comparable, expected, histories, minutesAgo, NOTHING, NOW } from './histories.ts';

/** How the reports of a history arrive: which come twice, in which order, and where a request ends. */
const deliveries = histories.chain((history) =>
  fc
    .tuple(
      fc.subarray(history.reports),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 1_000_000 })),
    )
    .map(([again, sizes, dice]) => ({
      history,
      sizes,
      sent: shuffled([...history.reports, ...again], dice),
    })),
);

function shuffled<T>(items: readonly T[], dice: Iterator<number>): T[] {
  return items
    .map((item) => ({ item, rank: Number(dice.next().value) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** Reports that arrive in any manner, from executions that tell anything. */
const anything = fc.array(
  fc.record({
    execution: fc.constantFrom('e0', 'e1', 'e2', undefined),
    seq: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    at: fc.integer({ min: 0, max: 500 }).map(minutesAgo),
    startedAt: fc.option(fc.integer({ min: 0, max: 500 }).map(minutesAgo)),
    word: fc.constantFrom('queued', 'running', 'gone', 'completed', 'failed', 'cancelled'),
    final: fc.boolean(),
    by: fc.constantFrom('a@b', 'c@d'),
    host: fc.constantFrom('h1', 'h2'),
  }),
  { maxLength: 40 },
);

function reportOf({ word, final, seq, ...rest }: Record<string, unknown>): TimedReport {
  const isEnd = word === 'completed' || word === 'failed' || word === 'cancelled';
  const end = isEnd ? { end: { state: word, final } } : {};
  return {
    ...rest,
    ...(rest.execution === undefined ? {} : { seq }),
    clock: 'boot',
    state: word,
    ...end,
  } as unknown as TimedReport;
}

const ENDS: ReportedRecord[] = (['recorded', 'presumed', 'by-hand'] as const).map((ending) => ({
  ...NOTHING,
  state: 'failed',
  startedAt: minutesAgo(400),
  endedAt: minutesAgo(300),
  ending,
  foundAt: minutesAgo(250),
}));

describe('reports of a job', () => {
  const runs = sized(300, 10_000);

  test('come to the same record in any order, however often, however split', (t) => {
    const seed = seedOf((message) => t.diagnostic(message));
    fc.assert(
      fc.property(deliveries, ({ history, sizes, sent }) => {
        let record = history.before;
        let rest = sent;
        for (let index = 0; rest.length > 0; index += 1) {
          const size = sizes[index % sizes.length] ?? 1;
          record = fold(record, rest.slice(0, size), NOW).record;
          rest = rest.slice(size);
        }
        assert.deepEqual(comparable(record), expected(history));
      }),
      { seed, numRuns: runs },
    );
  });

  test('never move a recorded end, nor a heartbeat back, whatever they say', (t) => {
    const seed = seedOf((message) => t.diagnostic(message));
    fc.assert(
      fc.property(fc.constantFrom(NOTHING, ...ENDS), anything, (before, told) => {
        let record = before;
        let corrections = 0;
        for (const one of told) {
          const { record: next, results } = fold(record, [reportOf(one)], NOW);
          assert.equal(results.length, 1);
          if (record.state !== null && isTerminal(record.state)) {
            assert.ok(next.state !== null && isTerminal(next.state), 'nothing goes back to running');
            if (record.ending !== 'presumed')
              assert.deepEqual(
                [next.state, next.endedAt, next.ending, next.heartbeatAt],
                [record.state, record.endedAt, record.ending, record.heartbeatAt],
              );
            else if (next.ending === 'recorded') corrections += 1;
          }
          assert.ok(!record.heartbeatAt || (next.heartbeatAt && next.heartbeatAt >= record.heartbeatAt));
          assert.ok(!next.endedAt || next.endedAt <= NOW);
          assert.ok((next.report?.contradictions.length ?? 0) <= 5);
          record = next;
        }
        assert.ok(corrections <= 1);
      }),
      { seed, numRuns: runs },
    );
  });
});
