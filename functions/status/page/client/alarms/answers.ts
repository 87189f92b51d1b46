import type { HealthState } from '../../../../shared/model/run/health-state.ts';
import type { AlarmAnswer } from '../../../api/schemas.ts';

/** What an alarm asks of a person, and the command for it where there is one. Longer: scripts/README.md, "An alarm". */
export interface ToDo {
  words: string;
  command: string | null;
}

const OPS = 'npm run -s ops --';

type Kind = AlarmAnswer['kind'];

const ANSWERS: Record<Kind, (alarm: AlarmAnswer) => ToDo> = {
  failing: ({ subject }) => ({
    words: 'Read its last error, correct the cause, then run it.',
    command: `${OPS} run ${subject}`,
  }),
  stuck: () => ({
    words: 'Nothing: the next delivery takes over once the lease has expired.',
    command: null,
  }),
  missed: ({ subject }) => ({
    words: 'Run it to do its duty now.',
    command: `${OPS} run ${subject}`,
  }),
  'schedule-drift': () => ({
    words: 'Resume the job in Cloud Scheduler, or apply Terraform again.',
    command: `${OPS} schedules`,
  }),
  overdue: () => ({
    words: 'Stop these jobs where they run, or raise the longest that they may run.',
    command: `${OPS} jobs --stale`,
  }),
  'long-running': ({ subject }) => ({
    words: 'See whether a queue drains too slowly; else raise the number of jobs allowed.',
    command: `${OPS} jobs --source ${subject}`,
  }),
  'backend-unknown': ({ subject }) => ({
    words: 'Find out why: mostly a permission, or a field that cannot be read.',
    command: `${OPS} sweep --dry-run --source ${subject}`,
  }),
  'found-alive': () => ({
    words: 'Take the verdict back, then correct the limit or the clock that its evidence names.',
    command: null,
  }),
  'sweeper-blind': () => ({
    words: 'Look at the platform, not at the jobs. The alarm closes by itself.',
    command: null,
  }),
  guard: () => ({
    words: 'Nothing was deleted. Look at the plan, then approve it or let it be.',
    command: `${OPS} cleanup plans`,
  }),
  approval: () => ({
    words: 'Nothing was deleted. Look at the plan, then approve it.',
    command: `${OPS} cleanup plans`,
  }),
  conflict: () => ({
    words: 'Restore the records that vanished, or accept the day as it is now.',
    command: null,
  }),
  'source-failing': () => ({
    words: 'Correct what the error names; the next run brings the figures.',
    command: null,
  }),
  'prune-lag': () => ({
    words: 'Correct what the problems of its last run name.',
    command: null,
  }),
};

/** What to do about an alarm. Its own command only looks, and stands in where no other is known. */
export function toDoAbout(alarm: AlarmAnswer): ToDo {
  const { words, command } = ANSWERS[alarm.kind](alarm);
  return { words, command: command ?? alarm.command };
}

const STATES: Partial<Record<HealthState, (task: string) => ToDo>> = {
  failing: (task) => ({
    words: 'Read its last error, correct the cause, then run it.',
    command: `${OPS} run ${task}`,
  }),
  stuck: () => ({
    words: 'Nothing yet: the next delivery takes over once the lease has expired.',
    command: null,
  }),
  late: () => ({
    words: 'See whether Cloud Scheduler still calls it.',
    command: `${OPS} schedules`,
  }),
  degraded: () => ({
    words: 'See why it was partial; the next run goes on.',
    command: `${OPS} health`,
  }),
};

/** What to do about a task in a state, where there is anything to do. */
export function toDoInState(state: HealthState, task: string): ToDo | null {
  return STATES[state]?.(task) ?? null;
}
