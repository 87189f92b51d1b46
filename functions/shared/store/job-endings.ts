import type { Firestore, WriteBatch } from '@google-cloud/firestore';
import { MINUTE_MS } from '../dates.ts';
import { RecordChanged } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Evidence } from '../model/evidence.ts';
import { writeTime } from '../model/job.ts';
import type { Source, TimeMapping } from '../model/source.ts';
import type { SeenJob } from './active-records.ts';
import { bounded } from './firestore.ts';
import type { ReadOptions } from './jobs.ts';
import { isConflict } from './records.ts';

const LIMIT_MS = MINUTE_MS;

/** How a record ends. */
export interface JobEnding {
  /** Their word for the state. */
  word: string;
  endedAt: Date;
  endInferred: boolean;
  error: string | null;
  evidence: Evidence;
}

/** Adds to `batch` the end of a record as it was seen, in the words and types of its source; it fails where the record moved. */
export function putEnding(
  batch: WriteBatch,
  db: Firestore,
  { fields, addedField }: Source,
  { job, path, numbered, updateTime }: SeenJob,
  { word, endedAt, endInferred, error, evidence }: JobEnding,
): void {
  const at = (time: TimeMapping, instant: Date) => ({ [time.path]: writeTime(instant, time.type) });
  batch.update(
    db.doc(path),
    {
      [fields.status]: numbered ? Number(word) : word,
      ...at(fields.endedAt, endedAt),
      ...(fields.updatedAt && at(fields.updatedAt, evidence.foundAt)),
      ...(fields.error !== undefined && error !== null && job.error === null && { [fields.error]: error }),
      [`${addedField}.evidence`]: evidence,
      [`${addedField}.endInferred`]: endInferred,
    },
    { lastUpdateTime: updateTime },
  );
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
  const found = await bounded(log, 'records that may have moved', LIMIT_MS, call, signal);
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
    await bounded(log, 'endings of jobs', LIMIT_MS, batch.commit());
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new RecordChanged('Cannot write endings of jobs: a record changed since it was read', {
      cause: error,
    });
  }
}
