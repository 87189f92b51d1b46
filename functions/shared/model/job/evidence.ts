import { z } from 'zod';

/** A field of theirs that was written: what it held before, where it held anything, and what it was given. */
const changedFieldSchema = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown(),
});
export type ChangedField = z.infer<typeof changedFieldSchema>;

/** What is kept in a record that the sweep, or a person through it, ended. */
export const evidenceSchema = z.object({
  verdict: z.enum(['finish', 'fail', 'lost']),
  rule: z.string(),
  because: z.string(),
  /** Who was asked, when, and what it said; `null` where nobody was. */
  backend: z.string().nullable(),
  askedAt: z.date().nullable(),
  said: z.string().nullable(),
  /** Their word for the status before. */
  was: z.string(),
  foundAt: z.date(),
  runId: z.string(),
  /** The person who ended it, as they named themselves; `null` for the sweep. */
  by: z.string().nullable().default(null),
  /** What it wrote, and over what: enough to take it back. Empty where an older release wrote it. */
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

/** A change that stands no more: taken back, or followed by another (then `takenBack` is `null`). */
export const earlierSchema = evidenceSchema.extend({ takenBack: takenBackSchema.nullable() });
export type Earlier = z.infer<typeof earlierSchema>;

/** Of the changes of a record that stand no more, so many are kept, the newest. */
export const EARLIER_KEPT = 20;
