import { type AlarmChanges, type AlarmToClose, type AlarmToOpen, alarmId, isAlarmOfKind } from './alarm.ts';
import { type CurrentRun, type Health, typicalDurationMs, withEntry } from './health.ts';
import type { NamedRun } from './lease.ts';
import {
  type Attempt,
  expireAtOf,
  FAILURES,
  type Outcome,
  type Run,
  type RunError,
  type RunProblem,
  type Summary,
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

/** The one record of a dry run, written when it has ended. */
export function dryRunRecord(named: NamedRun, ending: Ending, startedAt: Date): Run {
  const { outcome, endedAt, error } = ending;
  const attempt: Attempt = { attempt: 1, token: '', startedAt, endedAt, outcome, error };
  return {
    ...named,
    ...ending,
    attempt: 1,
    token: '',
    startedAt,
    leaseExpiresAt: null,
    deadlineAt: null,
    attempts: [attempt],
    duplicates: 0,
    expireAt: expireAtOf(ending, { lastSuccessAt: null, typicalDurationMs: null }),
  };
}

/** The records after an attempt ended, and the alarms that change with them. */
export interface Ended {
  health: Health;
  run: Run;
  open: AlarmToOpen[];
  close: AlarmToClose[];
}

/** The records after the run's newest attempt ended; a whole run also moves health and alarms. */
export function ended(health: Health, run: Run, ending: Ending, failuresBeforeAlarm: number): Ended {
  const endedRun: Run = {
    ...run,
    outcome: ending.outcome,
    endedAt: ending.endedAt,
    durationMs: ending.durationMs,
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: ending.summary,
    problems: ending.problems,
    error: ending.error,
    attempts: run.attempts.map((attempt) =>
      attempt.token === run.token
        ? { ...attempt, endedAt: ending.endedAt, outcome: ending.outcome, error: ending.error }
        : attempt,
    ),
    expireAt: expireAtOf(ending, {
      lastSuccessAt: health.lastSuccessAt,
      typicalDurationMs: typicalDurationMs(health.strip),
    }),
  };
  const released: Health = { ...health, current: null };
  if (!run.whole) return { health: released, run: endedRun, open: [], close: [] };

  const failures = failuresAfter(health.consecutiveFailures, run, ending.outcome);
  const failing = health.openAlarms.filter((id) => isAlarmOfKind(id, 'failing'));
  const open: AlarmToOpen[] =
    failures >= failuresBeforeAlarm && failing.length === 0
      ? [
          {
            subject: run.task,
            kind: 'failing',
            brokenAt: ending.endedAt,
            message: failingMessage(run.task, failures, ending),
          },
        ]
      : [];
  const close: AlarmToClose[] =
    failures === 0 ? failing.map((id) => ({ id, because: `run ${run.runId} ${ending.outcome}` })) : [];
  return {
    health: {
      ...released,
      lastFinishedAt: ending.endedAt,
      lastSuccessAt: ending.outcome === 'succeeded' ? ending.endedAt : health.lastSuccessAt,
      lastOutcome: ending.outcome,
      lastDurationMs: ending.durationMs,
      lastError: FAILURES.includes(ending.outcome) ? ending.error : null,
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
  };
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
  return [...new Set([...openAlarms.filter((id) => !closed.has(id)), ...open.map(alarmId)])];
}

/** Failures in a row count runs, not attempts: a run that already failed does not count again. */
function failuresAfter(before: number, run: Run, outcome: Outcome): number {
  if (!FAILURES.includes(outcome)) return 0;
  const alreadyCounted = run.attempts.some(
    (attempt) => attempt.token !== run.token && FAILURES.includes(attempt.outcome),
  );
  return alreadyCounted ? Math.max(1, before) : before + 1;
}

function failingMessage(task: string, failures: number, ending: Ending): string {
  return `${task} ${ending.outcome}, ${failures} times in a row: ${ending.error?.message.split('\n', 1)[0] ?? 'no error recorded'}`;
}
