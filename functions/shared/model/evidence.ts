import { z } from 'zod';

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
});
export type Evidence = z.infer<typeof evidenceSchema>;
