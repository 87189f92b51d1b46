import { z } from 'zod';

/** What every answer of the API is wrapped in. */

/** An instant, RFC 3339 in UTC. */
export const instantSchema = z.iso.datetime();
export const dateSchema = z.iso.date();

/** One thing wrong with a request: where, what, and what was expected instead. */
export const problemSchema = z.object({
  path: z.string(),
  message: z.string(),
  expected: z.string().optional(),
});

/** How to ask for what follows: with `after` as it is here. */
const pageSchema = z.object({
  /** `null` on the last page, and of an answer without pages. */
  after: z.string().nullable(),
  limit: z.int().min(1).nullable(),
});
export type Page = z.infer<typeof pageSchema>;

/** An answer: `problems` names what is not in `data` and why, such as a source that did not answer. */
export function envelopeOf<Data extends z.ZodType>(data: Data) {
  return z.object({ data, page: pageSchema, asOf: instantSchema, problems: z.array(problemSchema) });
}

/** What an answer with a status of 400 or more holds. */
export const faultSchema = z.object({ problems: z.array(problemSchema) });
