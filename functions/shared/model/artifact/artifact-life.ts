import { z } from 'zod';
import { readPlace, uriOf } from './artifact.ts';

/**
 * One life of a job: what it left at a place when it ended. A job that runs again under its id, or whose record names
 * another place, has a new one, and whatever was done to the artifacts of the old one says nothing of it.
 */
export const lifeSchema = z.object({
  /** Of the folder, or of the one object. */
  uri: z.string(),
  endedAt: z.date(),
});
export type Life = z.infer<typeof lifeSchema>;

/** The deletion of a life has begun. */
export const tombstoneSchema = z.object({
  planId: z.string(),
  runId: z.string(),
  at: z.date().nullable().default(null).catch(null),
  /** `null` where an older release wrote it. */
  life: lifeSchema.nullable().default(null).catch(null),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;

/** A listing found nothing of a life. */
export const nothingThereSchema = z.object({ at: z.date(), life: lifeSchema });

/** What a job's record holds of its life, and of what was done to it. */
interface Living {
  artifactUri: string | null;
  endedAt: Date | null;
  added: {
    tombstone: Tombstone | null;
    deletedAt: Date | null;
    deletedLife: Life | null;
    nothingThere: z.infer<typeof nothingThereSchema> | null;
  };
}

export function isSameLife(a: Life, b: Life): boolean {
  return a.uri === b.uri && a.endedAt.getTime() === b.endedAt.getTime();
}

/** Whether the deletion of what the job has has begun. */
export function isGoing(job: Living): boolean {
  const { tombstone } = job.added;
  return tombstone !== null && isOf(job, tombstone.life, tombstone.at ?? new Date(0));
}

/** Whether what the job had is deleted. */
export function isDeleted(job: Living): boolean {
  const { deletedAt, deletedLife } = job.added;
  return deletedAt !== null && isOf(job, deletedLife, deletedAt);
}

/** When a listing found nothing of what the job says that it has; `null` where none did. */
export function emptySince(job: Living): Date | null {
  const { nothingThere } = job.added;
  return nothingThere && isOf(job, nothingThere.life, nothingThere.at) ? nothingThere.at : null;
}

/** Whether a life is the one that the record describes. Where no life was stored: whether it had ended by `at`. */
function isOf({ artifactUri, endedAt }: Living, life: Life | null, at: Date): boolean {
  if (life === null) return endedAt !== null && endedAt <= at;
  return endedAt?.getTime() === life.endedAt.getTime() && mayName(artifactUri, life.uri);
}

/** Whether `uri` is what a text names, in whatever spelling. */
function mayName(text: string | null, uri: string): boolean {
  // As nearly every record writes it: most jobs of a plan are asked, some of them twice.
  if (text === uri || `${text}/` === uri) return true;
  const place = readPlace(text);
  if (place.is !== 'read') return false;
  return place.value.folders.some((folder) => uriOf(folder) === uri || uriOf(folder) === `${uri}/`);
}
