import { z } from 'zod';

/** The body of cleanup-artifacts: nothing, a plan to apply, or a run to undo. `dryRun` goes with the first two. */
export interface CleanupInput {
  planId?: string | undefined;
  undo?: string | undefined;
  dryRun?: boolean | undefined;
}

/** A document's id: no slash in it, and short enough. */
const id = (of: string) => z.string().regex(/^[^/\s]{1,200}$/, { error: `the id of a ${of}` });

/** The strict schema of the body. */
export const cleanupInput: z.ZodType<CleanupInput> = z
  .strictObject({
    planId: id('plan').optional(),
    undo: id('run').optional(),
    dryRun: z.boolean().optional(),
  })
  .superRefine((input, context) => {
    if (input.undo === undefined) return;
    for (const key of ['planId', 'dryRun'] as const)
      if (input[key] !== undefined && input[key] !== false)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `Cannot use ${key} beside undo`,
          params: { expected: 'undo alone' },
        });
  });
