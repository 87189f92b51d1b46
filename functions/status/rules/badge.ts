import {
  type HealthNow,
  stateAt,
  type TaskFacts,
  type TimeWords,
} from '../../shared/model/run/health-state.ts';
import type { TaskAnswer } from '../api/schemas.ts';

/** What of a task's answer its badge follows from. */
export type BadgeFacts = Pick<
  TaskAnswer,
  | 'enabled'
  | 'nextExpectedAt'
  | 'lateAt'
  | 'unreadable'
  | 'lastStartedAt'
  | 'startGraceSeconds'
  | 'maxRuntimeSeconds'
  | 'current'
  | 'lastOutcome'
  | 'lastError'
  | 'partialBecause'
  | 'consecutiveFailures'
>;

/**
 * The badge of a task at `now`, from an answer however old: it turns late or stuck on the second, also while nothing
 * answers. The same rule as the server's; needs nothing but a browser.
 */
export function badgeAt(task: BadgeFacts, now: Date, times?: TimeWords): HealthNow {
  return stateAt(factsOf(task), now, times);
}

function factsOf(task: BadgeFacts): TaskFacts {
  const { current } = task;
  return {
    ...task,
    nextExpectedAt: new Date(task.nextExpectedAt),
    lastStartedAt: task.lastStartedAt === null ? null : new Date(task.lastStartedAt),
    lateAt: task.lateAt === null ? null : new Date(task.lateAt),
    current: current && {
      startedAt: new Date(current.startedAt),
      heartbeatAt: new Date(current.heartbeatAt),
      leaseExpiresAt: new Date(current.leaseExpiresAt),
    },
  };
}
