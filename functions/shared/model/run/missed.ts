import { addMs } from '../../dates.ts';
import { type AlarmToClose, type AlarmToOpen, alarmId, isAlarmOfKind } from './alarm.ts';
import { alarmsAfter } from './ending.ts';
import { type Health, STRIP_LENGTH, type StripEntry } from './health.ts';
import { type Attempt, DONE, expireAtOf, goesBy, type Run, type RunError, scheduledRunId } from './run.ts';
import type { MissedBecause } from './schedule.ts';

/** Records of missed slots that one look at a task writes, the newest; those before share one. */
const RECORDS_AT_ONCE = 100;

/** Slots in a row that nobody ran. */
interface Missed {
  from: Date;
  to: Date;
  count: number;
  /** Of the last of them, for Cloud Scheduler tells of no earlier one; `null` where nobody can tell. */
  because: MissedBecause | null;
}

/** What is told of a missed slot. */
export interface ToldOf {
  /** Why it was missed; `null` where nobody can tell. */
  why(slot: Date): MissedBecause | null;
  /** The attempts that its record has already: those of deliveries that were skipped. */
  attempts(slot: Date): readonly Attempt[];
}

/**
 * The task's record after `slots`, oldest first, were found missed, with their runs and alarms. Those before the task's
 * last good run are an incident that is over already: told all the same, but no failure that lasts.
 */
export function withMissed(health: Health, slots: readonly Date[], graceMs: number, told: ToldOf) {
  const { task, openAlarms, strip } = health;
  const good = strip.filter(({ outcome }) => DONE.includes(outcome));
  // By their slots: one that came late has not done a later one.
  const isOver = (slot: Date) => good.some((run) => goesBy(run) >= slot);
  const over = missedOf(slots.filter(isOver), told);
  const lasting = missedOf(
    slots.filter((slot) => !isOver(slot)),
    told,
  );
  const isOpen = openAlarms.some((id) => isAlarmOfKind(id, 'missed'));
  const alarmsOf = (missed: Missed | null): AlarmToOpen[] => {
    if (!missed || isOpen) return [];
    const brokenAt = addMs(missed.from, graceMs);
    return [{ subject: task, kind: 'missed', brokenAt, message: wordsOf(task, missed) }];
  };
  const open = [...alarmsOf(over), ...alarmsOf(lasting)];
  const close: AlarmToClose[] = alarmsOf(over).map((alarm) => ({
    id: alarmId(alarm),
    because: `run ${good.at(-1)?.runId} ${good.at(-1)?.outcome}`,
  }));
  const runs = missedRuns(task, slots, graceMs, told);
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
function missedRuns(task: string, slots: readonly Date[], graceMs: number, told: ToldOf): Run[] {
  const single = slots.slice(-RECORDS_AT_ONCE);
  const rest = missedOf(slots.slice(0, slots.length - single.length), told);
  const runs = single.map((slot) => {
    const named = { runId: scheduledRunId(task, slot), slot, summary: {} };
    const missed = { from: slot, to: slot, count: 1, because: told.why(slot) };
    return missedRun(task, missed, named, graceMs, told.attempts(slot));
  });
  if (!rest) return runs;
  const named = {
    runId: `${task}@missed-${rest.from.toISOString()}`,
    slot: null,
    summary: {
      missedFrom: rest.from.toISOString(),
      missedTo: rest.to.toISOString(),
      missedSlots: rest.count,
    },
  };
  return [missedRun(task, rest, named, graceMs, []), ...runs];
}

function missedRun(
  task: string,
  missed: Missed,
  named: Pick<Run, 'runId' | 'slot' | 'summary'>,
  graceMs: number,
  earlier: readonly Attempt[],
): Run {
  const endedAt = addMs(missed.to, graceMs);
  const error = errorOf(task, missed);
  const attempt = {
    attempt: (earlier.at(-1)?.attempt ?? 0) + 1,
    token: '',
    startedAt: missed.from,
    endedAt,
    outcome: 'missed',
    error,
  } as const;
  return {
    ...named,
    ...attempt,
    task,
    trigger: 'scheduled',
    whole: true,
    dryRun: false,
    body: {},
    durationMs: 0,
    leaseExpiresAt: null,
    deadlineAt: null,
    duplicates: 0,
    ...(missed.because?.cause && { cause: missed.because.cause }),
    problems: [{ path: '', message: error.message }],
    attempts: [...earlier, attempt],
    expireAt: expireAtOf(
      { outcome: 'missed', endedAt, durationMs: 0 },
      { lastSuccessAt: null, typicalDurationMs: null },
    ),
  };
}

function missedOf(slots: readonly Date[], { why }: ToldOf): Missed | null {
  const [from, to] = [slots[0], slots.at(-1)];
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
