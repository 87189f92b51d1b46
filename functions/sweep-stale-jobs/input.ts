import { z } from 'zod';
import { TERMINAL_STATES, type TerminalState } from '../shared/model/job/states.ts';

/**
 * The body of sweep-stale-jobs: nothing, or which jobs; for one job also how a person says that it ended, or that its
 * verdict is to be taken back, and why.
 */
export interface SweepInput {
  dryRun?: boolean | undefined;
  source?: string | undefined;
  /** An id, or the path of a record. */
  jobId?: string | undefined;
  /** Only jobs that have been silent for so long, or running for so long where they have no heartbeat. */
  olderThanHours?: number | undefined;
  end?: TerminalState | undefined;
  undo?: true | undefined;
  reason?: string | undefined;
  /** The name that the person gives; it is not checked, and kept beside the reason. */
  by?: string | undefined;
}

/** The strict schema of the body. */
export function sweepInput(sources: readonly string[]): z.ZodType<SweepInput> {
  return z
    .strictObject({
      dryRun: z.boolean().optional(),
      source: z.enum(sources).optional(),
      jobId: z
        .string()
        .trim()
        .min(1)
        .max(1_500)
        .regex(/^(?!\/)(?!.*\/\/)(?!.*\/$)/, { error: 'the id of a job, or the path of its record' })
        .optional(),
      olderThanHours: z
        .number()
        .positive()
        .max(365 * 24)
        .optional(),
      end: z.enum(TERMINAL_STATES).optional(),
      undo: z.literal(true).optional(),
      reason: z.string().trim().min(1).max(1_000).optional(),
      by: z.string().trim().min(1).max(200).optional(),
    })
    .check(
      z.superRefine(
        (input: SweepInput, context) => {
          const complain = (path: keyof SweepInput, message: string, expected: string) =>
            context.addIssue({ code: 'custom', path: [path], message, params: { expected } });
          const { end, undo, jobId, reason, by, olderThanHours } = input;
          const byHand = end !== undefined || undo !== undefined;
          if (end !== undefined && undo !== undefined)
            complain('undo', 'Cannot use undo beside end', 'either of them');
          if (byHand && jobId === undefined) complain('jobId', 'Missing', 'the job that it is about');
          if (end !== undefined && reason === undefined)
            complain('reason', 'Missing', 'why it is ended by hand');
          if (reason !== undefined && !byHand)
            complain('end', 'Missing', `how it ended: ${TERMINAL_STATES.join(', ')}; or undo`);
          if (by !== undefined && !byHand) complain('by', 'Cannot use by', 'end or undo beside it');
          if (olderThanHours !== undefined && jobId !== undefined)
            complain('olderThanHours', 'Cannot use olderThanHours beside jobId', 'either of them');
        },
        // All problems are named at once, so this check runs beside those of the single keys.
        { when: ({ value }) => value !== null && typeof value === 'object' },
      ),
    );
}

/** Whether it asks for a whole sweep of all sources. */
export function isWhole({ source, jobId, olderThanHours }: SweepInput): boolean {
  return source === undefined && jobId === undefined && olderThanHours === undefined;
}
