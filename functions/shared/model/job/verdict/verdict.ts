import type { Truth } from '../backend.ts';
import { isTerminal, isUnreadable, type Job } from '../job.ts';
import { ACTIVE_STATES, TERMINAL_STATES, type TerminalState } from '../states.ts';
import type { Suspect, Verdict } from '../sweep.ts';
import { byBackend } from './backend-verdict.ts';
import {
  afterExecutions,
  underEndedJob,
  whileExecuted,
  whileJobGoesOn,
  whileJobUnknown,
} from './executions-verdict.ts';
import { unlessJobLives } from './job-above.ts';
import { type Liveness, livenessOf } from './liveness.ts';
import { byRecord } from './record-verdict.ts';
import { afterChannelSilence, whenReportedGone, whileChannelSilent } from './reporter-verdict.ts';
import { unreadableOf } from './unreadable.ts';
import { ended, keep, unknown } from './verdicts.ts';
import { instant } from './words.ts';

/**
 * The verdict of the sweep on a suspect. A job that has ended stays as it is, and one with an
 * unmapped status is never guessed at. For the others a backend's answer comes before what records say; where neither
 * shows life, the limits decide.
 */
export function verdictOf(suspect: Suspect, now: Date): Verdict {
  const liveness = livenessOf(suspect, now);
  const { job, truth } = suspect;
  if (isTerminal(job.state))
    return keep(liveness, 'ended', `its record says ${job.status}: nothing changes that`);
  const unread = unreadableOf(suspect);
  const going =
    unmapped(liveness) ?? whileExecuted(liveness) ?? whileBackendSays(liveness) ?? whileJobGoesOn(liveness);
  if (going) return unread ? { ...going, because: `${going.because}; but its ${unread}` } : going;
  if (unread) return unknown(liveness, 'unreadable', `its ${unread}`);
  if (truth && isOver(truth)) return byBackend(liveness, truth);
  const reported = whenReportedGone(liveness);
  if (reported) return reported;
  if (truth && truth.state !== 'gone') return byBackend(liveness, truth);
  // A 404 takes nothing away from what the record of its job says.
  const verdict = underEndedJob(liveness) ?? (truth ? whenNotThere(liveness, truth) : bySilence(liveness));
  if (!('state' in verdict) || !verdict.unconfirmed) return verdict;
  return (
    whenBack(liveness) ??
    whileJobUnknown(liveness) ??
    whileChannelSilent(liveness, verdict) ??
    unlessJobLives(liveness, afterChannelSilence(liveness, verdict))
  );
}

/** A 404 that proves nothing is not made a proof by executions; where it is believed, they tell how the job ended. */
function whenNotThere(liveness: Liveness, truth: Truth): Verdict {
  const verdict = byBackend(liveness, truth);
  return 'state' in verdict ? (afterExecutions(liveness) ?? verdict) : verdict;
}

function bySilence(liveness: Liveness): Verdict {
  return afterExecutions(liveness) ?? byRecord(liveness);
}

function unmapped(liveness: Liveness): Verdict | undefined {
  const { job } = liveness.suspect;
  if (job.state !== 'unknown' || isUnreadable(job, 'status')) return undefined;
  return unknown(liveness, 'unmapped-status', `nobody mapped its status ${JSON.stringify(job.status)}`);
}

/** Keeps a job while its backend says that it is active, whatever its record says. */
function whileBackendSays(liveness: Liveness): Verdict | undefined {
  const { truth } = liveness.suspect;
  return truth && ACTIVE_STATES.some((state) => state === truth.state)
    ? byBackend(liveness, truth)
    : undefined;
}

/** Leaves a try that went on after a sweep had ended it: its silence meant nothing before. */
function whenBack(liveness: Liveness): Verdict | undefined {
  const { job, endedBefore } = liveness.suspect;
  const { evidence } = job.added;
  const at = evidence && evidence.by === null ? evidence.foundAt : endedBefore;
  if (!at || (liveness.begunAt && liveness.begunAt > at)) return undefined;
  const told = `a sweep ended this very try ${instant(at)}${evidence ? ` (${evidence.rule})` : ''}`;
  return unknown(
    liveness,
    'came-back',
    `${told}, and its record says again that it goes on: it is left to a person`,
  );
}

/** A person's word that a job has ended. */
export interface EndByHand {
  end: TerminalState;
  reason: string;
  /** The name that the person gave; `null` where they gave none. */
  by: string | null;
}

/**
 * The verdict of a person. Throws an Error for a job that has ended already, and for one with an unmapped status, which
 * may have ended, too.
 */
export function endedByHand(
  suspect: Suspect,
  { end, reason }: Pick<EndByHand, 'end' | 'reason'>,
  now: Date,
): Verdict {
  const liveness = livenessOf(suspect, now);
  const { job, truth } = suspect;
  const why = whyNotEnded(job);
  if (why) throw new Error(`Cannot end ${job.name}: ${why}`);
  return ended(liveness, end, {
    rule: 'operator',
    because: truth ? `${reason} (${truth.said})` : reason,
    brokenAt: liveness.overdueAt ?? (liveness.stale && suspect.hasHeartbeat ? liveness.staleAt : null),
    endedAt: truth && isOver(truth) && isOfRecord(liveness, truth.endedAt) ? truth.endedAt : null,
    error: end === 'failed' ? (truth?.error ?? `Ended by hand: ${reason}`) : null,
  });
}

/** Why a person cannot end a job by hand, in words; `null` where they can. */
export function whyNotEnded({ state, status }: Job): string | null {
  if (isTerminal(state)) return `its record says ${status} already, and nothing changes that`;
  return state === 'unknown' ? `nobody mapped its status ${JSON.stringify(status)}` : null;
}

function isOver({ state }: Truth): boolean {
  return TERMINAL_STATES.some((terminal) => terminal === state);
}

function isOfRecord({ begunAt, now }: Liveness, endedAt: Date | null): boolean {
  return endedAt !== null && endedAt <= now && (!begunAt || endedAt >= begunAt);
}
