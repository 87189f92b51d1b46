import { SECOND_MS } from '../../dates.ts';
import type { CurrentRun, Health } from './health.ts';
import { expireAtOf, NO_HISTORY, type RunRetention } from './retention.ts';
import { type Attempt, DONE, type NamedRun, newRun, type Run } from './run.ts';

/**
 * The lease of a task, as pure transitions between records. This comment is the protocol; `store/own/lifecycle.ts`
 * makes the claims, `store/own/term.ts` the writes of a holder, and `test/integration/run` races them.
 *
 * ## What it is for
 *
 * Cloud Scheduler delivers a slot at least once, a person may start the same task at any time, and a function that was
 * given up on may still be running. Two runs of one task at a time would count, delete or end twice. So at most one
 * run of a task may write, and a run that has died must not block the next one. A dry run writes nothing, and takes no
 * lease.
 *
 * ## The records
 *
 * - `tasks/{task}` is the task's health. Its field `current` is the lease: which run holds the task, by which token,
 *   and until which instant (`leaseExpiresAt`). `null`: the task is free.
 * - `taskRuns/{runId}` is the run, with a list of its attempts. A scheduled run is named after its slot, so that every
 *   delivery of a slot meets in one record.
 *
 * A *term* is the time for which one attempt holds the lease, from its claim until it finishes or another claim takes
 * the task over. It is named by its *token*, a random id of that claim: the run id does not do, since a second attempt
 * of the same run may begin while the first one is still alive somewhere.
 *
 * ## Claim
 *
 * 1. Read both records in one call: they are as they stood at one instant of Firestore's clock.
 * 2. Decide (`decideClaim`): the run is done or live, so repeat its result (`duplicate`); another run is live, so give
 *    way (`skipped`); or the task is free or its lease has expired, so claim.
 * 3. Commit the task's record with the new lease and the run with its new attempt, on the condition that neither has
 *    been written since it was read (`lastUpdateTime`, or `create` for a new one). Of two claims that read the same
 *    state, Firestore accepts one and refuses the other, which begins again at 1 and finds a live run.
 *
 * A claim has a limit of 10 s. One that is given up on may have landed, or may still land, so it is released: where
 * its token stands in the record the lease is freed, and where it does not the record is touched, which makes the
 * condition of the late commit false. If the release fails too, the lease expires. A delivery that got no lease does
 * nothing: it is answered 503.
 *
 * ## Renewal
 *
 * The holder sets `leaseExpiresAt` to now plus the lease: by a heartbeat four times in the length of a lease, and with
 * every write of the task. A heartbeat that gets no answer ends nothing; the next one tries again. One that finds
 * another token ends the run: its signal is aborted with `LeaseLost`.
 *
 * Expiry alone takes nothing from a holder. It permits others to take over, and until one does, the next write of the
 * holder renews the lease. So a Firestore that is out of reach for longer than a lease costs a run nothing where no
 * other one wanted the task.
 *
 * ## Takeover
 *
 * A claim that finds an expired lease ends the attempt that held it as `lost`, dated at the expiry, opens the alarm
 * `stuck` of a whole run, and installs its own token, all in the commit of its claim. Where no claim comes, the
 * sweep's watch over our tasks ends the attempt in the same way. The catalogue is checked so that Cloud Scheduler's
 * last retry comes after the lease has run out.
 *
 * ## Fencing
 *
 * A holder that was paused does not know that it was taken over, so it is not asked: every commit of a term includes a
 * write of the task's record, on the condition that it is as this holder last saw it. A takeover has written it since,
 * hence Firestore refuses the whole commit of the old holder, whatever else is in it. All writes of a term go through
 * one queue.
 *
 * A refused commit reads the record again. Another token: `LeaseLost`. Our token, and the record has moved (a person
 * closed an alarm, the sweep noted a slot): the change is computed anew from what the record is now, and tried again.
 * Our token, and it has not moved: a condition that the task itself set was false, `RecordChanged`.
 *
 * A holder that finishes after a takeover changes neither health nor result. It stores `lateCompletion` on its own
 * attempt, which shows that it was alive after all: the rate of wrong takeovers can be counted.
 *
 * Two writes need no fence: the count of `duplicates`, an increment of a field that holders never write; and the
 * record of a skipped delivery, conditional on the run alone, which no holder has.
 *
 * ## Effects outside Firestore
 *
 * Cloud Storage cannot take part in the commit. Before each batch of such effects a task calls `stillMine()`, which
 * renews the lease. What remains is a process that stops between this and the effect for longer than a lease. So each
 * effect is harmless when it comes late: a deletion names the generation that was planned, and is written to the
 * journal before. A task that ignores its signal is answered as timed out, and its process exits.
 *
 * ## Clocks
 *
 * Leases are absolute instants of Firestore's clock. Each read of the records measures by how much the machine's clock
 * differs from it (by the read time of the answer) and corrects differences of a second and more, for its renewals
 * too; smaller ones are the way to the server. The leases of the catalogue are a minute and longer: an error of a
 * second lets a takeover come a second early, and fencing makes even that safe. Durations and deadlines are measured
 * by the monotonic clock of the machine.
 *
 * ## What can go wrong, and why it does no harm
 *
 * | what | why it is safe |
 * | --- | --- |
 * | two deliveries claim at once | the condition of one commit is false; it reads again |
 * | the holder dies | its lease expires, and is taken over or ended as lost |
 * | the holder is paused, and wakes up after a takeover | its commits are refused; its effects name generations |
 * | the answer to a commit is lost, and the client repeats it | the repetition is refused; its token or `writeId` is in the record |
 * | a claim lands after it was given up on | it was released, or the record was touched before |
 * | Firestore is out of reach | no claim, or no renewal; a finish is tried for 20 s, then logged, and the lease expires |
 * | a delivery is counted while its run is written | the count is an increment, and never written back by a holder |
 * | a person or the sweep writes the task's record | the holder sees its own token, and computes its change anew |
 * | a machine's clock is wrong | leases go by Firestore's clock |
 */

/** The schedule and limits in a task's record; from the catalogue, refreshed at every claim. */
export type Expectation = Pick<
  Health,
  'enabled' | 'schedule' | 'scheduleWords' | 'startGraceSeconds' | 'maxRuntimeSeconds' | 'deployment'
>;

/** What a delivery may do: repeat what is done or live, give way to another run, or claim. */
export type ClaimDecision =
  | { kind: 'duplicate'; live: boolean; retryAt: Date | null }
  | { kind: 'skipped'; holder: CurrentRun }
  | { kind: 'claim'; attempt: number; expired: CurrentRun | null };

/** Decides what a delivery may do, by the records as they are at `now`. */
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
 * The task's record with the schedule and limits of today's catalogue. After a change of its schedule, or of whether it runs at all, it
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
