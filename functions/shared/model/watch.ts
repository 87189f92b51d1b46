import { DAY_MS, laterOf, SECOND_MS } from '../dates.ts';
import { type AlarmChanges, type AlarmToClose, type AlarmToOpen, isAlarmOfKind } from './alarm.ts';
import { alarmsAfter } from './ending.ts';
import type { CurrentRun, Health } from './health.ts';
import { type Expectation, expected } from './lease.ts';
import { withMissed } from './missed.ts';
import { type Run, scheduledRunId } from './run.ts';
import { driftOf, type LiveSchedule, type MissedBecause, whyMissed } from './schedule.ts';

/** The watch over our own tasks: which slots nobody ran, and which runs take too long. */

/** A task as the watch knows it, from the catalogue. */
export interface WatchedTask {
  task: string;
  expectation: Expectation;
  /** The task's first slot after an instant. */
  nextSlot(after: Date): Date;
}

/** A time in which a run held the task's lease. */
export interface Span {
  startedAt: Date;
  endedAt: Date;
}

/** What is known about the slots that are judged. */
export interface History {
  /** Ids of the runs that have a record, whatever became of them. */
  recorded: ReadonlySet<string>;
  spans: readonly Span[];
  /** The task's job of Cloud Scheduler, `null` where there is none; left out where nobody could be asked. */
  live?: LiveSchedule | null | undefined;
}

/** What the watch makes of a task's record. */
export interface Judgement {
  /** The very record that was judged where nothing is to be written. */
  health: Health;
  /** New records. */
  runs: Run[];
  open: AlarmToOpen[];
  close: AlarmToClose[];
  missedSlots: number;
}

/** Slots further back are nobody's business any more. Every run of a slot that is has its record still. */
export const WATCHED_MS = 2 * DAY_MS;

/** Whether nobody renewed the lease in its time. */
export function hasExpired(current: CurrentRun | null, now: Date): current is CurrentRun {
  return current !== null && now > current.leaseExpiresAt;
}

/**
 * The slots to judge at `now`, oldest first: those since the last look whose grace is over. None of a task that is seen
 * for the first time or changed since: it is watched from now on.
 */
export function slotsToJudge(health: Health, { expectation, nextSlot }: WatchedTask, now: Date): Date[] {
  if (health.watchedUntil === null || hasChanged(health, expectation)) return [];
  // While a task is disabled, its slots pass without any judgement.
  const graceMs = expectation.enabled ? expectation.startGraceSeconds * SECOND_MS : 0;
  const slots: Date[] = [];
  let slot = nextSlot(laterOf(health.watchedUntil, new Date(now.getTime() - WATCHED_MS)));
  for (; slot.getTime() + graceMs <= now.getTime(); slot = nextSlot(slot)) slots.push(slot);
  return slots;
}

/** What becomes of a task's record at `now`, given what is recorded about the `slots` to judge. */
export function judged(
  health: Health,
  { expectation, nextSlot }: WatchedTask,
  slots: readonly Date[],
  history: History,
  now: Date,
): Judgement {
  const drift = driftAlarms(health, expectation, history.live, now);
  const { close } = drift;
  const open = [...stuckAlarms(health, expectation, now), ...drift.open];
  const seen: Health =
    open.length + close.length > 0
      ? { ...health, openAlarms: alarmsAfter(health.openAlarms, { open, close }) }
      : health;
  const judgement = (after: Health): Judgement => ({ health: after, runs: [], open, close, missedSlots: 0 });

  if (hasChanged(health, expectation)) {
    const known = { ...expectation, deployment: health.deployment };
    return judgement({ ...expected(seen, known, nextSlot, now), watchedUntil: now });
  }
  if (health.watchedUntil === null) return judgement({ ...seen, watchedUntil: now });
  const last = slots.at(-1);
  if (!last) return judgement(seen);
  if (!expectation.enabled) return judgement({ ...seen, watchedUntil: last });

  const live = health.current ? [{ startedAt: health.current.startedAt, endedAt: now }] : [];
  const spans = [...history.spans, ...live];
  const graceMs = expectation.startGraceSeconds * SECOND_MS;
  const missed = slots.filter(
    (slot) =>
      !history.recorded.has(scheduledRunId(health.task, slot)) &&
      !spans.some((span) => isTaken(slot, span, graceMs)),
  );
  const moved: Health = {
    ...seen,
    watchedUntil: last,
    nextExpectedAt: laterOf(seen.nextExpectedAt, nextSlot(last)),
  };
  if (missed.length === 0) return judgement(moved);
  const why = (slot: Date): MissedBecause | null => {
    if (history.live === undefined) return null;
    return whyMissed({ slot, nextSlot: nextSlot(slot), run: null, live: history.live ?? undefined, now });
  };
  const after = withMissed(moved, missed, graceMs, why);
  return {
    ...after,
    ...{ open: [...open, ...after.open], close: [...close, ...after.close] },
    missedSlots: missed.length,
  };
}

/** Whether a run did the duty of `slot` within its grace, or was why nobody else could. */
function isTaken(slot: Date, { startedAt, endedAt }: Span, graceMs: number): boolean {
  return startedAt.getTime() <= slot.getTime() + graceMs && endedAt > slot;
}

/** Slots from before such a change were due by another schedule, or were not due at all. */
function hasChanged(health: Health, { schedule, enabled }: Expectation): boolean {
  return health.schedule !== schedule || health.enabled !== enabled;
}

/** One incident from when Cloud Scheduler was first seen to go by something else than the catalogue until it does not. */
function driftAlarms(
  { task, openAlarms }: Health,
  { enabled, schedule }: Expectation,
  live: History['live'],
  now: Date,
): Required<Pick<AlarmChanges, 'open' | 'close'>> {
  if (live === undefined) return { open: [], close: [] };
  const ids = openAlarms.filter((id) => isAlarmOfKind(id, 'schedule-drift'));
  const drifts = driftOf({ task, enabled, schedule }, live ?? undefined);
  if (drifts.length === 0) {
    const because = 'Cloud Scheduler goes by the catalogue again';
    return { open: [], close: ids.map((id) => ({ id, because })) };
  }
  const words = drifts.map((drift) => drift.words).join('; ');
  const message = `Cloud Scheduler does not go by the catalogue in ${task}: ${words}`;
  const alarm: AlarmToOpen = { subject: task, kind: 'schedule-drift', brokenAt: now, message };
  return { open: ids.length === 0 ? [alarm] : [], close: [] };
}

/** A run past its longest time whose lease still stands: whoever renews it should be long dead. */
function stuckAlarms({ task, current, openAlarms }: Health, limits: Expectation, now: Date): AlarmToOpen[] {
  if (!current || openAlarms.some((id) => isAlarmOfKind(id, 'stuck'))) return [];
  const { runId, startedAt } = current;
  const brokenAt = new Date(startedAt.getTime() + limits.maxRuntimeSeconds * SECOND_MS);
  if (now <= brokenAt) return [];
  const message = `${runId} has been running since ${startedAt.toISOString()}, at most ${limits.maxRuntimeSeconds} s allowed`;
  return [{ subject: task, kind: 'stuck', brokenAt, message }];
}
