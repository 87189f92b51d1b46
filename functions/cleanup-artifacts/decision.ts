import type { Prefix } from '../shared/model/artifact.ts';
import type { KeepReason } from '../shared/model/cleanup.ts';
import type { Job } from '../shared/model/job.ts';

/** What the plan is made from. */

/** What the plan needs to know of a job. */
export interface PlannedJob
  extends Pick<
    Job,
    | 'id'
    | 'name'
    | 'project'
    | 'model'
    | 'state'
    | 'status'
    | 'startedAt'
    | 'endedAt'
    | 'artifactUri'
    | 'registeredModel'
    | 'keepUntil'
    | 'resumedFrom'
    | 'added'
    | 'unreadable'
  > {
  source: string;
  /** Whether its source is more than observed: of others, nothing is deleted whatever is decided. */
  enforced: boolean;
}

/** Artifacts that a registry of models names. */
export interface Root {
  prefix: Prefix;
  /** Who names it, in words. */
  by: string;
}

/** Artifacts that a person or an undo holds. */
export interface Pin {
  prefix: Prefix;
  /** `null` for ever. */
  keepUntil: Date | null;
  owner: string;
  reason: string;
}

/** All that is kept whatever the jobs say. */
export interface Roots {
  models: readonly Root[];
  pins: readonly Pin[];
  protectedPrefixes: readonly Prefix[];
}

/** A reason to keep, and what it rests on, in words. */
export interface Kept {
  reason: KeepReason;
  because: string;
}
