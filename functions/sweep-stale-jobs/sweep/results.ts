import type { Job } from '../../shared/model/job/job.ts';
import type { Sighting } from '../../shared/model/job/sighting.ts';
import type { VerdictKind } from '../../shared/model/job/sweep.ts';
import { MOST_VERDICTS } from '../../shared/model/job/sweep.ts';
import { isNewlyStale, type SweepClock } from '../rules/guard.ts';
import { sightingAfter } from '../rules/remember.ts';
import type { Disposition, Judged } from './judge.ts';

/** What is kept of the suspects of one sweep of a source: tens of thousands may be, so of each only what is told. */

/** A suspect that was gone through. */
export interface CandidateResult {
  path: string;
  isExecution: boolean;
  kind: VerdictKind;
  written: Disposition;
  /** As its record says. */
  state: Job['state'];
  startedAt: Date | null;
  heartbeatAt: Date | null;
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
  written: Disposition;
  endedAt: string | null;
}

/** All of them, and what is to be known of some besides. */
export interface CandidateResults {
  each: CandidateResult[];
  /** Of those that were not ended, what was seen and heard. */
  sightings: Sighting[];
  overdue: Overdue[];
  /** The first of those that were ended, that should end and were not, that nobody can tell about, and that stay. */
  rows: Record<'ended' | 'ending' | 'unknown' | 'keep', VerdictRow[]>;
}

export function noResults(): CandidateResults {
  return {
    each: [],
    sightings: [],
    overdue: [],
    rows: { ended: [], ending: [], unknown: [], keep: [] },
  };
}

/** Adds a suspect that was gone through. */
export function addResult(outcomes: CandidateResults, one: Judged, clock: SweepClock): void {
  const { found, suspect, verdict, written } = one;
  const { path } = found.seen;
  const { kind, brokenAt } = verdict;
  const { state, startedAt, heartbeatAt, name } = suspect.job;
  const overdue = 'overdue' in verdict && verdict.overdue;
  outcomes.each.push({
    path,
    isExecution: found.isExecution,
    kind,
    written,
    state,
    startedAt,
    heartbeatAt,
    brokenAt,
    overdue,
    newlyStale: isNewlyStale(verdict, clock),
  });
  if (overdue && brokenAt)
    outcomes.overdue.push({ name, because: verdict.because, brokenAt, kept: kind === 'keep' });
  const rows = outcomes.rows[written === 'yes' ? 'ended' : 'state' in verdict ? 'ending' : verdict.kind];
  if (rows.length < MOST_VERDICTS) rows.push(rowOf(one));
  if (written !== 'yes') outcomes.sightings.push(sightingAfter(one, clock.now));
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
