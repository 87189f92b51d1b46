import { FieldPath, type Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import { RecordChanged } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Life, Tombstone } from '../../model/artifact/artifact-life.ts';
import { isTerminal, type Job, readJob } from '../../model/job/job.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import { isConflict, streamQuery, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { artifactRecordReader, selectedPaths } from './artifact-records.ts';
import { executionStore } from './executions.ts';
import { recordsOf } from './jobs.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;
const WRITE_LIMIT_MS = MINUTE_MS;
/** How often a mark is tried on a record that other writers keep changing. */
const MOST_TRIES = 5;

/** What identifies the record of a job. */
type JobDocument = Pick<Job, 'name' | 'path'>;

/**
 * The jobs of one source, for the tasks and commands that may delete their artifacts. Every member that writes rejects with
 * RecordChanged where the record keeps changing.
 */
export interface ArtifactJobStore {
  readonly name: string;
  readonly source: Source;

  /** Calls `onJob` with every job. */
  all(options: ReadOptions, onJob: (job: Job) => void): Promise<void>;

  /** Returns the executions of a job: the newest and those that are active. None where the source maps none. */
  executionsOf(job: JobDocument, options: ReadOptions): Promise<Job[]>;

  /**
   * Marks the deletion of a job's artifacts as begun, unless its record describes another life by now. Resolves to the
   * reason why the artifacts stay, or to `undefined` once the mark is written.
   */
  writeTombstone(
    job: JobDocument & Pick<Job, 'endedAt' | 'artifactUri'>,
    tombstone: Tombstone & { life: Life },
  ): Promise<string | undefined>;

  /** Writes that nothing is left of that life of a job, if the mark on it is still the one of `runId`; returns whether it was. */
  markDeleted(job: JobDocument, runId: string, deleted: { at: Date; life: Life }): Promise<boolean>;

  /** Writes that no artifacts of that life of a job were found. */
  markEmpty(job: JobDocument, nothingThere: { at: Date; life: Life }): Promise<void>;

  /** Removes the marks of a deletion again, where `isMeant` accepts the tombstone that is stored. */
  unmark(job: JobDocument, isMeant: (tombstone: Tombstone | null) => boolean): Promise<void>;
}

export function artifactJobStore(name: string, source: Source, db: Firestore, log: Log): ArtifactJobStore {
  const added = (field: string) => new FieldPath(...source.addedField.split('.'), field);
  const tombstonePath = added('tombstone');
  const deletedAtPath = added('deletedAt');
  const deletedLifePath = added('deletedLife');
  const toRecord = artifactRecordReader(name, source);
  const below = executionsOf(source);
  const executions = below && executionStore(name, source, below, db, log);

  /**
   * Changes a record by the fields that `fieldsFor` returns for what it holds at that moment. Where that is a text, the
   * record stays as it is and the text is returned as the reason; so it is where the record is gone.
   */
  async function change(
    job: JobDocument,
    fieldsFor: (now: Job) => readonly [FieldPath, unknown][] | string,
  ): Promise<string | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const found = await withTimeout(log, `record of ${job.name}`, WRITE_LIMIT_MS, db.doc(job.path).get());
      if (!found.exists) return 'its record is gone';
      const fields = fieldsFor(readJob(source, toRecord(found)));
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

    async all({ tally, signal }, onJob) {
      const query = recordsOf(source, db).select(...selectedPaths(source));
      const documents = await streamQuery(
        log,
        `jobs of source ${name}`,
        READ_LIMIT_MS,
        query,
        (document) => onJob(readJob(source, toRecord(document))),
        signal,
      );
      tally.documents += documents;
    },

    async executionsOf({ path }, options) {
      return executions ? executions.of(path, options) : [];
    },

    writeTombstone(job, tombstone) {
      return change(job, (now) => {
        if (!isTerminal(now.state)) return `its record says ${now.state} now`;
        if (now.endedAt?.getTime() !== job.endedAt?.getTime()) return 'its end has changed';
        if (now.artifactUri !== job.artifactUri) return 'its URI has changed';
        return [[tombstonePath, tombstone]];
      });
    },

    async markDeleted(job, runId, deleted) {
      const because = await change(job, ({ added: { tombstone } }) => {
        if (tombstone?.runId !== runId) return 'another run marked it';
        return [
          [deletedAtPath, deleted.at],
          [deletedLifePath, deleted.life],
        ];
      });
      return because === undefined;
    },

    async markEmpty(job, nothingThere) {
      await change(job, () => [[added('nothingThere'), nothingThere]]);
    },

    async unmark(job, isMeant) {
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
