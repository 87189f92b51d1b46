import { z } from 'zod';

/** It always looks at every table; dry, it writes nothing and reads no log. */
export const observeInput = z.strictObject({ dryRun: z.boolean().optional() });
export type ObserveInput = z.infer<typeof observeInput>;

/** The body of somebody who looks at the tables: what it asks for is no run. */
export const watchInput = z.strictObject({ watch: z.literal(true) });
