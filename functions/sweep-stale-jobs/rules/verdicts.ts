import { addMs, earlierOf, laterOf } from '../../shared/dates.ts';
import type { TerminalState } from '../../shared/model/job/states.ts';
import type { Verdict } from '../../shared/model/job/sweep.ts';
import { CLOCK_SKEW_MS, type Liveness, lastLifeOf, since, stampOf } from './liveness.ts';
import { instant, lasting } from './words.ts';

/** The verdicts in full, from what a rule has to say. */

/** Leaves the record as it is. */
export function keep(liveness: Liveness, rule: string, because: string): Verdict {
  return { kind: 'keep', rule, ...untouched(liveness, because) };
}

/** Leaves the record as it is, for nobody can tell. */
export function unknown(liveness: Liveness, rule: string, because: string): Verdict {
  return { kind: 'unknown', rule, ...untouched(liveness, because) };
}

/** What a rule that ends a job has to say. */
export interface Ending {
  rule: string;
  because: string;
  brokenAt: Date | null;
  /** `null` where nobody knows when it ended. */
  endedAt: Date | null;
  error: string | null;
}

/** Ends the job as somebody said that it ended. */
export function ended(liveness: Liveness, state: TerminalState, ending: Ending): Verdict {
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

/** What a rule has to say that ends a job which nothing runs any more. */
export interface Loss extends Omit<Ending, 'error'> {
  /** Since when sweeps have found what an unconfirmed verdict rests on. */
  foundSince: Date | null;
  unconfirmed: boolean;
}

/** Ends a job that nothing runs any more, and that nobody saw end. */
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
 * The end of a job that nobody saw end: what its own record tells beside saying that it runs, unless something was seen of
 * it later; else the last that was seen of it, else its start, so that it counts no hours that it may not have run.
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
  { suspect, overdueAt, stale, staleAt, now }: Liveness,
  because: string,
): { because: string; brokenAt: Date | null; overdue: boolean } {
  if (overdueAt) {
    const ms = suspect.limits.maxRuntimeMs;
    const words = `it runs for ${lasting(since(overdueAt, now) + ms)}, at most ${lasting(ms)} allowed`;
    return { because: `${because}; ${words}`, brokenAt: overdueAt, overdue: true };
  }
  const silent = suspect.job.state === 'running' && suspect.hasHeartbeat && stale;
  return { because, brokenAt: silent ? staleAt : null, overdue: false };
}

/** How long nothing was seen of a job, and how long that may last. */
export function silence(liveness: Liveness): string {
  const { suspect, heartbeatAt, startedAt, seenAt, now } = liveness;
  const limit = suspect.limits.staleAfterMs + suspect.limits.graceMs;
  const allowed = `at most ${lasting(limit)} allowed`;
  const time = `for ${lasting(since(seenAt, now))} (since ${instant(seenAt)}), ${allowed}`;
  const seen = (at: Date | null) => at?.getTime() === seenAt.getTime();
  if (seen(heartbeatAt)) return `no heartbeat ${time}`;
  if (suspect.hasHeartbeat && seen(suspect.writtenAt))
    return `no usable heartbeat, and nothing written ${time}`;
  return `${seen(startedAt) ? 'nothing known of it after its start' : 'no sign of life'} ${time}`;
}
