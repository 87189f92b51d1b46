import { z } from 'zod';
import type { JobState } from '../../../model/job/states.ts';
import { time } from '../google-jobs.ts';

/**
 * An execution of a Cloud Run job, as v2 has it
 * (https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions). Its condition `Completed`
 * shows how it ended. Counts of tasks that are 0 are left out of the answer.
 */
export const executionSchema = z.object({
  name: z.string(),
  /** Of no other execution, not even one of the same name. */
  uid: z.string().default(''),
  createTime: time,
  startTime: time,
  completionTime: time,
  runningCount: z.int().default(0),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        state: z.string().optional(),
        message: z.string().optional(),
        executionReason: z.string().optional(),
      }),
    )
    .default([]),
});
export type Execution = z.infer<typeof executionSchema>;

/** The fields to ask for. */
export const EXECUTION_FIELDS =
  'name,uid,createTime,startTime,completionTime,runningCount,conditions(type,state,message,executionReason)';

/** The condition that says how an execution ended; an empty one where there is none. */
export function completedOf({ conditions }: Execution): Partial<Execution['conditions'][number]> {
  return conditions.find(({ type }) => type === 'Completed') ?? {};
}

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
