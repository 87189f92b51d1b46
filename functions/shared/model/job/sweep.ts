import { z } from 'zod';
import type { Truth } from './backend.ts';
import type { Job } from './job.ts';
import type { Sighting } from './sighting.ts';
import type { JobField } from './source.ts';
import type { TerminalState } from './states.ts';
import type { SweepLimits } from './sweep-limits.ts';

/** What the sweep looks at, and what it concludes. */

/** An execution of a suspect. */
export interface Execution extends Job {
  /** When its record was last written, by Firestore's clock. */
  writtenAt: Date;
}

/** A job, or an execution of one, that may not be what its record says. */
export interface Suspect {
  job: Job;
  /** When its record was last written, by Firestore's clock. */
  writtenAt: Date;
  /** The same, where it was written again after it was created; `null` where one write brought all that it holds. */
  rewrittenAt: Date | null;
  limits: SweepLimits;
  /** Whether its source maps a heartbeat. */
  hasHeartbeat: boolean;
  /** Whether the answers of its backend hold times, by its settings. */
  timed: boolean;
  /** The fields by which it is judged: with one that cannot be read, nothing ends it. */
  vital: readonly JobField[];
  /** Its executions, newest first; `null` where its source maps none, and for an execution. */
  executions: readonly Execution[] | null;
  /** The job that an execution is of; `null` for a job. */
  parent: Job | null;
  /** What its backend says; `null` where it has none. */
  truth: Truth | null;
  /** What that says of the job of an execution without a name of its own there; `null` of all others. */
  jobTruth: Truth | null;
  /** Whether its backend has known a job of this source before. */
  backendKnown: boolean;
  /** What sweeps before this one saw and heard of this very try; `null` where none looked at it. */
  sighting: Sighting | null;
}

/** keep: as it is. finish and fail: the backend, its executions or its job tell how it ended. lost: nothing runs. unknown: nobody can tell. */
export type VerdictKind = 'keep' | 'finish' | 'fail' | 'lost' | 'unknown';

/** What the sweep concludes about a suspect. */
export type Verdict = {
  /** Which row of the table decided, such as `backend-ended` or `silent`. */
  rule: string;
  /** Why, in words. */
  because: string;
  /** The instant of the limit that was broken: from it on the record lied; `null` where none was. */
  brokenAt: Date | null;
} & (
  | { kind: 'keep' | 'unknown'; overdue: boolean }
  | {
      kind: 'finish' | 'fail' | 'lost';
      state: TerminalState;
      endedAt: Date;
      endInferred: boolean;
      error: string | null;
      /** Whether it rests on age or on a 404 alone, which a blind sweep must not believe. */
      unconfirmed: boolean;
      /** Since when sweeps have found all that it rests on as it is; `null` where this sweep is the first, or the verdict is confirmed. */
      foundSince: Date | null;
    }
);

/** `jobHealth/{source}`: how the jobs of a source stand, as the last sweep found them. */
export const jobHealthSchema = z.object({
  source: z.string(),
  running: z.int().min(0),
  /** Stopped on purpose: never stale. */
  suspended: z.int().min(0).default(0),
  /** Queued, to run some time. */
  scheduled: z.int().min(0),
  /** Running for longer than the limit of the settings. */
  longRunning: z.int().min(0),
  /** Created in the last 24 hours, or started where the source maps no creation. */
  recent24h: z.int().min(0),
  /** Silent or over their limits. */
  stale: z.int().min(0),
  /** Of those, how many nobody can tell about. */
  unknown: z.int().min(0),
  /** How many of the records that sweeps ended in the last day are watched, and how many of those showed life afterwards. */
  watched: z.int().min(0).default(0),
  falseLost: z.int().min(0).default(0),
  at: z.date(),
});
export type JobHealth = z.infer<typeof jobHealthSchema>;

/** Of so many jobs of a kind a run tells one by one. */
export const MOST_VERDICTS = 300;
