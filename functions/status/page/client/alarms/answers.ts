import type { HealthState } from '../../../../shared/model/run/health-state.ts';
import type { AlarmAnswer } from '../../../api/schemas.ts';

/** What is asked of a person, and the command for it; of an alarm the API says it. */
export type ToDo = AlarmAnswer['advice'];

const OPS = 'npm run -s ops --';

/** What to do about a record that cannot be read, or is dated in the future. */
export const DOCTOR: ToDo = { words: 'See whether records or clocks are wrong.', command: `${OPS} doctor` };

/** What to do about a task in a state, where there is anything to do. */
export function toDoInState(state: HealthState, task: string): ToDo | null {
  if (state === 'failing')
    return { words: 'Read its last error, correct the cause, then run it.', command: `${OPS} run ${task}` };
  if (state === 'stuck')
    return {
      words: 'Nothing yet: the next delivery takes over once the lease has expired.',
      command: `${OPS} runs ${task}`,
    };
  if (state === 'unknown') return DOCTOR;
  if (state === 'late')
    return { words: 'See whether Cloud Scheduler still calls it.', command: `${OPS} schedules` };
  if (state === 'degraded')
    return { words: 'See why it was partial; the next run goes on.', command: `${OPS} health` };
  return null;
}

/** What to do about the jobs of a source. */
export function toDoAboutSource(source: string): ToDo {
  return { words: 'See what the next sweep would do.', command: `${OPS} sweep --dry-run --source ${source}` };
}
