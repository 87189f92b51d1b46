import { addMs, DAY_MS, HOUR_MS, laterOf, SECOND_MS } from '../../dates.ts';
import { type AlarmChanges, type AlarmToClose, type AlarmToOpen, isAlarmOfKind } from './alarm.ts';
import { type RunHistory, standingsOf, whyMissed } from './duty.ts';
import { alarmsAfter } from './ending.ts';
import type { CurrentRun, Health } from './health.ts';
import type { Expectation } from './lease.ts';
import { type MissedSlots, withMissed } from './missed.ts';
import type { RunRetention } from './retention.ts';
import { type Run, scheduledRunId } from './run.ts';
import { driftOf, type LiveSchedule } from './schedule.ts';

/** The watch over our own tasks: which slots had no run, and which runs take too long. */

/** A task as the watch knows it, from the catalogue. */
export interface WatchedTask {
  task: string;
  expectation: Expectation;
  /** The task's first slot after an instant. */
  nextSlot(after: Date): Date;
}

/** What is known about the slots that are judged. */
export interface History extends RunHistory {
  /** The task's job of Cloud Scheduler, `null` where there is none; left out where Cloud Scheduler could not be asked. */
  live?: LiveSchedule | null | undefined;
}

/** A task's record after it was judged, with what is to be written beside it. */
export interface Judgement {
  /** The very record that was judged where nothing is to be written. */
  health: Health;
  /** New records. */
  runs: Run[];
  open: AlarmToOpen[];
  close: AlarmToClose[];
  missedSlots: number;
  /** In words, the slots of which it is unknown whether they ran. */
  untold: string[];
}

/**
 * How far back the watch goes after a sweep that did not come: until then prune-records keeps what it judges by. Of slots
 * before that it is unknown whether they ran.
 */
export const WATCHED_MS = 35 * DAY_MS;
/** Clocks differ by less: what was watched until later than this from now on was so by a clock that was wrong. */
const AHEAD_MS = HOUR_MS;

/** Whether the lease was not renewed in its time. */
export function hasExpired(current: CurrentRun | null, now: Date): current is CurrentRun {
  return current !== null && now > current.leaseExpiresAt;
}

/**
 * The slots to judge at `now`, oldest first: those since the last look whose grace is over. None of a task that is seen
 * for the first time or changed since: it is watched from now on.
 */
export function slotsToJudge(health: Health, { expectation, nextSlot }: WatchedTask, now: Date): Date[] {
  if (health.watchedUntil === null || beginsAnew(health, expectation, now)) return [];
  // While a task is disabled, its slots pass without any judgement.
  const graceMs = expectation.enabled ? expectation.startGraceSeconds * SECOND_MS : 0;
  const slots: Date[] = [];
  let slot = nextSlot(laterOf(health.watchedUntil, watchedFrom(now)));
  for (; slot.getTime() + graceMs <= now.getTime(); slot = nextSlot(slot)) slots.push(slot);
  return slots;
}

/** What becomes of a task's record at `now`, given what is recorded about the `slots` to judge. */
export function judged(
  health: Health,
  { expectation, nextSlot }: WatchedTask,
  slots: readonly Date[],
  history: History,
  { now, retention }: { now: Date; retention: RunRetention },
): Judgement {
  const drift = driftAlarms(health, expectation, history.live, now);
  const { close } = drift;
  const opened = [...stuckAlarms(health, expectation, now), ...drift.open];
  const seen: Health =
    opened.length + close.length > 0
      ? { ...health, openAlarms: alarmsAfter(health.openAlarms, { open: opened, close }) }
      : health;
  const judgement = (after: Health, untold: string[] = []): Judgement => ({
    health: after,
    runs: [],
    open: opened,
    close,
    missedSlots: 0,
    untold,
  });

  if (beginsAnew(health, expectation, now)) {
    const known = { ...expectation, deployment: health.deployment };
    return judgement({ ...seen, ...known, nextExpectedAt: nextSlot(now), watchedUntil: now });
  }
  if (health.watchedUntil === null) return judgement({ ...seen, watchedUntil: now });
  if (!expectation.enabled) {
    const last = slots.at(-1);
    return judgement(last ? { ...seen, watchedUntil: last } : seen);
  }

  const spans = slots.map((slot, index) => ({ slot, nextSlot: slots[index + 1] ?? nextSlot(slot) }));
  const atWork =
    health.current && now <= longestUntil(health.current, expectation) ? health.current.runId : null;
  const standings = standingsOf(health.task, spans, history, atWork);
  // What a run at work may do is judged once it has ended; and what comes later, after that.
  const open = standings.indexOf('open');
  const judgedSlots = open < 0 ? slots : slots.slice(0, open);
  const from = watchedFrom(now);
  const tooLongAgo = nextSlot(health.watchedUntil) <= from;
  const unknown = judgedSlots.filter((_, index) => standings[index] === 'unknown');
  const untold = [
    ...(tooLongAgo ? [inWords(health.task, health.watchedUntil, from, 'no sweep came in time')] : []),
    ...(unknown[0]
      ? [inWords(health.task, unknown[0], unknown.at(-1) ?? unknown[0], 'records of runs cannot be read')]
      : []),
  ];
  const last = judgedSlots.at(-1);
  if (!last) return judgement(tooLongAgo ? { ...seen, watchedUntil: from } : seen, untold);
  const missed = judgedSlots.filter((_, index) => standings[index] === 'missed');
  const moved: Health = {
    ...seen,
    watchedUntil: last,
    nextExpectedAt: laterOf(seen.nextExpectedAt, nextSlot(last)),
  };
  if (missed.length === 0) return judgement(moved, untold);
  const missedSlots: MissedSlots = {
    slots: missed,
    graceMs: expectation.startGraceSeconds * SECOND_MS,
    why: (slot) => whyMissed(health.task, { slot, nextSlot: nextSlot(slot) }, history.runs, history.live),
    attempts: (slot) => {
      const ownId = scheduledRunId(health.task, slot);
      return history.runs.find(({ runId }) => runId === ownId)?.attempts ?? [];
    },
  };
  const after = withMissed(moved, missedSlots, retention);
  return {
    health: after.health,
    runs: after.runs,
    open: [...opened, ...after.open],
    close: [...close, ...after.close],
    missedSlots: missed.length,
    untold,
  };
}

function inWords(task: string, from: Date, to: Date, why: string): string {
  return `Nobody can tell of every slot of ${task} from ${from.toISOString()} to ${to.toISOString()} whether it ran: ${why}`;
}

/** From when on slots are judged at `now`, whenever they were watched before. */
function watchedFrom(now: Date): Date {
  return addMs(now, -WATCHED_MS);
}

/**
 * Whether a task is watched from now on: slots from before a change of its schedule were due by another one, or were not
 * due at all; and a time that has not come yet was noted by a clock that was wrong.
 */
function beginsAnew(
  { schedule, enabled, watchedUntil }: Health,
  expectation: Expectation,
  now: Date,
): boolean {
  const changed = schedule !== expectation.schedule || enabled !== expectation.enabled;
  return changed || (watchedUntil !== null && watchedUntil.getTime() > now.getTime() + AHEAD_MS);
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

/** Alarms for a run past its longest time whose lease is still renewed: its process should have ended long ago. */
function stuckAlarms({ task, current, openAlarms }: Health, limits: Expectation, now: Date): AlarmToOpen[] {
  if (!current || openAlarms.some((id) => isAlarmOfKind(id, 'stuck'))) return [];
  const { runId, startedAt } = current;
  const brokenAt = longestUntil(current, limits);
  if (now <= brokenAt) return [];
  const message = `${runId} has been running since ${startedAt.toISOString()}, at most ${limits.maxRuntimeSeconds} s allowed`;
  return [{ subject: task, kind: 'stuck', brokenAt, message }];
}

/** When a run is past its longest time. */
function longestUntil({ startedAt }: CurrentRun, { maxRuntimeSeconds }: Expectation): Date {
  return addMs(startedAt, maxRuntimeSeconds * SECOND_MS);
}
