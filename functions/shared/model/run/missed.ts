import { addMs } from '../../dates.ts';
import { type AlarmToClose, type AlarmToOpen, alarmId, isAlarmOfKind } from './alarm.ts';
import { alarmsAfter } from './ending.ts';
import { type Health, STRIP_LENGTH, type StripEntry } from './health.ts';
import { expireAtOf, NO_HISTORY, type RunRetention } from './retention.ts';
import { type Attempt, DONE, goesBy, newRun, type Run, type RunError, scheduledRunId } from './run.ts';
import type { MissedBecause } from './schedule.ts';

/** How many missed slots get a record each at one look at a task, the newest; those before them share one. */
const RECORDS_AT_ONCE = 100;

/** Slots in a row without a run. */
interface Missed {
  from: Date;
  to: Date;
  count: number;
  /** Why the last of them was missed, for Cloud Scheduler keeps no earlier attempt; `null` where it is unknown. */
  because: MissedBecause | null;
}

/** What is known of the slots that were missed. */
export interface MissedSlots {
  /** Oldest first. */
  slots: readonly Date[];
  /** How late a run of them might have begun. */
  graceMs: number;
  /** Why a slot was missed; `null` where it is unknown. */
  why(slot: Date): MissedBecause | null;
  /** The attempts that the record of a slot has already: deliveries that were skipped. */
  attempts(slot: Date): readonly Attempt[];
}

/**
 * The task's record after slots were found missed, with their runs and alarms. Those before the task's last good run are
 * an incident that is over already: recorded all the same, but no failure that lasts.
 */
export function withMissed(health: Health, missed: MissedSlots, retention: RunRetention) {
  const { slots, graceMs } = missed;
  const { task, openAlarms, strip } = health;
  const good = strip.filter(({ outcome }) => DONE.includes(outcome));
  // By their slots: one that came late has not done a later one.
  const isOver = (slot: Date) => good.some((run) => goesBy(run) >= slot);
  const over = inARow(slots.filter(isOver), missed);
  const lasting = inARow(
    slots.filter((slot) => !isOver(slot)),
    missed,
  );
  const isOpen = openAlarms.some((id) => isAlarmOfKind(id, 'missed'));
  const alarmsOf = (row: Missed | null): AlarmToOpen[] => {
    if (!row || isOpen) return [];
    const brokenAt = addMs(row.from, graceMs);
    return [{ subject: task, kind: 'missed', brokenAt, message: wordsOf(task, row) }];
  };
  const open = [...alarmsOf(over), ...alarmsOf(lasting)];
  const close: AlarmToClose[] = alarmsOf(over).map((alarm) => ({
    id: alarmId(alarm),
    because: `run ${good.at(-1)?.runId} ${good.at(-1)?.outcome}`,
  }));
  const runs = missedRuns(task, missed, retention);
  const after: Health = {
    ...health,
    ...(lasting ? { lastOutcome: 'missed', lastError: errorOf(task, lasting) } : {}),
    consecutiveFailures: health.consecutiveFailures + (lasting?.count ?? 0),
    openAlarms: alarmsAfter(openAlarms, { open, close }),
    strip: [...strip, ...runs.map(entryOf)]
      .toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime())
      .slice(-STRIP_LENGTH),
  };
  return { health: after, runs, open, close };
}

function entryOf({ runId, outcome, startedAt }: Run): StripEntry {
  return { runId, outcome, startedAt, durationMs: 0 };
}

/** The records of missed slots, oldest first. */
function missedRuns(task: string, missed: MissedSlots, retention: RunRetention): Run[] {
  const { slots, graceMs } = missed;
  const single = slots.slice(-RECORDS_AT_ONCE);
  const rest = inARow(slots.slice(0, slots.length - single.length), missed);
  const runOf = (row: Missed, slot: Date | null, earlier: readonly Attempt[]): Run => {
    const runId = slot ? scheduledRunId(task, slot) : `${task}@missed-${row.from.toISOString()}`;
    const named = { runId, task, trigger: 'scheduled', slot, whole: true, dryRun: false, body: {} } as const;
    const endedAt = addMs(row.to, graceMs);
    const error = errorOf(task, row);
    const attempt = (earlier.at(-1)?.attempt ?? 0) + 1;
    const newest = { attempt, token: '', startedAt: row.from, endedAt, outcome: 'missed', error } as const;
    const ending = { outcome: newest.outcome, endedAt, durationMs: 0 };
    return {
      ...newRun(named, newest, earlier),
      durationMs: 0,
      problems: [{ path: '', message: error.message }],
      ...(row.because?.cause && { cause: row.because.cause }),
      expireAt: expireAtOf(ending, NO_HISTORY, retention),
    };
  };
  const runs = single.map((slot) =>
    runOf({ from: slot, to: slot, count: 1, because: missed.why(slot) }, slot, missed.attempts(slot)),
  );
  if (!rest) return runs;
  const summary = {
    missedFrom: rest.from.toISOString(),
    missedTo: rest.to.toISOString(),
    missedSlots: rest.count,
  };
  return [{ ...runOf(rest, null, []), summary }, ...runs];
}

function inARow(slots: readonly Date[], { why }: MissedSlots): Missed | null {
  const from = slots[0];
  const to = slots.at(-1);
  return from && to ? { from, to, count: slots.length, because: why(to) } : null;
}

function errorOf(task: string, missed: Missed): RunError {
  return { name: 'Missed', message: wordsOf(task, missed), stack: '' };
}

function wordsOf(task: string, { from, to, count, because }: Missed): string {
  const why = because ? `: ${because.words}` : '';
  return count === 1
    ? `${task} did not run at ${from.toISOString()}${why}`
    : `${task} did not run at ${count} of its slots, from ${from.toISOString()} to ${to.toISOString()}${why}`;
}
