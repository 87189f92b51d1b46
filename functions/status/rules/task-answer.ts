import { type Health, typicalDurationMs } from '../../shared/model/run/health.ts';
import { HEALTH_STATES, INSTANTS, stuckAtOf } from '../../shared/model/run/health-state.ts';
import type { TaskAnswer } from '../api/schemas.ts';
import { badgeAt } from './badge.ts';

/** Bars of a strip. */
const STRIP_SHOWN = 20;

/** What the catalogue says of a task. */
export interface Duty {
  task: string;
  description: string;
  enabled: boolean;
  schedule: string;
  scheduleWords: string;
  startGraceSeconds: number;
  maxRuntimeSeconds: number;
  /** Its first slot after now. */
  nextSlot: Date;
}

/** What is said of a task beside its record. */
export interface Besides {
  /** Why its last run was partial. */
  partialBecause?: string | undefined;
  /** Why its record cannot be read. */
  unreadable?: string | undefined;
}

/** A task as it stands at `now`; `health` is `undefined` where it never ran, or is not known. */
export function taskAnswer(
  duty: Duty,
  health: Health | undefined,
  now: Date,
  { partialBecause, unreadable }: Besides = {},
): TaskAnswer {
  const facts = health && unreadable === undefined ? stored(duty, health) : never(duty);
  if (partialBecause !== undefined) facts.partialBecause = partialBecause;
  if (unreadable !== undefined) facts.unreadable = unreadable;
  return { ...facts, ...badgeAt(facts, now, INSTANTS) };
}

/** The worst first, then by name. */
export function worstTasksFirst(tasks: readonly TaskAnswer[]): TaskAnswer[] {
  const rank = ({ state }: TaskAnswer) =>
    state === 'disabled' ? HEALTH_STATES.length : HEALTH_STATES.indexOf(state);
  return tasks.toSorted((a, b) => rank(a) - rank(b) || (a.task < b.task ? -1 : 1));
}

type Unjudged = Omit<TaskAnswer, 'state' | 'reason' | 'running'>;

function stored({ task, description, enabled }: Duty, health: Health): Unjudged {
  const { current, strip, lastError } = health;
  const iso = (at: Date | null) => at?.toISOString() ?? null;
  return {
    task,
    description,
    // The record has what the catalogue said at the last run; a task that was switched off since is off.
    enabled: health.enabled && enabled,
    schedule: health.schedule,
    scheduleWords: health.scheduleWords,
    nextExpectedAt: health.nextExpectedAt.toISOString(),
    lateAt: new Date(health.nextExpectedAt.getTime() + health.startGraceSeconds * 1000).toISOString(),
    startGraceSeconds: health.startGraceSeconds,
    maxRuntimeSeconds: health.maxRuntimeSeconds,
    current: current && {
      runId: current.runId,
      attempt: current.attempt,
      startedAt: current.startedAt.toISOString(),
      heartbeatAt: current.heartbeatAt.toISOString(),
      leaseExpiresAt: current.leaseExpiresAt.toISOString(),
    },
    stuckAt: iso(stuckAtOf(health)),
    lastStartedAt: iso(health.lastStartedAt),
    lastFinishedAt: iso(health.lastFinishedAt),
    lastSuccessAt: iso(health.lastSuccessAt),
    lastOutcome: health.lastOutcome,
    lastDurationMs: health.lastDurationMs,
    typicalDurationMs: typicalDurationMs(strip),
    lastError: lastError && (lastError.message.split('\n', 1)[0]?.slice(0, 500) ?? null),
    consecutiveFailures: health.consecutiveFailures,
    strip: strip.slice(-STRIP_SHOWN).map(({ runId, outcome, startedAt, durationMs }) => ({
      runId,
      outcome,
      startedAt: startedAt.toISOString(),
      durationMs,
    })),
    openAlarms: health.openAlarms,
    deployment: health.deployment,
  };
}

function never(duty: Duty): Unjudged {
  const { nextSlot, ...said } = duty;
  return {
    ...said,
    nextExpectedAt: nextSlot.toISOString(),
    lateAt: null,
    current: null,
    stuckAt: null,
    lastStartedAt: null,
    lastFinishedAt: null,
    lastSuccessAt: null,
    lastOutcome: null,
    lastDurationMs: null,
    typicalDurationMs: null,
    lastError: null,
    consecutiveFailures: 0,
    strip: [],
    openAlarms: [],
    deployment: { service: null, revision: null, region: null },
  };
}
