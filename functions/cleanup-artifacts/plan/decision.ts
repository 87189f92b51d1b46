import type { Prefix } from '../../shared/model/artifact/artifact.ts';
import type { KeepReason } from '../../shared/model/cleanup/cleanup.ts';
import type { AddedToJob, Job, Unreadable } from '../../shared/model/job/job.ts';
import type { Reading } from '../../shared/model/reading/reading.ts';

/** The part of a job that a plan uses. */
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
  /** When the end in its record was received, where its own execution reported it; else `null`. */
  endReceivedAt: Date | null;
  /** Whether its source is in mode enforce. In mode observe nothing is deleted, whatever is decided. */
  enforced: boolean;
  added: Pick<AddedToJob, 'endInferred' | 'tombstone' | 'deletedAt' | 'deletedLife' | 'nothingThere'>;
  unreadable: readonly Unreadable[];
}

/** A text that names artifacts or a job, or one that is there and cannot be read. */
export type Said = Exclude<Reading<string>, { is: 'absent' }>;

/** Artifacts that a registry of models names. */
export interface Root {
  said: Said;
  /** The record that names it, in words. */
  by: string;
  /** The model, where the registry names it, such as `projects/1/locations/europe-west4/models/churn@3`. */
  model?: string | undefined;
}

/** Artifacts that a person or an undo keeps. */
export interface Pin {
  said: Said;
  /** `null` for ever. */
  keepUntil: Date | null;
  owner: string;
  reason: string;
}

/** What is kept independently of the jobs. */
export interface Roots {
  models: readonly Root[];
  pins: readonly Pin[];
  protectedPrefixes: readonly Prefix[];
}

/** A reason to keep a job's artifacts, and the facts behind it, in words. */
export interface Kept {
  reason: KeepReason;
  because: string;
}

/** What was found about a job outside its record: in Cloud Storage and in its executions. */
export interface Finding {
  /** Why it has to stay; `null` where nothing was found that keeps it. */
  kept: Kept | null;
  /** Whether it has no artifacts, or none could be listed. */
  isEmpty: boolean;
}
