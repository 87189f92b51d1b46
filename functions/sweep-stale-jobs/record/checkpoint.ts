import { DAY_MS } from '../../shared/dates.ts';
import type {
  EndedRecord,
  Since,
  SweepCheckpoint,
  SweepCursor,
  UnmappedStatus,
} from '../../shared/model/job/sweep-checkpoint.ts';
import type { CandidateResults } from '../sweep/results.ts';

/** So many records are watched after they were ended, and for so long. */
const MOST_WATCHED = 500;
const WATCHED_MS = DAY_MS;

/** What a sweep adds to the memory of a source. */
export interface ToRemember {
  now: Date;
  runId: string;
  results: CandidateResults;
  /** Whether every suspect was seen: who was not, is none. */
  complete: boolean;
  cursor: SweepCursor | null;
  /** The audit of statuses, where there was one. */
  unmapped: UnmappedStatus[] | null;
  /** What was ended before, as it is now. */
  watched: readonly EndedRecord[];
  /** When its backend told of a job that there is one, and what the backend is; `null` where it did not. */
  backendKnew: { at: Date; fingerprint: string } | null;
}

/** What to remember after a sweep. */
export function checkpointAfter(
  before: SweepCheckpoint,
  { now, runId, results, complete, cursor, unmapped, watched, backendKnew }: ToRemember,
): SweepCheckpoint {
  const seen = new Set(results.each.map(({ path }) => path));
  const others = complete ? [] : before.sightings.filter(({ path }) => !seen.has(path));
  const ended = results.each.flatMap((it): EndedRecord[] => {
    if (it.disposition !== 'yes') return [];
    const { path, isExecution, startedAt, heartbeatAt } = it;
    return [{ path, isExecution, endedAt: now, runId, startedAt, heartbeatAt, alive: null }];
  });
  const again = new Set(ended.map(({ path }) => path));
  const lately = watched.filter(({ endedAt }) => now.getTime() - endedAt.getTime() < WATCHED_MS);
  // What showed life once counts for the whole day, whatever becomes of it.
  const alive = lately.filter((it) => it.alive !== null);
  const quiet = lately.filter((it) => it.alive === null && !again.has(it.path));
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

/** Those of which nobody can tell, the longest first. */
export function unknownOf({ sightings }: SweepCheckpoint): Since[] {
  return sightings
    .flatMap(({ path, unknownSince }) => (unknownSince ? [{ path, since: unknownSince }] : []))
    .sort((a, b) => a.since.getTime() - b.since.getTime());
}
