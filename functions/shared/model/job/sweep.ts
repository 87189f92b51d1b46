import { z } from 'zod';
import type { Channel } from '../report/channel-reading.ts';
import type { Truth } from './backend.ts';
import type { Job } from './job.ts';
import type { Sighting } from './sighting.ts';
import type { JobField } from './source.ts';
import type { TerminalState } from './states.ts';
import type { SweepLimits } from './sweep-limits.ts';

/** What the sweep judges, and its verdicts. */

/** An execution of a job. */
export interface Execution extends Job {
  /** When its record was last written, by Firestore's clock. */
  writtenAt: Date;
}

/** A job, or an execution of one, that may not be what its record says, with all that is known about it. */
export interface Suspect {
  job: Job;
  /** When its record was last written, by Firestore's clock. */
  writtenAt: Date;
  /** The same for a record that was written again after it was created; `null` where one write brought all that it holds. */
  rewrittenAt: Date | null;
  limits: SweepLimits;
  /** Whether its source maps a heartbeat. */
  hasHeartbeat: boolean;
  /** Whether the answers of its backend hold times, by its settings. */
  timed: boolean;
  /** The fields by which it is judged: while one cannot be read, it is not ended. */
  vital: readonly JobField[];
  /** Its executions, newest first; `null` where its source maps none, and for an execution. */
  executions: readonly Execution[] | null;
  /** The job that an execution is of; `null` for a job. */
  parent: Job | null;
  /** What its backend says; `null` where it has none. */
  truth: Truth | null;
  /** What the backend says of the job, for an execution without a name of its own there; else `null`. */
  jobTruth: Truth | null;
  /** Whether its backend has known a job of this source before. */
  backendKnown: boolean;
  /** Whether reports of its source arrive; `null` where the source takes none. */
  channel: Channel | null;
  /** What sweeps before this one saw of this very try; `null` where none judged it. */
  sighting: Sighting | null;
  /** When a sweep of the last day ended this very try, though its record, written whole since, says nothing of it; else `null`. */
  endedBefore: Date | null;
}

/**
 * `keep`: the record stays as it is. `finish`, `fail`: the backend, the executions or the job of it show how it ended.
 * `lost`: nothing runs. `unknown`: the evidence is not enough, so the record stays.
 */
export type VerdictKind = 'keep' | 'finish' | 'fail' | 'lost' | 'unknown';

/** The verdict on a suspect. */
export type Verdict = {
  /** Which rule decided, such as `backend-ended` or `silent`. */
  rule: string;
  /** Why, in words. */
  because: string;
  /** When a limit was broken: since then the record is wrong; `null` where none was. */
  brokenAt: Date | null;
} & (
  | {
      kind: 'keep' | 'unknown';
      overdue: boolean;
      /** Whether it shows life, and what it reports of its progress stays the same for too long. */
      stalled: boolean;
    }
  | {
      kind: 'finish' | 'fail' | 'lost';
      state: TerminalState;
      endedAt: Date;
      endInferred: boolean;
      error: string | null;
      /** Whether it rests on silence, on age or on a 404 alone, which a sweep in self-preservation does not believe. */
      unconfirmed: boolean;
      /** Since when sweeps have found its evidence unchanged; `null` for the first sweep, and for a confirmed verdict. */
      foundSince: Date | null;
    }
);

/** A verdict that ends something. */
export type EndingVerdict = Extract<Verdict, { state: unknown }>;

/** `jobHealth/{source}`: how many jobs of a source are in which state, as the last sweep found them. */
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
  /** How many of those have the verdict `unknown`. */
  unknown: z.int().min(0),
  /**
   * How many of the records that sweeps ended in the last day are watched, and how many of those were ended wrongly: they
   * showed life afterwards, or their own execution told how they really ended.
   */
  watched: z.int().min(0).default(0),
  falseLost: z.int().min(0).default(0),
  /** What has come of its reporters since the beginning; `null` where the source takes no reports, or none ever came. */
  reports: z
    .object({ accepted: z.int().min(0), falseLost: z.int().min(0), lastAcceptedAt: z.date() })
    .nullable()
    .default(null)
    .catch(null),
  at: z.date(),
});
export type JobHealth = z.infer<typeof jobHealthSchema>;

/** A run lists at most so many jobs of each kind. */
export const MOST_VERDICTS = 300;
