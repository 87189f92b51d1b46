import { type DocumentSnapshot, FieldPath, type Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../dates.ts';
import { RecordChanged } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Job, readJob } from '../model/job.ts';
import type { Source } from '../model/source.ts';
import { bounded, streamQuery } from './firestore.ts';
import { type ReadOptions, recordsOf, toRecord } from './jobs.ts';
import { type JobRecords, type Keepers, keeperOf, readerIn } from './keepers.ts';
import { isConflict } from './records.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;
const WRITE_LIMIT_MS = MINUTE_MS;

/** The deletion that a mark on a job's record tells of. */
export interface Tombstone {
  planId: string;
  runId: string;
  at: Date;
}

/** The jobs of one source, as those who may delete their artifacts see them. */
export function artifactJobStore(name: string, source: Source, db: Firestore, log: Log) {
  const { fields, addedField } = source;
  const paths = Object.values(fields).flatMap((field) =>
    typeof field === 'object' ? field.path : (field ?? []),
  );
  const tombstonePath = new FieldPath(...addedField.split('.'), 'tombstone');
  const deletedPath = new FieldPath(...addedField.split('.'), 'deletedAt');
  const records = {
    db,
    records: recordsOf(source, db),
    source,
    holds: (job) => job.startsWith(`${name}:`),
    refOf: (job) => db.doc(job.slice(name.length + 1)),
    read: (document: DocumentSnapshot): Job => readJob(source, toRecord(name, document)),
  } satisfies JobRecords;
  const { refOf, read } = records;

  /** A write that fails as RecordChanged where the record does not let it happen. */
  async function write<T>(operation: string, call: Promise<T>): Promise<T> {
    try {
      return await bounded(log, operation, WRITE_LIMIT_MS, call);
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw new RecordChanged(`Cannot write ${operation}: its record is gone or keeps changing`, {
        cause: error,
      });
    }
  }

  return {
    name,
    ...records,

    /** Every job, one by one. */
    async all({ tally, signal }: ReadOptions, onJob: (job: Job) => void): Promise<void> {
      const query = records.records.select(...new Set([...paths, addedField]));
      const documents = await streamQuery(
        log,
        `jobs of source ${name}`,
        READ_LIMIT_MS,
        query,
        (document) => onJob(read(document)),
        signal,
      );
      tally.documents += documents;
    },

    /**
     * Marks the job's artifacts as going, unless its record or anything that names them says otherwise at that very
     * moment: one transaction reads all of it and writes the mark, so whatever is committed before it wins and whatever
     * comes after it finds the mark. Resolves to why they stay, `undefined` when they are marked.
     */
    async entomb(job: Job, tombstone: Tombstone, keepers: Keepers): Promise<string | undefined> {
      const call = db.runTransaction(async (transaction) => {
        const because = await keeperOf(job, keepers, readerIn(transaction, db));
        if (!because) transaction.update(refOf(job.name), tombstonePath, tombstone);
        return because;
      });
      return write(`tombstone of ${job.name}`, call);
    },

    /** Writes that nothing is left of the job's artifacts, if the mark on it is still that of `runId`. */
    async markDeleted(job: string, runId: string, at: Date): Promise<boolean> {
      const call = db.runTransaction(async (transaction) => {
        const document = await transaction.get(refOf(job));
        if (!document.exists || read(document).added.tombstone?.runId !== runId) return false;
        transaction.update(refOf(job), deletedPath, at);
        return true;
      });
      return write(`end of ${job}`, call);
    },

    /** Takes the marks of a deletion away again. */
    async unmark(job: string): Promise<void> {
      const call = refOf(job).update(tombstonePath, null, deletedPath, null);
      await write(`marks of ${job}`, call);
    },
  };
}

export type ArtifactJobStore = ReturnType<typeof artifactJobStore>;
