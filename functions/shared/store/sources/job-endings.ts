import type { Firestore, WriteBatch } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import { RecordChanged } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type ChangedField, EARLIER_KEPT, type Evidence } from '../../model/job/evidence.ts';
import type { Source } from '../../model/job/source.ts';
import { writeTime } from '../../model/reading/reading.ts';
import { isConflict, isMap, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { SeenJob } from './active-records.ts';
import { type Ground, madeBy, whyBlocked, whyTheirs } from './ground.ts';
import { addedPaths, type StoredFields } from './stored-fields.ts';

const LIMIT_MS = MINUTE_MS;

/** How a record ends. */
export interface JobEnding {
  /** Their word for the state. */
  word: string;
  endedAt: Date;
  endInferred: boolean;
  error: string | null;
  /** The fields that are written are added to it. */
  evidence: Omit<Evidence, 'fields'>;
}

/**
 * Why the end of a record cannot be written without the loss of something of theirs, in words; `null` where it can. An error
 * or a write time that has no place is left out.
 */
export function whyNoEnding(
  { fields, addedField }: Pick<Source, 'fields' | 'addedField'>,
  { stored }: Pick<SeenJob, 'stored'>,
  ground: Ground,
): string | null {
  const added = addedPaths(addedField);
  if (stored.has(addedField)) return whyTheirs(added.evidence, addedField, stored.get(addedField));
  const evidence = stored.get(added.evidence) ?? null;
  if (evidence !== null && !isMap(evidence)) return whyTheirs(added.evidence, added.evidence, evidence);
  const earlier = stored.get(added.earlier) ?? null;
  if (earlier !== null && !Array.isArray(earlier)) return whyTheirs(added.earlier, added.earlier, earlier);
  const [first] = [fields.status, fields.endedAt.path, added.evidence].flatMap(
    (path) => whyBlocked(path, ground) ?? [],
  );
  return first ?? null;
}

/**
 * Adds to `batch` the end of a record as it was seen, on the ground that it has, in the words and types of its source; it
 * fails where the record moved. What is overwritten stays in the evidence, and the evidence of a change before among the
 * earlier ones.
 */
export function putEnding(
  batch: WriteBatch,
  db: Firestore,
  { fields, addedField }: Source,
  { job, path, numbered, stored, updateTime }: SeenJob,
  ground: Ground,
  { word, endedAt, endInferred, error, evidence }: JobEnding,
): void {
  const { status, updatedAt, error: errorField } = fields;
  const theirs = new Map<string, unknown>([
    [status, numbered ? Number(word) : word],
    [fields.endedAt.path, writeTime(endedAt, fields.endedAt.type)],
  ]);
  const hasPlace = (path: string) => whyBlocked(path, ground) === null;
  if (updatedAt && hasPlace(updatedAt.path))
    theirs.set(updatedAt.path, writeTime(evidence.foundAt, updatedAt.type));
  if (errorField !== undefined && error !== null && job.error === null)
    if (isFree(stored.get(errorField)) && hasPlace(errorField)) theirs.set(errorField, error);
  const added = addedPaths(addedField);
  const kept = stored.get(added.evidence);
  batch.update(
    db.doc(path),
    {
      ...Object.fromEntries(theirs),
      [added.evidence]: { ...evidence, fields: changesOf(theirs, stored, ground) },
      [added.endInferred]: endInferred,
      ...(isObject(kept) && {
        [added.earlier]: earlierWith({ ...kept, takenBack: null }, stored, addedField),
      }),
    },
    { lastUpdateTime: updateTime },
  );
}

/** Whether a field holds nothing that an error of ours would hide: what nobody can read is theirs all the same. */
function isFree(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}

/** What each field held before, as it is stored: times to the microsecond. */
function changesOf(
  fields: ReadonlyMap<string, unknown>,
  stored: StoredFields,
  ground: Ground,
): ChangedField[] {
  return [...fields].map(([path, after]): ChangedField => {
    if (stored.has(path)) return { path, before: stored.get(path), after };
    const made = madeBy(path, ground);
    return made ? { path, after, made } : { path, after };
  });
}

/** The changes that stand no more, with one more of them, as they are stored. */
export function earlierWith(change: object, stored: StoredFields, addedField: string): unknown[] {
  const before = stored.get(addedPaths(addedField).earlier);
  return [...(Array.isArray(before) ? before : []), change].slice(-EARLIER_KEPT);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The paths of those that are not as they were seen any more. */
export async function movedSince(
  log: Log,
  db: Firestore,
  seen: readonly SeenJob[],
  { tally, signal }: ReadOptions,
): Promise<Set<string>> {
  const refs = seen.map(({ path }) => db.doc(path));
  const call = db.getAll(...refs, { fieldMask: [] });
  const found = await withTimeout(log, 'records that may have moved', LIMIT_MS, call, signal);
  tally.documents += found.length;
  const moved = seen.filter(({ updateTime }, index) => !found[index]?.updateTime?.isEqual(updateTime));
  return new Set(moved.map(({ path }) => path));
}

/** Commits to a database that is not ours. Rejects with RecordChanged where a record moved. */
export async function commitEndings(
  log: Log,
  db: Firestore,
  build: (batch: WriteBatch) => void,
): Promise<void> {
  const batch = db.batch();
  build(batch);
  try {
    await withTimeout(log, 'endings of jobs', LIMIT_MS, batch.commit());
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new RecordChanged('Cannot write endings of jobs: a record changed since it was read', {
      cause: error,
    });
  }
}
