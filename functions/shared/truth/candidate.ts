import type { SweepCursor } from '../model/job/sweep-checkpoint.ts';
import type { SeenJob } from '../store/sources/active-records.ts';

/** An active job, or an execution of one, whose record may not be true. */
export interface Candidate {
  seen: SeenJob;
  isExecution: boolean;
  /** Its place among the candidates of a sweep. */
  nth: number;
  /** Where a scan has to begin to find it first. */
  at: SweepCursor;
}

/** A record that cannot be read, judged or written, and why. */
export interface RecordFailure {
  path: string;
  error: unknown;
}
