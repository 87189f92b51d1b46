import type { Sighting } from '../../shared/model/job/sighting.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import { livenessOf } from '../../shared/model/job/verdict/liveness.ts';
import { channelSilence } from '../../shared/model/job/verdict/reporter-verdict.ts';

/** In these states a backend knows a job that goes on. */
const HEARD: readonly string[] = ['queued', 'running'];

/** What the next sweep has to know of a suspect whose record is at `path`, and that was not ended. */
export function sightingAfter(
  path: string,
  { suspect, verdict }: { suspect: Suspect; verdict: Verdict },
  now: Date,
): Sighting {
  const { job, truth, sighting } = suspect;
  const isUnknown = verdict.kind === 'unknown';
  return {
    path,
    startedAt: job.startedAt ?? undefined,
    backendId: job.backendId ?? undefined,
    heartbeatAt: job.heartbeatAt ?? undefined,
    // Once reports arrive again, a silence is found anew.
    stillSince: (sighting?.channelSilent ? undefined : sighting?.stillSince) ?? now,
    movedAt: sighting?.movedAt,
    suspended: job.state === 'suspended' || undefined,
    resumedAt: sighting?.resumedAt,
    heardAt: truth && HEARD.includes(truth.state) ? truth.askedAt : sighting?.heardAt,
    goneSince: goneSince(suspect),
    // Also of one whose own silence breaks no limit yet: by the next sweep both may have changed.
    channelSilent: channelSilence(livenessOf(suspect, now)) !== null || undefined,
    unknownSince: isUnknown ? (sighting?.unknownSince ?? now) : undefined,
    // An answer that was not believed is asked for again.
    truth: verdict.rule === 'backend-ended' && truth ? truth : undefined,
  };
}

/** Since when its backend has not known it; an `unknown` answer changes nothing. */
function goneSince({ truth, sighting }: Suspect): Date | undefined {
  if (truth?.state === 'gone') return sighting?.goneSince ?? truth.askedAt;
  return !truth || truth.state === 'unknown' ? sighting?.goneSince : undefined;
}
