import { z } from 'zod';

/** The body of prune-records. */
export const pruneInput = z.strictObject({ dryRun: z.boolean().optional() });
export type PruneInput = z.infer<typeof pruneInput>;
