import { z } from 'zod';
import { JOB_STATES } from '../job/states.ts';
import { hasEnded } from './life.ts';

/** A workload as a row of its table. */

/** The longest name and the longest reason of a row. */
const NAME_LENGTH = 120;
export const REASON_LENGTH = 160;

/** States of a workload; `unknown` where the platform's word has no meaning here: shown, never guessed. */
export const WORKLOAD_STATES = [...JOB_STATES, 'unknown'] as const;
export type WorkloadState = (typeof WORKLOAD_STATES)[number];

/** Why a workload ended as it did: the one line for a person, and what it rests on. */
export const storedReasonSchema = z.object({
  line: z.string(),
  category: z.string(),
  /** The kind of evidence that it was found in. */
  source: z.string(),
  /** The name of the rule that found it. */
  rule: z.string(),
});
export type StoredReason = z.infer<typeof storedReasonSchema>;

/** A job of ours, as people name it. */
export const ourJobSchema = z.object({
  source: z.string(),
  id: z.string(),
});
export type OurJob = z.infer<typeof ourJobSchema>;

export const rowSchema = z.object({
  /** The platform's own id, which no second workload of the table and region ever has. */
  id: z.string(),
  /** The region, or `global`; of W&B the project. */
  region: z.string(),
  /** What people call it. */
  name: z.string(),
  /** The Cloud Run job that an execution belongs to. */
  job: z.string().nullable(),
  state: z.enum(WORKLOAD_STATES),
  /** The platform's own word for the state. */
  said: z.string(),
  createdAt: z.date().nullable(),
  startedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  /** Since when it has sent no beat, where it should; rows of before have no such field. */
  silentSince: z.date().nullable().default(null),
  /** The run of W&B that it is, by the label that its launch agent sets. */
  wandbRun: z.string().nullable().default(null),
  /** The job of ours that it is, once its record was seen; rows of before have no such field. */
  ourJob: ourJobSchema.nullable().default(null),
  reason: storedReasonSchema.nullable(),
  /** What keeps the reason from being known yet, such as a log that cannot be read. */
  note: z.string().nullable(),
  /** How many jobs a runner says that it has run; `null` where it does not say. */
  jobs: z.int().nullable(),
  /** Where the platform shows it. */
  link: z.string().nullable(),
});
export type Row = z.infer<typeof rowSchema>;

/** What the platform says of a workload; its job comes later, from a record, and its reason from its end. */
export type Seen = Omit<Row, 'ourJob' | 'reason' | 'note' | 'jobs' | 'silentSince' | 'wandbRun'> &
  Partial<Pick<Row, 'silentSince' | 'wandbRun'>>;

/** What a row may hold of a text: halves of characters are in no text that Firestore takes. */
function cut(text: string): string {
  return text.slice(0, NAME_LENGTH).toWellFormed();
}

/** The row of a workload of which no end is known yet. Texts are cut to what a row may hold. */
export function rowOf(seen: Seen): Row {
  return {
    id: seen.id,
    region: seen.region,
    name: cut(seen.name),
    job: seen.job,
    state: seen.state,
    said: cut(seen.said),
    createdAt: seen.createdAt,
    startedAt: seen.startedAt,
    endedAt: seen.endedAt,
    silentSince: seen.silentSince ?? null,
    wandbRun: seen.wandbRun ?? null,
    ourJob: null,
    reason: null,
    note: null,
    jobs: null,
    link: seen.link,
  };
}

/** The instant by which rows are ordered: the end, else the start, else the creation. */
function placeInTime({ createdAt, startedAt, endedAt }: Row): number {
  return (endedAt ?? startedAt ?? createdAt)?.getTime() ?? 0;
}

/** Orders rows: those that have not ended first, then the newest. */
export function byInterest(a: Row, b: Row): number {
  return (
    Number(hasEnded(a)) - Number(hasEnded(b)) || placeInTime(b) - placeInTime(a) || (a.id < b.id ? -1 : 1)
  );
}
