import { laterOf } from '../shared/dates.ts';
import type { Truth } from '../shared/model/backend.ts';
import type { TerminalState } from '../shared/model/states.ts';
import type { Verdict } from '../shared/model/sweep.ts';
import { ended, keep, lost, silence, unknown } from './conclude.ts';
import { after, type Case, CLOCK_SKEW_MS, since } from './signs.ts';
import { instant, lasting } from './words.ts';

/** What to conclude from the word of a backend (DESIGN.md, section 7). */
export function byBackend(it: Case, truth: Truth): Verdict {
  switch (truth.state) {
    case 'running': {
      const told = truth.startedAt ? `${truth.said}, since ${instant(truth.startedAt)}` : truth.said;
      return keep(it, 'backend-running', isSilent(it) ? `${silence(it)}; but ${told}` : told);
    }
    case 'suspended':
      return keep(it, 'backend-suspended', `${truth.said}: it was stopped on purpose`);
    case 'queued':
      return keep(it, 'backend-queued', `${truth.said}: it waits to run`);
    case 'unknown':
      return unknown(it, 'backend-unknown', `its backend cannot tell: ${truth.said}`);
    case 'gone':
      return whenGone(it, truth);
    default:
      return whenEnded(it, truth.state, truth);
  }
}

/** One 404 may be a mistake, or of a try that is about to be queued again; and a job that shows life is not gone. */
function whenGone(it: Case, { said }: Truth): Verdict {
  const { goneSince, limits } = it.suspect;
  if (!goneSince || goneSince > after(it.now, -limits.graceMs))
    return unknown(it, 'gone-once', `${said}, for the first time: the next sweep asks again`);
  if (!it.stale)
    return unknown(
      it,
      'gone-but-alive',
      `${said}; but the last sign of life is only ${lasting(since(it.seenAt, it.now))} old`,
    );
  return lost(it, {
    rule: 'gone',
    because: `${said}, as a sweep was told on ${instant(goneSince)} already; ${silence(it)}`,
    // Without heartbeats its age broke no limit.
    brokenAt: it.suspect.beats ? it.staleAt : null,
    endedAt: null,
    doubtful: true,
  });
}

function whenEnded(it: Case, state: TerminalState, truth: Truth): Verdict {
  const { now, stale, staleAt, suspect } = it;
  const { graceMs } = suspect.limits;
  const { endedAt, said } = truth;
  const told = endedAt ? `${said}, since ${instant(endedAt)}` : said;
  const wrong = contradiction(it, truth);
  if (wrong) return unknown(it, wrong.rule, `${told}; but ${wrong.because}`);
  // Whoever ran it may be about to write its end, or to queue it again.
  if (endedAt && endedAt > after(now, -graceMs))
    return keep(it, 'just-ended', `${told}: its record has ${lasting(graceMs)} to say so itself`);
  if (!stale && !isOfThisTry(it, truth))
    return unknown(
      it,
      'perhaps-another-try',
      `${told}; but that may be a try before, and the last sign of life is only ${lasting(since(it.seenAt, now))} old`,
    );
  const noReason = `${said}, and not why`;
  return ended(it, state, {
    rule: 'backend-ended',
    because: `${told}; its record says ${suspect.job.status}`,
    brokenAt: endedAt ? (stale ? laterOf(endedAt, staleAt) : endedAt) : staleAt,
    endedAt,
    error: truth.error ?? (state === 'failed' ? noReason : null),
  });
}

/** Why the end that a backend tells cannot be that of the job as its record has it. */
function contradiction(
  { suspect, begunAt, heartbeatAt, now }: Case,
  { startedAt, endedAt }: Truth,
): { rule: string; because: string } | null {
  if (!endedAt) return null;
  if (startedAt && startedAt > endedAt)
    return { rule: 'backend-contradicts', because: `it says, too, that it started ${instant(startedAt)}` };
  if (endedAt > after(now, CLOCK_SKEW_MS))
    return { rule: 'backend-contradicts', because: 'that has not come yet' };
  const { state } = suspect.job;
  if (begunAt && endedAt < begunAt) {
    const since = `${state === 'queued' ? 'was queued' : 'started'} ${instant(begunAt)}`;
    return { rule: 'another-try', because: `by its record it ${since}: that was a try before` };
  }
  // A stamp ahead of the write that brought it is no sign of a later life.
  const beatSince = heartbeatAt && after(endedAt, CLOCK_SKEW_MS) < heartbeatAt;
  if (beatSince && suspect.writtenAt > after(endedAt, CLOCK_SKEW_MS))
    return { rule: 'another-try', because: `its heart still beat ${instant(heartbeatAt)}: another try runs` };
  return null;
}

/** Whether what ended is surely what the record shows, and not a try before that still was about to end. */
function isOfThisTry({ begunAt, heartbeatAt, suspect }: Case, { startedAt, endedAt }: Truth): boolean {
  if (!endedAt || !begunAt || (heartbeatAt && heartbeatAt > endedAt)) return false;
  return (startedAt ?? endedAt) >= after(begunAt, -suspect.limits.graceMs);
}

function isSilent({ suspect, stale }: Case): boolean {
  return suspect.beats && stale && suspect.job.state === 'running';
}
