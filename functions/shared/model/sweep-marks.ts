import { z } from 'zod';
import { PLACED } from './backend.ts';
import { JOB_STATES } from './states.ts';

/** A status of their records that nobody mapped; empty where a record has none. */
const unmappedSchema = z.object({ status: z.string(), count: z.int().min(0) });
export type UnmappedStatus = z.infer<typeof unmappedSchema>;

/** What is known of a job, or an execution, since when. */
const sinceSchema = z.object({ path: z.string(), since: z.date() });
export type Since = z.infer<typeof sinceSchema>;

const truthSchema = z.object({
  state: z.enum([...JOB_STATES, 'gone', 'unknown']),
  startedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  unreadable: z.string().nullable().default(null),
  placed: z.enum(PLACED).default('guessed'),
  error: z.string().nullable(),
  askedAt: z.date(),
  said: z.string(),
});

/** `sweepMarks/{source}`: how far the sweep came, and what it has to remember. */
export const sweepMarksSchema = z.object({
  /** The last whole sweep, as far as it came; `null` before the first. */
  sweptAt: z.date().nullable(),
  /** Where the next sweep goes on; `null` from the head. */
  cursor: z
    .object({
      lookout: z.string(),
      /** The record behind which it goes on, and its value; `null` from the first. */
      after: z.object({ path: z.string(), value: z.unknown() }).nullable(),
    })
    .nullable(),
  /** Jobs of which the backend said once that there is none. */
  gone: z.array(sinceSchema),
  /** Jobs that nobody can tell about. */
  unknown: z.array(sinceSchema),
  /** How jobs ended that are still written down as active: a terminal state is never asked for again. */
  ended: z.array(z.object({ backendId: z.string(), truth: truthSchema })),
  /** When the backend last knew a job of this source, and as what it was asked (`Backend.fingerprint`); see `knewAt`. */
  backendKnewAt: z.date().nullable().default(null),
  backendFingerprint: z.string().nullable().default(null),
  /** When every status was last looked at, and those that nobody mapped. */
  auditedAt: z.date().nullable(),
  unmapped: z.array(unmappedSchema),
});
export type SweepCursor = NonNullable<z.infer<typeof sweepMarksSchema>['cursor']>;
export type SweepMarks = z.infer<typeof sweepMarksSchema>;

/** Of a source that was never swept. */
export const NO_MARKS: SweepMarks = {
  ...{ sweptAt: null, cursor: null, gone: [], unknown: [], ended: [], auditedAt: null, unmapped: [] },
  ...{ backendKnewAt: null, backendFingerprint: null },
};

/** When a backend with this fingerprint last knew a job of the source; `null` if it never did, for all that anybody knows. */
export function knewAt(
  { backendKnewAt, backendFingerprint }: Pick<SweepMarks, 'backendKnewAt' | 'backendFingerprint'>,
  fingerprint: string,
): Date | null {
  return backendFingerprint === fingerprint ? backendKnewAt : null;
}
