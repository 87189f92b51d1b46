import { FieldPath, type Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import { RecordChanged } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Life, Tombstone } from '../../model/artifact/artifact-life.ts';
import { isTerminal, type Job, readJob } from '../../model/job/job.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import { isConflict, streamQuery, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { executionStore } from './executions.ts';
import { pathsOf, recordsOf, toRecord } from './jobs.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;
const WRITE_LIMIT_MS = MINUTE_MS;
/** How often a record is read again that changes at the same time. */
const MOST_TRIES = 5;

/** The record of a job, by name and path. */
type JobDocument = Pick<Job, 'name' | 'path'>;

/** The jobs of one source, as those who may delete their artifacts see them. */
export function artifactJobStore(name: string, source: Source, db: Firestore, log: Log) {
  const added = (field: string) => new FieldPath(...source.addedField.split('.'), field);
  const tombstonePath = added('tombstone');
  const deletedAtPath = added('deletedAt');
  const deletedLifePath = added('deletedLife');
  const below = executionsOf(source);
  const executions = below && executionStore(name, source, below, db, log);

  /**
   * Changes a record by the fields that `fieldsFor` returns for what it holds at that moment; a text is why it stays as it
   * is, and is returned.
   * Rejects with RecordChanged where the record is gone or does not stand still.
   */
  async function change(
    job: JobDocument,
    fieldsFor: (now: Job) => readonly [FieldPath, unknown][] | string,
  ): Promise<string | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const found = await withTimeout(log, `record of ${job.name}`, WRITE_LIMIT_MS, db.doc(job.path).get());
      if (!found.exists) return 'its record is gone';
      const fields = fieldsFor(readJob(source, toRecord(name, found)));
      if (typeof fields === 'string') return fields;
      const [[path, value], ...more] = fields as [[FieldPath, unknown], ...[FieldPath, unknown][]];
      const condition = { lastUpdateTime: found.updateTime };
      const call = found.ref.update(path, value, ...more.flat(), condition);
      try {
        await withTimeout(log, `mark on ${job.name}`, WRITE_LIMIT_MS, call);
        return undefined;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
    throw new RecordChanged(`Cannot mark ${job.name}: its record keeps changing`);
  }

  return {
    name,
    source,
    /** Every job, one by one. */
    async all({ tally, signal }: ReadOptions, onJob: (job: Job) => void): Promise<void> {
      const query = recordsOf(source, db).select(...pathsOf(source), source.addedField);
      const documents = await streamQuery(
        log,
        `jobs of source ${name}`,
        READ_LIMIT_MS,
        query,
        (document) => onJob(readJob(source, toRecord(name, document))),
        signal,
      );
      tally.documents += documents;
    },

    /** The executions of a job, the newest and those that are active; none where the source maps none. */
    async executionsOf({ path }: JobDocument, options: ReadOptions): Promise<Job[]> {
      return executions ? executions.of(path, options) : [];
    },

    /**
     * Marks the deletion of a job's artifacts as begun, unless its record holds another life by now. Resolves to why they stay,
     * `undefined` when they are marked.
     */
    writeTombstone(
      job: JobDocument & Pick<Job, 'endedAt' | 'artifactUri'>,
      tombstone: Tombstone & { life: Life },
    ): Promise<string | undefined> {
      return change(job, (now) => {
        if (!isTerminal(now.state)) return `its record says ${now.state} now`;
        if (now.endedAt?.getTime() !== job.endedAt?.getTime()) return 'its end has changed';
        if (now.artifactUri !== job.artifactUri) return 'its URI has changed';
        return [[tombstonePath, tombstone]];
      });
    },

    /** Writes that nothing is left of that life of a job, if the mark on it is still that of `runId`. */
    async markDeleted(job: JobDocument, runId: string, deleted: { at: Date; life: Life }): Promise<boolean> {
      const because = await change(job, ({ added: { tombstone } }) => {
        if (tombstone?.runId !== runId) return 'another run marked it';
        return [
          [deletedAtPath, deleted.at],
          [deletedLifePath, deleted.life],
        ];
      });
      return because === undefined;
    },

    /** Writes that nothing was found of that life of a job. */
    async markEmpty(job: JobDocument, nothingThere: { at: Date; life: Life }): Promise<void> {
      await change(job, () => [[added('nothingThere'), nothingThere]]);
    },

    /** Takes the marks of a deletion away again, if `isMeant` says so of them. */
    async unmark(job: JobDocument, isMeant: (tombstone: Tombstone | null) => boolean): Promise<void> {
      await change(job, ({ added: { tombstone } }) => {
        if (!isMeant(tombstone)) return 'the marks are of another deletion';
        return [
          [tombstonePath, null],
          [deletedAtPath, null],
          [deletedLifePath, null],
        ];
      });
    },
  };
}

export type ArtifactJobStore = ReturnType<typeof artifactJobStore>;
