import { SECOND_MS } from '../../dates.ts';
import type { CurrentRun, Health } from './health.ts';
import { type Attempt, DONE, expireAtOf, type Run, type Trigger } from './run.ts';

/**
 * The lease protocol, as pure transitions. `tasks/{task}.current` is the lease: one run of a task at a time, held by a
 * random token until an absolute instant. Every change of a lease, of a run's attempts or of health also changes the
 * task's record, in one commit that demands the update time at which the writer last saw it. So the record is a fence:
 * of two writers who saw the same state one wins, the other reads again and finds out what it has become.
 *
 * A holder that was taken over finds another token there and may write nothing but `lateCompletion` on its own attempt.
 * A holder whose lease ran out, but whom nobody took over, still owns the run: its next write proves it.
 */

/** A delivery with its name: what it asks for, before anything is claimed. */
export interface NamedRun {
  runId: string;
  task: string;
  trigger: Trigger;
  slot: Date | null;
  whole: boolean;
  dryRun: boolean;
  body: Record<string, unknown>;
}

/** What a task's record says about its schedule; from the catalogue, refreshed at every claim. */
export type Expectation = Pick<
  Health,
  'enabled' | 'schedule' | 'scheduleWords' | 'startGraceSeconds' | 'maxRuntimeSeconds' | 'deployment'
>;

/** What a delivery may do: repeat what is done or live, give way to another run, or claim. */
export type ClaimDecision =
  | { kind: 'duplicate'; live: boolean; retryAt: Date | null }
  | { kind: 'skipped'; holder: CurrentRun }
  | { kind: 'claim'; attempt: number; expired: CurrentRun | null };

/** What a delivery may do, given what the records say at `now`. */
export function decideClaim(health: Health | null, run: Run | null, now: Date): ClaimDecision {
  const current = health?.current ?? null;
  if (run && DONE.includes(run.outcome)) return { kind: 'duplicate', live: false, retryAt: null };
  if (current && now < current.leaseExpiresAt) {
    return run && current.runId === run.runId
      ? { kind: 'duplicate', live: true, retryAt: current.leaseExpiresAt }
      : { kind: 'skipped', holder: current };
  }
  return { kind: 'claim', attempt: (run?.attempt ?? 0) + 1, expired: current };
}

/** A task's record before its first run. */
export function newHealth(task: string, expectation: Expectation, nextExpectedAt: Date, now: Date): Health {
  return {
    task,
    ...expectation,
    nextExpectedAt,
    watchedUntil: null,
    current: null,
    lastStartedAt: null,
    lastFinishedAt: null,
    lastSuccessAt: null,
    lastOutcome: null,
    lastDurationMs: null,
    lastError: null,
    consecutiveFailures: 0,
    openAlarms: [],
    strip: [],
    writeId: '',
    updatedAt: now,
  };
}

/**
 * The task's record with what the catalogue says today. After a change of its schedule, or of whether it runs at all, it
 * is expected, and watched, from `now` on: what was due before went by other rules.
 */
export function expected(
  health: Health,
  expectation: Expectation,
  nextSlot: (after: Date) => Date,
  now: Date,
): Health {
  const changed = health.schedule !== expectation.schedule || health.enabled !== expectation.enabled;
  if (!changed) return { ...health, ...expectation };
  const watchedUntil = health.watchedUntil && now;
  return { ...health, ...expectation, nextExpectedAt: nextSlot(now), watchedUntil };
}

/** The records after a claim: the run with its new attempt, and the task held by its token. */
export function claimed(
  health: Health,
  run: Run | null,
  named: NamedRun,
  term: Pick<CurrentRun, 'token' | 'attempt' | 'leaseExpiresAt' | 'deadlineAt'>,
  now: Date,
): { health: Health; run: Run } {
  const attempt: Attempt = {
    attempt: term.attempt,
    token: term.token,
    startedAt: now,
    endedAt: null,
    outcome: 'running',
    error: null,
  };
  return {
    health: {
      ...health,
      current: { runId: named.runId, whole: named.whole, startedAt: now, heartbeatAt: now, ...term },
      ...(named.whole ? { lastStartedAt: now } : {}),
    },
    run: {
      ...named,
      attempt: term.attempt,
      token: term.token,
      outcome: 'running',
      startedAt: now,
      endedAt: null,
      durationMs: null,
      leaseExpiresAt: term.leaseExpiresAt,
      deadlineAt: term.deadlineAt,
      summary: {},
      problems: [],
      error: null,
      attempts: withAttempt(run?.attempts ?? [], attempt),
      ...lateness(run, named, health, now),
      duplicates: run?.duplicates ?? 0,
      expireAt: null,
    },
  };
}

/** The record of a delivery that found another run of its task live; a second one in a row replaces the first. */
export function skipped(
  limits: Pick<Expectation, 'startGraceSeconds'>,
  run: Run | null,
  named: NamedRun,
  holder: CurrentRun,
  token: string,
  now: Date,
): Run {
  const earlier = (run?.attempts ?? []).filter(
    (attempt, index, all) => index < all.length - 1 || attempt.outcome !== 'skipped',
  );
  const attempt: Attempt = {
    attempt: (earlier.at(-1)?.attempt ?? 0) + 1,
    token,
    startedAt: now,
    endedAt: now,
    outcome: 'skipped',
    error: null,
  };
  return {
    ...named,
    attempt: attempt.attempt,
    token,
    outcome: 'skipped',
    startedAt: now,
    endedAt: now,
    durationMs: 0,
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: {},
    problems: [{ path: '', message: `Run ${holder.runId} of this task is live` }],
    error: null,
    attempts: withAttempt(earlier, attempt),
    ...lateness(run, named, limits, now),
    duplicates: run?.duplicates ?? 0,
    expireAt: skippedExpireAt(now),
  };
}

/** What is kept of a delivery that was skipped: a slot that was recorded as missed stays so. */
export function afterSkip(run: Run | null, skippedRun: Run): Run {
  const { attempt, attempts } = skippedRun;
  return run?.outcome === 'missed' ? { ...run, attempt, attempts } : skippedRun;
}

/** The record of a run whose claim got no answer: its attempt ends as skipped, so that a retry takes the run up. */
export function givenUp(run: Run, token: string, now: Date): Run {
  return {
    ...run,
    attempts: run.attempts.map((attempt) =>
      attempt.token === token ? { ...attempt, outcome: 'skipped', endedAt: now } : attempt,
    ),
    outcome: 'skipped',
    endedAt: now,
    leaseExpiresAt: null,
    deadlineAt: null,
    expireAt: skippedExpireAt(now),
  };
}

/** Who comes for a slot when its grace is over, or it was recorded as missed, keeps what becomes of the run, but came late. */
function lateness(
  run: Run | null,
  { slot }: NamedRun,
  { startGraceSeconds }: Pick<Expectation, 'startGraceSeconds'>,
  now: Date,
): Pick<Run, 'arrivedLate' | 'cause'> {
  const isOver = slot !== null && now.getTime() > slot.getTime() + startGraceSeconds * SECOND_MS;
  // Where an earlier delivery came in time, this one is a retry.
  const cameLate = run ? run.outcome === 'missed' || run.arrivedLate : isOver;
  return {
    ...(cameLate && { arrivedLate: true }),
    // Of the attempt before; what is left out of a write stays as it was.
    ...(run?.cause && { cause: null }),
  };
}

function skippedExpireAt(endedAt: Date): Date {
  return expireAtOf(
    { outcome: 'skipped', endedAt, durationMs: 0 },
    { lastSuccessAt: null, typicalDurationMs: null },
  );
}

/** Attempts kept on a run; the stacks of all but the newest are cut, so that the document stays small. */
const ATTEMPTS_KEPT = 50;
const OLD_STACK_LENGTH = 1024;

function withAttempt(attempts: readonly Attempt[], attempt: Attempt): Attempt[] {
  const earlier = attempts.map((old) =>
    old.error ? { ...old, error: { ...old.error, stack: old.error.stack.slice(0, OLD_STACK_LENGTH) } } : old,
  );
  return [...earlier, attempt].slice(-ATTEMPTS_KEPT);
}
