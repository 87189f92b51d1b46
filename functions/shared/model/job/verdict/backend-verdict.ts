import { addMs, laterOf } from '../../../dates.ts';
import type { Truth } from '../backend.ts';
import type { TerminalState } from '../states.ts';
import type { Verdict } from '../sweep.ts';
import { type Liveness, since } from './liveness.ts';
import { byRecord } from './record-verdict.ts';
import { ended, keep, lost, silence, unknown } from './verdicts.ts';
import { whichTry } from './which-try.ts';
import { instant, lasting } from './words.ts';

/** Verdicts from the answer of a backend. */
export function byBackend(liveness: Liveness, truth: Truth): Verdict {
  switch (truth.state) {
    case 'running': {
      const told = truth.startedAt ? `${truth.said}, since ${instant(truth.startedAt)}` : truth.said;
      return keep(
        liveness,
        'backend-running',
        isSilent(liveness) ? `${silence(liveness)}; but ${told}` : told,
      );
    }
    case 'suspended':
      return keep(liveness, 'backend-suspended', `${truth.said}: it was stopped on purpose`);
    case 'queued':
      return keep(liveness, 'backend-queued', `${truth.said}: it waits to run`);
    case 'unknown':
      return unknown(liveness, 'backend-unknown', `its backend cannot tell: ${truth.said}`);
    case 'gone':
      return whenGone(liveness, truth);
    default:
      return whenEnded(liveness, truth.state, truth);
  }
}

/**
 * The verdict on a job that its backend does not know. A backend asked in the wrong place knows no job at all; one 404 may
 * be a mistake, or belong to a try that is about to be queued again; and a job that shows life is not gone.
 */
function whenGone(liveness: Liveness, { said, placed }: Truth): Verdict {
  const { suspect, now, silent, silentAt, seenAt } = liveness;
  const { job, hasHeartbeat, sighting, backendKnown, limits } = suspect;
  if (placed === 'guessed' && !backendKnown)
    return unknown(
      liveness,
      'gone-unplaced',
      `${said}; but nobody has said where it runs, and there it has never known a job of this source`,
    );
  if (job.state === 'suspended')
    return unknown(liveness, 'gone-suspended', `${said}; but its record says that it was stopped on purpose`);
  const goneSince = sighting?.goneSince;
  // Its name may have been chosen before the backend was told of it.
  if (job.state === 'queued' && !sighting?.heardAt)
    return {
      ...byRecord(liveness),
      because: `${said}, nor has it ever known it; ${byRecord(liveness).because}`,
    };
  if (!goneSince)
    return unknown(liveness, 'gone-once', `${said}, for the first time: the next sweep asks again`);
  const heardAt = sighting.heardAt ?? seenAt;
  const alive = laterOf(seenAt, heardAt);
  if (!silent || addMs(heardAt, limits.staleAfterMs + limits.graceMs) >= now)
    return unknown(
      liveness,
      'gone-but-alive',
      `${said}; but the last sign of life is only ${lasting(since(alive, now))} old`,
    );
  return lost(liveness, {
    rule: 'gone',
    because: `${said}, as a sweep was told on ${instant(goneSince)} already; ${silence(liveness)}`,
    // Without heartbeats there is no silence that could break a limit.
    brokenAt: hasHeartbeat ? silentAt : null,
    endedAt: null,
    foundSince: goneSince,
    unconfirmed: true,
  });
}

function whenEnded(liveness: Liveness, state: TerminalState, truth: Truth): Verdict {
  const { now, stale, staleAt, suspect } = liveness;
  const { graceMs } = suspect.limits;
  const { endedAt, said } = truth;
  const told = endedAt ? `${said}, since ${instant(endedAt)}` : said;
  const wrong = whichTry(liveness, truth);
  if (wrong) return unknown(liveness, wrong.rule, `${told}; but ${wrong.because}`);
  // Its orchestrator may be about to write its end, or to queue it again.
  if (endedAt && endedAt > addMs(now, -graceMs))
    return keep(liveness, 'just-ended', `${told}: its record has ${lasting(graceMs)} to say so itself`);
  const noReason = `${said}, and not why`;
  return ended(liveness, state, {
    rule: 'backend-ended',
    because: `${told}; its record says ${suspect.job.status}`,
    brokenAt: endedAt ? (stale ? laterOf(endedAt, staleAt) : endedAt) : staleAt,
    endedAt,
    error: truth.error ?? (state === 'failed' ? noReason : null),
  });
}

function isSilent({ suspect, stale }: Liveness): boolean {
  return suspect.hasHeartbeat && stale && suspect.job.state === 'running';
}
