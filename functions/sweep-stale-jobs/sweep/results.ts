import type { Job } from '../../shared/model/job/job.ts';
import type { Sighting } from '../../shared/model/job/sighting.ts';
import { MOST_VERDICTS, type VerdictKind } from '../../shared/model/job/sweep.ts';
import { livenessOf } from '../../shared/model/job/verdict/liveness.ts';
import { unmoved } from '../../shared/model/job/verdict/verdicts.ts';
import { sightingAfter } from '../rules/remember.ts';
import type { Disposition, Judged } from './judge.ts';

/** What is kept of the candidates of one sweep of a source: there may be tens of thousands, so only what is reported. */

/** A candidate that was judged and decided on, with what became of it. */
export interface Settled extends Judged {
  disposition: Disposition;
}

/** A candidate that was gone through. */
export interface CandidateResult {
  path: string;
  isExecution: boolean;
  kind: VerdictKind;
  rule: string;
  disposition: Disposition;
  /** As its record says. */
  state: Job['state'];
  startedAt: Date | null;
  heartbeatAt: Date | null;
  /** The limit that was broken; `null` where none was. */
  brokenAt: Date | null;
  /** Whether it fell silent since the last sweep, for a reason that is not known. */
  newlyStale: boolean;
  overdue: boolean;
}

/** A job that runs for longer than it may. */
export interface Overdue {
  name: string;
  because: string;
  brokenAt: Date;
  /** Whether it is known to run. */
  kept: boolean;
}

/** A job that shows life and does not get on. */
export type Stalled = Omit<Overdue, 'kept'>;

/** One candidate as a person reads it, and as the summary of a run stores it. */
export interface VerdictRow {
  job: string;
  /** Of the record: another source may have a job of the same id. */
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

/** Candidates that were gone through, and what is reported of some. */
export interface CandidateResults {
  each: CandidateResult[];
  /** What was seen and heard of those that were not ended. */
  sightings: Sighting[];
  overdue: Overdue[];
  /** Jobs that show life, and whose progress stays the same. */
  stalled: Stalled[];
  /** The first of those that were ended, that should end and were not, that are unknown, and that are kept. */
  rows: Record<'ended' | 'ending' | 'unknown' | 'keep', VerdictRow[]>;
}

/** The results of some settled candidates, in a sweep at `now`. */
export function resultsOf(settled: readonly Settled[], now: Date): CandidateResults {
  const rowsOf = (kind: keyof CandidateResults['rows']) =>
    settled
      .filter((one) => rowKindOf(one) === kind)
      .slice(0, MOST_VERDICTS)
      .map(rowOf);
  return {
    each: settled.map(resultOf),
    sightings: settled.flatMap((one) =>
      one.disposition === 'yes' ? [] : sightingAfter(one.candidate.seen.path, one, now),
    ),
    overdue: settled.flatMap(overdueOf),
    stalled: settled.flatMap((one) => stalledOf(one, now)),
    rows: {
      ended: rowsOf('ended'),
      ending: rowsOf('ending'),
      unknown: rowsOf('unknown'),
      keep: rowsOf('keep'),
    },
  };
}

/** The results of several parts of a sweep, in their order. */
export function mergedResults(parts: readonly CandidateResults[]): CandidateResults {
  const rowsOf = (kind: keyof CandidateResults['rows']) =>
    parts.flatMap(({ rows }) => rows[kind]).slice(0, MOST_VERDICTS);
  return {
    each: parts.flatMap(({ each }) => each),
    sightings: parts.flatMap(({ sightings }) => sightings),
    overdue: parts.flatMap(({ overdue }) => overdue),
    stalled: parts.flatMap(({ stalled }) => stalled),
    rows: {
      ended: rowsOf('ended'),
      ending: rowsOf('ending'),
      unknown: rowsOf('unknown'),
      keep: rowsOf('keep'),
    },
  };
}

function resultOf({ candidate, suspect, verdict, newlyStale, disposition }: Settled): CandidateResult {
  const { state, startedAt, heartbeatAt } = suspect.job;
  return {
    path: candidate.seen.path,
    isExecution: candidate.isExecution,
    kind: verdict.kind,
    rule: verdict.rule,
    disposition,
    state,
    startedAt,
    heartbeatAt,
    brokenAt: verdict.brokenAt,
    newlyStale,
    overdue: 'overdue' in verdict && verdict.overdue,
  };
}

function overdueOf({ suspect, verdict }: Settled): Overdue[] {
  if (!('overdue' in verdict) || !verdict.overdue || !verdict.brokenAt) return [];
  const { kind, because, brokenAt } = verdict;
  return [{ name: suspect.job.name, because, brokenAt, kept: kind === 'keep' }];
}

function stalledOf({ candidate, suspect, verdict }: Settled, now: Date): Stalled[] {
  if (candidate.isExecution || !('stalled' in verdict) || !verdict.stalled) return [];
  const { stalledAt } = livenessOf(suspect, now);
  if (!stalledAt) return [];
  return [{ name: suspect.job.name, because: unmoved(suspect, stalledAt, now), brokenAt: stalledAt }];
}

function rowKindOf({ verdict, disposition }: Settled): keyof CandidateResults['rows'] {
  if (disposition === 'yes') return 'ended';
  return 'state' in verdict ? 'ending' : verdict.kind;
}

function rowOf({ candidate, suspect, verdict, disposition }: Settled): VerdictRow {
  const { job, parent, truth } = suspect;
  return {
    job: (parent ?? job).id,
    path: candidate.seen.path,
    execution: candidate.isExecution ? job.id : null,
    recordSays: job.status,
    backendSays: truth?.said ?? null,
    verdict: verdict.kind,
    rule: verdict.rule,
    because: verdict.because,
    written: disposition,
    endedAt: 'endedAt' in verdict ? verdict.endedAt.toISOString() : null,
  };
}
