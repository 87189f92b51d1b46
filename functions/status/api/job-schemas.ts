import { z } from 'zod';
import { JOB_STATES } from '../../shared/model/job/states.ts';
import { CAUSES, REPORTED_STATES } from '../../shared/model/report/report.ts';
import { instantSchema } from './envelope.ts';

/** A job beside what is true of it, as the API answers it. Instants are text. */

const instant = instantSchema;
const maybeInstant = instantSchema.nullable();
const figure = z.number().nullable();
const jobState = z.enum([...JOB_STATES, 'unknown']);

/** What the record of a job says. */
export const recordAnswerSchema = z.object({
  state: jobState,
  /** The user's word. */
  status: z.string(),
  createdAt: maybeInstant,
  startedAt: maybeInstant,
  heartbeatAt: maybeInstant,
  endedAt: maybeInstant,
  writtenAt: instant,
  error: z.string().nullable(),
});

/** What its backend says; `askedAt` is `null` where it was not asked. */
export const backendAnswerSchema = z.object({
  kind: z.string().nullable(),
  id: z.string().nullable(),
  state: z.enum([...JOB_STATES, 'gone', 'unknown']),
  /** Its answer in words, or why there is none. */
  said: z.string(),
  startedAt: maybeInstant,
  endedAt: maybeInstant,
  askedAt: maybeInstant,
});

/** What its newest execution has told of itself; instants by our clock. */
export const reporterAnswerSchema = z.object({
  execution: z.string(),
  host: z.string().nullable(),
  /** The state that it told last; `gone` where another reporter of its host found it dead. */
  state: z.enum(REPORTED_STATES),
  startedAt: maybeInstant,
  /** When it was last known to live. */
  seenAt: maybeInstant,
  receivedAt: instant,
  progress: z.object({ fraction: figure, step: figure, of: figure, note: z.string().nullable() }).nullable(),
  /** Since when its progress is the same. */
  progressAt: maybeInstant,
  checkpoint: z.object({ uri: z.string(), step: figure }).nullable(),
  /** How it ended: by its exit, a signal, for want of memory and so on; `null` while it goes on. */
  cause: z.enum(CAUSES).nullable(),
  exitCode: figure,
  signal: z.string().nullable(),
  goneAt: maybeInstant,
  /** Whether this execution has ended and its job goes on: another try may come. */
  waits: z.boolean(),
  /** Other executions that were alive after this one had started. */
  rivals: z.array(z.object({ execution: z.string(), host: z.string().nullable(), seenAt: instant })),
});

/** What a sweep would conclude: `rule` names which of its rules decided. */
const jobVerdictSchema = z.object({
  kind: z.enum(['keep', 'finish', 'fail', 'lost', 'unknown']),
  rule: z.string(),
  because: z.string(),
  brokenAt: maybeInstant,
  endedAt: maybeInstant,
});

/** `/api/jobs`, and `/api/jobs/{source}/{id}`: the record of a job beside what is true of it. */
export const jobAnswerSchema = z.object({
  source: z.string(),
  id: z.string(),
  path: z.string(),
  project: z.string(),
  type: z.string(),
  record: recordAnswerSchema,
  backend: backendAnswerSchema,
  /** `null` where nothing has reported. */
  reporter: reporterAnswerSchema.nullable(),
  verdict: jobVerdictSchema,
  /** The state to believe: of the verdict where it ends the job, `unknown` where the evidence is not enough. */
  shown: jobState,
  /** Whether the record says the same. */
  agrees: z.boolean(),
  because: z.string(),
  /** What a sweep, or a person through it, ended it by before. */
  endedBy: z
    .object({ rule: z.string(), because: z.string(), foundAt: instant, by: z.string().nullable() })
    .nullable(),
  /** The command that answers more. */
  command: z.string(),
});
export type JobAnswer = z.infer<typeof jobAnswerSchema>;
