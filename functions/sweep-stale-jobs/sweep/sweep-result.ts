import { addMs, earlierOf } from '../../shared/dates.ts';
import type { Source } from '../../shared/model/job/source.ts';
import type { SweepCursor } from '../../shared/model/job/sweep-checkpoint.ts';
import { limitsOf } from '../../shared/model/job/sweep-limits.ts';
import { earliest } from '../../shared/model/job/verdict/liveness.ts';
import { instant } from '../../shared/model/job/verdict/words.ts';
import type { Channel } from '../../shared/model/report/channel-reading.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { ActiveCounts } from '../../shared/store/sources/active-jobs.ts';
import type { Candidate } from '../../shared/truth/candidate.ts';
import type { CandidateResults } from './results.ts';

/** What a sweep of one source found and did. */
export interface SweepResult {
  source: string;
  /** How many jobs were active before. */
  active: ActiveCounts;
  /** The candidates that were gone through. */
  results: CandidateResults;
  /** Candidates that were found and not gone through: the time was up, or a write failed. */
  left: { jobs: number; oldestAt: Date | null };
  /** Where the next sweep goes on; `null` at the head. */
  cursor: SweepCursor | null;
  /** Whether every candidate was seen and gone through. */
  complete: boolean;
  /** When its backend knew a job of the source, and what the backend is; `null` where it knew none in this sweep. */
  backendKnew: { at: Date; fingerprint: string } | null;
  /** Why no unconfirmed verdict was carried out; `null` where they were, or where there was none. */
  selfPreservation: SelfPreservation | null;
  /** Whether reports of the source arrive; `null` where it takes none. */
  channel: Channel | null;
  /** Why nothing that rests on silence was concluded of jobs that report; `null` where that left no job. */
  silentChannel: SilentChannel | null;
  problems: RunProblem[];
}

/** Why a sweep carried out no unconfirmed verdict, and how many it held for that. */
export interface SelfPreservation {
  because: string;
  held: number;
  /** The first limit that was broken since the last sweep. */
  brokenAt: Date;
}

/** That no report of a source arrives, and how many jobs were left for that. */
export interface SilentChannel {
  because: string;
  left: number;
  brokenAt: Date;
}

/** The channel of a source that left jobs alone because of it; `null` where it left none. */
export function silentChannelOf(
  { each }: CandidateResults,
  channel: Channel | null,
  { sweep }: Pick<Source, 'sweep'>,
  now: Date,
): SilentChannel | null {
  const left = each.filter(({ rule }) => rule === 'channel-silent').length;
  if (!channel || left === 0) return null;
  const { record, unreadable } = channel;
  const told =
    unreadable !== null
      ? `whether any reports of its jobs arrive cannot be read: ${unreadable}`
      : record
        ? `no report of its jobs has come since ${instant(record.lastAcceptedAt)}`
        : 'no report of its jobs comes any more';
  const brokenAt = record ? addMs(record.lastAcceptedAt, limitsOf(sweep, '').staleAfterMs) : now;
  return { because: told, left, brokenAt: earlierOf(brokenAt, now) };
}

/** What a sweep held for the reason `because`; `null` where that held nothing. */
export function selfPreservationOf(
  { each }: CandidateResults,
  because: string | null,
  now: Date,
): SelfPreservation | null {
  const held = each.filter(({ disposition }) => disposition === 'held');
  if (because === null || held.length === 0) return null;
  const first = earliest(held.map(({ newlyStale, brokenAt }) => (newlyStale ? brokenAt : null)));
  return { because, held: held.length, brokenAt: first ?? now };
}

/**
 * The candidates that are left for the next sweep. Where the scan stopped before it read any of those, they are younger
 * than `last`, the last candidate that was gone through.
 */
export function backlogOf(left: readonly Candidate[], last: Candidate | null): SweepResult['left'] {
  const oldest = left.length === 0 && last ? [last] : left;
  return {
    jobs: left.filter(({ isExecution }) => !isExecution).length,
    oldestAt: earliest(oldest.map(({ seen: { job } }) => job.heartbeatAt ?? job.startedAt ?? job.createdAt)),
  };
}
