import { SECOND_MS } from '../../dates.ts';
import type { CurrentRun, Health } from './health.ts';
import { expireAtOf, NO_HISTORY, type RunRetention } from './retention.ts';
import { type Attempt, DONE, type NamedRun, newRun, type Run } from './run.ts';

/**
 * The lease protocol, as pure transitions. `tasks/{task}.current` is the lease: one run of a task at a time, held by a
 * random token until an absolute instant. Every change of a lease, of a run's attempts or of health also changes the
 * task's record, in one commit that demands the update time at which the writer last saw it. So the record is a fence:
 * of two writers who saw the same state one wins, the other reads again and finds out what it has become.
 *
 * A holder that was taken over finds another token there and may write nothing but `lateCompletion` on its own attempt.
 * A holder whose lease ran out, but whom nobody took over, still owns the run: its next write proves it.
 */

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
      ...newRun(named, attempt, run?.attempts),
      leaseExpiresAt: term.leaseExpiresAt,
      deadlineAt: term.deadlineAt,
      ...lateness(run, named, health, now),
      duplicates: run?.duplicates ?? 0,
    },
  };
}

/** What the record of a skipped delivery goes by. */
export interface SkipRules {
  startGraceSeconds: number;
  retention: RunRetention;
}

/** The record of a delivery that found another run of its task live; a second one in a row replaces the first. */
export function skipped(
  run: Run | null,
  named: NamedRun,
  { holder, token, now }: { holder: CurrentRun; token: string; now: Date },
  rules: SkipRules,
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
    ...newRun(named, attempt, earlier),
    durationMs: 0,
    problems: [{ path: '', message: `Run ${holder.runId} of this task is live` }],
    ...lateness(run, named, rules, now),
    duplicates: run?.duplicates ?? 0,
    expireAt: skippedExpireAt(now, rules.retention),
  };
}

/** What is kept of a delivery that was skipped: a slot that was recorded as missed stays so. */
export function afterSkip(run: Run | null, skippedRun: Run): Run {
  const { attempt, attempts } = skippedRun;
  return run?.outcome === 'missed' ? { ...run, attempt, attempts } : skippedRun;
}

/** The record of a run whose claim got no answer: its attempt ends as skipped, so that a retry takes the run up. */
export function givenUp(run: Run, token: string, now: Date, retention: RunRetention): Run {
  return {
    ...run,
    attempts: run.attempts.map((attempt) =>
      attempt.token === token ? { ...attempt, outcome: 'skipped', endedAt: now } : attempt,
    ),
    outcome: 'skipped',
    endedAt: now,
    leaseExpiresAt: null,
    deadlineAt: null,
    expireAt: skippedExpireAt(now, retention),
  };
}

/** A run that comes when the grace of its slot is over, or the slot was recorded as missed, is marked as late. */
function lateness(
  run: Run | null,
  { slot }: NamedRun,
  { startGraceSeconds }: Pick<Expectation, 'startGraceSeconds'>,
  now: Date,
): Pick<Run, 'arrivedLate' | 'cause'> {
  const isOver = slot !== null && now.getTime() > slot.getTime() + startGraceSeconds * SECOND_MS;
  // After an earlier delivery that came in time, this one is a retry.
  const cameLate = run ? run.outcome === 'missed' || run.arrivedLate : isOver;
  return {
    ...(cameLate && { arrivedLate: true }),
    // The cause of the attempt before is cleared: a field that an update leaves out stays as it was.
    ...(run?.cause && { cause: null }),
  };
}

function skippedExpireAt(endedAt: Date, retention: RunRetention): Date {
  return expireAtOf({ outcome: 'skipped', endedAt, durationMs: 0 }, NO_HISTORY, retention);
}
