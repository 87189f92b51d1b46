import { addMs, earlierOf, laterOf } from '../../../dates.ts';
import type { TerminalState } from '../states.ts';
import type { EndingVerdict, Suspect, Verdict } from '../sweep.ts';
import { CLOCK_SKEW_MS, type Liveness, lastLifeOf, since, stampOf } from './liveness.ts';
import { instant, lasting } from './words.ts';

/** Builds verdicts from what a rule has found. */

/** Leaves the record as it is. */
export function keep(liveness: Liveness, rule: string, because: string): Verdict {
  return { kind: 'keep', rule, ...untouched(liveness, because) };
}

/** Leaves the record as it is, because the evidence is not enough. */
export function unknown(liveness: Liveness, rule: string, because: string): Verdict {
  return { kind: 'unknown', rule, ...untouched(liveness, because) };
}

/** What a rule found that ends a job. */
export interface Ending {
  rule: string;
  because: string;
  brokenAt: Date | null;
  /** `null` where the time is not known. */
  endedAt: Date | null;
  error: string | null;
}

/** Ends the job as its backend, its executions, its job or a person says. */
export function ended(liveness: Liveness, state: TerminalState, ending: Ending): EndingVerdict {
  return {
    ...ending,
    kind: state === 'failed' ? 'fail' : 'finish',
    state,
    endedAt: endOf(liveness, ending.endedAt ?? lastOf(liveness)),
    endInferred: ending.endedAt === null,
    unconfirmed: false,
    foundSince: null,
  };
}

/** What a rule found that ends a job which nothing runs any more. */
export interface Loss extends Omit<Ending, 'error'> {
  /** Since when sweeps have found the evidence of an unconfirmed verdict. */
  foundSince: Date | null;
  unconfirmed: boolean;
}

/** Ends a job that nothing runs any more and whose end was not seen. */
export function lost(
  liveness: Liveness,
  { rule, because, brokenAt, endedAt, foundSince, unconfirmed }: Loss,
): Verdict {
  return {
    kind: 'lost',
    state: 'failed',
    rule,
    because,
    brokenAt,
    unconfirmed,
    foundSince,
    endedAt: endOf(liveness, endedAt ?? lastOf(liveness)),
    endInferred: true,
    error: liveness.suspect.truth?.error ?? `Lost: ${because}`,
  };
}

/**
 * The end of a job whose end was not seen: the end that its own record holds although it says that it runs, unless it
 * showed life later; else its last sign of life, else its start, so that it counts no hours that it may not have run.
 */
function lastOf(liveness: Liveness): Date {
  const { suspect, startedAt, seenAt, now } = liveness;
  const own = stampOf(suspect.job.endedAt, suspect, now);
  const life = lastLifeOf(liveness);
  const isOfThisTry = own && (!startedAt || own >= startedAt);
  if (isOfThisTry && (!life || life <= addMs(own, CLOCK_SKEW_MS))) return own;
  return life ?? startedAt ?? seenAt;
}

/** `at`, but never before the start and never after now. */
function endOf({ startedAt, now }: Liveness, at: Date): Date {
  return earlierOf(now, startedAt ? laterOf(startedAt, at) : at);
}

function untouched(
  { suspect, overdueAt, stalledAt, stale, staleAt, now }: Liveness,
  because: string,
): { because: string; brokenAt: Date | null; overdue: boolean; stalled: boolean } {
  const stalled = stalledAt !== null;
  if (overdueAt) {
    const ms = suspect.limits.maxRuntimeMs;
    const words = `it runs for ${lasting(since(overdueAt, now) + ms)}, at most ${lasting(ms)} allowed`;
    return { because: `${because}; ${words}`, brokenAt: overdueAt, overdue: true, stalled };
  }
  if (stalledAt)
    return {
      because: `${because}; ${unmoved(suspect, stalledAt, now)}`,
      brokenAt: stalledAt,
      overdue: false,
      stalled,
    };
  const silent = suspect.job.state === 'running' && suspect.hasHeartbeat && stale;
  return { because, brokenAt: silent ? staleAt : null, overdue: false, stalled };
}

/** Since when the progress of a job is the same, in words. */
export function unmoved({ job, limits }: Suspect, stalledAt: Date, now: Date): string {
  const allowedMs = limits.stalledAfterMs ?? 0;
  const { progress = null } = job.added.report ?? {};
  const where = progress?.step != null ? ` at step ${progress.step}` : '';
  return `its progress is the same${where} for ${lasting(since(stalledAt, now) + allowedMs)}, at most ${lasting(allowedMs)} allowed`;
}

/** How long a job has shown no sign of life, and how long that may last, in words. */
export function silence(liveness: Liveness): string {
  const { suspect, heartbeatAt, reportedAt, startedAt, seenAt, now } = liveness;
  const limit = suspect.limits.staleAfterMs + suspect.limits.graceMs;
  const allowed = `at most ${lasting(limit)} allowed`;
  const time = `for ${lasting(since(seenAt, now))} (since ${instant(seenAt)}), ${allowed}`;
  const seen = (at: Date | null) => at?.getTime() === seenAt.getTime();
  if (seen(heartbeatAt)) return `${seen(reportedAt) ? 'no report' : 'no heartbeat'} ${time}`;
  if (suspect.hasHeartbeat && seen(suspect.writtenAt))
    return `no usable heartbeat, and nothing written ${time}`;
  return `${seen(startedAt) ? 'nothing known of it after its start' : 'no sign of life'} ${time}`;
}
