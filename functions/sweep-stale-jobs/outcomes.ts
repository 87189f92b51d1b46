import type { Truth } from '../shared/model/backend.ts';
import { isTerminal, type Job } from '../shared/model/job.ts';
import type { Suspect, VerdictKind } from '../shared/model/sweep.ts';
import type { Since } from '../shared/model/sweep-marks.ts';
import { isNewlyStale, type SweepClock } from './guard.ts';
import type { Judged, Written } from './judge.ts';

/** What is kept of the suspects of one sweep of a source: tens of thousands may be, so of each only what is told. */

/** Of so many jobs of a kind a run tells one by one. */
export const MOST_VERDICTS = 300;

/** A suspect that was gone through. */
export interface Outcome {
  path: string;
  isExecution: boolean;
  kind: VerdictKind;
  written: Written;
  /** As its record says. */
  state: Job['state'];
  startedAt: Date | null;
  /** The limit that was broken; `null` where none was. */
  brokenAt: Date | null;
  /** Whether it fell silent since the last sweep, and nobody told why. */
  newlyStale: boolean;
  overdue: boolean;
}

/** A job that runs for longer than it may. */
export interface Overdue {
  name: string;
  because: string;
  brokenAt: Date;
  /** Whether it is seen to run. */
  kept: boolean;
}

/** One suspect as a person reads it. */
export interface VerdictRow {
  job: string;
  /** Of the record, whose id another source may have, too. */
  path: string;
  execution: string | null;
  recordSays: string;
  backendSays: string | null;
  verdict: VerdictKind;
  rule: string;
  because: string;
  written: Written;
  endedAt: string | null;
}

/** All of them, and what is to be known of some besides. */
export interface Outcomes {
  each: Outcome[];
  /** Those that were not ended and whose backend has no such job, and since when. */
  gone: Since[];
  /** How jobs ended that are still written down as active. */
  ended: { backendId: string; truth: Truth }[];
  overdue: Overdue[];
  /** The first of those that were ended, that should end and were not, that nobody can tell about, and that stay. */
  rows: Record<'ended' | 'ending' | 'unknown' | 'keep', VerdictRow[]>;
}

export function noOutcomes(): Outcomes {
  return {
    each: [],
    gone: [],
    ended: [],
    overdue: [],
    rows: { ended: [], ending: [], unknown: [], keep: [] },
  };
}

/** Adds a suspect that was gone through. */
export function addOutcome(outcomes: Outcomes, one: Judged, clock: SweepClock): void {
  const { found, suspect, verdict, written } = one;
  const { path } = found.seen;
  const { kind, brokenAt } = verdict;
  const { state, startedAt, name, backendId } = suspect.job;
  const { truth, goneSince } = suspect;
  const overdue = 'overdue' in verdict && verdict.overdue;
  outcomes.each.push({
    ...{ path, isExecution: found.isExecution, kind, written, state, startedAt, brokenAt, overdue },
    newlyStale: isNewlyStale(verdict, clock),
  });
  if (overdue && brokenAt)
    outcomes.overdue.push({ name, because: verdict.because, brokenAt, kept: kind === 'keep' });
  const rows = outcomes.rows[written === 'yes' ? 'ended' : 'state' in verdict ? 'ending' : verdict.kind];
  if (rows.length < MOST_VERDICTS) rows.push(rowOf(one));
  if (written === 'yes') return;
  if (truth?.state === 'gone') outcomes.gone.push({ path, since: goneSince ?? truth.askedAt });
  // What a person does not believe is asked for again.
  const isBelieved = verdict.rule !== 'taken-back';
  if (truth && backendId !== null && hasEnded(suspect) && isBelieved)
    outcomes.ended.push({ backendId, truth });
}

function hasEnded({ truth }: Suspect): boolean {
  return truth !== null && truth.state !== 'gone' && isTerminal(truth.state);
}

function rowOf({ found, suspect, verdict, written }: Judged): VerdictRow {
  const { job, parent, truth } = suspect;
  return {
    job: (parent ?? job).id,
    path: found.seen.path,
    execution: found.isExecution ? job.id : null,
    recordSays: job.status,
    backendSays: truth?.said ?? null,
    verdict: verdict.kind,
    rule: verdict.rule,
    because: verdict.because,
    written,
    endedAt: 'endedAt' in verdict ? verdict.endedAt.toISOString() : null,
  };
}
