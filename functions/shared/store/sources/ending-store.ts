import type { Firestore, WriteBatch } from '@google-cloud/firestore';
import type { Log } from '../../log.ts';
import type { TakenBack } from '../../model/job/evidence.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import { isOfEveryWrite } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { activeRecords, type SeenJob } from './active-records.ts';
import type { Ground } from './ground.ts';
import { commitEndings, type JobEnding, movedSince, putEnding, whyNoEnding } from './job-endings.ts';
import { putTakenBack, whyNotTakenBack } from './take-back.ts';

/** What ends records of a source, and takes that back. */
export interface EndingStore {
  /** What stands where the ends of records need maps, by their paths; one of which nothing is to be known is missing. */
  grounds(
    records: readonly { seen: SeenJob; isExecution: boolean }[],
    options: ReadOptions,
  ): Promise<ReadonlyMap<string, Ground>>;

  /** Why the end of a record cannot be written without the loss of something of theirs, in words; `null` where it can. */
  whyNoEnding(seen: SeenJob, isExecution: boolean, ground: Ground): string | null;

  /** Adds to `batch` the end of a job, or of an execution, as it was read. */
  putEnding(batch: WriteBatch, seen: SeenJob, isExecution: boolean, ground: Ground, ending: JobEnding): void;

  /** Why an ending that the sweep wrote cannot be taken back, in words; `null` where it can. */
  whyNotTakenBack(seen: SeenJob, isExecution: boolean): string | null;

  /** Adds to `batch` what takes such an ending back. */
  putTakenBack(
    batch: WriteBatch,
    seen: SeenJob,
    isExecution: boolean,
    ground: Ground,
    takenBack: TakenBack,
  ): void;

  /** The paths of those that are not as they were read any more. */
  moved(seen: readonly SeenJob[], options: ReadOptions): Promise<Set<string>>;

  /** Whether a commit failed for what would fail every other as well, and not for one of the writes in it. */
  failsAll(error: unknown): boolean;

  /** Commits to the database of the source. Rejects with RecordChanged where a record is not as it was read. */
  commit(build: (batch: WriteBatch) => void): Promise<void>;
}

export function endingStore(name: string, source: Source, db: Firestore, log: Log): EndingStore {
  const jobs = activeRecords(name, source, db, log);
  const below = executionsOf(source);
  const executions = below && activeRecords(name, below, db, log);
  const mappingOf = (isExecution: boolean) => (isExecution && below ? below : source);

  return {
    async grounds(records, options) {
      const pathsOf = (which: boolean) =>
        records.flatMap(({ seen, isExecution }) => (isExecution === which ? seen.path : []));
      const ofJobs = await jobs.grounds(pathsOf(false), options);
      const ofExecutions = (await executions?.grounds(pathsOf(true), options)) ?? [];
      return new Map([...ofJobs, ...ofExecutions]);
    },

    whyNoEnding: (seen, isExecution, ground) => whyNoEnding(mappingOf(isExecution), seen, ground),

    putEnding(batch, seen, isExecution, ground, ending) {
      putEnding(batch, db, mappingOf(isExecution), seen, ground, ending);
    },

    whyNotTakenBack: (seen, isExecution) => whyNotTakenBack(mappingOf(isExecution), seen),

    putTakenBack(batch, seen, isExecution, ground, takenBack) {
      putTakenBack(batch, db, mappingOf(isExecution), seen, ground, takenBack);
    },

    moved: (seen, options) => movedSince(log, db, seen, options),

    failsAll: isOfEveryWrite,

    commit: (build) => commitEndings(log, db, build),
  };
}
