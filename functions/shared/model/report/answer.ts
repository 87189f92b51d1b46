import { z } from 'zod';

/** What the service answers: one result for each report, in their order. */

export const RESULTS = [
  /** It is in the record. */
  'applied',
  /** The record knew as much or more of this execution. */
  'duplicate',
  /** A newer execution of the job is known. */
  'older',
  /** The record ended in another way, which stands; what the report said is kept beside it. */
  'contradicts',
  /** The record has ended: nothing goes on in it. */
  'ended',
  /** It can never be taken; `problems` say why. */
  'rejected',
  /** It could not be taken now: send it again. */
  'later',
] as const;
export type ReportResult = (typeof RESULTS)[number];

export const problemSchema = z.object({
  path: z.string(),
  message: z.string(),
  expected: z.string().optional(),
});

export const resultSchema = z.object({
  job: z.string().nullable(),
  execution: z.string().nullable(),
  seq: z.number().nullable(),
  result: z.enum(RESULTS),
  problems: z.array(problemSchema).optional(),
});
export type ResultOfReport = z.infer<typeof resultSchema>;

export const answerSchema = z.object({
  receivedAt: z.iso.datetime(),
  results: z.array(resultSchema),
  /** How often a job that goes on should be reported. */
  heartbeatSeconds: z.number(),
  /** Jobs that a person asked to stop. */
  stop: z.array(z.string()),
  problems: z.array(problemSchema),
});
export type ReportAnswer = z.infer<typeof answerSchema>;

const SHORTEST_SECONDS = 15;
const LONGEST_SECONDS = 300;
/** So many reports may be lost in a row before the job counts as silent. */
const BEATS_PER_LIMIT = 5;

/** How often a job should be reported that is stale after `staleAfterMs`. */
export function heartbeatSeconds(staleAfterMs: number): number {
  const seconds = Math.floor(staleAfterMs / BEATS_PER_LIMIT / 1_000);
  return Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, seconds));
}
