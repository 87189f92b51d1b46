import { z } from 'zod';
import type { Sighting } from './sighting.ts';

/** A status that the settings do not map, and how many records have it; empty for records without one. */
const unmappedSchema = z.object({ status: z.string(), count: z.int().min(0) });
export type UnmappedStatus = z.infer<typeof unmappedSchema>;

/** A job or an execution, and since when something is known of it. */
export interface Since {
  path: string;
  since: Date;
}

/** A record that a sweep ended, as it was left: one that shows life afterwards was ended wrongly. */
const endedSchema = z.object({
  path: z.string(),
  isExecution: z.boolean(),
  /** When the sweep ended it, and in which run. */
  endedAt: z.date(),
  runId: z.string(),
  /** The start and the last heartbeat of the try that was ended. */
  startedAt: z.date().nullable(),
  heartbeatAt: z.date().nullable(),
  /** What showed that it lives, in words; `null` while nothing does. */
  alive: z.string().nullable(),
  /** Whether its own execution told how it really ended. */
  corrected: z.boolean().default(false),
});
export type EndedRecord = z.infer<typeof endedSchema>;

/** `sweepMarks/{source}`: how far the sweep of a source came, and what the next one has to know. */
export const sweepCheckpointSchema = z.object({
  /** The last whole sweep, as far as it came; `null` before the first. */
  sweptAt: z.date().nullable(),
  /** Where the next sweep goes on; `null` from the head. */
  cursor: z
    .object({
      /** The name of its query. */
      lookout: z.string(),
      /** The record behind which it goes on, and its value; `null` from the first. */
      after: z.object({ path: z.string(), value: z.unknown() }).nullable(),
    })
    .nullable(),
  /** How many pages of sightings there are below. */
  pages: z.int().min(0).default(0),
  /** The records that sweeps ended in the last day, the newest first, as many as are watched. */
  ended: z.array(endedSchema).default([]).catch([]),
  /** When the backend last knew a job of this source, and as what it was asked (`Backend.fingerprint`); see `knewAt`. */
  backendKnewAt: z.date().nullable().default(null),
  backendFingerprint: z.string().nullable().default(null),
  /** When all statuses were last checked, and which of them the settings do not map. */
  auditedAt: z.date().nullable(),
  unmapped: z.array(unmappedSchema),
});
export type SweepCursor = NonNullable<z.infer<typeof sweepCheckpointSchema>['cursor']>;
/** What the sweep keeps of a source, with what it saw of each suspect. */
export type SweepCheckpoint = Omit<z.infer<typeof sweepCheckpointSchema>, 'pages'> & {
  sightings: readonly Sighting[];
};

/** The checkpoint of a source that was never swept. */
export const NO_CHECKPOINT: SweepCheckpoint = {
  sweptAt: null,
  cursor: null,
  sightings: [],
  ended: [],
  auditedAt: null,
  unmapped: [],
  backendKnewAt: null,
  backendFingerprint: null,
};

/** When a backend with this fingerprint last knew a job of the source; `null` if it is not known to have done so. */
export function knewAt(
  { backendKnewAt, backendFingerprint }: Pick<SweepCheckpoint, 'backendKnewAt' | 'backendFingerprint'>,
  fingerprint: string,
): Date | null {
  return backendFingerprint === fingerprint ? backendKnewAt : null;
}
