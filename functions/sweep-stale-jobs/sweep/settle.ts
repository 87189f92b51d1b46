import type { Candidate, RecordFailure } from '../../shared/truth/candidate.ts';
import { type DecisionRules, decide, isToEnd, type Judged, type ToEnd } from './judge.ts';
import { type CandidateResults, resultsOf, type Settled } from './results.ts';
import type { WriteResult } from './write.ts';

/** What became of some judged candidates. */
export interface Settlement {
  results: CandidateResults;
  /** Candidates whose decision depends on all the others. */
  waiting: Judged[];
  /** Candidates that were not gone through, from the first on whose end was to be written and was not. */
  left: Candidate[];
  /** The last candidate that was gone through; `null` where none was. */
  last: Candidate | null;
  /** Candidates that cannot be written, and why. */
  unwritable: RecordFailure[];
  /** The error that writing stopped for; `null` where it did not. */
  failure: unknown;
}

/** Decides on each candidate, and writes the ends that are to be written. Rejects where `write` does. */
export async function settle(
  judged: readonly Judged[],
  preservation: string | null | undefined,
  rules: DecisionRules,
  write: (toEnd: readonly ToEnd[]) => Promise<WriteResult>,
): Promise<Settlement> {
  const all = judged.map((one) => ({ one, decision: decide(one.verdict, rules, preservation) }));
  const decided = all.flatMap(({ one, decision }) => (decision === 'wait' ? [] : { one, decision }));
  const toEnd = decided.flatMap(({ one, decision }) => (decision === 'write' && isToEnd(one) ? one : []));
  const { became, unwritable, failure } = await write(toEnd);
  const spoilt = new Set(unwritable.map(({ path }) => path));
  const first = toEnd.find((one) => !became.has(one) && !spoilt.has(one.candidate.seen.path));
  const through = decided.slice(0, first && decided.findIndex(({ one }) => one === first));
  const settled = through.map(({ one, decision }): Settled => {
    const disposition = decision === 'write' ? (isToEnd(one) && became.get(one)) || 'no' : decision;
    return { ...one, disposition };
  });
  return {
    results: resultsOf(settled, rules.clock.now),
    waiting: all.flatMap(({ one, decision }) => (decision === 'wait' ? one : [])),
    left: decided.slice(through.length).map(({ one }) => one.candidate),
    last: settled.at(-1)?.candidate ?? null,
    unwritable,
    failure,
  };
}
