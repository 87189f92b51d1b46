import type { JobState } from '../../job/states.ts';
import type { WorkloadTable } from './table.ts';
import { wandbTable } from './wandb.ts';

/** Runs of W&B that have not ended, also such as have a word for their state that means nothing here. */
export const active = {
  ...wandbTable,
  title: 'W&B active',
  endsAgain: false,
} satisfies WorkloadTable<typeof wandbTable.settings>;

/** What W&B says of a run that has not ended; one that is preempted still runs until its machine is taken away. */
const STATES: ReadonlyMap<string, JobState> = new Map([
  ['running', 'running'],
  ['pending', 'queued'],
  ['preempting', 'running'],
]);

export function activeState(said: string): JobState | 'unknown' {
  return STATES.get(said) ?? 'unknown';
}

/** Whether a run in that state sends beats: one that waits has not begun to, and one that is preempted may be given time. */
export function beats(said: string): boolean {
  return said === 'running';
}
