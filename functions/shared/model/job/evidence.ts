import { z } from 'zod';

/** A field of the user's record that was written: its value before, where it had one, and its value after. */
const changedFieldSchema = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown(),
  /** The outermost map that came with it, and what stood in its place; an older release did not keep that. */
  made: z.object({ path: z.string(), before: z.null().optional() }).optional(),
});
export type ChangedField = z.infer<typeof changedFieldSchema>;

/** The reasons that are kept in a record which the sweep ended, or a person through it. */
export const evidenceSchema = z.object({
  verdict: z.enum(['finish', 'fail', 'lost']),
  rule: z.string(),
  because: z.string(),
  /** The backend that was asked, when, and its answer; `null` where none was asked. */
  backend: z.string().nullable(),
  askedAt: z.date().nullable(),
  said: z.string().nullable(),
  /** The user's word for the status before. */
  was: z.string(),
  foundAt: z.date(),
  runId: z.string(),
  /** The person who ended it, by the name they gave; `null` for the sweep. */
  by: z.string().nullable().default(null),
  /** The fields that were written, so that they can be put back. Empty where an older release wrote them. */
  fields: z.array(changedFieldSchema).default([]),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** That a person took a change back. */
const takenBackSchema = z.object({
  at: z.date(),
  by: z.string(),
  reason: z.string().nullable(),
  runId: z.string(),
});
export type TakenBack = z.infer<typeof takenBackSchema>;

/** A change that no longer stands: a person took it back, or another change followed it (then `takenBack` is `null`). */
export const earlierSchema = evidenceSchema.extend({ takenBack: takenBackSchema.nullable() });
export type Earlier = z.infer<typeof earlierSchema>;

/** How many changes that no longer stand are kept in a record: the newest. */
export const EARLIER_KEPT = 20;
