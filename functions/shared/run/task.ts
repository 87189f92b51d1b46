import type { WriteBatch } from '@google-cloud/firestore';
import type { z } from 'zod';
import type { Log } from '../log.ts';
import type { OwnChanges } from '../model/run/health.ts';
import type { RunProblem, Summary } from '../model/run/run.ts';

/** Keys that the body of every task may have. */
export interface TaskInput {
  dryRun?: boolean | undefined;
}

/** A scheduled duty: `serve(task, ...)` is all it needs to become an HTTP function. */
export interface Task<Input extends TaskInput> {
  /** Its folder, its catalogue key, its record in Firestore and its Cloud Scheduler job. */
  name: string;
  /** The strict schema of the body, for a delivery that arrives at `now`. */
  input(now: Date): z.ZodType<Input>;
  /**
   * Checks whether a well-formed body asks for something that can be done. Rejects with InvalidRequest where it cannot: a
   * caller's mistake is not recorded as a failed run.
   */
  check?(input: Input, options: { now: Date; signal: AbortSignal }): Promise<void>;
  run(run: RunContext<Input>): Promise<TaskResult>;
}

/** The result of a task's work; a task that fails throws. */
export interface TaskResult {
  /** `partial`: some of the work was not done; `problems` or the summary name it. */
  outcome: 'succeeded' | 'partial';
  summary: Summary;
  problems?: RunProblem[];
}

/** Adds writes to a batch; may be called more than once, for a commit is tried again on another batch. */
export type BuildBatch = (batch: WriteBatch) => void;

/** One run, as its task sees it. */
export interface RunContext<Input> {
  runId: string;
  input: Input;
  /** Scheduled, or manual with an empty body: the run that does the whole duty. */
  whole: boolean;
  dryRun: boolean;
  /** The instant date arithmetic starts from: the slot of a scheduled run, the start of a manual one. */
  asOf: Date;
  startedAt: Date;
  /** The instant now, by the clock that the run is timed by: what it writes down is stamped so. */
  now(): Date;
  /** Aborts at the task's deadline, and as soon as the run is taken over. */
  signal: AbortSignal;
  /** The share of the time budget that is used, 0 to 1 and beyond. */
  budgetUsed(): number;
  /**
   * Commits the writes that `build` adds, only while this run is still the task's: token and lease are checked by the
   * same commit. Rejects with LeaseLost when the run was taken over, and always in a dry run; with RecordChanged when a
   * record that `build` expects as it was read has changed since.
   */
  commit(build: BuildBatch, changes?: OwnChanges): Promise<void>;
  /** Whether the run is provably still the task's right now; asked before each batch of effects outside Firestore. */
  stillMine(): Promise<boolean>;
  log: Log;
}
