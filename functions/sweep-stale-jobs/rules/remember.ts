import type { Sighting } from '../../shared/model/job/sighting.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';

/** A suspect, where it was found, and what is concluded about it. */
interface Looked {
  found: { seen: { path: string } };
  suspect: Suspect;
  verdict: Verdict;
}

/** What to remember of a suspect that was looked at and not ended. */
export function sightingAfter({ found, suspect, verdict }: Looked, now: Date): Sighting {
  const { job, truth, sighting } = suspect;
  const isUnknown = verdict.kind === 'unknown';
  return {
    path: found.seen.path,
    startedAt: job.startedAt ?? undefined,
    backendId: job.backendId ?? undefined,
    heartbeatAt: job.heartbeatAt ?? undefined,
    stillSince: sighting?.stillSince ?? now,
    movedAt: sighting?.movedAt,
    suspended: job.state === 'suspended' || undefined,
    resumedAt: sighting?.resumedAt,
    heardAt: truth?.state === 'running' ? truth.askedAt : sighting?.heardAt,
    goneSince: goneSince(suspect),
    unknownSince: isUnknown ? (sighting?.unknownSince ?? now) : undefined,
    // What is judged and not believed is asked for again.
    truth: verdict.rule === 'backend-ended' && truth ? truth : undefined,
  };
}

/** A backend that cannot tell takes nothing back. */
function goneSince({ truth, sighting }: Suspect): Date | undefined {
  if (truth?.state === 'gone') return sighting?.goneSince ?? truth.askedAt;
  return !truth || truth.state === 'unknown' ? sighting?.goneSince : undefined;
}
