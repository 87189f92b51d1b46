import type { Prefix } from '../../shared/model/artifact/artifact.ts';
import type { KeepReason } from '../../shared/model/cleanup/cleanup.ts';
import type { AddedToJob, Job, Unreadable } from '../../shared/model/job/job.ts';
import type { Reading } from '../../shared/model/reading/reading.ts';

/** What the plan needs to know of a job. */
export interface PlannedJob
  extends Pick<
    Job,
    | 'id'
    | 'name'
    | 'source'
    | 'path'
    | 'project'
    | 'model'
    | 'state'
    | 'status'
    | 'startedAt'
    | 'endedAt'
    | 'heartbeatAt'
    | 'backendId'
    | 'artifactUri'
    | 'registeredModel'
    | 'keepUntil'
    | 'resumedFrom'
  > {
  /** Whether its source is more than observed: of others, nothing is deleted whatever is decided. */
  enforced: boolean;
  added: Pick<AddedToJob, 'endInferred' | 'tombstone' | 'deletedAt' | 'deletedLife' | 'nothingThere'>;
  unreadable: readonly Unreadable[];
}

/** A text that names what has to stay. */
export type Said = Exclude<Reading<string>, { is: 'absent' }>;

/** Artifacts that a registry of models names. */
export interface Root {
  said: Said;
  /** Who names it, in words. */
  by: string;
  /** The model, where the registry names it, such as `projects/1/locations/europe-west4/models/churn@3`. */
  model?: string | undefined;
}

/** Artifacts that a person or an undo holds. */
export interface Pin {
  said: Said;
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

/** What was found of a job outside its record. */
export interface Finding {
  /** Why it has to stay. */
  kept: Kept | null;
  /** Whether it has no artifacts, or none could be seen. */
  isEmpty: boolean;
}
