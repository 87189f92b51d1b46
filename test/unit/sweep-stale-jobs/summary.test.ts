import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type SummaryInput, summaryOf } from '../../../functions/sweep-stale-jobs/summary.ts';
import type {
  CandidateResult,
  CandidateResults,
  VerdictRow,
} from '../../../functions/sweep-stale-jobs/sweep/results.ts';
import type { SweepResult } from '../../../functions/sweep-stale-jobs/sweep/sweep-result.ts';
import { NOW } from '../../support/suspects.ts';

const TOLD: SummaryInput = {
  missedSlots: 0,
  expiredLeases: 0,
  scheduleDrift: null,
  falseLost: 0,
  unmapped: [],
  verdicts: false,
  documentsRead: 0,
  auditDocumentsRead: 0,
};

/** A sweep that ended so many jobs, each with so long a reason. */
function sweepOf(count: number, because: string): SweepResult {
  const row: VerdictRow = {
    job: 'x',
    path: 'jobs/x',
    execution: null,
    recordSays: 'running',
    backendSays: null,
    verdict: 'lost',
    rule: 'silent',
    because,
    written: 'yes',
    endedAt: null,
  };
  const one = { kind: 'lost', disposition: 'yes', isExecution: false, brokenAt: null } as CandidateResult;
  const results: CandidateResults = {
    each: Array.from({ length: count }, () => one),
    sightings: [],
    overdue: [],
    stalled: [],
    rows: {
      ended: Array.from({ length: Math.min(300, count) }, () => row),
      ending: [],
      unknown: [],
      keep: [],
    },
  };
  return {
    source: 'jobs',
    results,
    cursor: null,
    left: { jobs: 0, oldestAt: null },
  } as unknown as SweepResult;
}

describe('what a sweep ended', () => {
  const told = (count: number, because: string, sweeps = 1) => {
    const all = Array.from({ length: sweeps }, () => sweepOf(count, because));
    const { ended, endedOmitted } = summaryOf(all, NOW, TOLD);
    return { ended: ended as VerdictRow[], endedOmitted };
  };

  test('is all in its summary', () => {
    const { ended, endedOmitted } = told(3, 'silent');
    assert.deepEqual(
      [ended.map(({ because }) => because), endedOmitted],
      [Array(3).fill('silent'), undefined],
    );
  });

  test('is in it as far as its record can hold that, and the rest is counted', () => {
    for (const [count, because, sweeps] of [
      [20_000, 'silent', 1],
      [300, 'ü'.repeat(1_500), 1],
      [290, 'x'.repeat(1_500), 3],
    ] as const) {
      const { ended, endedOmitted } = told(count, because, sweeps);
      assert.ok(ended.length > 50 && ended.length <= 300, String(ended.length));
      assert.ok(Buffer.byteLength(JSON.stringify(ended)) < 210 * 1024);
      assert.equal(endedOmitted, sweeps * count - ended.length);
    }
  });
});
