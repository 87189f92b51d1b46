/** The state of a task, computed when read. A file without schemas: a page in a browser computes it, too. */

/** How a task stands; where several hold, the first of these counts. */
export const HEALTH_STATES = [
  'disabled',
  'stuck',
  'failing',
  'unknown',
  'late',
  'degraded',
  'running',
  'new',
  'ok',
] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** How a task stands at one instant. */
export interface HealthNow {
  state: HealthState;
  /** Why, in words. */
  reason: string;
  /** Holds beside every state: a failing task that is being retried is still failing. */
  running: boolean;
}

/** What is stored of a task, as far as its state follows from it. */
export interface TaskFacts {
  enabled: boolean;
  nextExpectedAt: Date;
  /** When it is late unless a run begins before; `null` where no slot is on record that it could miss. */
  lateAt: Date | null;
  startGraceSeconds: number;
  maxRuntimeSeconds: number;
  /** Why its record cannot be read, where it cannot: then nothing else here is known. */
  unreadable?: string | undefined;
  lastStartedAt: Date | null;
  /** The run that holds its lease. */
  current: { startedAt: Date; heartbeatAt: Date; leaseExpiresAt: Date } | null;
  /** `null` where it never ran. */
  lastOutcome: string | null;
  lastError: string | null;
  /** Why the last run was partial, where that is known. */
  partialBecause?: string | undefined;
  consecutiveFailures: number;
}

/** By so much the clock of whoever wrote a record may differ from that of whoever reads it. */
export const CLOCK_SKEW_MS = 300_000;

/** How a reason names times. */
export interface TimeWords {
  /** How long something goes on that began then. */
  lasting(from: Date): string;
  /** When something was. */
  at(instant: Date): string;
}

/** Times as a person reads them at `now`, such as "for 12 min" and "12 min ago". */
export function timesUntil(now: Date): TimeWords {
  return { lasting: (from) => `for ${span(from, now)}`, at: (instant) => `${span(instant, now)} ago` };
}

/** Times that stay true, such as "since 2026-03-09 10:00:12 UTC". */
export const INSTANTS: TimeWords = { lasting: (from) => `since ${instant(from)}`, at: instant };

/** When the current run is stuck unless it ends before, or renews its lease; `null` while nothing runs. */
export function stuckAtOf(facts: Pick<TaskFacts, 'current' | 'maxRuntimeSeconds'>): Date | null {
  const { current } = facts;
  return current && new Date(Math.min(runtimeEndOf(facts, current), current.leaseExpiresAt.getTime()));
}

/**
 * The state of a task at `now`: no background job flips it, so a dead watcher never shows green. First match wins, from
 * disabled over stuck, failing, unknown, late and degraded to running, new and ok. Unknown is what cannot be read, and what
 * is dated in the future: its next slot may be wrong by as much, so that it would not be late for as long.
 */
export function stateAt(facts: TaskFacts, now: Date, times: TimeWords = timesUntil(now)): HealthNow {
  const { current, lastOutcome, maxRuntimeSeconds } = facts;
  const running = current !== null;
  const is = (state: HealthState, reason: string): HealthNow => ({ state, reason, running });

  if (!facts.enabled) return is('disabled', 'not enabled in the catalogue');
  if (facts.unreadable !== undefined) return is('unknown', `its record cannot be read: ${facts.unreadable}`);
  if (current && now.getTime() > runtimeEndOf(facts, current))
    return is('stuck', `running ${times.lasting(current.startedAt)}, at most ${maxRuntimeSeconds} s allowed`);
  if (current && now > current.leaseExpiresAt)
    return is('stuck', `no sign of life ${times.lasting(current.heartbeatAt)}, lease expired`);
  if (facts.consecutiveFailures > 0)
    return is(
      'failing',
      `${facts.consecutiveFailures} in a row; last ${lastOutcome ?? 'run'}: ${firstLine(facts.lastError)}`,
    );
  const begunAt = current?.startedAt ?? facts.lastStartedAt;
  if (begunAt && begunAt.getTime() > now.getTime() + CLOCK_SKEW_MS)
    return is('unknown', `a clock is off: its last run began at ${instant(begunAt)}, which is still to come`);
  if (facts.lateAt && now > facts.lateAt)
    return is('late', `due ${times.at(facts.nextExpectedAt)}, grace ${facts.startGraceSeconds} s`);
  if (lastOutcome === 'partial')
    return is(
      'degraded',
      `the last run was partial${facts.partialBecause ? `: ${facts.partialBecause}` : ''}`,
    );
  if (current) return is('running', times.lasting(current.startedAt));
  if (lastOutcome === null) return is('new', 'has not run yet');
  return is('ok', `last run ${lastOutcome}`);
}

function runtimeEndOf(
  { maxRuntimeSeconds }: Pick<TaskFacts, 'maxRuntimeSeconds'>,
  { startedAt }: { startedAt: Date },
): number {
  return startedAt.getTime() + maxRuntimeSeconds * 1000;
}

function span(from: Date, to: Date): string {
  const seconds = Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

function instant(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function firstLine(text: string | null): string {
  return text?.split('\n', 1)[0]?.slice(0, 200) ?? 'no error recorded';
}
