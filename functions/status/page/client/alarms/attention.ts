import type { HealthState } from '../../../../shared/model/run/health-state.ts';
import type { AlarmAnswer, TaskAnswer } from '../../../api/schemas.ts';

/** States in which a task is not as it should be. */
export const WRONG: readonly HealthState[] = ['stuck', 'failing', 'late', 'degraded'];

const FAILED = ['failed', 'timed-out', 'lost', 'missed'];

/** Since when a task has been in a state that is wrong, as far as its answer says. */
export function wrongSince(state: HealthState, task: TaskAnswer): string | null {
  if (state === 'late') return task.nextExpectedAt;
  if (state === 'stuck') return task.current?.startedAt ?? null;
  if (state === 'degraded') return task.lastStartedAt;
  const good = task.strip.findLastIndex(({ outcome }) => !FAILED.includes(outcome));
  return task.strip[good + 1]?.startedAt ?? task.lastStartedAt;
}

/** Whether an open alarm says already what the state of its task says. */
export function covers(alarm: AlarmAnswer, task: string, state: HealthState): boolean {
  if (alarm.subject !== task) return false;
  return alarm.kind === state || (alarm.kind === 'missed' && state === 'late');
}
