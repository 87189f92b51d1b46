import type { JobState } from '../../../model/job/states.ts';

/** The state that the condition `Completed` tells; `null` for a word without a meaning here. */
export function executionState(
  word: string,
  reason: string | undefined,
  { begun }: { begun: boolean },
): JobState | null {
  switch (word) {
    case 'CONDITION_SUCCEEDED':
      return 'completed';
    case 'CONDITION_FAILED':
      // A failed execution cancels its other tasks, too, so only the reason distinguishes the two.
      return reason === 'CANCELLED' || reason === 'DELETED' ? 'cancelled' : 'failed';
    case 'CONDITION_PENDING':
    case 'CONDITION_RECONCILING':
      return begun ? 'running' : 'queued';
    default:
      return null;
  }
}
