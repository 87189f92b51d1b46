import type { JobState } from '../../job/states.ts';
import type { WorkloadTable } from './table.ts';
import { wandbTable } from './wandb.ts';

/** Runs of W&B that have ended. None is over for good: one that crashed beats again, and one that ended is resumed. */
export const completed = {
  ...wandbTable,
  title: 'W&B completed',
  endsAgain: true,
} satisfies WorkloadTable<typeof wandbTable.settings>;

/** What W&B calls a run of which no beat comes any more. It is inferred, and often false. */
export const CRASHED = 'crashed';

/** What W&B says of a run that has ended. */
const STATES: ReadonlyMap<string, JobState> = new Map([
  ['finished', 'completed'],
  ['failed', 'failed'],
  [CRASHED, 'failed'],
  // Somebody stopped it.
  ['killed', 'cancelled'],
  // Its machine was taken away; whatever launched it may launch it again.
  ['preempted', 'failed'],
]);
export const ENDED_WORDS: readonly string[] = [...STATES.keys()];

/** `null` for a run that has not ended, also where its state means nothing here. */
export function endedState(said: string): JobState | null {
  return STATES.get(said) ?? null;
}
