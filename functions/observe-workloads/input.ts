import { z } from 'zod';

/** It takes nothing: it only looks, and every table is looked at. */
export const observeInput = z.strictObject({});
export type ObserveInput = z.infer<typeof observeInput>;
