import { DAY_MS } from '../../shared/dates.ts';
import type {
  EndedRecord,
  Since,
  SweepCheckpoint,
  SweepCursor,
  UnmappedStatus,
} from '../../shared/model/job/sweep-checkpoint.ts';
import type { CandidateResults } from '../sweep/results.ts';

/** At most so many records are watched after they were ended, for so long. */
const MOST_WATCHED = 500;
const WATCHED_MS = DAY_MS;

/** What a sweep adds to the checkpoint of a source. */
export interface ToRemember {
  now: Date;
  runId: string;
  results: CandidateResults;
  /** Whether all candidates were seen, so that a job that was not is no candidate any more. */
  complete: boolean;
  cursor: SweepCursor | null;
  /** What the audit of statuses found; `null` where there was none. */
  unmapped: UnmappedStatus[] | null;
  /** The records that were ended before, as they are now. */
  watched: readonly EndedRecord[];
  /** When its backend knew a job, and which backend it is; `null` where it knew none. */
  backendKnew: { at: Date; fingerprint: string } | null;
}

/** The checkpoint after a sweep. */
export function checkpointAfter(
  before: SweepCheckpoint,
  { now, runId, results, complete, cursor, unmapped, watched, backendKnew }: ToRemember,
): SweepCheckpoint {
  const seen = new Set(results.each.map(({ path }) => path));
  const others = complete ? [] : before.sightings.filter(({ path }) => !seen.has(path));
  const ended = results.each.flatMap((it): EndedRecord[] => {
    if (it.disposition !== 'yes') return [];
    const { path, isExecution, startedAt, heartbeatAt } = it;
    return [
      { path, isExecution, endedAt: now, runId, startedAt, heartbeatAt, alive: null, corrected: false },
    ];
  });
  const again = new Set(ended.map(({ path }) => path));
  const lately = watched.filter(({ endedAt }) => now.getTime() - endedAt.getTime() < WATCHED_MS);
  // A record that was ended wrongly once counts for the whole day, whatever becomes of it.
  const alive = lately.filter(isWrong);
  const quiet = lately.filter((it) => !isWrong(it) && !again.has(it.path));
  return {
    sweptAt: now,
    cursor,
    sightings: [...results.sightings, ...others],
    ended: [...alive, ...ended, ...quiet].slice(0, MOST_WATCHED),
    auditedAt: unmapped ? now : before.auditedAt,
    unmapped: unmapped ?? before.unmapped,
    backendKnewAt: backendKnew?.at ?? before.backendKnewAt,
    backendFingerprint: backendKnew?.fingerprint ?? before.backendFingerprint,
  };
}

/** The jobs with the verdict `unknown`, the longest first. */
export function unknownOf({ sightings }: SweepCheckpoint): Since[] {
  return sightings
    .flatMap(({ path, unknownSince }) => (unknownSince ? [{ path, since: unknownSince }] : []))
    .sort((a, b) => a.since.getTime() - b.since.getTime());
}

/** Whether a record was ended wrongly: it showed life, or its own execution told how it really ended. */
export function isWrong({ alive, corrected }: Pick<EndedRecord, 'alive' | 'corrected'>): boolean {
  return alive !== null || corrected;
}
