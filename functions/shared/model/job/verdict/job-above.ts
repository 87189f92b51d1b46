import { addMs, laterOf } from '../../../dates.ts';
import { isTerminal, type Job } from '../job.ts';
import { TERMINAL_STATES } from '../states.ts';
import type { EndingVerdict, Suspect, Verdict } from '../sweep.ts';
import { CLOCK_SKEW_MS, type Liveness, livenessOf, since } from './liveness.ts';
import { unreadableLife } from './unreadable.ts';
import { keep, unknown } from './verdicts.ts';
import { lasting } from './words.ts';

/**
 * `verdict` on an execution, which rests on silence or on age alone, unless its job shows life or is suspended. What a
 * backend says of that very execution stands.
 */
export function unlessJobLives(liveness: Liveness, verdict: EndingVerdict): Verdict {
  const { now, suspect } = liveness;
  const { parent, truth } = suspect;
  if (!parent || truth || isTerminal(parent.state)) return verdict;
  const words = `${verdict.because}; but its job ${parent.id}`;
  if (parent.state === 'suspended')
    return keep(liveness, 'job-suspended', `${words} was stopped on purpose: its silence proves nothing`);
  const above = livenessAbove(suspect, parent, now);
  if (hasEndedThere(above)) return verdict;
  const unread = unreadableLife(parent);
  if (unread) return unknown(liveness, 'job-unreadable', `${words} may live: ${unread}`);
  const ago = (at: Date) => `${lasting(since(at, now))} ago`;
  const { staleAfterMs, graceMs } = suspect.limits;
  if (above.heartbeatAt && addMs(above.heartbeatAt, staleAfterMs + graceMs) >= now)
    return keep(liveness, 'job-beats', `${words} beat ${ago(above.heartbeatAt)}`);
  // It may have been resumed, or its clock is off.
  if (!above.silent)
    return unknown(
      liveness,
      'job-still-written',
      `${words} has a record written ${ago(above.suspect.writtenAt)}`,
    );
  // While its job lived, its own silence broke no limit.
  return { ...verdict, brokenAt: verdict.brokenAt && laterOf(verdict.brokenAt, above.silentAt) };
}

/** The liveness of the job that an execution is of. When its record was written may be just now, where nobody has read it. */
function livenessAbove(suspect: Suspect, parent: Job, now: Date): Liveness {
  const writtenAt = parent.writtenAt ?? now;
  const alone = { executions: null, parent: null, sighting: null, endedBefore: null };
  return livenessOf(
    { ...suspect, ...alone, job: parent, writtenAt, rewrittenAt: writtenAt, hasHeartbeat: true },
    now,
  );
}

/** Whether its backend says that the job has ended, and it has not beaten since. */
function hasEndedThere({ suspect: { jobTruth }, heartbeatAt }: Liveness): boolean {
  if (!jobTruth?.endedAt || !TERMINAL_STATES.some((state) => state === jobTruth.state)) return false;
  return !heartbeatAt || heartbeatAt <= addMs(jobTruth.endedAt, CLOCK_SKEW_MS);
}
