import {
  type AlarmChanges,
  type AlarmToClose,
  type AlarmToOpen,
  alarmId,
  isAlarmOfKind,
  NO_CHANGES,
} from './alarm.ts';
import { type CurrentRun, type Health, typicalDurationMs, withEntry } from './health.ts';
import type { Outcome } from './outcomes.ts';
import { expireAtOf, NO_HISTORY, type RunRetention } from './retention.ts';
import {
  type Attempt,
  DONE,
  FAILURES,
  type NamedRun,
  newRun,
  type Run,
  type RunError,
  type RunProblem,
  type Summary,
  slotOfRunId,
} from './run.ts';

/** How a run ended. */
export interface Ending {
  outcome: Exclude<Outcome, 'running'>;
  endedAt: Date;
  durationMs: number;
  summary: Summary;
  problems: RunProblem[];
  error: RunError | null;
}

/** What the settings say about the end of a run. */
export interface EndRules {
  /** Failures of a task in a row that open an alarm. */
  failuresBeforeAlarm: number;
  retention: RunRetention;
}

/** The one record of a dry run, written when it has ended. */
export function dryRunRecord(named: NamedRun, ending: Ending, startedAt: Date, retention: RunRetention): Run {
  const { outcome, endedAt, error } = ending;
  const attempt: Attempt = { attempt: 1, token: '', startedAt, endedAt, outcome, error };
  return { ...newRun(named, attempt), ...ending, expireAt: expireAtOf(ending, NO_HISTORY, retention) };
}

/** The records after an attempt ended, and the alarms that change with them. */
export interface Ended extends Required<AlarmChanges> {
  health: Health;
  run: Run;
}

/** The records after the run's newest attempt ended; a whole run also moves health and alarms. */
export function ended(health: Health, run: Run, ending: Ending, rules: EndRules): Ended {
  const history = {
    lastSuccessAt: health.lastSuccessAt,
    typicalDurationMs: typicalDurationMs(health.strip),
  };
  const endedRun: Run = {
    ...run,
    ...ending,
    leaseExpiresAt: null,
    deadlineAt: null,
    attempts: run.attempts.map((attempt) =>
      attempt.token === run.token
        ? { ...attempt, endedAt: ending.endedAt, outcome: ending.outcome, error: ending.error }
        : attempt,
    ),
    expireAt: expireAtOf(ending, history, rules.retention),
    ...causeOf(run, ending),
  };
  const released: Health = { ...health, current: null };
  if (!run.whole) return { ...NO_CHANGES, health: released, run: endedRun };

  const isGood = DONE.includes(ending.outcome);
  // A run that comes late has not done a later slot.
  const isOutdone = isGood && run.slot !== null && hasLaterFailure(health.strip, run.slot);
  const failures = isOutdone
    ? health.consecutiveFailures
    : failuresAfter(health.consecutiveFailures, run, ending.outcome);
  const incident = incidentOf(run, ending, failures, rules);
  const lasting = health.openAlarms.find((id) => incident && isAlarmOfKind(id, incident.kind));
  const open = incident && !lasting ? [incident] : [];
  const reword = incident && lasting ? [{ id: lasting, message: incident.message }] : [];
  const because = `run ${run.runId} ${ending.outcome}`;
  const over = isGood && !isOutdone ? health.openAlarms.filter(isAboutRuns) : [];
  const close = over.map((id): AlarmToClose => ({ id, because }));
  return {
    health: {
      ...released,
      lastFinishedAt: ending.endedAt,
      lastSuccessAt: ending.outcome === 'succeeded' ? ending.endedAt : health.lastSuccessAt,
      lastOutcome: isOutdone ? health.lastOutcome : ending.outcome,
      lastDurationMs: ending.durationMs,
      lastError: isOutdone ? health.lastError : isGood ? null : ending.error,
      consecutiveFailures: failures,
      openAlarms: alarmsAfter(health.openAlarms, { open, close }),
      strip: withEntry(health.strip, {
        runId: run.runId,
        outcome: ending.outcome,
        startedAt: run.startedAt,
        durationMs: ending.durationMs,
      }),
    },
    run: endedRun,
    open,
    close,
    reword,
  };
}

/** Whether a slot after `slot` failed or was missed. */
function hasLaterFailure(strip: Health['strip'], slot: Date): boolean {
  return strip.some(({ runId, outcome }) => {
    const other = FAILURES.includes(outcome) ? slotOfRunId(runId) : null;
    return other !== null && other > slot;
  });
}

/** Why the slot of the run was not done in time, where it was not. */
function causeOf({ slot, arrivedLate }: Run, { outcome }: Ending): Pick<Run, 'cause'> {
  if (slot && outcome === 'lost') return { cause: 'started and died' };
  return slot && arrivedLate ? { cause: 'finished late' } : {};
}

/** The incident that such an end is; `null` for none. A lost run is one of its own, whatever was before. */
function incidentOf(
  { task, runId }: Run,
  ending: Ending,
  failures: number,
  { failuresBeforeAlarm }: EndRules,
): AlarmToOpen | null {
  const { outcome, endedAt: brokenAt, error } = ending;
  const words = error?.message.split('\n', 1)[0] ?? 'no error recorded';
  if (outcome === 'lost')
    return { subject: task, kind: 'stuck', brokenAt, message: `${runId} was lost: ${words}` };
  if (failures < failuresBeforeAlarm) return null;
  const message = `${task} ${outcome}, ${failures} times in a row: ${words}`;
  return { subject: task, kind: 'failing', brokenAt, message };
}

/** Whether an open alarm is about the runs of its task: a good run closes it. */
function isAboutRuns(id: string): boolean {
  return isAlarmOfKind(id, 'failing') || isAlarmOfKind(id, 'stuck') || isAlarmOfKind(id, 'missed');
}

/** How the attempt of an expired lease ended: at the instant of the broken limit, not of its discovery. */
export function lostEnding(holder: CurrentRun): Ending {
  const message = `No sign of life since ${holder.heartbeatAt.toISOString()}; the lease expired at ${holder.leaseExpiresAt.toISOString()}`;
  return {
    outcome: 'lost',
    endedAt: holder.leaseExpiresAt,
    durationMs: holder.leaseExpiresAt.getTime() - holder.startedAt.getTime(),
    summary: {},
    problems: [{ path: '', message }],
    error: { name: 'Lost', message, stack: '' },
  };
}

/** Ids of the open alarms after some were opened and others closed. */
export function alarmsAfter(
  openAlarms: readonly string[],
  { open = [], close = [] }: AlarmChanges,
): string[] {
  const closed = new Set(close.map(({ id }) => id));
  return [...new Set([...openAlarms, ...open.map(alarmId)])].filter((id) => !closed.has(id));
}

/** Failures in a row count runs, not attempts: a run that already failed does not count again. */
function failuresAfter(before: number, run: Run, outcome: Outcome): number {
  if (!FAILURES.includes(outcome)) return 0;
  const alreadyCounted = run.attempts.some(
    (attempt) => attempt.token !== run.token && FAILURES.includes(attempt.outcome),
  );
  return alreadyCounted ? Math.max(1, before) : before + 1;
}
